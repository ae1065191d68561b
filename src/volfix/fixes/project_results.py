"""A stack's findings and fixes, sorted by project."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.fixes.bare_results import bare_results
from volfix.fixes.changes import MadeFixes, ReportedFinding
from volfix.fixes.results import ProjectResult
from volfix.project.compose.model import Project
from volfix.project.stack import Stack, Use

if TYPE_CHECKING:
    from volfix.fixes.changes import FileChange
    from volfix.rules.findings import Finding, Fix, Move


def project_results(stack: Stack, made: MadeFixes) -> tuple[ProjectResult, ...]:
    """The result of each project that was asked for; each finding and changed file is in exactly one of them."""
    results = []
    projects = [project for project in stack.projects if stack.is_asked(project)]
    bare = bare_results(stack)
    if not projects:
        return (_with_findings(bare[0], made),)
    data = _DataAt.of(stack)
    fate = _Fate.of(made)
    owners = _owners(projects)
    findings: dict[Project, list[Finding]] = {}
    for finding in made.findings:
        findings.setdefault(owners.get(finding.location.path, projects[-1]), []).append(finding)
    files: dict[Project, list[FileChange]] = {}
    for change in made.changes:
        files.setdefault(owners.get(change.before.path, projects[-1]), []).append(change)
    for project, result in zip(projects, bare, strict=True):
        own = findings.get(project, [])
        fixes = [finding.fix for finding in own if id(finding) in fate.fixed and finding.fix]
        moves = tuple(_located(stack, project, move) for move in _moves(fixes))
        renamed = _renamed(project, fixes) if fixes else None
        new_names = _new_names(project, moves, renamed)
        results.append(
            replace(
                result,
                findings=tuple(_reported(finding, fate, new_names, data.get(project, finding)) for finding in own),
                moves=tuple(dict.fromkeys(moves)),
                changes=tuple(files.get(project, ())),
                real_volumes=_real_volumes(project, moves, renamed),
                failure=made.failure,
                renamed=renamed,
                carriages=tuple(
                    dict.fromkeys(
                        replace(each, move=_located(stack, project, each.move)) for fix in fixes for each in fix.carried
                    )
                ),
                model_changes=made.seen.get(result.files, ()),
            )
        )
    return tuple(results)


@dataclass(frozen=True, slots=True)
class _DataAt:
    """What the services of a stack's projects mount at the targets of findings."""

    root: Path
    uses: Mapping[tuple[int, str, str], Use]

    @classmethod
    def of(cls, stack: Stack) -> _DataAt:
        uses = (use for use in stack.uses if not use.mount.overridden)
        return cls(stack.root, {(id(use.project), use.service.name, use.mount.raw_target): use for use in uses})

    def get(self, project: Project, finding: Finding) -> str | None:
        use = self.uses.get((id(project), finding.service or "", finding.target or ""))
        source = use.source(self.root) if use is not None else None
        return source.name if source is not None else None


@dataclass(frozen=True, slots=True)
class _Fate:
    """The identities of the findings whose fix is made, and of those whose fix the proof rejects."""

    fixed: frozenset[int]
    rejected: frozenset[int]

    @classmethod
    def of(cls, made: MadeFixes) -> _Fate:
        return cls(frozenset(map(id, made.fixed)), frozenset(map(id, made.rejected)))


def _reported(finding: Finding, fate: _Fate, new_names: Mapping[str, str], data: str | None = None) -> ReportedFinding:
    """The finding, in which each volume is called what it is called once the fixes are made."""
    evidence = tuple(_renamed_in(line, new_names) for line in finding.evidence)
    is_fixed, is_rejected = id(finding) in fate.fixed, id(finding) in fate.rejected
    return ReportedFinding(replace(finding, evidence=evidence), is_fixed, is_rejected, data)


def _renamed_in(line: str, new_names: Mapping[str, str]) -> str:
    return " ".join(new_names.get(word, word) for word in line.split(" "))


def _new_names(project: Project, moves: Iterable[Move], renamed: str | None) -> dict[str, str]:
    """The names of the volumes on the host that the fixes change."""
    names = _real_volumes(project, moves, renamed)
    return {old: new for key, new in names.items() if (old := project.real_name(key)) != new}


def _with_findings(bare: ProjectResult, made: MadeFixes) -> ProjectResult:
    """The result of a stack that is a pipeline, or files with commands, and no Compose file."""
    fate = _Fate.of(made)
    return replace(
        bare,
        files=bare.files or tuple(sorted({finding.location.path for finding in made.findings})),
        findings=tuple(_reported(finding, fate, {}) for finding in made.findings),
        changes=made.changes,
        failure=made.failure,
    )


def _moves(fixes: Iterable[Fix]) -> tuple[Move, ...]:
    """Each move once; where a pipeline says which path of the host `./data` is, that one alone."""
    moves = tuple(dict.fromkeys(move for fix in fixes for move in fix.moves))
    located = {(move.volume, move.target) for move in moves if move.source.startswith("/")}
    return tuple(move for move in moves if move.source[:1] != "." or (move.volume, move.target) not in located)


def _located(stack: Stack, project: Project, move: Move) -> Move:
    """The move from the path of the host that the one pipeline says, where it does: this checkout is another place."""
    if move.source[:1] != "." or not stack.workflows:
        return move
    from volfix.project.deployments.host_places import places_by_pipelines

    path = Path(os.path.normpath(os.path.join(project.directory, move.source)))  # noqa: PTH118 - links stay
    places = {*places_by_pipelines(stack, project, path)}
    return replace(move, source=places.pop()) if len(places) == 1 else move


def _owners(projects: Iterable[Project]) -> dict[Path, Project]:
    """By Compose and env file, the first project that loads it."""
    found: dict[Path, Project] = {}
    for project in projects:
        for path in {file.path for file in project.loaded} | project.env_paths:
            found.setdefault(path, project)
    return found


def _renamed(project: Project, fixes: Iterable[Fix]) -> str | None:
    """The name that the fixes give the project; None where it keeps its own."""
    from volfix.rules.findings import DeploymentName, NameChange

    paths = {file.path for file in project.files}
    named = (item for fix in fixes for item in fix.changes if isinstance(item, NameChange | DeploymentName))
    return next((item.name for item in named if item.path in paths), None)


def _real_volumes(project: Project, moves: Iterable[Move], renamed: str | None) -> dict[str, str]:
    """The volumes' names on the host, once the project is called what the fixes call it."""
    project = replace(project, deployed_as=renamed) if renamed else project
    return {move.volume: project.real_name(move.volume) for move in moves}
