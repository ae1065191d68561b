"""The extended attributes and ACLs of files on this machine, which not every copy keeps."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from volfix.knowledge.file_attributes import given
from volfix.syntax import disk


def given_below(directory: Path) -> str | None:
    """The first attribute that someone gave to a file at or below the directory, in words; None if volfix sees none."""
    for path in _paths(directory):
        for words in given(_attributes(path)):
            shown = os.path.relpath(path, directory)
            return words if shown == "." else f"{words} on {shown}"
    return None


def _paths(directory: Path) -> Iterator[str]:
    for current, names in disk.walk(directory):
        yield current
        yield from (f"{current}/{name}" for name in names)


def _attributes(path: str) -> list[str]:
    if sys.platform != "linux":
        return []
    try:
        return os.listxattr(path, follow_symlinks=False)
    except OSError:  # the file system has no attributes, or the file is gone
        return []
