"""The findings that remain after a run, one by one and without secrets: what the formats for machines list."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from volfix.fixes.changes import ReportedFinding
from volfix.fixes.masking.credentials import hide_credentials
from volfix.fixes.masking.messages import scrub
from volfix.fixes.results import ProjectResult, RunResult
from volfix.project.compose.host_directories import relative
from volfix.rules.findings import Finding, Severity

UNREADABLE = "unreadable"
NOT_WRITTEN = "not-written"


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding, or one file that could not be read, proven or written (`finding` is None, `code` says which).

    `path` is relative to the report's base, with forward slashes; absolute where it lies outside. The end is behind the
    last character. `fingerprint` stays the same when lines are added or removed above the finding.
    """

    code: str
    severity: Severity
    path: str
    line: int
    column: int
    message: str
    details: tuple[str, ...]
    fingerprint: str
    finding: Finding | None = None
    end_line: int | None = None
    end_column: int | None = None

    @property
    def text(self) -> str:
        """The message, the evidence, and the reason for no safe fix, a line each."""
        return "\n".join((self.message, *self.details))


def base_of(result: RunResult) -> Path:
    """The directory from which the paths of a report start: the nearest that contains all projects."""
    roots = [str(project.root) for project in result.projects]
    return Path(os.path.commonpath(roots)) if roots else Path.cwd()


def main_file(project: ProjectResult) -> Path:
    """The project's base Compose file; its root where it has none."""
    return project.files[0] if project.files else project.root


def is_done(project: ProjectResult, reported: ReportedFinding) -> bool:
    """Whether the finding is gone from the files."""
    return reported.fixed and project.written and project.failure is None


def is_fixable(project: ProjectResult, reported: ReportedFinding) -> bool:
    """Whether this run's plan fixes the finding, and has not written it."""
    return reported.fixed and not project.written and project.failure is None


def counted(result: RunResult) -> list[tuple[ProjectResult, ReportedFinding]]:
    """The findings that count: all but the notes."""
    return [(project, item) for project in result.projects for item in project.findings if not item.is_note]


def entries(result: RunResult, base: Path, *, show_secrets: bool = False) -> Iterator[Entry]:
    """Every finding that is left, then every file that could not be read, proven or written."""
    seen: Counter[tuple[str | None, ...]] = Counter()
    for project in result.projects:
        for reported in project.findings:
            if not is_done(project, reported):
                yield finding_entry(reported.finding, base, seen, show_secrets=show_secrets)
        if project.failure:
            message = project.failure if show_secrets else scrub(project.failure)
            yield _problem(NOT_WRITTEN, main_file(project), base, message)
    for problem in result.errors:
        message = problem.message if show_secrets else scrub(problem.message)
        yield _problem(UNREADABLE, problem.path, base, message, problem.line or 1, problem.column or 1)


def finding_entry(
    finding: Finding, base: Path, seen: Counter[tuple[str | None, ...]], *, show_secrets: bool = False
) -> Entry:
    """A finding as an entry; `seen` counts the findings that differ only in their place."""
    clean = str if show_secrets else scrub
    path = relative(finding.location.path, base)
    distinguishing = hide_credentials(finding.message) if finding.service is None else None
    identity = (finding.code, path, finding.service, finding.target, finding.step, distinguishing)
    details = [clean(line) for line in (*filter(None, [finding.danger]), *finding.evidence)]
    if finding.reason:
        details.append(f"{'no fix' if finding.fix is None else 'unsafe fix'}: {clean(finding.reason)}")
    seen[identity] += 1
    end_line, end_column = finding.location.source.place(finding.location.span.end)
    return Entry(
        code=finding.code,
        severity=finding.severity,
        path=path,
        line=finding.location.line,
        column=finding.location.column,
        message=clean(finding.message),
        details=tuple(details),
        fingerprint=_digest((*identity, str(seen[identity]))),
        finding=finding,
        end_line=end_line,
        end_column=end_column,
    )


def _problem(code: str, path: Path, base: Path, message: str, line: int = 1, column: int = 1) -> Entry:
    name = relative(path, base)
    return Entry(code, Severity.ERROR, name, line, column, message, (), _digest((code, name, message)))


def _digest(parts: tuple[str | None, ...]) -> str:
    joined = "\0".join("" if part is None else part for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogateescape")).hexdigest()[:32]
