"""VF401's findings for commands that delete volumes: which volumes, how sure that is, and the edit."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from volfix.knowledge.commands import COMPOSE, DockerCall, docker_call
from volfix.project.compose.model import Project, normalized_name
from volfix.project.compose.mounts import VOLUME, Mount
from volfix.project.deployments.changing_names import given_name
from volfix.project.deployments.flow import VolumeDeletion
from volfix.project.deployments.project_lookup import project_directory
from volfix.project.deployments.stacks import Commands
from volfix.project.image.images import known_entries
from volfix.rules.context import Context, at, source_location
from volfix.rules.evidence.command_words import brief_command, how_it_runs, place_of, shown_command, static_arguments
from volfix.rules.findings import Applicability, Finding, Fix, Place, Severity, shortened
from volfix.rules.remedies.command_removal import taken_out

EXPANSION = re.compile(r"\$\{[^{}]*\}|\$\([^()]*\)|`[^`]*`|\$\w+|\$.*")
"""A shell expansion whose result volfix does not know."""
COMPOSE_LABEL = "com.docker.compose."
"""The prefix of Compose's labels on volumes: a filter for another label spares these volumes."""
VOLUMES = "/var/lib/docker/volumes"
"""Where Docker Engine keeps volumes. Source: docker.com, Storage, Volumes."""
_ABOVE = ("/var", "/var/lib", "/var/lib/docker", VOLUMES)


def volume_findings(context: Context, commands: Commands) -> Iterator[Finding]:
    """A finding for every command in a deploying flow that deletes the stack's volumes, or would if it had any."""
    for item, about in commands.reported_by(context.stack):
        projects = tuple(_as_called(item, project) for project in about)
        named = _named_volumes(item, projects)
        if named is None:
            continue
        source, place = item.command.fragment.source, item.command.place
        fix, reason = _fix(commands, item)
        evidence = (how_it_runs(item.flow, item.command), _what_goes(item, projects, named), item.deletion.source)
        yield Finding(
            code="VF401",
            severity=_severity(item, projects, named),
            location=at(source, place.start, place.end),
            message=f"the deployment deletes volumes: `{brief_command(item.command)}`",
            danger=f"the deployment runs `{shown_command(item.command)}`, which {item.deletion.says}",
            label="deletes volumes",
            places=tuple(_used(context, projects, named)),
            loses=f"the volumes ({shortened(', '.join(named), 60)})" if named else "volumes",
            evidence=tuple(filter(None, evidence)),
            step=item.command.start.step,
            fix=fix,
            reason=reason,
        )


def _as_called(item: VolumeDeletion, project: Project) -> Project:
    """The project with the name that the Compose call gives it, such as the name of the directory on a server."""
    name = given_name(item.command, item.call, project) if item.call.program == COMPOSE else None
    return replace(project, deployed_as=name) if name is not None else project


def _used(context: Context, projects: tuple[Project, ...], named: list[str]) -> Iterator[Place]:
    """The place of the first mount of each volume that the command deletes."""
    seen = set()
    for use in context.stack.uses:
        name = use.project.real_name(use.mount.source)
        if use.project in projects and use.mount.kind == VOLUME and name in named and name not in seen:
            seen.add(name)
            yield Place(source_location(use.mount), "this volume")


def _named_volumes(item: VolumeDeletion, projects: tuple[Project, ...]) -> list[str] | None:
    """The real names of the stack's volumes that the command deletes; None if it deletes only other volumes."""
    names = static_arguments(item.command, item.call.arguments)
    if item.deletion.reaches == "container":
        known = {name for project in projects for name in _containers(project)}
        return None if names is not None and not known & set(names) else []
    volumes = {name: key for project in projects for key, name in _volumes(project, item.call).items()}
    if item.deletion.reaches == "named" and item.call.arguments:
        elsewhere = {f"{name}_{key}" for name in _names_elsewhere(item) for key in volumes.values()}
        if exact := sorted(elsewhere.intersection(_arguments(item)) - volumes.keys()):
            return exact
        own = [name for name, key in volumes.items() if any(_is_meant(text, name, key) for text in _arguments(item))]
        return own if own or not projects else None
    return sorted(volumes) if item.deletion.reaches in ("stack", "named", "unused", "changed") else []


def _names_elsewhere(item: VolumeDeletion) -> Iterator[str]:
    """The names that the flow's projects have on another machine, from their directories there."""
    for command in item.flow.commands:
        call = docker_call(command.values)
        if call is not None and call.program == COMPOSE and not command.in_checkout:
            name = posixpath.basename(project_directory(command, call))
            yield from () if "$" in name else (normalized_name(name),)


def _arguments(item: VolumeDeletion) -> list[str]:
    """The arguments of the command, as far as volfix knows them."""
    return [item.command.words[number].value for number in item.call.arguments]


def _is_meant(text: str, name: str, key: str) -> bool:
    """Whether an argument may mean this volume: the project may have had another name.

    An argument that only the running shell knows may mean any volume.
    """
    pattern = EXPANSION.sub("*", text)
    return fnmatch.fnmatchcase(name, pattern) or pattern.endswith((f"_{key}", f"-{key}", "*"))


def _volumes(project: Project, call: DockerCall) -> dict[str, str]:
    """The volumes that Compose may delete: key to real name, with the project name that the call gives."""
    for name in call.values("-p", "--project-name"):
        project = replace(project, deployed_as="*" if "$" in name or "`" in name else name)
    return {key: project.real_name(key) for key in project.declared if not project.is_external(key)}


def _containers(project: Project) -> Iterator[str]:
    """The names of containers that may keep data in an anonymous volume."""
    for name, service in project.services.items():
        if not known_entries(service):
            continue
        yield service.text("container_name") or f"{project.name}-{name}-1"
        yield f"{project.name}_{name}_1"


def _severity(item: VolumeDeletion, projects: tuple[Project, ...], named: list[str]) -> Severity:
    if item.deletion.reaches in ("changed", "container") or (item.deletion.reaches == "unused" and item.is_up):
        return Severity.WARNING
    used = any(use.kind == VOLUME for project in projects for one in project.services.values() for use in one.mounts)
    return Severity.ERROR if named or used or not projects or item.deletion.reaches == "anonymous" else Severity.WARNING


def _what_goes(item: VolumeDeletion, projects: tuple[Project, ...], named: list[str]) -> str:
    if not projects:
        return "volfix cannot tell which stack this command is for"
    stack = " and ".join(dict.fromkeys(project.deployed_as or project.name for project in projects))
    if item.deletion.reaches == "unused":
        return _what_is_unused(item, stack) + (f": {', '.join(named)}" if named else "")
    if named:
        certain = item.deletion.reaches != "named" or set(named) <= set(_arguments(item))
        return f"this {'deletes' if certain else 'may delete'} volumes of the stack {stack}: {', '.join(named)}"
    if item.deletion.reaches in ("anonymous", "container"):
        return f"this deletes data of the stack {stack} that no mount keeps"
    return f"the stack {stack} has no volume yet: after VF101's fix this would delete the new volume"


def _what_is_unused(item: VolumeDeletion, stack: str) -> str:
    if item.removed_by is not None:
        return f"after `{item.removed_by}`, the volumes of {stack} are unused"
    if item.is_up:
        return f"the stack {stack} runs at that time: only a volume that no container uses is deleted"
    return f"if the stack {stack} has no containers at that time, its volumes are unused"


def _fix(commands: Commands, item: VolumeDeletion) -> tuple[Fix | None, str | None]:
    edit = taken_out(commands, item)
    if isinstance(edit, str):
        return None, edit
    return Fix(edit, (), Applicability.UNSAFE), "someone may want a reset at each deployment"


def deletes(item: VolumeDeletion, project: Project, key: str) -> bool:
    """Whether the command would delete this volume, if it is not external and nothing mounts it at that time."""
    if item.deletion.reaches == "named":
        names = _arguments(item)
        return not names or any(_is_meant(name, project.real_name(key), key) for name in names)
    labels = [value for value in item.call.values("--filter") if value.startswith("label=")]
    if item.deletion.reaches == "unused" and any(COMPOSE_LABEL not in label for label in labels):
        return False
    return item.deletion.reaches in ("stack", "unused")


def below_engine(path: str, name: str) -> bool:
    """Whether deleting this path, whose last part may be a pattern, deletes the volume with this real name."""
    place = f"{VOLUMES}/{name}"
    return any(fnmatch.fnmatchcase(each, path.removesuffix("/*")) for each in (*_ABOVE, place, f"{place}/_data"))


def asked_for(commands: Commands, project: Project, mount: Mount, key: str) -> Iterator[str]:
    """The commands that spare a bind mount, but would delete the new volume when someone runs them."""
    for command in deleting_when_asked(commands, project, key):
        yield f"{command} spares {mount.raw_source}, but will delete the volume when someone runs it"


def deleting_when_asked(commands: Commands, project: Project, *keys: str) -> Iterator[str]:
    """The first three commands that delete the project's volumes when someone runs them, each with its place.

    With `keys`, only commands that delete one of these volumes.
    """
    found = commands.asked_for(project)
    for item in islice((each for each in found if not keys or any(deletes(each, project, key) for key in keys)), 3):
        place = place_of(item.command, project.root)
        yield f"{place}: `{shown_command(item.command)}` in {item.command.start.name or place.partition(':')[0]}"
