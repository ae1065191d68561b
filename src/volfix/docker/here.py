"""What is in a directory, listed without reading its files, where the daemon runs on this machine.

The archive API cannot list; a copy that reads its source anyway is not to read it twice.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from volfix.docker.archive import Entry, Keep, Manifest
from volfix.docker.engine import Engine
from volfix.docker.jobs import Origin
from volfix.docker.members import HEAD


def data_root(engine: Engine) -> Path | None:
    """Where the daemon keeps its volumes on this machine; None where it runs elsewhere."""
    info = engine.host()
    root = Path(str(info.get("DockerRootDir", "")))
    return root if info.get("Name") == socket.gethostname() and root.is_dir() else None


def listing(origin: Origin, keep: Keep) -> Manifest | None:
    """The entries of a bind's directory without their digests; None where it cannot be listed here."""
    if origin.kind != "bind" or origin.path or origin.below:
        return None
    try:
        return dict(_entries(origin.name, keep))
    except OSError:
        return None


def _entries(top: str, keep: Keep) -> Iterator[tuple[str, Entry]]:
    yield "", _entry(os.lstat(top))
    for directory, names, files in os.walk(top, onerror=_fail):
        for name in (*names, *files):
            path = os.path.join(directory, name)  # noqa: PTH118 - twice as fast as Path, over many files
            below, entry = os.path.relpath(path, top), _entry(os.lstat(path))
            yield below, entry
            if entry.kind == "file":
                with open(path, "rb") as file:  # noqa: PTH123
                    keep(below, file.read(HEAD))


def _fail(error: OSError) -> None:
    raise error


def _entry(found: os.stat_result) -> Entry:
    kind = "directory" if stat.S_ISDIR(found.st_mode) else "file" if stat.S_ISREG(found.st_mode) else "other"
    size = found.st_size if kind == "file" else 0
    return Entry(kind, size, found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode), int(found.st_mtime))
