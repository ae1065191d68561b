"""The only access to a repository's files: nothing else in volfix opens files or lists directories.

A file is read only if it is a regular file, is not too large, and lies (with links followed) in a root of the run.
`begin` starts a run, `enclose` adds its roots. A path written outside the roots comes from a Compose file; `begin` says
whether it may be read. `refused` keeps what was not read, and why. If an editor has unsaved text of a file, that text
is read instead, provided that volfix would read the file on disk.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache, partial
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from volfix.syntax.opened import FLAGS, Refused, check_kind, real_place, up_to
from volfix.syntax.roots import Roots, is_of_host

LARGEST = 10 * 1024 * 1024
"""The largest file that is read, in bytes. Public Compose files stay below a hundredth of it."""
LARGEST_YAML = 2 * 1024 * 1024
"""The largest YAML file that is read, in bytes: its tree takes a hundred times as much memory."""
LARGEST_SETTINGS = 256 * 1024
"""Bytes of a Dockerfile, an env file, a script or a Python module that is read: people rarely write a larger file."""
SMALL, MOST_TEXTS = 16 * 1024, 8192
"""The largest file, in bytes, whose text is kept for the next question about it, and the most files."""
OUTSIDE = "lies outside of the repository"
"""The reason for a path at which a run may not even look; it is treated as missing."""
NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG)
"""Errors of a look at a path that say that a program would find no file there either."""
Result = TypeVar("Result")

_RUN = Roots()
_UNSAVED: dict[str, bytes] = {}
_READ_UNSAVED: set[str] = set()
_TEXTS: dict[str, tuple[bytes, int]] = {}
_FORGETTING: list[Callable[[], None]] = [_TEXTS.clear]


def begin(
    *, outside: bool, unsaved: Mapping[str, bytes] | None = None, withheld: Mapping[Path, str] | None = None
) -> None:
    """Start a run without roots.

    `outside` lets it read files outside its roots that a Compose file names. Without it, it never looks there, so the
    result does not depend on the machine. `unsaved` are the texts of files in an editor, by their real paths.
    `withheld` are files of which only the names are available, each with the reason: they are refused.
    """
    forget()
    _RUN.outside = outside
    for known in (_RUN.roots, _RUN.homes, _RUN.refused, _UNSAVED, _READ_UNSAVED):
        known.clear()
    _UNSAVED.update(unsaved or {})
    _RUN.withheld = {os.path.realpath(path): why for path, why in (withheld or {}).items()}


def enclose(root: Path) -> None:
    """Add a root to the run: a directory, or a single file that the command line names."""
    if str(root) not in _RUN.roots:
        _RUN.roots[str(root)] = os.path.realpath(root)
        _RUN.homes.clear()


def refused() -> Mapping[Path, str]:
    """The existing files and directories that the run did not read, each with the reason."""
    return _RUN.refused


def read_unsaved() -> frozenset[str]:
    """The real paths of the files whose unsaved text the run has read."""
    return frozenset(_READ_UNSAVED)


def refuse(path: Path, reason: str) -> None:
    """Record in `refused` that a file was not, or not fully, read."""
    _RUN.refused[path] = reason


def remembered(maxsize: int) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """A decorator that caches up to `maxsize` results of a function of files until `forget` is called."""

    def decorate(function: Callable[..., Result]) -> Callable[..., Result]:
        kept = lru_cache(maxsize)(function)
        _FORGETTING.append(kept.cache_clear)
        return kept

    return decorate


def forget() -> None:
    """Drop all cached results, because files may have changed."""
    for clear in _FORGETTING:
        clear()


def is_inside(path: Path) -> bool:
    """Whether the path, as written, lies in a root of the run. Files that no Compose file names are read only there."""
    return not _RUN.roots or bool(_RUN.homes_of(_absolute(path)))


def exists(path: Path) -> bool:
    """Whether the path exists; False also if the run may not look there."""
    return not _RUN.is_forbidden(_absolute(path)) and _status(path) is not None


def missing(path: Path) -> str | None:
    """Why there is nothing to read at the path; None if the path exists."""
    written = _absolute(path)
    if _RUN.is_forbidden(written):
        _RUN.refused[Path(written)] = OUTSIDE
        return OUTSIDE
    return "there is no such file" if _status(path) is None else None


def is_file(path: Path | str) -> bool:
    """Whether the path exists and is not a directory. A device or socket counts; reading it is refused later."""
    status = None if _RUN.is_forbidden(_absolute(path)) else _status(path)
    return status is not None and not stat.S_ISDIR(status.st_mode)


def _status(path: Path | str) -> os.stat_result | None:
    """The status of the path; None if it is missing or cannot be looked at. Other errors are put into `refused`."""
    try:
        return os.stat(path)  # noqa: PTH116
    except OSError as error:
        if error.errno not in NOTHING_THERE:
            _RUN.refused[Path(_absolute(path))] = error.strerror or str(error)
    except ValueError:  # no file can have this name
        return None
    return None


@remembered(20_000)
def real(path: str) -> str:
    """The path with its links followed; only normalised if they cannot be."""
    try:
        return os.path.realpath(path)
    except OSError:  # a link that only root may read, such as /proc/1/ns/net
        return os.path.normpath(path)


def state(path: Path) -> tuple[int, int, int]:
    """Time, size and inode of the file at `path`, which change when the file does. Raises OSError if it is missing."""
    return _recorded(_state, path)


def _state(path: str) -> tuple[int, int, int]:
    status = os.stat(path)  # noqa: PTH116
    return status.st_mtime_ns, status.st_size, status.st_ino


def read(path: Path | str, limit: int = LARGEST) -> bytes:
    """The content of the file at `path`. Raises OSError if it cannot be read, Refused if volfix does not read it."""
    return _recorded(partial(_content, limit=limit), path)[0]


def read_with_mode(path: Path | str, limit: int = LARGEST) -> tuple[bytes, int]:
    """Like `read`, with the file's permissions."""
    return _recorded(partial(_content, limit=limit), path)


def glance(path: Path | str, size: int) -> bytes:
    """The first `size` bytes of a file; empty if it cannot be read. A failure is usually not recorded in `refused`."""
    try:
        return _content(_absolute(path), size, whole=False)[0]
    except OSError as error:
        if isinstance(error, Refused) and _RUN.withheld:
            _RUN.refused[Path(_absolute(path))] = error.strerror or ""  # its content might have mattered
        return b""


def read_once(path: Path | str) -> tuple[bytes, int]:
    """Like `read_with_mode`, for a file that is only searched: a small one is read once until `forget`."""
    known = _TEXTS.get(os.fspath(path)) or read_with_mode(path)
    if len(known[0]) <= SMALL and len(_TEXTS) < MOST_TEXTS:
        _TEXTS[os.fspath(path)] = known
    return known


def read_or_nothing(path: Path | str) -> bytes:
    """The content of the file at `path`, by `read_once`; empty if it cannot be read."""
    try:
        return read_once(path)[0]
    except OSError:  # its users cannot read it either, or it is in `refused`
        return b""


def read_for_git(path: Path, size: int) -> bytes:
    """The first `size` bytes of a file that git itself reads (`.git`, `config`), even above the repository."""
    return _content(str(path), size, whole=False, of_git=True)[0]


def entries(directory: Path | str) -> list[os.DirEntry[str]]:
    """The directory's entries, sorted by name. Raises OSError if it cannot be listed, Refused if volfix does not."""
    return _recorded(_entries, directory)


def walk(
    top: Path | str, skipped: Collection[str] = (), *, onerror: Callable[[OSError], None] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Each directory at and below `top` with the names of its files, sorted by name. Links are not followed.

    Directories whose names are in `skipped` are left out. `onerror` gets the error of one that cannot be listed.
    """
    try:
        _recorded(_check_directory, top)
    except OSError as error:
        if onerror is not None:
            onerror(error)
        return
    for current, directories, names in os.walk(top, onerror=onerror):
        directories[:] = sorted(name for name in directories if name not in skipped)
        yield current, sorted(names)


def matching(directory: Path, pattern: str) -> list[Path]:
    """The paths below the directory that match the glob pattern, sorted; none if the directory cannot be listed."""
    try:
        _recorded(_check_directory, directory)
    except OSError:
        return []
    return sorted(directory.glob(pattern))


def _absolute(path: Path | str) -> str:
    """The absolute path without `..`. With links that may be another file, so the real path is checked later."""
    text = os.fspath(path)
    return os.path.abspath(text) if ".." in text or not text.startswith("/") else text  # noqa: PTH100


def _recorded(function: Callable[[str], Result], path: Path | str) -> Result:
    """The function's result for the path. A failure is recorded in `refused`, unless the path does not exist."""
    written = _absolute(path)
    if _RUN.is_forbidden(written):
        _RUN.refused[Path(written)] = OUTSIDE
        raise FileNotFoundError(errno.ENOENT, OUTSIDE, written)
    try:
        return function(written)
    except ValueError as error:
        raise Refused(written, f"not a possible file name: {error}") from error
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise
    except OSError as error:
        if not (isinstance(error, PermissionError) and os.path.isdir(written)):  # noqa: PTH112 - mostly a database's
            _RUN.refused[Path(written)] = error.strerror or str(error)
        raise


def _content(path: str, limit: int, *, whole: bool = True, of_git: bool = False) -> tuple[bytes, int]:
    check_kind(path, os.stat(path).st_mode)  # noqa: PTH116 - opening a device may have an effect
    descriptor = os.open(path, FLAGS)
    try:
        status = os.fstat(descriptor)
        check_kind(path, status.st_mode)
        place = real_place(path, descriptor)
        objection = _RUN.objection(path, place, of_git=of_git)
        if objection is not None:
            raise Refused(path, objection)
        if place in _UNSAVED:
            _READ_UNSAVED.add(place)
            data, size = _UNSAVED[place], len(_UNSAVED[place])
        else:
            data = b"" if whole and status.st_size > limit else up_to(descriptor, limit + 1, status.st_size)
            size = max(status.st_size, len(data))
    finally:
        os.close(descriptor)
    if whole and size > limit:
        raise Refused(path, f"{size} bytes: larger than volfix reads ({limit} bytes)")
    return data[:limit], stat.S_IMODE(status.st_mode)


def _entries(directory: str) -> list[os.DirEntry[str]]:
    _check_directory(directory)
    with os.scandir(directory) as found:
        return sorted(found, key=attrgetter("name"))


def _check_directory(directory: str) -> None:
    """Raise Refused if volfix must not list the directory."""
    real = _real_directory(directory)
    objection = _RUN.objection(directory, real)
    if objection is None and _RUN.roots and not _RUN.homes_of(directory) and is_of_host(real):
        objection = "a system or home directory, which volfix does not search"
    if objection is not None:
        raise Refused(directory, objection)


def _real_directory(directory: str) -> str:
    if not hasattr(os, "O_DIRECTORY"):  # Windows cannot open a directory
        with os.scandir(directory):
            return os.path.realpath(directory)
    descriptor = os.open(directory, FLAGS | os.O_DIRECTORY)
    try:
        return real_place(directory, descriptor)
    finally:
        os.close(descriptor)
