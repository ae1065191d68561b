"""Reads what a directory holds from its tar archive, and compares two directories entry by entry.

Source: docker/engine (moby), pkg/archive: names come in lexical order, times in whole seconds, owners as numbers; holes
are sent as zeros, sockets are left out, `security.capability` is the only extended attribute that is kept.
containers/podman 4.3, by its answers: a mount's own directory is called `/`, and what is in it begins with a slash.
"""

from __future__ import annotations

import posixpath
import queue
import tarfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from volfix.docker.tar_stream import BrokenArchive, Bytes, members

KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "symbolic link",
    tarfile.LNKTYPE: "hard link",
    tarfile.FIFOTYPE: "named pipe",
    tarfile.CHRTYPE: "character device",
    tarfile.BLKTYPE: "block device",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, directory or link: `modified` in seconds since 1970, `digest` the SHA-256 of a file's bytes."""

    kind: str
    size: int
    owner: int
    group: int
    mode: int
    modified: int
    link: str = ""
    device: tuple[int, int] = (0, 0)
    attributes: tuple[tuple[str, str], ...] = ()
    digest: str = ""

    def with_digest(self, digest: str) -> Entry:
        """The same entry; `dataclasses.replace` takes five times as long."""
        return Entry(
            *(self.kind, self.size, self.owner, self.group, self.mode, self.modified),
            *(self.link, self.device, self.attributes, digest),
        )


AHEAD = 4
"""Chunks that are in memory at once."""
PATIENCE = 5.0
"""Seconds to wait for a source that may hang, where the caller stops early."""
Manifest = dict[str, Entry]
"""Entries by their path below the directory; the directory itself is the empty path."""

Keep = Callable[[str, bytes], IO[bytes] | None]
"""Called for each file with its path and first bytes. What it returns receives all bytes, and is closed."""


class Reading:
    """Reads an archive while its bytes pass by; `manifest` is complete when `passing` has ended."""

    def __init__(self, below: str = "", keep: Keep | None = None) -> None:
        """`below` is where in the manifest the archive's first name is; empty for a whole directory."""
        self.manifest: Manifest = {}
        self._below, self._keep = below, keep
        self._ahead: queue.Queue[bytes] = queue.Queue(maxsize=AHEAD)
        self._unwanted = False
        self._top: str | None = None
        self._error: Exception | None = None

    def passing(self, chunks: Iterable[bytes]) -> Generator[bytes, None, None]:
        """Yield the same chunks. A thread takes and examines the next ones while the caller works.

        Raises BrokenArchive if the chunks are not one whole archive, and every error that their source raises.
        """
        reader = threading.Thread(target=self._work, args=(chunks,), daemon=True)
        reader.start()
        is_open = True
        try:
            while is_open:
                chunk = self._ahead.get()
                is_open = chunk != b""
                if is_open:
                    yield chunk
        finally:
            self._unwanted = True
            if not is_open or self._is_left(time.monotonic() + PATIENCE):
                reader.join()
        if self._error is not None:
            raise self._error

    def _is_left(self, until: float) -> bool:
        """Drop the chunks that nobody wants any more. True once the thread has ended, False if its source hangs."""
        with suppress(queue.Empty):
            while True:
                if self._ahead.get(timeout=max(0.0, until - time.monotonic())) == b"":
                    return True
        return False

    def _work(self, chunks: Iterable[bytes]) -> None:
        passed = self._passed(chunks)
        try:
            for member, head, rest in members(Bytes(passed)):
                path = self._path(member.name)
                digest = self._digest(path, head, rest) if member.isreg() else ""
                self.manifest[path] = self._entry(member, digest)
            for _ in passed:
                pass  # padding after the end of the archive
        except Exception as error:  # noqa: BLE001 - `passing` raises it, in the thread of the caller
            if self._error is None:
                self._error = error if isinstance(error, BrokenArchive) else BrokenArchive(str(error))
        finally:
            if isinstance(chunks, Generator):  # the engine cannot remove a container while an answer about it is open
                chunks.close()
            self._ahead.put(b"")

    def _passed(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        try:
            for chunk in filter(None, chunks):
                if self._unwanted:
                    break
                self._ahead.put(chunk)
                yield chunk
        except Exception as error:
            self._error = error
            raise

    def _path(self, name: str) -> str:
        """The path in the manifest. Raises BrokenArchive for a name that is not below the archive's first one.

        Docker's names begin with the directory's own (`data`, `data/PG_VERSION`), those of a mount in Podman with a
        slash (`/`, `/PG_VERSION`).
        """
        rest = name.strip("/")
        if self._top is None:
            self._top = rest.partition("/")[0]
        top, _, below = rest.partition("/") if self._top else ("", "", rest)
        if top != self._top or (".." in below and ".." in below.split("/")):
            raise BrokenArchive(f"the archive holds {name}, which is not in the directory that was asked for")
        return posixpath.join(self._below, below) if below else self._below

    def _entry(self, member: tarfile.TarInfo, digest: str) -> Entry:
        return Entry(
            KINDS[member.type],
            member.size if member.isreg() else 0,
            member.uid,
            member.gid,
            member.mode & 0o7777,
            int(member.mtime),
            self._path(member.linkname) if member.islnk() else member.linkname,
            (member.devmajor, member.devminor) if member.ischr() or member.isblk() else (0, 0),
            tuple(sorted((key, text) for key, text in member.pax_headers.items() if ".xattr." in key)),
            digest,
        )

    def _digest(self, path: str, head: bytes, rest: Iterator[memoryview]) -> str:
        import hashlib

        digest = hashlib.sha256(head)
        copy = self._keep(path, head) if self._keep else None
        if copy is None:
            for piece in rest:
                digest.update(piece)
            return digest.hexdigest()
        with copy:
            copy.write(head)
            for piece in rest:
                digest.update(piece)
                copy.write(piece)
        return digest.hexdigest()


def differences(source: Mapping[str, Entry], target: Mapping[str, Entry]) -> list[str]:
    """A line for each path that the target lacks, has in addition, or has otherwise. Empty if both are equal."""
    found = []
    for path in sorted(source.keys() | target.keys()):
        shown = path or "the directory itself"
        if path not in target:
            found.append(f"{shown}: missing")
        elif path not in source:
            found.append(f"{shown}: not in the source")
        elif source[path] != target[path]:
            found.append(f"{shown}: {_difference(source[path], target[path])}")
    return found


def _difference(source: Entry, target: Entry) -> str:
    if source.kind != target.kind:
        return f"a {source.kind} became a {target.kind}"
    differences = []
    if source.size != target.size:
        differences.append(f"{source.size} bytes became {target.size}")
    if (source.owner, source.group) != (target.owner, target.group):
        differences.append(f"owner {source.owner}:{source.group} became {target.owner}:{target.group}")
    if source.mode != target.mode:
        differences.append(f"mode {source.mode:04o} became {target.mode:04o}")
    if source.digest != target.digest and source.size == target.size:
        differences.append("the bytes differ")
    if source.modified != target.modified:
        differences.append("the time of its last change differs")
    if source.link != target.link:
        differences.append(f"the link to {source.link} leads to {target.link}")
    return ", ".join(differences) or "device or attributes differ"
