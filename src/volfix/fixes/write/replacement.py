"""One file takes another's place: under the same name, with its mode, owner and attributes, never outside the root.

Every call goes through the descriptor of the file's directory, reached from the root without following links, so that
nobody who moves directories meanwhile leads a write elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from volfix.fixes.write.journal import DIRECTORY_FLAGS, FILE_FLAGS, WriteFailed, WriteRefused, advice, write_all
from volfix.syntax.disk import LARGEST


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A regular file as it was found: the path that named it, its real one, its open directory, and what it holds."""

    given_path: Path
    path: Path
    directory: int
    data: bytes
    status: os.stat_result
    attributes: dict[str, bytes]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def is_same(self, other: OnDisk) -> bool:
        """Whether nothing changed that a write would lose."""
        kept = [(one.st_mode, one.st_uid, one.st_gid, one.st_nlink) for one in (self.status, other.status)]
        return self.data == other.data and kept[0] == kept[1]


def find(given_path: Path, root: Path, closing: ExitStack) -> OnDisk:
    """The file that `given_path` leads to, links followed, inside the real path `root`; `closing` closes its directory.

    Raises WriteRefused where it is outside, missing, unreadable or no regular file.
    """
    path = Path(os.path.realpath(given_path))
    if not path.is_relative_to(root) or path == root:
        raise WriteRefused(given_path, f"leads out of {root}: files elsewhere are not edited")
    *folders, _ = path.relative_to(root).parts
    if ".git" in path.relative_to(root).parts:
        raise WriteRefused(given_path, "leads into git's own directory")
    try:
        directory = os.open(root, DIRECTORY_FLAGS)
        for folder in folders:
            above = directory
            try:
                directory = os.open(folder, DIRECTORY_FLAGS, dir_fd=above)
            finally:
                os.close(above)
    except OSError as error:
        raise WriteRefused(given_path, advice(error)) from error
    closing.callback(os.close, directory)
    return _look(given_path, path, directory)


def _look(given_path: Path, path: Path, directory: int) -> OnDisk:
    try:
        descriptor = os.open(path.name, os.O_RDONLY | os.O_NONBLOCK | FILE_FLAGS, dir_fd=directory)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise WriteRefused(given_path, "not a regular file: it changed since volfix read it")
            with open(descriptor, "rb", closefd=False) as file:
                return OnDisk(given_path, path, directory, file.read(2 * LARGEST), status, _attributes(descriptor))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise WriteRefused(given_path, advice(error)) from error


def check(file: OnDisk, before: str) -> None:
    """Raise WriteRefused unless the file has the SHA-256 `before` and can be replaced without losing anything."""
    if file.digest != before:
        raise WriteRefused(file.given_path, "changed since volfix read it: run volfix again")
    if file.status.st_nlink > 1:
        raise WriteRefused(
            file.given_path,
            f"has {file.status.st_nlink} names (hard links), which a write would separate: make it a copy",
        )
    effective = os.access in os.supports_effective_ids
    if not os.access(".", os.W_OK | os.X_OK, dir_fd=file.directory, effective_ids=effective):
        raise WriteRefused(file.given_path, f"the directory {file.path.parent} is not writable")
    if not os.access(file.path.name, os.W_OK, dir_fd=file.directory, effective_ids=effective):
        raise WriteRefused(file.given_path, "the file is not writable")


def prepare(file: OnDisk, data: bytes, temporary: str) -> None:
    """Put `data` on the disk beside the file, with the file's owner, mode and attributes.

    Raises WriteRefused where it cannot have them, WriteFailed where it cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | FILE_FLAGS
    try:
        descriptor = os.open(temporary, flags, 0o600, dir_fd=file.directory)
        try:
            write_all(descriptor, data)
            _make_alike(descriptor, file)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise WriteFailed(file.given_path, advice(error)) from error


def _make_alike(descriptor: int, file: OnDisk) -> None:
    wanted, status = file.status, os.fstat(descriptor)
    user = wanted.st_uid if wanted.st_uid != status.st_uid else -1
    group = wanted.st_gid if wanted.st_gid != status.st_gid else -1
    try:
        if (user, group) != (-1, -1):
            os.fchown(descriptor, user, group)
        _set_attributes(descriptor, file.attributes)
        # Last: giving a file away clears its setuid and setgid bits, and an ACL's mask is its group bits.
        if os.fstat(descriptor).st_mode != wanted.st_mode:
            os.fchmod(descriptor, stat.S_IMODE(wanted.st_mode))
    except PermissionError:
        pass  # what could not be kept is seen below
    status = os.fstat(descriptor)
    if (status.st_uid, status.st_gid) != (wanted.st_uid, wanted.st_gid):
        owner = f"user {wanted.st_uid} and group {wanted.st_gid}"
        raise WriteRefused(
            file.given_path, f"belongs to {owner}, and only they can keep this owner: run volfix as the owner"
        )
    if status.st_mode != wanted.st_mode:
        mode = f"{stat.S_IMODE(wanted.st_mode):04o}"
        raise WriteRefused(file.given_path, f"its mode {mode} cannot be kept: run volfix as its owner, in its group")


def _attributes(descriptor: int) -> dict[str, bytes]:
    """The extended attributes, ACLs among them; none where the file system or the platform has none."""
    if not hasattr(os, "listxattr"):
        return {}
    found: dict[str, bytes] = {}
    with suppress(OSError):
        for name in os.listxattr(descriptor):
            with suppress(OSError):
                found[name] = os.getxattr(descriptor, name)
    return found


def _set_attributes(descriptor: int, wanted: dict[str, bytes]) -> None:
    """As far as this user may: labels that the system sets itself are not for anyone to copy."""
    present = _attributes(descriptor)
    for name in present.keys() - wanted.keys():
        with suppress(OSError):
            os.removexattr(descriptor, name)  # an ACL that the directory gave, and that the file did not have
    for name, value in wanted.items():
        if present.get(name) != value:
            with suppress(OSError):
                os.setxattr(descriptor, name, value)


def swap(file: OnDisk, temporary: str) -> None:
    """Let the prepared bytes take the file's place, if it is still as it was found; raises WriteFailed."""
    try:
        here, there = os.fstat(file.directory), file.path.parent.stat()
        moved = os.path.realpath(file.given_path) != str(file.path) or not os.path.samestat(here, there)
        # The content last: what another program writes between this look and the swap is lost.
        if moved or not file.is_same(_look(file.given_path, file.path, file.directory)):
            raise WriteFailed(file.given_path, "changed while volfix was writing: run it again")
        os.replace(temporary, file.path.name, src_dir_fd=file.directory, dst_dir_fd=file.directory)
    except WriteRefused as refused:
        raise WriteFailed(file.given_path, f"changed while volfix was writing: {refused.message}") from refused
    except OSError as error:
        raise WriteFailed(file.given_path, advice(error)) from error


def remove(temporary: str, directory: int) -> bool:
    """Delete what was prepared; whether it was there."""
    try:
        os.unlink(temporary, dir_fd=directory)
    except FileNotFoundError:
        return False
    return True


def remove_below(root: Path, temporary: str) -> None:
    """Delete what was prepared beside a file that is not where it was: its directory may have been moved in `root`."""
    for place, folders, names in os.walk(root):
        folders[:] = [folder for folder in folders if folder != ".git"]
        if temporary in names:
            try:
                directory = os.open(place, DIRECTORY_FLAGS)
            except OSError:
                continue
            try:
                remove(temporary, directory)
            finally:
                os.close(directory)
