"""Where a run may read: in its roots, and outside of them what is neither the running system nor all of a machine.

Source: Filesystem Hierarchy Standard 3.0, 3, 5 and 6.1.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from volfix.knowledge.paths import lies_in

SYSTEM = ("/proc/", "/sys/", "/dev/")
"""Directories whose files are the running system."""
OF_HOST = frozenset(
    {"/", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/tmp", "/var", "/Users", "/Volumes"}  # noqa: S108
)
"""Directories that hold all of a machine, or all of its users' files."""
OF_SYSTEM = ("/bin/", "/boot/", "/etc/", "/lib/", "/lib64/", "/run/", "/sbin/", "/usr/", "/Library/", "/System/")
"""Directories of the operating system, in which no build context lies."""


@dataclass(slots=True)
class Roots:
    """Where a run may read: below its roots, each with its real path; `homes` are those above a directory.

    `withheld` are files, by their real paths, of which only the names are there, each with why.
    """

    outside: bool = True
    roots: dict[str, str] = field(default_factory=dict)
    homes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: dict[Path, str] = field(default_factory=dict)
    withheld: dict[str, str] = field(default_factory=dict)

    def homes_of(self, path: str) -> tuple[str, ...]:
        """The real paths of the roots that the path lies in, as it is written."""
        directory = os.path.dirname(path)  # noqa: PTH120 - a Path for each file of a tree costs
        if (found := self.homes.get(directory)) is None:
            above = [directory, *map(str, Path(directory).parents)]
            found = self.homes[directory] = tuple(self.roots[each] for each in above if each in self.roots)
        return (self.roots[path], *found) if path in self.roots else found

    def objection(self, path: str, real: str, *, of_git: bool = False) -> str | None:
        """Why what is called `path`, and really lies at `real`, is not read; None where it is."""
        homes = self.homes_of(path)
        home = next((each for each in homes if lies_in(real, each)), None)
        if f"{real}/".startswith(SYSTEM) and not (home or "").startswith(SYSTEM):
            return f"leads to {real}, which is the running system and no file"
        if of_git:
            return None
        if real in self.withheld:
            return self.withheld[real]
        if home is not None:
            return "lies in git's own directory" if "/.git/" in f"{real[len(home) :]}/" else None
        return f"leads out of the repository, to {real}" if homes else None

    def is_forbidden(self, path: str) -> bool:
        """Whether the path is outside of every root as it is written, and the run may not look there."""
        return not self.outside and bool(self.roots) and not self.homes_of(path)


def is_of_host(real: str) -> bool:
    """Whether a directory is one of the machine's, or a home directory, and no application's."""
    above = os.path.dirname(real)  # noqa: PTH120
    return (
        real in OF_HOST
        or f"{real}/".startswith(OF_SYSTEM)
        or above in ("/home", "/Users")
        or real == os.path.realpath(Path("~").expanduser())
    )
