"""The names under which pipelines, scripts, make targets and plays deploy a project."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volfix.project.compose.model import Project
from volfix.project.deployments.changing_names import ChangingName, changing_name, unknown_name
from volfix.rules.context import Context, once
from volfix.rules.evidence.deployments import deploys

if TYPE_CHECKING:
    from volfix.project.deployments.up_commands import UpCommand

LAST = re.compile(r"\$(\w+)\Z")
"""A variable at the end of a name."""


@dataclass(frozen=True, slots=True)
class DeployedNames:
    """The project names in deploying commands: `known` names, `changing` names, and names that only the deployment
    knows.
    """

    known: tuple[str, ...]
    changing: tuple[ChangingName, ...]
    unknown: tuple[ChangingName, ...]


@once
def deployed_names(context: Context, project: Project) -> DeployedNames:
    """The names in all deployments of the project, without tests."""
    ups, is_named = ups_of(context, project), any(file.name for file in project.files)
    own = [one.deployment for one in deploys(context) if project in one.projects]
    pipelines = {each.project for each in own if not (is_named and each.named_by == "directory")}
    known = sorted(filter(None, pipelines | {up.name(project) for up in ups}))
    changing = [name for up in ups if (name := changing_name(up.command, up.call, project))]
    unknown = [name for up in ups if (name := unknown_name(up.command, up.call, project))]
    once = (tuple({name.text: name for name in names}.values()) for names in (changing, unknown))
    return DeployedNames(tuple(known), *once)


def volume_names(context: Context, project: Project, key: str) -> tuple[str, ...]:
    """The names of a volume on the host, one for each name under which the project is deployed.

    A name that ends with a variable has braces around it, so that the volume's own name does not continue it.
    """
    names = deployed_names(context, project)
    all_of = (
        (*names.known, *(name.written for name in (*names.changing, *names.unknown)))
        if project.fixed_name(key) is None
        else ()
    )
    braced = (LAST.sub(r"${\1}", name) for name in all_of)
    return tuple(f"{name}_{key}" for name in braced) or (project.real_name(key),)


@once
def ups_of(context: Context, project: Project) -> list[UpCommand]:
    """The commands of all flows that start the project for longer than a test."""
    commands = context.deploying()
    return [up for up in commands.starting if project in up.projects] if commands is not None else []
