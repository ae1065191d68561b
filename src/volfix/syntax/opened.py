"""Helps to read an opened file or directory safely: its kind, its bytes and its real path."""

from __future__ import annotations

import errno
import os
import stat

FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):  # Windows has only the last, and needs it
    FLAGS |= getattr(os, _name, 0)


class Refused(OSError):
    """The file or directory exists, but volfix does not read it; `strerror` is the reason."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(errno.EACCES, reason, path)


def up_to(descriptor: int, most: int, expected: int) -> bytes:
    """At most `most` bytes of an open file; `expected` is its known size."""
    data = more = os.read(descriptor, min(most, expected + 1))
    if len(data) == expected:  # asked for one more, so this is the end
        return data
    while more and len(data) < most:
        more = os.read(descriptor, most - len(data))
        data += more
    return data


def check_kind(path: str, mode: int) -> None:
    """Raise IsADirectoryError for a directory, Refused for anything else that is not a regular file."""
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "not a regular file", path)
    if not stat.S_ISREG(mode):
        raise Refused(path, "not a regular file")


def real_place(path: str, descriptor: int) -> str:
    """The real path of the open file or directory, even if someone changes links meanwhile.

    Raises Refused if the system cannot tell and the file changed.
    """
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - Linux
    except OSError:
        real = os.path.realpath(path)
        if not os.path.samestat(os.stat(real), os.fstat(descriptor)):  # noqa: PTH116
            raise Refused(path, "changed while it was read: run volfix again") from None
        return real
