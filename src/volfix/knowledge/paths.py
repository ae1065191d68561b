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


def matches(path: str, pattern: str) -> bool:
    """Is `path` what `pattern` means? A `*` stays within one component; a pattern without a slash is about the last."""
    if "/" not in pattern:
        return fnmatchcase(path.rpartition("/")[2], pattern)
    if "*" not in pattern and "[" not in pattern:
        return path == pattern
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))
