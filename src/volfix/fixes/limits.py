"""Which fixes are held back, since volfix has not read all that their project is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from volfix.project.compose.model import Project
from volfix.project.stack import Stack
from volfix.rules.findings import Applicability, Finding


def within_limits(finding: Finding, stack: Stack) -> Finding:
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
        f"{each.name} is not read ({each.reason}), and Compose merges it with {_names(project)}"
        for project in _projects(paths, stack)
        for each in project.unread
        if each.path is None
    )
    if not unknown:
        return finding
    reason = "; ".join([*([finding.reason] if finding.reason else []), *unknown])
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
