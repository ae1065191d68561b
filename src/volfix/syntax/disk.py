"""The one way to a repository's files: nothing else in volfix opens them or looks into their directories.

A file is read where it is a regular file, not larger than a limit, and lies, links followed, in one of the roots of the
run: `begin` starts a run and `enclose` names its roots. A path that is outside of them as it is written is one that a
Compose file names; `begin` says whether these may be read. What is refused is kept in `refused`. Where an editor has
text of a file that is not saved, that text is read, and the file on disk has to be one that volfix would read.
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
"""Bytes of a file that is read. The largest Compose file in public use is well under a hundredth of it."""
LARGEST_YAML = 2 * 1024 * 1024
"""Bytes of a YAML file that is read: its tree takes a hundred times as much memory."""
OUTSIDE = "lies outside of the repository"
"""Why a path that a run may not even look at counts as one where nothing is."""
Result = TypeVar("Result")


_RUN = Roots()
_UNSAVED: dict[str, bytes] = {}
_READ_UNSAVED: set[str] = set()
_FORGETTING: list[Callable[[], None]] = []


def begin(
    *, outside: bool, unsaved: Mapping[str, bytes] | None = None, withheld: Mapping[Path, str] | None = None
) -> None:
    """Start a run without roots; `outside` lets it read what a Compose file names outside of them. Without it nothing
    there is looked at, and the result does not depend on the machine. `unsaved` is what files hold in an editor, by
    their real paths; `withheld` are files of which only the names are there, with why: they are refused.
    """
    forget()
    _RUN.outside = outside
    for known in (_RUN.roots, _RUN.homes, _RUN.refused, _UNSAVED, _READ_UNSAVED):
        known.clear()
    _UNSAVED.update(unsaved or {})
    _RUN.withheld = {os.path.realpath(path): why for path, why in (withheld or {}).items()}


def enclose(root: Path) -> None:
    """Add a root, or a single file that a person names, to those of the run."""
    if str(root) not in _RUN.roots:
        _RUN.roots[str(root)] = os.path.realpath(root)
        _RUN.homes.clear()


def refused() -> Mapping[Path, str]:
    """What the run has not read although it is there, with the reasons."""
    return _RUN.refused


def read_unsaved() -> frozenset[str]:
    """The real paths of the files whose unsaved text the run has read."""
    return frozenset(_READ_UNSAVED)


def refuse(path: Path, reason: str) -> None:
    """Keep it in `refused` that not all of a file was read, and why."""
    _RUN.refused[path] = reason


def remembered(maxsize: int) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Keep what a function has made of files, until `forget` is called."""

    def decorate(function: Callable[..., Result]) -> Callable[..., Result]:
        kept = lru_cache(maxsize)(function)
        _FORGETTING.append(kept.cache_clear)
        return kept

    return decorate


def forget() -> None:
    """Forget what was made of files, where they may have changed."""
    for clear in _FORGETTING:
        clear()


def is_inside(path: Path) -> bool:
    """Whether the path, as it is written, lies in a root of the run: what no Compose file names is read only there."""
    return not _RUN.roots or bool(_RUN.homes_of(_written(path)))


def exists(path: Path) -> bool:
    """Whether something lies there, as far as the run may look."""
    return not _RUN.is_forbidden(_written(path)) and os.path.exists(path)  # noqa: PTH110 - never raises


def missing(path: Path) -> str | None:
    """Why there is nothing to read at the path; None where there is something."""
    written = _written(path)
    if _RUN.is_forbidden(written):
        _RUN.refused[Path(written)] = OUTSIDE
        return OUTSIDE
    return None if os.path.exists(path) else "there is no such file"  # noqa: PTH110 - never raises


def is_file(path: Path | str) -> bool:
    """Whether something lies there that programs would read: no directory. What is no regular file is refused later."""
    try:
        return not _RUN.is_forbidden(_written(path)) and not stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116
    except (OSError, ValueError):  # there is nothing, or nothing can be called so
        return False


def state(path: Path) -> tuple[int, int, int]:
    """What changes when the file at `path` does; raises OSError where there is none."""
    return _kept(_state, path)


def _state(path: str) -> tuple[int, int, int]:
    status = os.stat(path)  # noqa: PTH116
    return status.st_mtime_ns, status.st_size, status.st_ino


def read(path: Path | str, limit: int = LARGEST) -> bytes:
    """All that the file at `path` holds; raises OSError where it cannot be read, and Refused where it is not."""
    return _kept(partial(_content, limit=limit), path)[0]


def read_with_mode(path: Path, limit: int = LARGEST) -> tuple[bytes, int]:
    """The same, with the file's permissions."""
    return _kept(partial(_content, limit=limit), path)


def glance(path: Path | str, size: int) -> bytes:
    """The first bytes of a file in a root that nobody has asked for; nothing where it cannot be read."""
    try:
        return _content(_written(path), size, whole=False)[0]
    except OSError as error:
        if isinstance(error, Refused) and _RUN.withheld:
            _RUN.refused[Path(_written(path))] = error.strerror or ""  # nobody knows what it would have said
        return b""


def read_or_nothing(path: Path | str) -> bytes:
    """All that the file at `path` holds; nothing where it cannot be read."""
    try:
        return read(path)
    except OSError:  # the build, the shell or the person who uses the file cannot read it either, or it is in `refused`
        return b""


def read_for_git(path: Path, size: int) -> bytes:
    """The first bytes of a file that git reads itself, also in the directories above a repository: `.git`, `config`."""
    return _content(str(path), size, whole=False, of_git=True)[0]


def entries(directory: Path | str) -> list[os.DirEntry[str]]:
    """What lies in the directory, by name; raises OSError where it cannot be looked into, Refused where it is not."""
    return _kept(_entries, directory)


def entries_or_none(directory: Path | str) -> list[os.DirEntry[str]]:
    """What lies in the directory, by name; nothing where it cannot be looked into."""
    try:
        return entries(directory)
    except OSError:  # no build and no shell can look into it either, or it is in `refused`
        return []


def walk(
    top: Path | str, skipped: Collection[str] = (), *, onerror: Callable[[OSError], None] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Each directory at and below `top` with the names of its files, all by name; links are not followed, directories
    with a name in `skipped` are left out. `onerror` is called with the error of a directory that cannot be read.
    """
    try:
        _kept(_look_into, top)
    except OSError as error:
        if onerror is not None:
            onerror(error)
        return
    for current, directories, names in os.walk(top, onerror=onerror):
        directories[:] = sorted(name for name in directories if name not in skipped)
        yield current, sorted(names)


def matching(directory: Path, pattern: str) -> list[Path]:
    """The paths below the directory that a glob pattern matches, in their order; none where it is not looked into."""
    try:
        _kept(_look_into, directory)
    except OSError:
        return []
    return sorted(directory.glob(pattern))


def _written(path: Path | str) -> str:
    """The path from `/`, without `..`, which a link in it may change: where it really lies is asked of the system."""
    text = os.fspath(path)
    return os.path.abspath(text) if ".." in text or not text.startswith("/") else text  # noqa: PTH100


def _kept(function: Callable[[str], Result], path: Path | str) -> Result:
    """What the function says of the path; why it says nothing is kept, but for a path where there is nothing."""
    written = _written(path)
    if _RUN.is_forbidden(written):
        _RUN.refused[Path(written)] = OUTSIDE
        raise FileNotFoundError(errno.ENOENT, OUTSIDE, written)
    try:
        return function(written)
    except ValueError as error:
        raise Refused(written, f"no file can be called so: {error}") from error
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise
    except OSError as error:
        if not (isinstance(error, PermissionError) and os.path.isdir(written)):  # noqa: PTH112 - rows, most often
            _RUN.refused[Path(written)] = error.strerror or str(error)
        raise


def _content(path: str, limit: int, *, whole: bool = True, of_git: bool = False) -> tuple[bytes, int]:
    check_kind(path, os.stat(path).st_mode)  # noqa: PTH116 - to open a device may do something
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
    _look_into(directory)
    with os.scandir(directory) as found:
        return sorted(found, key=attrgetter("name"))


def _look_into(directory: str) -> None:
    """Raise Refused where the directory is not one to look into."""
    real = _real_directory(directory)
    objection = _RUN.objection(directory, real)
    if objection is None and _RUN.roots and not _RUN.homes_of(directory) and is_of_host(real):
        objection = "a directory of the machine, which volfix does not look through"
    if objection is not None:
        raise Refused(directory, objection)


def _real_directory(directory: str) -> str:
    if not hasattr(os, "O_DIRECTORY"):  # Windows opens no directory
        with os.scandir(directory):
            return os.path.realpath(directory)
    descriptor = os.open(directory, FLAGS | os.O_DIRECTORY)
    try:
        return real_place(directory, descriptor)
    finally:
        os.close(descriptor)
