"""A file or directory that is opened to be read: its kind, its bytes, and where it really lies."""

from __future__ import annotations

import errno
import os
import stat

FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):  # Windows has the last alone, and needs it
    FLAGS |= getattr(os, _name, 0)


class Refused(OSError):
    """A file or directory that is there and that volfix does not read; `strerror` is the reason."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(errno.EACCES, reason, path)


def up_to(descriptor: int, most: int, expected: int) -> bytes:
    """The bytes of an open file up to so many; so many are expected."""
    data = more = os.read(descriptor, min(most, expected + 1))
    if len(data) == expected:  # one more was asked for, and is not there
        return data
    while more and len(data) < most:
        more = os.read(descriptor, most - len(data))
        data += more
    return data


def check_kind(path: str, mode: int) -> None:
    """Raise IsADirectoryError for a directory, and Refused for what is no regular file."""
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "not a regular file", path)
    if not stat.S_ISREG(mode):
        raise Refused(path, "not a regular file")


def real_place(path: str, descriptor: int) -> str:
    """Where the open file or directory really lies: nobody who moves links meanwhile leads the question elsewhere."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - Linux
    except OSError:
        real = os.path.realpath(path)
        if not os.path.samestat(os.stat(real), os.fstat(descriptor)):  # noqa: PTH116
            raise Refused(path, "changed while it was read: run volfix again") from None
        return real
