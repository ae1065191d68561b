"""Results made by hand: what a run could have found, without running it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from volfix.fixes.changes import FileChange, ReportedFinding
from volfix.fixes.masking.secrets import with_secrets
from volfix.fixes.results import ProjectResult, RunResult
from volfix.rules.findings import Applicability, Finding, Fix, Location, Move, Place, Severity
from volfix.syntax.source import Edit, FileProblem, Source, Span

ROOT = Path("/srv/shop")
COMPOSE = ROOT / "compose.yaml"
STACK = """\
services:
  app:
    image: acme/app:1
    environment:
      PLACE: hunter2
    volumes:
      - ./data:/app/data
"""
HOSTILE = 'a]]>b::c\n::error::%25<d>&"e"\x1b[2J\u202e, postgres://u:hunter2@h/x'
"""A message that would break each format in its own way."""


def change(before: str = STACK, old: str = "./data:", new: str = "app-db:", path: Path = COMPOSE) -> FileChange:
    """A file in which one piece of text takes the place of another."""
    source = Source.of(path, before.encode())
    start = before.index(old)
    edits = (Edit(path, Span(start, start + len(old)), new),)
    return with_secrets(FileChange(source, source.splice(edits), edits))


def move(source: str = "./data", volume: str = "app-db", service: str = "app", target: str = "/app/data") -> Move:
    return Move(service, source, volume, target)


def finding(
    message: str = "the database is kept in ./data",
    *,
    code: str = "VF101",
    severity: Severity = Severity.ERROR,
    applicability: Applicability = Applicability.SAFE,
    path: Path = COMPOSE,
    line: int = 7,
    column: int = 9,
    text: str = STACK,
    evidence: tuple[str, ...] = ("acme/app keeps its rows in /app/data",),
    service: str | None = "app",
    target: str | None = "/app/data",
    step: str | None = None,
    reason: str | None = None,
    moves: tuple[Move, ...] = (),
    danger: str = "",
    label: str = "",
    places: tuple[Place, ...] = (),
    loses: str | None = None,
) -> Finding:
    fix = None if applicability is Applicability.NONE else Fix((), (), applicability, moves)
    location = location_at(line, column, path, text)
    found = Finding(code, severity, location, message, evidence, service, target, step, fix, reason)
    return replace(found, danger=danger, label=label, places=places, loses=loses)


def location_at(line: int, column: int, path: Path = COMPOSE, text: str = STACK) -> Location:
    """From a place in a text to the end of its line; where the text has no such line, a place without characters."""
    lines = text.splitlines(keepends=True)
    start = sum(map(len, lines[: line - 1])) + column - 1 if line <= len(lines) else len(text)
    end = text.find("\n", start)
    return Location(path, Span(start, max(end, start)), line, column, Source.of(path, text.encode()))


def project(
    findings: Sequence[tuple[Finding, bool]] = (),
    *,
    moves: tuple[Move, ...] = (),
    changes: tuple[FileChange, ...] = (),
    root: Path = ROOT,
    name: str = "shop",
    files: tuple[Path, ...] | None = None,
    written: bool = False,
    failure: str | None = None,
) -> ProjectResult:
    """A project; each finding comes with whether the plan fixes it."""
    return ProjectResult(
        root=root,
        name=name,
        files=(root / "compose.yaml",) if files is None else files,
        findings=tuple(ReportedFinding(item, fixed) for item, fixed in findings),
        moves=moves,
        changes=changes,
        real_volumes={item.volume: f"{name}_{item.volume}" for item in moves},
        written=written,
        failure=failure,
    )


def run(*projects: ProjectResult, errors: tuple[FileProblem, ...] = (), notes: tuple[str, ...] = ()) -> RunResult:
    return RunResult(projects, errors, notes)


def fixed_mount(*, written: bool = False) -> ProjectResult:
    """The usual case: one mount that becomes a volume."""
    carried = move()
    return project([(finding(moves=(carried,)), True)], moves=(carried,), changes=(change(),), written=written)


def hostile() -> RunResult:
    """A finding, a reason, a failure and an error that all carry the hostile message."""
    bad = finding(HOSTILE, evidence=(HOSTILE,), reason=HOSTILE, applicability=Applicability.UNSAFE, target=HOSTILE)
    return run(
        replace(project([(bad, False)]), failure=HOSTILE), errors=(FileProblem(ROOT / "bad\x1b.yaml", HOSTILE, 3, 4),)
    )
