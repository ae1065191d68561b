"""Which host path a bind mount's source is, and whether it is a file."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from pathlib import Path

from volfix.project.compose.mounts import VOLUME, Mount
from volfix.syntax import disk


@dataclass(frozen=True, slots=True)
class HostDirectory:
    """A bind mount's source; two mounts of the same directory are equal.

    `path` is absolute and normalised; None if the source is in a home directory, on Windows, or unknown. `inside` says
    that it lies in the repository, where a fresh clone does not have it.
    """

    key: str
    path: Path | None
    inside: bool

    def contains(self, other: HostDirectory) -> bool:
        """Whether the other directory lies below this directory."""
        return self.path is not None and other.path is not None and other.key.startswith(self.key.rstrip("/") + "/")


def host_directory(mount: Mount, root: Path) -> HostDirectory:
    """The host directory of a bind mount, with links followed; `root` is the repository's top directory."""
    return _host_directory(mount.source, mount.directory, root)


@disk.remembered(16384)
def _host_directory(text: str, directory: Path, root: Path) -> HostDirectory:
    if "${" in text or not text.startswith((".", "/")):
        return HostDirectory(os.path.normpath(text) if text.startswith("~") else text.rstrip("/"), None, inside=False)
    path = disk.real(os.path.join(directory, text))  # noqa: PTH118 - thousands in a run
    top = disk.real(str(root))
    return HostDirectory(path, Path(path), inside=path == top or path.startswith(top.rstrip("/") + "/"))


def relative(path: Path, base: Path) -> str:
    """The path relative to `base`, with forward slashes; the whole path if it lies outside `base`."""
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


def is_within(path: Path, root: Path) -> bool:
    """Whether `path` lies below `root`, with `..` and links resolved."""
    return disk.real(str(path)).startswith(disk.real(str(root)).rstrip("/") + "/")


def is_file(mount: Mount) -> bool:
    """Whether the mount is of a single file: the source is a file here, or source and target have the same suffix.

    A named volume is a directory, whatever it is called.
    """
    if mount.kind == VOLUME:
        return False
    if mount.source_is_known and not mount.source.startswith("~"):
        is_file_here = _is_file_here(mount.directory, mount.source)
        if is_file_here is not None:
            return is_file_here
    ending = posixpath.splitext(mount.clean_target)[1]
    return bool(ending) and posixpath.splitext(mount.source.rstrip("/"))[1] == ending and not ending[1:].isdigit()


@disk.remembered(16384)
def _is_file_here(directory: Path, source: str) -> bool | None:
    """Whether the source is a file here; None if there is nothing at the path."""
    path = directory / source
    try:
        return not path.is_dir() if disk.exists(path) else None
    except OSError:
        return False
