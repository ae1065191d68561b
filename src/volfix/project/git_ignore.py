"""What git ignores by the `.gitignore` files of a repository.

Source: git, gitignore(5) and dir.c. Only the files that are part of the repository count: `.git/info/exclude` and
core.excludesFile belong to one machine, and the machine that deploys has its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from volfix.syntax import disk

NAME = ".gitignore"
PROBE = "volfix-rows"
"""A name that no pattern is written for: what ignores it in a directory ignores whatever a program puts there."""
LARGEST = 1_000_000
"""Bytes of a file that are read."""
STARS = 3
"""Stars in a name of a pattern, or `**` in the pattern: each more makes a hostile path many times slower to match."""
ITSELF = re.compile(r"(?:\*\*/|/)?(?:[^*?\[\\]+/)?(?P<name>[^*?\[\\/]+)(?:/|/\*{1,2}/?)?\Z")
"""A pattern that spells out what it is for; it may stand anywhere, and may end in all that is in it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of a file: what it matches, whether it takes back (`!`), whether it is for directories alone."""

    expression: re.Pattern[str]
    back: bool
    directories: bool
    anchored: bool

    def matches(self, path: str, *, directory: bool) -> bool:
        """Whether it is for this very path, relative to the file's directory; not whether that lies in a match."""
        if self.directories and not directory:
            return False
        return self.expression.fullmatch(path if self.anchored else path.rpartition("/")[2]) is not None


def is_ignored(path: Path, root: Path, *, directory: bool) -> bool:
    """Whether git ignores the path, by the files from `root` down to it.

    As git does, each directory above is asked first: what lies in an ignored directory cannot be taken back.
    """
    parts = path.relative_to(root).parts
    steps = [(parts[:depth], directory or depth < len(parts)) for depth in range(1, len(parts) + 1)]
    return any(_decision(root, step, is_directory) for step, is_directory in steps)


def keeps_all_of(directory: Path, root: Path) -> bool:
    """Whether git ignores the directory, or everything that a program puts into it (`data/*`)."""
    return is_ignored(directory / PROBE, root, directory=False)


def names(patterns: Iterable[str], path: str) -> bool:
    """Whether one of the patterns is for the directory at this path, one above it, or all that is in it.

    As `git clean -e` takes patterns; the path is relative to where git works.
    """
    parts = f"{path}/{PROBE}".split("/")
    found = [pattern for line in patterns if (pattern := _pattern(line)) is not None and not pattern.back]
    return any(
        pattern.matches("/".join(parts[:depth]), directory=depth < len(parts))
        for depth in range(1, len(parts) + 1)
        for pattern in found
    )


def lines_for(directory: Path, root: Path) -> Iterator[tuple[Path, int, str]]:
    """The lines that are for this directory, or all that is in it, and nothing else: file, line, pattern as written."""
    for place in reversed([directory.parent, *directory.parent.parents]):
        if not place.is_relative_to(root):
            continue
        for number, line in enumerate(_lines(place), 1):
            spelt = ITSELF.match(line.strip())
            if spelt and spelt["name"] == directory.name and names([line], directory.relative_to(place).as_posix()):
                yield place / NAME, number, line.strip()


def _decision(root: Path, parts: tuple[str, ...], is_directory: bool) -> bool:
    """What the last pattern says that is for the path itself; a file that lies deeper comes first."""
    for depth in range(len(parts) - 1, -1, -1):
        for line in reversed(_lines(root.joinpath(*parts[:depth]))):
            pattern = _pattern(line)
            if pattern is not None and pattern.matches("/".join(parts[depth:]), directory=is_directory):
                return not pattern.back
    return False


def _lines(directory: Path) -> tuple[str, ...]:
    """The lines of the directory's file; none where git cannot read it either, which follows no link here."""
    path = directory / NAME
    try:
        if path.is_symlink() or not disk.is_file(path):
            return ()
        data = disk.read(path, LARGEST)
    except OSError:
        return ()
    return tuple(line.removesuffix("\r") for line in data.decode("utf-8-sig", "surrogateescape").split("\n"))


@lru_cache(maxsize=4096)
def _pattern(line: str) -> Pattern | None:
    """The pattern of a line; None for a comment, a line of blanks, and what is malformed, which matches nothing.

    None for one with more stars than anybody writes, too.
    """
    from pathspec import GitIgnoreSpec  # few runs ask what git ignores

    text = re.sub(r"(?<!\\)((?:\\\\)*)[ ]+\Z", r"\1", line)  # a blank at the end counts where a backslash says so
    if not text or text.startswith("#"):
        return None
    text = re.sub(r"(?:\*\*/)+", "**/", text)
    if text.count("**") > STARS or any(name.count("*") > STARS for name in text.split("/")):
        return None
    back, text = text.startswith("!"), text.removeprefix("!")
    directories, text = text.endswith("/"), text.removesuffix("/")
    text = "*" if re.fullmatch(r"/?(?:(?:\*\*/)+\*{1,2}|\*\*)", text) else text
    anchored = "/" in text
    if text.endswith("/**"):
        text += "/*"  # what is in it, not itself
    text = re.sub(r"(?:\\?[ ])+\Z", lambda blanks: "[ ]" * blanks[0].count(" "), text)  # kept by pathspec too
    try:
        found = GitIgnoreSpec.from_lines([text if anchored else f"/{text}"]).patterns[0]
    except ValueError:
        return None
    expression = getattr(found, "regex", None)
    return Pattern(expression, back, directories, anchored) if expression is not None else None
