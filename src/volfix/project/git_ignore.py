"""Which paths git ignores because of the `.gitignore` files of a repository.

Source: git, gitignore(5) and dir.c. `.git/info/exclude` and core.excludesFile are not read: they belong to one machine,
and the machine that deploys has its own.
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
"""A made-up file name. If a directory's pattern ignores this file, it ignores whatever a program puts there."""
LARGEST = 1_000_000
"""The largest `.gitignore` that is read, in bytes."""
STARS = 3
"""The most `*` in one name of a pattern, and the most `**` in a pattern: more would make matching far too slow."""
ITSELF = re.compile(r"(?:\*\*/|/)?(?:[^*?\[\\]+/)?(?P<name>[^*?\[\\/]+)(?:/|/\*{1,2}/?)?\Z")
"""A pattern that spells out one directory's name (`pgdata/`, `/srv/pgdata/*`) instead of matching many."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of a `.gitignore`.

    `back` says that it begins with `!` (do not ignore), `directories` that it matches only directories, `anchored` that
    it matches a path relative to the file's directory instead of a name at any depth.
    """

    expression: re.Pattern[str]
    back: bool
    directories: bool
    anchored: bool

    def matches(self, path: str, *, directory: bool) -> bool:
        """Whether the pattern matches `path` itself (relative to the file's directory), not a directory above it."""
        if self.directories and not directory:
            return False
        return self.expression.fullmatch(path if self.anchored else path.rpartition("/")[2]) is not None


def is_ignored(path: Path, root: Path, *, directory: bool) -> bool:
    """Whether git ignores `path`, according to the `.gitignore` files from `root` down to it.

    `directory` says that the path is a directory. Parent directories are checked first, as git does: inside an ignored
    directory `!` has no effect.
    """
    parts = path.relative_to(root).parts
    steps = [(parts[:depth], directory or depth < len(parts)) for depth in range(1, len(parts) + 1)]
    return any(_decision(root, step, is_directory) for step, is_directory in steps)


def keeps_all_of(directory: Path, root: Path) -> bool:
    """Whether git ignores the directory, or everything that a program puts into it (`data/*`)."""
    return is_ignored(directory / PROBE, root, directory=False)


def names(patterns: Iterable[str], path: str) -> bool:
    """Whether a pattern matches the directory `path`, a parent directory, or everything in the directory.

    `patterns` are those of `git clean -e`; `path` is relative to the directory in which git runs.
    """
    parts = f"{path}/{PROBE}".split("/")
    found = [pattern for line in patterns if (pattern := _pattern(line)) is not None and not pattern.back]
    return any(
        pattern.matches("/".join(parts[:depth]), directory=depth < len(parts))
        for depth in range(1, len(parts) + 1)
        for pattern in found
    )


def lines_for(directory: Path, root: Path) -> Iterator[tuple[Path, int, str]]:
    """The `.gitignore` lines that match only this directory or its whole content: file, line number, pattern."""
    for place in reversed([directory.parent, *directory.parent.parents]):
        if not place.is_relative_to(root):
            continue
        for number, line in enumerate(_lines(place), 1):
            spelt = ITSELF.match(line.strip())
            if spelt and spelt["name"] == directory.name and names([line], directory.relative_to(place).as_posix()):
                yield place / NAME, number, line.strip()


def _decision(root: Path, parts: tuple[str, ...], is_directory: bool) -> bool:
    """Whether the last pattern that matches the path ignores it; the `.gitignore` nearest to the path decides."""
    for depth in range(len(parts) - 1, -1, -1):
        for line in reversed(_lines(root.joinpath(*parts[:depth]))):
            pattern = _pattern(line)
            if pattern is not None and pattern.matches("/".join(parts[depth:]), directory=is_directory):
                return not pattern.back
    return False


def _lines(directory: Path) -> tuple[str, ...]:
    """The lines of the directory's `.gitignore`; none if it cannot be read or is a link, which git does not follow."""
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
    """The pattern of a line; None for a comment, a blank or malformed line, and a pattern with too many stars."""
    from pathspec import GitIgnoreSpec  # few runs ask what git ignores

    text = re.sub(r"(?<!\\)((?:\\\\)*)[ ]+\Z", r"\1", line)  # a blank at the end counts only after a backslash
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
        text += "/*"  # the directory's content, not the directory
    text = re.sub(r"(?:\\?[ ])+\Z", lambda blanks: "[ ]" * blanks[0].count(" "), text)  # kept by pathspec too
    try:
        found = GitIgnoreSpec.from_lines([text if anchored else f"/{text}"]).patterns[0]
    except ValueError:
        return None
    expression = getattr(found, "regex", None)
    return Pattern(expression, back, directories, anchored) if expression is not None else None
