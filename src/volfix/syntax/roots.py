"""Decides where a run may read: in its roots; outside them neither system files nor a whole machine's directories.

Source: Filesystem Hierarchy Standard 3.0, 3, 5 and 6.1.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from volfix.knowledge.paths import lies_in

SYSTEM = ("/proc/", "/sys/", "/dev/")
"""Directories whose files belong to the running system (kernel, devices)."""
OF_HOST = frozenset(
    {"/", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/tmp", "/var", "/Users", "/Volumes"}  # noqa: S108
)
"""Directories that hold a whole machine or all its users' files."""
OF_SYSTEM = ("/bin/", "/boot/", "/etc/", "/lib/", "/lib64/", "/run/", "/sbin/", "/usr/", "/Library/", "/System/")
"""Directories of the operating system; no build context is in them."""


@dataclass(slots=True)
class Roots:
    """Where a run may read.

    `roots` are its roots with their real paths; `homes` caches the roots above each directory. `withheld` are files of
    which only the names are available, by real path, each with the reason.
    """

    outside: bool = True
    roots: dict[str, str] = field(default_factory=dict)
    homes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: dict[Path, str] = field(default_factory=dict)
    withheld: dict[str, str] = field(default_factory=dict)

    def homes_of(self, path: str) -> tuple[str, ...]:
        """The real paths of the roots that contain the path as written."""
        directory = path.rpartition(os.sep)[0]  # a Path for each file of a tree costs
        if (found := self.homes.get(directory)) is None:
            found = self.homes[directory] = tuple(self._above(os.path.normpath(directory)))
        return (self.roots[path], *found) if path in self.roots else found

    def _above(self, directory: str) -> Iterator[str]:
        """The real paths of the roots that are the directory or a parent of it, the nearest first."""
        top = os.path.splitdrive(directory)[0] + os.sep
        while directory and directory != top:
            if directory in self.roots:
                yield self.roots[directory]
            directory = directory.rpartition(os.sep)[0]
        if top in self.roots:
            yield self.roots[top]

    def objection(self, path: str, real: str, *, of_git: bool = False) -> str | None:
        """Why the file `path`, whose real path is `real`, must not be read; None if it may be read."""
        homes = self.homes_of(path)
        home = next((each for each in homes if lies_in(real, each)), None)
        if f"{real}/".startswith(SYSTEM) and not (home or "").startswith(SYSTEM):
            return f"leads to {real}, which belongs to the running system"
        if of_git:
            return None
        if real in self.withheld:
            return self.withheld[real]
        if home is not None:
            return "lies in git's own directory" if "/.git/" in f"{real[len(home) :]}/" else None
        return f"leads out of the repository, to {real}" if homes else None

    def is_forbidden(self, path: str) -> bool:
        """Whether the path as written is outside every root, and the run may not look there."""
        return not self.outside and bool(self.roots) and not self.homes_of(path)


def is_of_host(real: str) -> bool:
    """Whether the directory belongs to the machine or is a home directory, and not to an application."""
    above = os.path.dirname(real)  # noqa: PTH120
    return (
        real in OF_HOST
        or f"{real}/".startswith(OF_SYSTEM)
        or above in ("/home", "/Users")
        or real == os.path.realpath(Path("~").expanduser())
    )
