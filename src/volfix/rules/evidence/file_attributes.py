"""The extended attributes and ACLs of files that lie on this machine: not every copy keeps them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from volfix.knowledge.file_attributes import given
from volfix.syntax import disk


def given_below(directory: Path) -> str | None:
    """The first that someone has given a file at or below a directory, with the file; None where none is seen."""
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
    except OSError:  # a file system without any, or a file that is gone
        return []
