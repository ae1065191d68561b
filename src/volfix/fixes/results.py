"""What a run found and did: what the reports read and the Python API returns."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from volfix.fixes.changes import FileChange, ModelChange, ReportedFinding
    from volfix.rules.findings import Carriage, Move
    from volfix.syntax.source import FileProblem

SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class ProjectResult:
    """One Compose project: `root` absolute, `files` the absolute paths of its Compose files, base file first.

    `moves` are those of the fixes that the plan makes; `real_volumes` maps a volume's key to its name on the host
    (`<project>_<key>`), as far as it is known; `failure` says why nothing was written (a proof or a write failed);
    `renamed` is the name that the plan gives the project, None where it keeps its own; `carriages` say of each move who
    carries it, where the run was asked for carry services.
    """

    root: Path
    name: str
    files: tuple[Path, ...]
    findings: tuple[ReportedFinding, ...] = ()
    moves: tuple[Move, ...] = ()
    changes: tuple[FileChange, ...] = ()
    real_volumes: dict[str, str] = field(default_factory=dict)
    written: bool = False
    failure: str | None = None
    renamed: str | None = None
    carriages: tuple[Carriage, ...] = ()
    model_changes: tuple[ModelChange, ...] = ()
    """What Compose will see once the plan's fixes are made."""

    def carriage(self, move: Move) -> Carriage:
        """What becomes of a move of the project."""
        from volfix.rules.findings import Carriage

        return next((each for each in self.carriages if each.move == move), Carriage(move, None))

    @property
    def left(self) -> tuple[Move, ...]:
        """The moves that no carry service carries."""
        return tuple(move for move in self.moves if self.carriage(move).carrier is None)

    @property
    def maps(self) -> tuple[str, ...]:
        """What `volfix carry` has to be told with --map, as SOURCE=VOLUME, each once: no container says which file the
        code opened that is changed now (VF203). Who maps one source of a volume names all of its sources.
        """
        fixes = [item.finding.fix for item in self.findings if item.fixed and item.finding.code == "VF203"]
        moves = [move for fix in fixes if fix for move in fix.moves]
        volumes = {move.volume for move in moves if move.source != f"container:{posixpath.normpath(move.target)}"}
        return tuple(dict.fromkeys(f"{move.source}={move.volume}" for move in self.moves if move.volume in volumes))


@dataclass(frozen=True, slots=True)
class RunResult:
    """A whole run; `notes` are files that are recognised but not for volfix, one line each for standard error."""

    projects: tuple[ProjectResult, ...]
    errors: tuple[FileProblem, ...]
    notes: tuple[str, ...]

    @property
    def status(self) -> int:
        """The exit status: 0 nothing left to do, 1 findings remain, 2 something was not read, proven or written."""
        return self.status_for("warning")

    def status_for(self, least: str) -> int:
        """The exit status where a finding has to have at least this severity to make it 1."""
        found = [(project, item) for project in self.projects for item in project.findings]
        failed = any(project.failure for project in self.projects) or any(item.rejected for _, item in found)
        if self.errors or failed:
            return 2
        severe = SEVERITIES[: SEVERITIES.index(least) + 1]
        left = (item.finding.severity.value for project, item in found if not (item.fixed and project.written))
        return 1 if any(severity in severe for severity in left) else 0

    @property
    def written(self) -> frozenset[Path]:
        """The files that were written."""
        return frozenset(change.after.path for each in self.projects if each.written for change in each.changes)
