"""What a stack's findings and fixes are for each of its projects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.fixes.results import FileChange, ProjectResult, ReportedFinding
from volfix.project.model import Project, normalized_name
from volfix.project.stack import Stack
from volfix.rules.findings import Applicability, DeploymentName, Finding, Fix, Move, NameChange

if TYPE_CHECKING:
    pass

COMMAND_CODES = frozenset({"VF401", "VF402"})
CAUTION = {Applicability.NONE: 0, Applicability.UNSAFE: 1, Applicability.SAFE: 2}


def project_results(
    stack: Stack,
    findings: Sequence[Finding],
    chosen: Sequence[Finding],
    changes: Sequence[FileChange],
    failure: str | None,
) -> tuple[ProjectResult, ...]:
    """One for each project that was asked for, each finding and changed file in one of them; `chosen` are fixed."""
    results = []
    reported: set[int] = set()
    shown: set[Path] = set()
    projects = [project for project in stack.projects if stack.is_asked(project)]
    for number, project in enumerate(projects):
        last = number == len(projects) - 1
        own = [
            finding
            for finding in findings
            if id(finding) not in reported and (last or _belongs(finding.location.path, project))
        ]
        reported.update(map(id, own))
        files = [c for c in changes if c.before.path not in shown and (last or _belongs(c.before.path, project))]
        shown.update(change.before.path for change in files)
        fixes = [finding.fix for finding in own if finding in chosen and finding.fix]
        moves, renamed = _moves(fixes), _renamed(project, fixes)
        results.append(
            ProjectResult(
                root=project.root,
                name=project.deployed_as or project.name,
                files=tuple(file.path for file in project.files),
                findings=tuple(ReportedFinding(finding, finding in chosen) for finding in own),
                moves=moves,
                changes=tuple(files),
                real_volumes=_real_volumes(project, moves, renamed),
                failure=failure,
                renamed=renamed,
            )
        )
    return tuple(results) or (_pipeline_result(stack, findings, chosen, changes, failure),)


def _pipeline_result(
    stack: Stack,
    findings: Sequence[Finding],
    chosen: Sequence[Finding],
    changes: Sequence[FileChange],
    failure: str | None,
) -> ProjectResult:
    """The result of a stack that is a pipeline, or files with commands, and no Compose file."""
    home = stack.deliveries[0].checkout.root if stack.deliveries else stack.root
    paths = [each.file.path for each in stack.deliveries] or sorted({finding.location.path for finding in findings})
    return ProjectResult(
        root=stack.root,
        name=normalized_name(home.name),
        files=tuple(paths),
        findings=tuple(ReportedFinding(finding, finding in chosen) for finding in findings),
        moves=(),
        changes=tuple(changes),
        real_volumes={},
        failure=failure,
    )


def _moves(fixes: Iterable[Fix]) -> tuple[Move, ...]:
    """Each move once; where a pipeline says which path of the host `./data` is, that one alone."""
    moves = tuple(dict.fromkeys(move for fix in fixes for move in fix.moves))
    located = {(move.volume, move.target) for move in moves if move.source.startswith("/")}
    return tuple(move for move in moves if move.source[:1] != "." or (move.volume, move.target) not in located)


def _belongs(path: Path, project: Project) -> bool:
    """Whether a file is one of the project's: a Compose file that it loads, or an env file."""
    return path in {file.path for file in project.loaded} | project.env_paths


def _renamed(project: Project, fixes: Iterable[Fix]) -> str | None:
    """What the fixes call the project."""
    paths = {file.path for file in project.files}
    named = (item for fix in fixes for item in fix.changes if isinstance(item, NameChange | DeploymentName))
    return next((item.name for item in named if item.path in paths), None)


def _real_volumes(project: Project, moves: Iterable[Move], renamed: str | None) -> dict[str, str]:
    """The volumes' names on the host, once the project is called what the fixes call it."""
    project = replace(project, deployed_as=renamed) if renamed else project
    return {move.volume: project.real_name(move.volume) for move in moves}
