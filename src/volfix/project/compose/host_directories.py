"""Which host path a bind mount's source is, and whether it is a file."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from pathlib import Path

from volfix.project.compose.mounts import Mount
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
    text = mount.source
    if "${" in text or not text.startswith((".", "/")):
        return HostDirectory(os.path.normpath(text) if text.startswith("~") else text.rstrip("/"), None, inside=False)
    path, top = _real(os.path.join(mount.directory, text)), _real(str(root))  # noqa: PTH118 - thousands in a run
    return HostDirectory(path, Path(path), inside=path == top or path.startswith(top.rstrip("/") + "/"))


@disk.remembered(20_000)
def _real(path: str) -> str:
    """The path with its links followed; only normalised if they cannot be."""
    try:
        return os.path.realpath(path)
    except OSError:  # a link that only root may read, such as /proc/1/ns/net
        return os.path.normpath(path)


def relative(path: Path, base: Path) -> str:
    """The path relative to `base`, with forward slashes; the whole path if it lies outside `base`."""
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


def is_within(path: Path, root: Path) -> bool:
    """Whether `path` lies below `root`, with `..` and links resolved."""
    top = os.path.realpath(root)
    return os.path.realpath(path).startswith(top.rstrip("/") + "/")


def is_file(mount: Mount) -> bool:
    """Whether the mount is of a single file: the source is a file here, or source and target have the same suffix."""
    source = mount.directory / mount.source
    if mount.source_is_known and not mount.source.startswith("~"):
        try:
            if disk.exists(source):
                return not source.is_dir()
        except OSError:
            return False
    ending = posixpath.splitext(mount.clean_target)[1]
    return bool(ending) and posixpath.splitext(mount.source.rstrip("/"))[1] == ending and not ending[1:].isdigit()
