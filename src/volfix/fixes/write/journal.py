"""The journal of writes: what a killed run leaves to be finished or rolled back, and what `volfix undo` puts back.

It lives in `volfix/` of git's own directory, so that it never shows in the work tree; outside git in
`$XDG_STATE_HOME/volfix/<16 hex digits of the SHA-256 of the root's real path>`. Within are:

    lock          held (flock) by the volfix that writes
    open.json     a run whose last transaction has begun and is not known to have ended
    last.json     the last finished run, which undo puts back
    old/          the bytes that files had before, each named by its SHA-256
    carried.json  what was carried into which volume, and when (carried.py)

Each step is on the disk (fsync) before the next begins, and a JSON file is replaced whole.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from volfix.fixes.write.journal_format import Run, decoded, encoded
from volfix.fixes.write.journal_place import home_of, place_of
from volfix.syntax.source import FileProblem
from volfix.syntax.visible import one_line

OPEN, LAST, OLD = "open.json", "last.json", "old"
FILE_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
DIRECTORY_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | FILE_FLAGS
CAN_WRITE = (
    hasattr(os, "O_DIRECTORY")
    and hasattr(os, "O_NOFOLLOW")
    and {os.open, os.mkdir, os.unlink, os.rename} <= os.supports_dir_fd
    and find_spec("fcntl") is not None
)
"""Whether this system has what a safe write is made of: descriptors of directories, and locks."""
LACKING = (
    "nothing is written: a safe write goes through an open directory, and this system opens none. "
    "`volfix` without --write shows all; to write on Windows, type the command in WSL"
)

ADVICE = {
    errno.ENOSPC: "no space left on the device: make room, then run volfix again",
    errno.EDQUOT: "the disk quota is used up: make room, then run volfix again",
    errno.EFBIG: "larger than the limit for a file (ulimit -f) allows: raise it, then run volfix again",
    errno.EROFS: "the file system is read-only: mount it writable, or run volfix where it is",
    errno.EACCES: "permission denied: run volfix as the owner of the file and its directory",
    errno.EPERM: "not permitted: run volfix as the owner of the file and its directory; it may be immutable (lsattr)",
    errno.EBUSY: "in use as a mount of its own: run volfix outside of the container",
    errno.ENOENT: "no such file: it was there when volfix read it",
    errno.ELOOP: "a link now: it changed since volfix read it",
}


class WriteProblem(FileProblem):
    """Files were not written; as text, one line."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class WriteRefused(WriteProblem):
    """Writing was not begun: something is not as it must be. Nothing was touched."""


class WriteFailed(WriteProblem):
    """Writing was begun and failed. The message says whether the files were put back."""


def advice(error: OSError) -> str:
    """What went wrong and what to do about it, in one line."""
    return ADVICE.get(error.errno or 0) or error.strerror or str(error)


@dataclass(frozen=True, slots=True)
class Journal:
    """A root's journal: `root` is the real path that its files are relative to, `descriptor` its open directory."""

    root: Path
    directory: Path
    descriptor: int

    def read(self, name: str) -> Run | None:
        """The run in open.json or last.json; None where there is none. Raises WriteRefused where it is unreadable."""
        try:
            data = _read(self.descriptor, name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise WriteRefused(self.directory / name, f"the journal cannot be read: {advice(error)}") from error
        try:
            return decoded(data)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            what = "an interrupted write may be half done" if name == OPEN else "the last write cannot be undone"
            raise WriteRefused(
                self.directory / name,
                f"the journal is damaged, or another version's: {what}. Look at the files, then delete this one",
            ) from error

    def kept(self, name: str) -> bytes | None:
        """What is kept beside the runs under this name; None where there is nothing that can be read."""
        try:
            return _read(self.descriptor, name)
        except OSError:
            return None

    def keep(self, name: str, data: bytes) -> None:
        """Keep something beside the runs; raises OSError."""
        _store(self.descriptor, name, data)
        os.fsync(self.descriptor)

    def old_bytes(self, digest: str) -> bytes:
        """The saved bytes; raises WriteRefused where they are gone or not what they were."""
        try:
            data = _read(self.descriptor, f"{OLD}/{digest}")
        except OSError as error:
            raise WriteRefused(self.directory / OLD / digest, f"the saved bytes: {advice(error)}") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise WriteRefused(self.directory / OLD / digest, "the saved bytes are damaged")
        return data

    def begin(self, run: Run, old: Iterable[bytes]) -> None:
        """Save the bytes that the last transaction of `run` will replace, and then the run as the open one."""
        with suppress(FileExistsError):
            os.mkdir(OLD, 0o700, dir_fd=self.descriptor)
        folder = os.open(OLD, DIRECTORY_FLAGS, dir_fd=self.descriptor)
        try:
            for data in old:
                _store(folder, hashlib.sha256(data).hexdigest(), data)
            os.fsync(folder)
        finally:
            os.close(folder)
        _store(self.descriptor, OPEN, encoded(self.root, run))
        os.fsync(self.descriptor)

    def finish(self, run: Run) -> None:
        """The open run is done: it becomes the last one, or, if it was an undo, there is no last one any more."""
        if run.undo:
            self._remove(LAST)
            os.fsync(self.descriptor)
            self.discard()
        else:
            os.replace(OPEN, LAST, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
            os.fsync(self.descriptor)

    def discard(self) -> None:
        """The open run's last transaction did not happen."""
        self._remove(OPEN)
        os.fsync(self.descriptor)

    def sweep(self) -> None:
        """Delete the saved bytes that no run needs; what cannot be deleted stays for the next time."""
        try:
            runs = [self.read(OPEN), self.read(LAST)]
            needed = {file.before for run in runs if run for stack in run.transactions for file in stack}
            folder = os.open(OLD, DIRECTORY_FLAGS, dir_fd=self.descriptor)
        except (OSError, WriteRefused):
            return
        try:
            for name in os.listdir(folder):  # noqa: PTH208 - a descriptor
                if name not in needed:
                    os.unlink(name, dir_fd=folder)
        except OSError:
            return
        finally:
            os.close(folder)

    def _remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.descriptor)


def directory_of(root: Path) -> Path:
    """Where the journal of `root` is, whether or not there is one; raises WriteRefused where no place is known."""
    directory = place_of(root)
    if directory is None:
        raise WriteRefused(root, "no home directory to keep the journal in: set XDG_STATE_HOME")
    return directory


@contextmanager
def locked(root: Path) -> Iterator[Journal]:
    """The journal of `root`, made where there is none, for one process at a time; raises WriteRefused."""
    if not CAN_WRITE:
        raise WriteRefused(root, LACKING)
    import fcntl

    directory = directory_of(root)
    with ExitStack() as closing:
        try:
            descriptor = _opened(directory)
            closing.callback(os.close, descriptor)
            lock = os.open("lock", os.O_RDWR | os.O_CREAT | FILE_FLAGS, 0o600, dir_fd=descriptor)
            closing.callback(os.close, lock)
        except OSError as error:
            raise WriteRefused(directory, f"no journal can be kept here: {advice(error)}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WriteRefused(root, "another volfix is writing here: try again when it is done") from None
        except OSError as error:
            raise WriteRefused(directory, f"the journal cannot be locked: {advice(error)}") from error
        yield Journal(home_of(root), directory, descriptor)


@contextmanager
def reading(root: Path) -> Iterator[Journal | None]:
    """The journal of `root` without its lock, to look at; None where there is none."""
    directory = directory_of(root)
    try:
        if not CAN_WRITE and directory.is_dir():
            raise WriteRefused(directory, LACKING)
        descriptor = os.open(directory, DIRECTORY_FLAGS)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise WriteRefused(directory, f"the journal cannot be read: {advice(error)}") from error
    try:
        yield Journal(home_of(root), directory, descriptor)
    finally:
        os.close(descriptor)


def _opened(directory: Path) -> int:
    """The directory's descriptor: made where it is not there, never through a link, closed to others."""
    _make(directory)
    descriptor = os.open(directory, DIRECTORY_FLAGS)
    if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
        os.fchmod(descriptor, 0o700)
    return descriptor


def _make(directory: Path) -> None:
    if directory.is_dir():
        return
    _make(directory.parent)
    with suppress(FileExistsError):
        directory.mkdir(0o700)
    above = os.open(directory.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(above)
    finally:
        os.close(above)


def _read(folder: int, name: str) -> bytes:
    descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | FILE_FLAGS, dir_fd=folder)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
        return file.read()


def _store(folder: int, name: str, data: bytes) -> None:
    """Put a whole file in place; the caller makes the directory durable."""
    with suppress(FileNotFoundError):
        os.unlink(f"{name}.new", dir_fd=folder)
    descriptor = os.open(f"{name}.new", os.O_WRONLY | os.O_CREAT | os.O_EXCL | FILE_FLAGS, 0o600, dir_fd=folder)
    try:
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        os.unlink(f"{name}.new", dir_fd=folder)
        raise
    os.replace(f"{name}.new", name, src_dir_fd=folder, dst_dir_fd=folder)


def write_all(descriptor: int, data: bytes) -> None:
    """`os.write` may take a part only."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
