"""VF308's findings: the volumes of a stack whose names change at each deployment, and how to pin the names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volfix.edits.command_edits import SetText
from volfix.knowledge.purposes import is_disposable
from volfix.project.compose.mounts import VOLUME
from volfix.project.deployments.changing_names import ChangingName, changing_name, changing_text
from volfix.project.deployments.throwaway_stacks import is_test_service, is_test_stack
from volfix.rules.context import Context, at
from volfix.rules.evidence.command_words import how_it_runs
from volfix.rules.evidence.held_data import UNKNOWN, held_data
from volfix.rules.evidence.project_names import deployed_names
from volfix.rules.findings import (
    Applicability,
    Change,
    DeploymentName,
    Finding,
    Fix,
    NameChange,
    Severity,
    VolumeName,
    headline,
    shortened,
)
from volfix.syntax.yaml_tree import Mapping, Scalar, resolved

if TYPE_CHECKING:
    from volfix.project.compose.compose_file import ComposeFile
    from volfix.project.compose.model import Project

CODE = "VF308"
LEFT = (
    "the rows stay in the old volume: BEFORE the next deployment find its project with `docker volume ls`, and run "
    "`volfix carry --from-project NAME --write`"
)
NOT_PINNED = "give the project a fixed name: every part of this name changes"


def changing_volume_findings(context: Context) -> Iterator[Finding]:
    """Findings for names that change: in commands and variables, in `name:`, and of volumes."""
    seen = set()
    for finding in (*_by_commands(context), *_by_files(context)):
        if finding.location not in seen:
            seen.add(finding.location)
            yield finding


def _by_commands(context: Context) -> Iterator[Finding]:
    seen = set()
    for up in context.commands.starting if context.commands is not None else ():
        command = up.command
        for project in up.projects:
            if project not in context.stack.projects or not (keys := _own_volumes(context, project)):
                continue
            name = changing_name(command, up.call, project)
            if name is None or (project.directory, name.text) in seen:
                continue
            seen.add((project.directory, name.text))
            base = project.files[0]
            place = command.fragment.source, command.place
            source, span = (name.source, name.place) if name.source is not None and name.place is not None else place
            yield Finding(
                code=CODE,
                severity=Severity.ERROR,
                location=at(source, span.start, span.end),
                message=_message(name, keys),
                evidence=(how_it_runs(up.flow, command), *_shown(name, keys), *_also(context, project)),
                step=command.start.step,
                fix=_pinned(name, DeploymentName(base.path, name.pinned)) if name.pinned else None,
                reason=LEFT if name.pinned else NOT_PINNED,
                loses=f"its volume{'s' if len(keys) > 1 else ''} {shortened(', '.join(keys), 40)}",
            )


def _by_files(context: Context) -> Iterator[Finding]:
    for project in context.stack.projects:
        for file in project.files:
            for root in file.roots:
                node = root.get("name")
                name = changing_text(file.source, node.span, "`name:`") if isinstance(node, Scalar) else None
                keys = _own_volumes(context, project) if name is not None else []
                if keys and name is not None and isinstance(node, Scalar):
                    yield _of_file(file, node, name, keys, NameChange(file.path, name.pinned or ""))
        for key in _used(context, project):
            yield from _by_volume(project, key)


def _by_volume(project: Project, key: str) -> Iterator[Finding]:
    """A finding for a volume whose own `name:` changes."""
    for file in project.files:
        entry = resolved(file.declared[key]) if key in file.declared else None
        node = entry.get("name") if isinstance(entry, Mapping) else None
        if isinstance(node, Scalar) and not project.is_external(key):
            name = changing_text(file.source, node.span, f"the `name:` of the volume {key}")
            if name is not None:
                yield _of_file(file, node, name, [key], VolumeName(file.path, key, name.pinned or ""))


def _of_file(file: ComposeFile, node: Scalar, name: ChangingName, keys: list[str], change: Change) -> Finding:
    return Finding(
        code=CODE,
        severity=Severity.ERROR,
        location=at(file.source, node.span.start, node.span.end),
        message=_message(name, keys),
        evidence=tuple(_shown(name, keys)),
        fix=_pinned(name, change) if name.pinned else None,
        reason=LEFT if name.pinned else NOT_PINNED,
        loses=f"its volume{'s' if len(keys) > 1 else ''} {shortened(', '.join(keys), 40)}",
    )


def _message(name: ChangingName, keys: list[str]) -> str:
    volumes = "an EMPTY volume" if len(keys) == 1 else "EMPTY volumes"
    return headline(f"each deployment starts with {volumes}", f"{name.given_by} changes")


def _also(context: Context, project: Project) -> Iterator[str]:
    """Evidence about fixed names from other commands: the rows may be in the volumes of those names."""
    if known := deployed_names(context, project).known:
        yield f"other commands deploy it as {' and as '.join(known)}, each with its own volumes"


def _shown(name: ChangingName, keys: list[str]) -> Iterator[str]:
    yield f"{name.given_by} gives `{name.written}`, which changes at each deployment"
    if not name.given_by.startswith("the `name:` of"):
        yield "Compose names volumes after the project: " + ", ".join(f"{name.written}_{key}" for key in keys)


def _pinned(name: ChangingName, change: Change) -> Fix | None:
    """The fix that removes the changing part of the name; None if volfix does not know where it is written."""
    if name.source is None or name.part is None:
        return None
    return Fix((SetText(name.source, name.part),), (change,), Applicability.UNSAFE)


def _used(context: Context, project: Project) -> list[str]:
    """The keys of volumes that the project's services write to and that may hold data to keep, databases first."""
    found: dict[str, bool] = {}
    for use in context.stack.uses:
        mount = use.mount
        if use.project is not project or mount.kind != VOLUME or mount.read_only or mount.overridden:
            continue
        if is_test_stack(project) or is_test_service(use.service):
            continue
        held = held_data(context, use)
        known = held is not None and held.kind != UNKNOWN
        if known or not (is_disposable(mount.source) or is_disposable(mount.clean_target)):
            found[mount.source] = found.get(mount.source, False) or known
    return sorted(found, key=lambda key: not found[key])


def _own_volumes(context: Context, project: Project) -> list[str]:
    """The same volumes, if Compose names them after the project."""
    return [key for key in _used(context, project) if project.fixed_name(key) is None]
