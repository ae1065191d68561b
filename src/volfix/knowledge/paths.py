"""Paths inside a container: cleaned, compared, matched."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase


def cleaned(path: str) -> str:
    """`path` without `//`, `/./`, `..` and a trailing slash; `/` stays."""
    path = posixpath.normpath(path)
    return path[1:] if path.startswith("//") else path


def is_below(path: str, parent: str) -> bool:
    """Is the cleaned `path` strictly below the cleaned `parent`?"""
    return path != parent and path.startswith(parent if parent == "/" else parent + "/")


def lies_in(path: str, parent: str) -> bool:
    """Is `path` the directory `parent`, or below it? A slash at the end of either does not count."""
    return f"{path.rstrip('/')}/".startswith(f"{parent.rstrip('/')}/")


def meet(one: str, other: str) -> bool:
    """Is one of the paths the other, or below it?"""
    return lies_in(one, other) or lies_in(other, one)


def matches(path: str, pattern: str) -> bool:
    """Is `path` what `pattern` means? A `*` stays within one component; a pattern without a slash is about the last."""
    if "/" not in pattern:
        return _part_matches(path.rpartition("/")[2], pattern)
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(_part_matches, parts, wanted))


def _part_matches(part: str, pattern: str) -> bool:
    """As `fnmatchcase`, which makes a regular expression of a plain word too: dear when a run needs hundreds."""
    return fnmatchcase(part, pattern) if any(mark in pattern for mark in "*?[") else part == pattern
