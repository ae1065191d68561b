"""What a directory holds, read on this machine if the daemon runs here: the same entries as in its archive.

The archive API sends each byte through two processes and cannot list. So a source is listed here and read once, by the
copy, and the copy is compared here, on the disk. Source: docker/engine (moby), pkg/archive, for what
it packs and in which order; a hard link is the second name of a file in that order.
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO

from volfix.docker.archive import Entry, Keep, Manifest
from volfix.docker.carry_jobs import Origin
from volfix.docker.containers import Volume
from volfix.docker.engine import CHUNK, Engine
from volfix.docker.helper_containers import Progress
from volfix.docker.tar_stream import HEAD
from volfix.knowledge.file_attributes import given

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
SHOWN = 10
"""Files that are named."""
SMALL = 1 << 16
"""Bytes from which a file is read by a thread."""
FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
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


def names_in(volume: Volume) -> frozenset[str]:
    """The names at the top of a volume whose files are on this machine. Raises OSError where they cannot be read."""
    return frozenset(item.name for item in Path(volume.directory).iterdir())


@dataclass(frozen=True, slots=True)
class Listing:
    """What is in a directory, without digests; `uncarried` is what no archive has of it, a line each."""

    manifest: Manifest
    uncarried: tuple[str, ...]


def listing(origin: Origin, keep: Keep | None) -> Listing | None:
    """The entries of a bind's directory; None where it cannot be listed here.

    `keep`, where it is given, receives the first bytes of each file.
    """
    if origin.kind != "bind" or origin.path or origin.below:
        return None
    manifest: Manifest = {}
    lost: list[str] = []
    try:
        for below, path, entry, attributes in _entries(origin.name):
            manifest[below] = entry
            if attributes:
                lost += (f"{below or origin.shown}: {words}" for words in given(attributes))
            if entry.kind == "file" and keep is not None:
                with _opened(path) as file:
                    keep(below, file.read(HEAD))
    except OSError:
        return None
    return Listing(manifest, tuple(lost))


def uncarried(engine: Engine, origin: Origin, container: str) -> Iterator[str]:
    """The extended attributes and ACLs of an origin, which no archive has, a line each; where its files are not on this
    machine, or cannot be read, that they are not seen. `container` is the id of the one that has its volume.
    """
    directory = Path(origin.name) if origin.kind == "bind" and data_root(engine) else None
    if origin.kind == "volume":
        directory = volume_directory(engine, origin.name, container)
    try:
        if directory is not None:
            for below, _, _, attributes in _entries(str(directory / origin.path)):
                yield from (f"{below or origin.shown}: {words}" for words in given(attributes))
            return
    except OSError:
        pass  # said below
    yield f"extended attributes and ACLs of {origin.shown}, if it has any: they are not seen from here"


def first_of(lost: Sequence[str]) -> tuple[str, ...]:
    """The first lines, and the rest as a number."""
    more = [f"the same of {len(lost) - SHOWN} more"] if len(lost) > SHOWN else []
    return (*lost[:SHOWN], *more)


def contents(directory: Path, keep: Keep, progress: Progress | None = None) -> Manifest:
    """The entries of a directory with the SHA-256 of each file. Raises OSError where one cannot be read.

    Small files are read here, each whole: to hand one to a thread takes longer than to read it.
    """
    manifest: Manifest = {}
    later: deque[tuple[str, Future[str]]] = deque()
    counting = Lock()

    def count(size: int) -> None:
        with counting:
            if progress:
                progress(size)

    def collect() -> None:
        below, digest = later.popleft()
        manifest[below] = manifest[below].with_digest(digest.result())

    def digest_of(below: str, path: str) -> str:
        head = _first_bytes(path)
        copy = keep(below, head[:HEAD])
        if len(head) < SMALL and copy is None:
            count(len(head))
            return hashlib.sha256(head).hexdigest()
        later.append((below, pool.submit(_digest, path, copy, count)))
        return ""

    with ThreadPoolExecutor(THREADS) as pool:
        for below, _, entry, _ in _entries(str(directory), digest_of):
            manifest[below] = entry
            if len(later) > 2 * THREADS:
                collect()
        while later:
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


def _entries(
    top: str, digest_of: Callable[[str, str], str] | None = None
) -> Iterator[tuple[str, str, Entry, Sequence[str]]]:
    """Each path below the directory, the path itself, its entry and the names of its extended attributes, in the order
    of an archive. `digest_of` is asked with the two paths of each file.
    """
    first: dict[tuple[int, int], str] = {}
    waiting = [("", os.path.realpath(top))]
    while waiting:
        below, path = waiting.pop()
        found = os.lstat(path)
        kind = KINDS.get(stat.S_IFMT(found.st_mode))
        if kind is None:
            continue
        digest, link = "", str(Path(path).readlink()) if kind == "symbolic link" else ""
        if kind == "directory":
            waiting += [(f"{below}/{name}" if below else name, f"{path}/{name}") for name in _backwards(path)]
        elif found.st_nlink > 1 and (same := first.setdefault((found.st_dev, found.st_ino), below)) != below:
            kind, link = "hard link", same
        if digest_of is not None and kind == "file":
            digest = digest_of(below, path)
        attributes = _attributes(path)
        yield below, path, _entry(path, (kind, link, digest), found, attributes), attributes


def _backwards(directory: str) -> list[str]:
    """The names in a directory, the last first: an archive is in the order of their bytes."""
    names = os.listdir(directory)  # noqa: PTH208 - a Path for each entry of a tree costs
    names.sort(key=None if all(map(str.isascii, names)) else os.fsencode, reverse=True)
    return names


def _entry(path: str, said: tuple[str, str, str], found: os.stat_result, attributes: Sequence[str]) -> Entry:
    kind, link, digest = said
    return Entry(
        kind,
        found.st_size if kind == "file" else 0,
        found.st_uid,
        found.st_gid,
        found.st_mode & 0o7777,
        found.st_mtime_ns // 10**9,
        link,
        (os.major(found.st_rdev), os.minor(found.st_rdev)) if kind.endswith(" device") else (0, 0),
        _capability(path) if CAPABILITY in attributes else (),
        digest,
    )


def _attributes(path: str) -> Sequence[str]:
    """The names of the extended attributes; none where the file system has no such thing."""
    try:
        return os.listxattr(path, follow_symlinks=False)
    except OSError:
        return ()


def _capability(path: str) -> tuple[tuple[str, str], ...]:
    try:
        value = os.getxattr(path, CAPABILITY, follow_symlinks=False)
    except OSError:
        return ()
    return ((f"SCHILY.xattr.{CAPABILITY}", value.decode("utf-8", "surrogateescape")),)
