"""VF303's findings for two stacks that one flow starts under one name, with databases in volumes of one key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volfix.project.compose.host_directories import relative
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import VOLUME
from volfix.project.image.images import known_entries
from volfix.project.stack import Use
from volfix.rules.context import Context, at
from volfix.rules.evidence.held_data import UNKNOWN, held_data
from volfix.rules.evidence.project_names import ups_of
from volfix.rules.findings import Finding, Severity, headline, shortened

if TYPE_CHECKING:
    from volfix.project.deployments.up_commands import UpCommand


def named_alike_findings(context: Context) -> Iterator[Finding]:
    """Findings for commands that start a stack under another stack's name, if both keep a database in that volume."""
    for project in context.stack.projects:
        for up in ups_of(context, project):
            for use, other, there in _alike(context, project, up):
                yield _finding(context, use, up, other, there)


def _finding(context: Context, use: Use, up: UpCommand, other: Project, there: UpCommand) -> Finding:
    name, key = up.name(use.project), use.mount.source
    command, source = up.command, there.command.origin_in
    line, _ = source.place(there.command.origin.start)
    return Finding(
        code="VF303",
        severity=Severity.WARNING,
        location=at(command.origin_in, command.origin.start, command.origin.end),
        message=headline(f"two databases share the volume {shortened(f'{name}_{key}')}", f"two stacks run as `{name}`"),
        evidence=(
            f"{source.path.name}:{line} starts {_shown(context, other)} as `{name}` too",
            f"{use.service.name} of {_shown(context, use.project)} mounts {key} too: both stacks use one volume, and "
            "Compose replaces services of one name",
        ),
        step=command.start.step,
        reason="give each stack its own name (`-p`), and first carry the data of the stack that you rename",
    )


def _shown(context: Context, project: Project) -> str:
    return relative(project.files[0].path, context.root)


def _alike(context: Context, project: Project, up: UpCommand) -> Iterator[tuple[Use, Project, UpCommand]]:
    """The volumes with a database that another stack uses too, because the flow gives both stacks one name."""
    commands, name = context.deploying(), up.name(project)
    for other in commands.starting if commands is not None and name else ():
        if other is up or other.flow is not up.flow or other.command.is_remote != up.command.is_remote:
            continue
        for each in other.projects:
            if each.directory != project.directory and other.name(each) == name:
                yield from ((use, each, other) for use in _databases(context, project) if _has_too(use, project, each))


def _databases(context: Context, project: Project) -> Iterator[Use]:
    """The project's mounts of volumes that hold a database and are named after the project."""
    for use in context.stack.uses:
        mount = use.mount
        if use.project is project and mount.kind == VOLUME and not mount.overridden and not mount.read_only:
            held = held_data(context, use)
            if held is not None and held.kind != UNKNOWN and project.fixed_name(mount.source) is None:
                yield use


def _has_too(use: Use, project: Project, other: Project) -> bool:
    """Whether the other project keeps a known database in a volume with the same key."""
    if other.fixed_name(use.mount.source) is not None or project.is_external(use.mount.source):
        return False
    return any(
        mount.kind == VOLUME and mount.source == use.mount.source and known_entries(service)
        for service in other.services.values()
        for mount in service.mounts
    )
