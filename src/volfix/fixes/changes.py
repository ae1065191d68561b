"""What the fixes of a stack change, in its files and for Compose, and what becomes of each finding."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from volfix.rules.findings import Finding
    from volfix.syntax.source import Edit, Source, Span


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after; `secrets_*` are the spans of either text that no output may show."""

    before: Source
    after: Source
    edits: tuple[Edit, ...] = ()
    secrets_before: tuple[Span, ...] = ()
    secrets_after: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A difference between the resolved project before and after, without secrets; None: it is not there."""

    place: str
    before: str | None
    after: str | None


Seen = dict[tuple[Path, ...], tuple[ModelChange, ...]]
"""How each project changes for Compose, by its Compose files."""


@dataclass(frozen=True, slots=True)
class MadeFixes:
    """A stack's findings as they are shown, those whose fix is made, and those whose fix the proof rejects.

    `seen` is how each project changes for Compose; `failure` the first rejection where it leaves nothing to make.
    """

    findings: list[Finding]
    fixed: list[Finding] = field(default_factory=list)
    rejected: list[Finding] = field(default_factory=list)
    changes: tuple[FileChange, ...] = ()
    seen: Seen = field(default_factory=dict)
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class ReportedFinding:
    """A finding, and whether this run's plan fixes it (`fixed`: in a dry run, would fix).

    `rejected` says that it has no fix since the proof rejected it; the finding's reason says why. `data` is what the
    service mounts at the target: an absolute path of the host, or `volume <name>`; None where that is not known.
    """

    finding: Finding
    fixed: bool
    rejected: bool = False
    data: str | None = None

    @property
    def is_note(self) -> bool:
        """Whether it has severity info and no fix: notes do not count as findings."""
        return self.finding.severity.value == "info" and not self.fixed
