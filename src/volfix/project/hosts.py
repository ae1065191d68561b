"""Where on the host a bind mount's source lies, as far as it can be known."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from volfix.project.mounts import Mount


@dataclass(frozen=True, slots=True)
class HostDirectory:
    """A bind mount's source: equal for two mounts of the same directory.

    `path` is absolute and normalised; None where the source is in a home directory, on Windows or of unknown value.
    `inside` says whether it lies in the repository, where a fresh checkout loses it.
    """

    key: str
    path: Path | None
    inside: bool

    def contains(self, other: HostDirectory) -> bool:
        """Whether the other directory lies below this one."""
        return self.path is not None and other.path is not None and self.path in other.path.parents


def host_directory(mount: Mount, root: Path) -> HostDirectory:
    """The host directory of a bind mount; `root` is the repository's, and of `inside`."""
    text = mount.source
    if "${" in text or not text.startswith((".", "/")):
        return HostDirectory(text, None, inside=False)
    path = Path(os.path.normpath(mount.directory / text))
    return HostDirectory(str(path), path, inside=path.is_relative_to(root))
