"""A run that writes, and a second that must change nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import volfix


@dataclass(frozen=True, slots=True)
class TwoRuns:
    """The runs over a directory; what they say went wrong begins with whether unsafe fixes are written too."""

    directory: Path
    unsafe: bool
    trusted: bool

    def first(self) -> tuple[dict[Path, bytes], list[str]]:
        """Writes; returns the files that were there, with their content now, and what went wrong."""
        files = [path for path in self.directory.rglob("*") if path.is_file()]
        result = self._plan().write()
        failures = [project.failure for project in result.projects if project.failure]
        said = [f"unsafe={self.unsafe}: {problem}" for problem in (*failures, *result.errors)]
        return {path: path.read_bytes() for path in files}, said

    def second(self, once: dict[Path, bytes]) -> list[str]:
        """Writes again; returns the files that the second run changed, in words."""
        self._plan().write()
        changed = [path.relative_to(self.directory) for path in once if path.read_bytes() != once[path]]
        return [f"unsafe={self.unsafe}: the second run changes {path}" for path in changed]

    def _plan(self) -> volfix.Plan:
        return volfix.plan(self.directory, unsafe_fixes=self.unsafe, trusted=self.trusted)
