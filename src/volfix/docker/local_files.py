"""What is in a directory, read on this machine where the daemon runs on it: the same entries as its archive has.

The archive API sends each byte through two processes and cannot list: a copy that reads its source anyway is not to
read it twice, and what was copied is compared sooner on the disk. Source: docker/engine (moby), pkg/archive, for what
it packs and in which order; a hard link is the second name of a file in that order.
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path
from threading import Lock
from typing import IO

from volfix.docker.archive import Entry, Keep, Manifest
from volfix.docker.carry_jobs import Origin
from volfix.docker.engine import CHUNK, Engine
from volfix.docker.helper_containers import Carriers, Progress
from volfix.docker.tar_stream import HEAD

KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symbolic link",
    stat.S_IFIFO: "named pipe",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}
"""Sockets are in no archive."""
CAPABILITY = "security.capability"
"""The only extended attribute that an archive has."""
OF_SYSTEM = ("security.", "trusted.")
"""Extended attributes that the system keeps for itself: labels of SELinux, integrity measurements, overlays."""
ACLS = {"system.posix_acl_access": "an ACL", "system.posix_acl_default": "a default ACL"}
"""Source: acl(5); getfattr shows them under these names."""
SHOWN = 10
"""Files that are named."""
SMALL = 1 << 16
"""Bytes from which a file is read by a thread."""
FLAGS = os.O_RDONLY | os.O_NOFOLLOW
THREADS = min(4, os.cpu_count() or 1)


def data_root(engine: Engine) -> Path | None:
    """Where the daemon keeps its volumes on this machine; None where it runs elsewhere."""
    info = engine.host()
    root = Path(str(info.get("DockerRootDir", "")))
    return root if info.get("Name") == socket.gethostname() and root.is_dir() else None


def volume_directory(engine: Engine, volume: str, container: str) -> Path | None:
    """Where a volume's files are on this machine; None where they are not, or may not be read.

    `container` is the id of a container that the daemon just made. Host names are given twice; such an id is not: where
    the container's directory is here, the daemon's disk is.
    """
    found = engine.volume(volume)
    if found is None or found.driver != "local" or found.options:
        return None
    try:
        is_here = Path(str(engine.host().get("DockerRootDir", "")), "containers", container).is_dir()
        return Path(found.directory) if is_here and Path(found.directory).is_dir() else None
    except OSError:
        return None


def uncarried(engine: Engine, carriers: Carriers, origins: Iterable[Origin]) -> tuple[str, ...]:
    """The extended attributes and ACLs of the origins, which no archive has, a line each; the rest as a number.

    Where an origin's files are not on this machine, that they are not seen.
    """
    found: list[str] = []
    for origin in origins:
        directory = Path(origin.name) if origin.kind == "bind" and data_root(engine) else None
        if origin.kind == "volume":
            directory = volume_directory(engine, origin.name, carriers.mounting("volume", origin.name))
        if directory is None:
            found.append(f"extended attributes and ACLs of {origin.shown}, if it has any: they are not seen from here")
            continue
        with suppress(OSError):
            top = str(directory / origin.path)
            found += [f"{below or origin.shown}: {name}" for below, path in _paths(top) for name in _extended(path)]
    more = f"the same of {len(found) - SHOWN} more" if len(found) > SHOWN else None
    return (*found[:SHOWN], *([more] if more else []))


def _extended(path: str) -> Iterator[str]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return
    for name in names:
        if not name.startswith(OF_SYSTEM):
            yield ACLS.get(name, f"the extended attribute {name}")


def _paths(top: str) -> Iterator[tuple[str, str]]:
    """Each path at and below another one, the first of them empty."""
    yield "", top
    for current, directories, names in os.walk(top):
        for name in (*directories, *names):
            path = f"{current}/{name}"
            yield path[len(top) + 1 :], path


def listing(origin: Origin, keep: Keep | None) -> Manifest | None:
    """The entries of a bind's directory without their digests; None where it cannot be listed here.

    `keep`, where it is given, gets the first bytes of each file.
    """
    if origin.kind != "bind" or origin.path or origin.below:
        return None
    manifest: Manifest = {}
    try:
        for below, path, entry in _entries(origin.name):
            manifest[below] = entry
            if entry.kind == "file" and keep is not None:
                with _opened(path) as file:
                    keep(below, file.read(HEAD))
    except OSError:
        return None
    return manifest


def contents(directory: Path, keep: Keep, progress: Progress | None = None) -> Manifest:
    """The entries of a directory with the SHA-256 of each file. Raises OSError where one cannot be read.

    Small files are read here, each whole: to hand one to a thread takes longer than to read it.
    """
    manifest: Manifest = {}
    digests: deque[tuple[str, Future[str]]] = deque()
    counting = Lock()

    def count(size: int) -> None:
        with counting:
            if progress:
                progress(size)

    def collect() -> None:
        below, digest = digests.popleft()
        manifest[below] = manifest[below].with_digest(digest.result())

    with ThreadPoolExecutor(THREADS) as pool:
        for below, path, entry in _entries(str(directory)):
            manifest[below] = entry
            if entry.kind != "file":
                continue
            head = _first_bytes(path)
            copy = keep(below, head[:HEAD])
            if len(head) < SMALL and copy is None:
                manifest[below] = entry.with_digest(hashlib.sha256(head).hexdigest())
                count(len(head))
            else:
                digests.append((below, pool.submit(_digest, path, copy, count)))
            if len(digests) > 2 * THREADS:
                collect()
        while digests:
            collect()
    return manifest


def _digest(path: str, copy: IO[bytes] | None, count: Progress) -> str:
    with copy or nullcontext(), _opened(path) as file:
        digest = hashlib.sha256()
        buffer = memoryview(bytearray(CHUNK))
        while size := file.readinto(buffer):  # type: ignore[attr-defined]
            digest.update(buffer[:size])
            if copy is not None:
                copy.write(buffer[:size])
            count(size)
    return digest.hexdigest()


def _first_bytes(path: str) -> bytes:
    """The first bytes of a file, all of it where they are fewer than `SMALL`."""
    descriptor = os.open(path, FLAGS)
    try:
        return os.read(descriptor, SMALL)
    finally:
        os.close(descriptor)


def _opened(path: str) -> IO[bytes]:
    return os.fdopen(os.open(path, FLAGS), "rb", buffering=0)


def _entries(top: str) -> Iterator[tuple[str, str, Entry]]:
    """Each path below the directory, the path itself and its entry, in the order of an archive."""
    first: dict[tuple[int, int], str] = {}
    waiting = [("", os.path.realpath(top))]
    while waiting:
        below, path = waiting.pop()
        found = os.lstat(path)
        kind = KINDS.get(stat.S_IFMT(found.st_mode))
        if kind is None:
            continue
        link = str(Path(path).readlink()) if kind == "symbolic link" else ""
        if kind == "directory":
            with os.scandir(path) as found_there:
                names = sorted((item.name for item in found_there), key=os.fsencode, reverse=True)
            waiting += [(f"{below}/{name}" if below else name, f"{path}/{name}") for name in names]
        elif found.st_nlink > 1 and (same := first.setdefault((found.st_dev, found.st_ino), below)) != below:
            kind, link = "hard link", same
        yield below, path, _entry(path, kind, link, found)


def _entry(path: str, kind: str, link: str, found: os.stat_result) -> Entry:
    return Entry(
        kind,
        found.st_size if kind == "file" else 0,
        found.st_uid,
        found.st_gid,
        stat.S_IMODE(found.st_mode),
        found.st_mtime_ns // 10**9,
        link,
        (os.major(found.st_rdev), os.minor(found.st_rdev)) if kind.endswith(" device") else (0, 0),
        _attributes(path),
    )


def _attributes(path: str) -> tuple[tuple[str, str], ...]:
    try:
        if CAPABILITY not in os.listxattr(path, follow_symlinks=False):  # a name that is not there costs an exception
            return ()
        value = os.getxattr(path, CAPABILITY, follow_symlinks=False)
    except OSError:
        return ()
    return ((f"SCHILY.xattr.{CAPABILITY}", value.decode("utf-8", "surrogateescape")),)
