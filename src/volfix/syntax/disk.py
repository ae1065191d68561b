"""The one way to a repository's files: nothing else in volfix opens them or looks into their directories."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from operator import attrgetter
from pathlib import Path


def read(path: Path | str) -> bytes:
    """All that the file at `path` holds; raises OSError where it cannot be read."""
    with open(path, "rb") as file:  # noqa: PTH123 - a Path for each entry of a tree costs
        return file.read()


def beginning(path: Path | str, size: int) -> bytes:
    """The first bytes of the file at `path`, at most `size`; raises OSError where it cannot be read."""
    with open(path, "rb") as file:  # noqa: PTH123 - as above
        return file.read(size)


def read_or_nothing(path: Path | str) -> bytes:
    """All that the file at `path` holds; nothing where it cannot be read."""
    try:
        return read(path)
    except OSError:  # the build, the shell or the person who uses the file cannot read it either
        return b""


def entries(directory: Path | str) -> list[os.DirEntry[str]]:
    """What lies in the directory, by name; raises OSError where it cannot be looked into."""
    with os.scandir(directory) as found:
        return sorted(found, key=attrgetter("name"))


def entries_or_none(directory: Path | str) -> list[os.DirEntry[str]]:
    """What lies in the directory, by name; nothing where it cannot be looked into."""
    try:
        return entries(directory)
    except OSError:  # no build and no shell can look into it either
        return []


def walk(
    top: Path | str, skipped: Collection[str] = (), *, onerror: Callable[[OSError], None] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Each directory at and below `top` with the names of its files, all by name; links are not followed, directories
    with a name in `skipped` are left out. `onerror` gets what keeps a directory from being looked into.
    """
    for current, directories, names in os.walk(top, onerror=onerror):
        directories[:] = sorted(name for name in directories if name not in skipped)
        yield current, sorted(names)


def matching(directory: Path, pattern: str) -> list[Path]:
    """The paths below the directory that a glob pattern matches, in their order."""
    return sorted(directory.glob(pattern))
