"""Which files `.dockerignore` leaves out of a build context.

Source: moby/patternmatcher (patternmatcher.go, ignorefile.go); docker/docs, build/concepts/context.md. Unlike in
`.gitignore`, a pattern always starts at the context's top, `*` never crosses a directory, and `!` can bring back a file
from an excluded directory.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.syntax import disk

if TYPE_CHECKING:
    from pathspec import PathSpec, RegexPattern

NAME = ".dockerignore"
LARGEST = 1_000_000
"""The largest `.dockerignore` that is read, in bytes."""
STARS = 3
"""The most `*` in one name of a pattern, and the most `**` in a pattern: more would make matching far too slow."""


class DockerIgnore:
    """The patterns of one file; the last matching pattern decides. Without patterns nothing is left out."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._patterns = tuple(_patterns(lines))

    @classmethod
    def of(cls, context: Path, dockerfile: str = "Dockerfile") -> DockerIgnore:
        """The patterns that a build of `context` reads: from `<dockerfile>.dockerignore`, otherwise `.dockerignore`.

        No patterns if neither file can be read, because the build cannot read it either.
        """
        for path in (context / (dockerfile + NAME), context / NAME):
            try:
                if disk.is_file(path):
                    return cls(disk.read(path, LARGEST).decode("utf-8-sig", "replace").splitlines())
            except OSError:
                continue
        return cls()

    def leaves_out(self, path: str) -> bool:
        """Whether the file at `path` (relative to the context) is left out of the build."""
        return bool(self._patterns) and self._spec.match_file(path)

    @cached_property
    def _spec(self) -> PathSpec[RegexPattern]:
        from pathspec import PathSpec, RegexPattern  # most builds have no such file

        return PathSpec([RegexPattern(expression, include=not back) for expression, back in self._patterns])


def _patterns(lines: Iterable[str]) -> Iterator[tuple[re.Pattern[str], bool]]:
    """Each pattern as an expression, with True if it begins with `!`. Invalid patterns are skipped: the build fails."""
    for line in lines:
        text = line.strip()
        if not text or line.startswith("#"):
            continue
        back = text.startswith("!")
        cleaned = re.sub(r"(?:\*\*/)+", "**/", posixpath.normpath(text[back:].strip()).lstrip("/"))
        many = cleaned.count("**") > STARS or any(name.count("*") > STARS for name in cleaned.split("/"))
        if cleaned not in ("", ".") and not many:  # `.` is ignored, for historical reasons
            try:
                yield re.compile(rf"\A(?:{_expression(cleaned)})(?:/.*)?\Z", re.DOTALL), back
            except re.error:
                continue


def _expression(pattern: str) -> str:
    """The pattern as an expression for the whole path that it names; the caller adds the paths below."""
    if pattern.startswith("**") and not re.search(r"[*?\[\]\\]", pattern[2:]):
        suffix = re.escape(pattern[2:])  # a suffix of characters: `**.log` matches `app.log` too
        return f".*{suffix}|{suffix[1:]}" if suffix.startswith("/") else f".*{suffix}"
    found, at = "", 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if pattern.startswith("**", at - 1):
            at += 1 + pattern.startswith("/", at + 1)
            found += "(?:.*/)?" if at < len(pattern) else ".*"
        elif character == "*":
            found += "[^/]*"
        elif character == "?":
            found += "[^/]"
        elif character == "\\" and at < len(pattern):
            found += re.escape(pattern[at])
            at += 1
        else:
            found += character if character in "[]^-" else re.escape(character)
    return found
