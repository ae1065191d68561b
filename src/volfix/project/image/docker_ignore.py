"""What `.dockerignore` leaves out of a build context.

Source: moby/patternmatcher (patternmatcher.go, ignorefile.go); docker/docs, build/concepts/context.md. Unlike git's, a
pattern is anchored at the context, `*` stays within a directory wherever it stands, and a file in a directory that is
left out can be taken back.
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
"""Bytes of a file that are read."""
STARS = 3
"""Stars in a name of a pattern, or `**` in the pattern: each more makes a hostile path many times slower to match."""


class DockerIgnore:
    """The patterns of one file, the last that matches decides; without patterns nothing is left out."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._patterns = tuple(_patterns(lines))

    @classmethod
    def of(cls, context: Path, dockerfile: str = "Dockerfile") -> DockerIgnore:
        """The file that a build of this context reads: the Dockerfile's own one (`<Dockerfile>.dockerignore`) comes
        first. Nothing where it cannot be read: the build cannot read it either.
        """
        for path in (context / (dockerfile + NAME), context / NAME):
            try:
                if disk.is_file(path):
                    return cls(disk.read(path, LARGEST).decode("utf-8-sig", "replace").splitlines())
            except OSError:
                continue
        return cls()

    def leaves_out(self, path: str) -> bool:
        """Whether the build does not get the file at this path, relative to the context."""
        return bool(self._patterns) and self._spec.match_file(path)

    @cached_property
    def _spec(self) -> PathSpec[RegexPattern]:
        from pathspec import PathSpec, RegexPattern  # most builds have no such file

        return PathSpec([RegexPattern(expression, include=not back) for expression, back in self._patterns])


def _patterns(lines: Iterable[str]) -> Iterator[tuple[re.Pattern[str], bool]]:
    """Each pattern as an expression, and whether it takes back; malformed patterns end the build."""
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
    """The pattern as an expression for the whole path of what it names; what lies below that is for the caller."""
    if pattern.startswith("**") and not re.search(r"[*?\[\]\\]", pattern[2:]):
        suffix = re.escape(pattern[2:])  # of characters, not of names: `**.log` names `app.log` too
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
