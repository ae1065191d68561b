"""Holds back fixes where volfix has not read every file of their project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from volfix.project.compose.model import Project
from volfix.project.stack import Stack
from volfix.rules.findings import Applicability, Finding
from volfix.syntax import disk


def unless_unread(finding: Finding, stack: Stack) -> Finding:
    """The finding; without its fix where a file of its project cannot be read, or is never a project; unsafe where
    Compose merges what only who deploys has.
    """
    if finding.fix is None:
        return finding
    paths = {finding.location.path, *(operation.source.path for operation in finding.fix.operations)}
    refusal = next(chain(_unread(paths, stack), _incomplete(paths, stack)), None)
    if refusal is not None:
        return replace(finding, fix=None, reason=refusal)
    unknown = dict.fromkeys(
        f"{each.name} is not read ({each.reason}), and Compose may merge it with {_names(project)}"
        for project in _projects(paths, stack)
        for each in project.unread
        if each.path is None
    )
    return _unsafe(finding, unknown) if unknown else finding


def unless_refused(finding: Finding, stack: Stack) -> Finding:
    """The finding; its fix unsafe where volfix has not read a file that is there and that it may rest on."""
    if finding.fix is None:
        return finding
    unread = [f"{path} is not read ({reason})" for path, reason in disk.refused().items() if concerns(path, stack)]
    return _unsafe(finding, unread) if unread else finding


def concerns(path: Path, stack: Stack) -> bool:
    """Whether a file lies in the stack's repository, or in what its services are built from or load."""
    if path.is_relative_to(stack.root):
        return True
    builds = [service.build for project in stack.projects for service in project.services.values() if service.build]
    contexts = {build.context for build in builds if build.context is not None}
    named = {path for project in stack.projects for path in project.env_paths}
    return any(path.is_relative_to(place) or place.is_relative_to(path) for place in contexts | named)


def _unsafe(finding: Finding, doubts: Iterable[str]) -> Finding:
    assert finding.fix is not None
    reason = "; ".join([*([finding.reason] if finding.reason else []), *doubts])
    return replace(finding, fix=replace(finding.fix, applicability=Applicability.UNSAFE), reason=reason)


def _projects(paths: set[Path], stack: Stack) -> list[Project]:
    """The projects that some of the files belong to; all of the stack where they belong to none: a pipeline, code."""
    own = dict.fromkeys(project for path in sorted(paths) for project in stack.users.get(path, ()))
    return list(own) or list(stack.projects)


def _unread(paths: set[Path], stack: Stack) -> Iterator[str]:
    yield from (f"{each.name} cannot be read ({each.reason})" for each in stack.unread)
    for project in _projects(paths, stack):
        for each in project.unread:
            if each.path is not None:
                yield (
                    f"{each.name} cannot be read ({each.reason}), and Compose may read it with {_names(project)}: "
                    "repair it, then run volfix again"
                )


def _incomplete(paths: set[Path], stack: Stack) -> Iterator[str]:
    for path in sorted(paths & stack.incomplete.keys()):
        yield f"{path.name} is only a part: {stack.incomplete[path]}, and volfix found no Compose file that adds it"


def _names(project: Project) -> str:
    return ", ".join(project.file_names)
