"""What a configuration file sets."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volfix.knowledge.entries import Entry
from volfix.rules.registry import REGISTRY
from volfix.rules.selection import OFF_BY_DEFAULT, is_selected

if TYPE_CHECKING:
    from volfix.rules.findings import Severity

PYPROJECT = "pyproject.toml"
"""The file that tools share; volfix has its own table in it."""
SEVERITIES = ("info", "warning", "error")
"""From the least severe to the most."""
IGNORES = ("ignore", "per-file-ignores")
"""The keys that leave findings out for good."""
NAMES = ("volumes", "engines", "applications")
"""The keys that name what volfix does not know."""
MOUNTS = "VF1"
"""The beginning of the codes of rules about mounts."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The keys of one file, or none. `path` is the file and `home` the directory that its paths start from.

    `named`: a person named the file, so it may do more than narrow; `widens`: `select` turns on rules that are off by
    default; `broken`: the file cannot be read, and nothing is checked, since nobody knows what it leaves out. `lines`
    has the line of each key.
    """

    path: Path | None = None
    home: Path = Path()
    named: bool = False
    widens: bool = False
    broken: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    min_severity: str = ""
    volumes: Mapping[str, str] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    also: Settings | None = None
    """A second file, whose ignores count too."""

    @property
    def ignored(self) -> tuple[str, ...]:
        """The codes that are ignored everywhere."""
        return (*self.ignore, *(self.also.ignored if self.also else ()))

    def codes(self) -> frozenset[str]:
        """The rules that run: a file that nobody has named selects among those that run by default."""
        if self.broken or (self.also and self.also.broken):
            return frozenset()
        chosen = frozenset(self.select)
        off, ignored = frozenset() if self.widens else OFF_BY_DEFAULT, self.ignored
        wanted = (code for code in REGISTRY if is_selected(code, chosen) and code not in off)
        return frozenset(code for code in wanted if not code.startswith(ignored))

    def leaves_out(self, path: Path, code: str | None) -> bool:
        """Whether the code is ignored in the file; without a code, any that is about mounts."""
        return any(
            (code.startswith(codes) if code else any(each.startswith(MOUNTS[: len(each)]) for each in codes))
            and matches(str(path), self.home, [pattern])
            for pattern, codes in self.per_file_ignores.items()
        ) or (self.also is not None and self.also.leaves_out(path, code))

    def is_severe(self, severity: Severity) -> bool:
        """Whether a finding of this severity is to be reported."""
        return SEVERITIES.index(severity.value) >= SEVERITIES.index(self.min_severity or SEVERITIES[0])

    def volume_name(self, host: str, service: str, target: str) -> str | None:
        """The name for the volume that takes the place of a host directory, or of a mount of a service."""
        for mount, name in self.volumes.items():
            if mount == f"{service}:{target}":
                return name
            if mount.startswith((".", "/")) and os.path.realpath(self.home / mount) == host:
                return name
        return None


def matches(path: str, home: Path, patterns: list[str] | tuple[str, ...]) -> bool:
    """Whether a pattern matches the path from `home`, or its last part."""
    relative = os.path.relpath(path, home)
    return any(
        fnmatch.fnmatch(relative, pattern) or fnmatch.fnmatch(os.path.basename(path), pattern)  # noqa: PTH119
        for pattern in patterns
    )
