"""Lists the application's own source files in a build context."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from volfix.syntax import disk, listing

FOREIGN = frozenset(
    {
        "node_modules",
        "vendor",
        "venv",
        "env",
        "site-packages",
        "dist",
        "build",
        "target",
        "__pycache__",
        "bower_components",
    }
)
"""Directories of installed, built or generated files. Directories whose names begin with a dot are skipped too."""


def source_files(directory: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """The files below `directory` whose names end with one of `suffixes`, always in the same order.

    Links to directories are not followed.
    """
    below = []
    for entry in listing.entries_or_none(directory):
        if entry.is_dir(follow_symlinks=False):
            if is_own(entry):
                below.append(entry.path)
        elif entry.name.endswith(suffixes) and disk.is_file(entry.path):
            yield Path(entry.path)
    for path in below:
        if not os.path.exists(os.path.join(path, "pyvenv.cfg")):  # noqa: PTH110, PTH118 - once for every directory
            yield from source_files(Path(path), suffixes)


def is_own(entry: os.DirEntry[str]) -> bool:
    """Whether the entry is a directory that may hold the application's own sources."""
    return entry.is_dir(follow_symlinks=False) and entry.name not in FOREIGN and not entry.name.startswith(".")
