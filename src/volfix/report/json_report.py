"""One JSON object: every project with its findings, moves and diff, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from volfix.fixes.changes import ReportedFinding
from volfix.fixes.diff import unified
from volfix.fixes.masking.messages import scrub
from volfix.fixes.results import ProjectResult, RunResult
from volfix.project.compose.host_directories import relative
from volfix.report.carry import real_volume
from volfix.report.encoding import dumps
from volfix.report.entries import counted, is_done, is_fixable, main_file
from volfix.rules.findings import Move

VERSION = 2


def render(result: RunResult, *, context: int = 3, show_secrets: bool = False) -> str:
    """The run as the text of one JSON object, without a final line end; `context` is that of the diffs.

    `volfix schema` prints its schema, which is in `schemas/output.json`.
    """
    found = counted(result)
    data = {
        "version": VERSION,
        "projects": [_project(project, context, show_secrets=show_secrets) for project in result.projects],
        "errors": _errors(result, show_secrets=show_secrets),
        "summary": {
            "projects": len(result.projects),
            "findings": len(found),
            "notes": sum(len(project.findings) for project in result.projects) - len(found),
            "fixable": sum(is_fixable(project, item) for project, item in found),
            "fixed": sum(is_done(project, item) for project, item in found),
            "files_written": len(result.written),
        },
    }
    return dumps(data)


def _project(project: ProjectResult, context: int, *, show_secrets: bool) -> dict[str, Any]:
    clean = str if show_secrets else scrub
    return {
        "root": str(project.root),
        "name": project.name,
        "files": [relative(path, project.root) for path in project.files],
        "written": project.written,
        "findings": [_finding(project, item, show_secrets=show_secrets) for item in project.findings],
        "moves": [_move(project, move, clean) for move in project.moves],
        "changes": [asdict(change) for change in project.model_changes],
        "diff": "".join(unified(change, project.root, context, masked=not show_secrets) for change in project.changes),
    }


def _move(project: ProjectResult, move: Move, clean: Callable[[str], str]) -> dict[str, Any]:
    """A move; with --carry-service also the service that carries it, or why no service does."""
    said = {
        "service": move.service,
        "source": clean(move.source),
        "volume": move.volume,
        "volume_name": real_volume(project, move.volume),
        "target": clean(move.target),
        "needs_map": f"{move.source}={move.volume}" in project.maps,
    }
    if not project.carriages:
        return said
    carriage = project.carriage(move)
    reason = None if carriage.reason is None else clean(carriage.reason)
    return {**said, "carry_service": carriage.carrier, "not_carried": reason}


def _finding(project: ProjectResult, reported: ReportedFinding, *, show_secrets: bool) -> dict[str, Any]:
    finding, clean = reported.finding, str if show_secrets else scrub
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "file": relative(finding.location.path, project.root),
        "line": finding.location.line,
        "column": finding.location.column,
        "service": finding.service,
        "target": None if finding.target is None else clean(finding.target),
        "step": None if finding.step is None else clean(finding.step),
        "data": None if reported.data is None else clean(reported.data),
        "message": clean(finding.message),
        "danger": clean(finding.danger),
        "places": [
            {
                "file": relative(place.location.path, project.root),
                "line": place.location.line,
                "column": place.location.column,
                "label": clean(place.label),
            }
            for place in finding.places
        ],
        "evidence": [clean(line) for line in finding.evidence],
        "applicability": finding.applicability.value,
        "reason": None if finding.reason is None else clean(finding.reason),
        "fixable": is_fixable(project, reported),
        "fixed": is_done(project, reported),
    }


def _errors(result: RunResult, *, show_secrets: bool) -> list[dict[str, Any]]:
    clean = str if show_secrets else scrub
    problems: list[tuple[Path, int | None, int | None, str]] = [
        *((problem.path, problem.line, problem.column, problem.message) for problem in result.errors),
        *((main_file(project), None, None, project.failure) for project in result.projects if project.failure),
        *(
            (found.location.path, found.location.line, found.location.column, f"no fix of {found.code}: {found.reason}")
            for project in result.projects
            for found in (item.finding for item in project.findings if item.rejected and not project.failure)
        ),
    ]
    return [
        {"file": str(path), "line": line, "column": column, "message": clean(message)}
        for path, line, column, message in problems
    ]
