"""Remembers the directories that a run has listed, so that a second look at the same tree lists none of them again."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from volfix.syntax import disk

MOST = 200_000
"""How many entries of directories are remembered: about 50 MB."""


@dataclass(slots=True)
class _Listing:
    """The entries of directories by path; `free` is how many more entries may be remembered."""

    known: dict[str, list[os.DirEntry[str]]] = field(default_factory=dict)
    free: int = MOST


@disk.remembered(1)
def _listing() -> _Listing:
    return _Listing()


def entries(directory: Path | str) -> list[os.DirEntry[str]]:
    """The directory's entries, sorted by name; listed once. Raises OSError like `disk.entries`."""
    listing, path = _listing(), str(directory)
    if path in listing.known:
        return listing.known[path]
    found = disk.entries(directory)
    if len(found) <= listing.free:
        listing.known[path] = found
        listing.free -= len(found)
    return found


def entries_or_none(directory: Path | str) -> list[os.DirEntry[str]]:
    """The directory's entries, sorted by name; none if it cannot be listed."""
    try:
        return entries(directory)
    except OSError:  # its users cannot list it either, or it is in `refused`
        return []


def tree(top: Path, skipped: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """Each directory at and below `top` with the names of its files, sorted by name, as `disk.walk` yields them."""
    known, pending = _listing().known, [str(top)]
    while pending:
        current = pending.pop()
        if current not in known:
            yield from disk.walk(current, skipped)
            continue
        found = known[current]
        yield current, [entry.name for entry in found if not _is_directory(entry)]
        below = [entry.path for entry in found if entry.is_dir(follow_symlinks=False) and entry.name not in skipped]
        pending += reversed(below)


def _is_directory(entry: os.DirEntry[str]) -> bool:
    """Whether the entry is a directory or a link to a directory."""
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir(follow_symlinks=False)  # noqa: PTH112
