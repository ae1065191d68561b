"""The checklist for data that still disappears: what the data depends on, by topic, and what the files answer."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.knowledge.unread_systems import unread_files
from volfix.project.compose.host_directories import relative
from volfix.project.compose.model import Project, normalized_name
from volfix.project.compose.mounts import BIND, VOLUME
from volfix.project.compose.service import Service
from volfix.project.stack import Use
from volfix.rules.answers import Answer, Mark, Point, Topic
from volfix.rules.context import Context
from volfix.rules.evidence.command_words import shown_command
from volfix.rules.evidence.databases import databases_in
from volfix.rules.evidence.deployments import StackDeployment, deploys
from volfix.rules.evidence.held_data import UNKNOWN, held_data
from volfix.rules.evidence.project_names import deployed_names, ups_of, volume_names
from volfix.rules.findings import Finding
from volfix.rules.remedies.volume_deletions import deleting_when_asked
from volfix.syntax import disk

if TYPE_CHECKING:
    from volfix.project.compose.service import EnvFile

COPIES = frozenset({"cp", "mv", "install", "ln", "scp"})


CODES = {
    Topic.VOLUME: (
        "VF101",
        "VF102",
        "VF103",
        "VF104",
        "VF105",
        "VF106",
        "VF107",
        "VF108",
        "VF110",
        "VF111",
        "VF310",
        "VF112",
    ),
    Topic.NAME: ("VF303", "VF308"),
    Topic.URL: ("VF201", "VF202", "VF203", "VF204", "VF205"),
    Topic.ENVIRONMENT: ("VF206",),
    Topic.DELETION: ("VF309", "VF401", "VF402", "VF403"),
    Topic.DAEMON: ("VF301", "VF302", "VF304", "VF305", "VF307"),
}
"""By topic, the rules whose findings belong to it."""
BY_HAND = "started by hand, it may have another name and other volumes"
SPARED = "no command of a deployment that volfix reads deletes a volume or a mounted directory"


def checklist(context: Context, project: Project, findings: Sequence[Finding]) -> tuple[Point, ...]:
    """Each topic with the answers of the project's files. `findings` are the findings of the project's stack."""
    found = {topic: tuple(_found(context, findings, codes)) for topic, codes in CODES.items()}
    found[Topic.DELETION] = found[Topic.DELETION] or (Answer(Mark.FINE, SPARED),)
    return tuple(Point(topic, (*found[topic], *read(context, project))) for topic, read in READERS.items())


def unless_unread(points: Sequence[Point], unread: int) -> tuple[Point, ...]:
    """The points; with `unread` files that could not be read none of them is safe."""
    files = "1 file" if unread == 1 else f"{unread} files"
    answer = Answer(Mark.OPEN, f"{files} of this repository could not be read: volfix does not know what they change")
    return tuple(point.and_also([answer] if unread else ()) for point in points)


def data_mounts(context: Context, project: Project) -> Iterator[tuple[Use, str]]:
    """The project's mounts with data that must survive a redeploy, each with a name for the data."""
    for use in context.stack.uses:
        if use.project is project and not use.mount.overridden and use.mount.kind in (BIND, VOLUME):
            held = held_data(context, use)
            if held is not None and held.kind != UNKNOWN:
                yield use, f"the data of {held.entry.name}" if held.entry else "the database"


def _found(context: Context, findings: Sequence[Finding], codes: tuple[str, ...]) -> Iterator[Answer]:
    for finding in findings:
        if finding.code in codes:
            where = f"{relative(finding.location.path, context.root)}:{finding.location.line}"
            mark = Mark.OPEN if finding.severity.value == "info" else Mark.WRONG
            yield Answer(mark, f"{where}: {finding.danger or finding.message} ({finding.code})")


def _volumes(context: Context, project: Project) -> Iterator[Answer]:
    none = True
    for use, what in data_mounts(context, project):
        none = False
        mount = use.mount
        kept = f"{use.service.name} keeps {what} ({mount.raw_target}) in"
        if mount.kind == VOLUME:
            real = " and ".join(volume_names(context, project, mount.source))
            yield Answer(Mark.FINE, f"{kept} the volume {mount.source}, {real} on the host")
        else:
            yield Answer(Mark.WRONG, f"{kept} {mount.raw_source}, a directory of the host, not a volume")
    if none:
        yield Answer(
            Mark.OPEN, "volfix finds no mount that keeps a database: data without a mount dies with its container"
        )


def _name(context: Context, project: Project) -> Iterator[Answer]:
    named = next((file for file in reversed(project.files) if file.name), None)
    where = relative(named.path, context.root) if named is not None else ""
    names = deployed_names(context, project)
    deployed = names.known
    name = deployed[0] if len(deployed) == 1 else project.deployed_as or project.name
    real = replace(project, deployed_as=name)
    keys = [key for key in project.declared if real.real_name(key) == f"{name}_{key}"]
    volumes = f": its volumes are {', '.join(f'{name}_{key}' for key in keys)}" if keys else ""
    for changing in names.changing:
        yield Answer(
            Mark.OPEN, f"{changing.given_by} changes the project's name at each deployment: {changing.written}"
        )
    for unknown in names.unknown:
        text = f"{unknown.given_by} decides the project's name, and only the deployment knows it"
        yield Answer(Mark.OPEN, f"{text}: {unknown.written}")
    if len(deployed) > 1:
        text = f"deployments call the project {' and '.join(deployed)}: each name has volumes of its own"
        yield Answer(Mark.OPEN, f"{text}, without the other's rows")
    elif deployed and named is not None:
        yield Answer(Mark.OPEN, f"the deployment calls the project {name}{volumes}; it does not use `name:` in {where}")
    elif named is not None:
        yield Answer(Mark.FINE, f"`name:` in {where} says {name}{volumes}")
    elif not deployed and (names.changing or names.unknown):
        return
    elif deployed:
        yield Answer(Mark.OPEN, f"the deployment calls the project {name}{volumes}; {BY_HAND}")
    elif name != normalized_name(project.directory.resolve().name):
        yield Answer(Mark.FINE, f"COMPOSE_PROJECT_NAME in .env says {name}{volumes}")
    else:
        yield Answer(
            Mark.OPEN,
            f"the project is called {name} after its directory{volumes}; from a directory of another name it starts "
            f"with EMPTY volumes. A top-level `name:` in the Compose file that says {name} prevents that",
        )


def _urls(context: Context, project: Project) -> Iterator[Answer]:
    none = True
    for service in project.services.values():
        for database in databases_in(context, project, service):
            none = False
            setting = f"{database.variable}={database.shown} of {service.name}"
            if database.path is None:
                yield Answer(Mark.OPEN, f"{setting}: volfix cannot tell which file in the container that is")
            elif database.is_inside and database.mount is not None:
                yield Answer(
                    Mark.FINE, f"{setting} is {database.path}, inside the mount at {database.mount.raw_target}"
                )
            elif database.loose:
                yield Answer(
                    Mark.OPEN,
                    f"{setting} is in a file that no service loads; the database would be {database.path}",
                )
            else:
                yield Answer(Mark.WRONG, f"{setting} is {database.path}, which no mount holds")
    if none:
        yield Answer(Mark.NOTE, "no value here names a database file: a server's data is where its image keeps it")


def _environment(context: Context, project: Project) -> Iterator[Answer]:
    none = True
    for service in project.services.values():
        for file in service.env_files:
            none = False
            yield _arrival(context, project, service, file)
    if none:
        yield Answer(Mark.FINE, "no service loads an env file")
    yield Answer(Mark.NOTE, "a changed value reaches a container when `up` recreates it, never by `restart`")


def _arrival(context: Context, project: Project, service: Service, file: EnvFile) -> Answer:
    if file.path is None:
        return Answer(Mark.OPEN, f"{service.name} loads an env file whose name only the deployment knows")
    name = relative(file.path, context.root)
    if disk.is_file(file.path):
        return Answer(Mark.FINE, f"{service.name} loads {name}, which is here")
    for start in ups_of(context, project):
        for command in start.flow.commands:
            to = command.values[1:] if command.program == "scp" else command.values[-1:]
            if command.program in COPIES and file.path.name in map(posixpath.basename, to):
                return Answer(Mark.FINE, f"{service.name} loads {name}: `{shown_command(command)}` puts it there")
        if file.path in start.deployed(project, {}).written:
            return Answer(Mark.FINE, f"{service.name} loads {name}: the deployment writes that file before")
    consequence = "or Compose refuses to start" if file.required else "or its values are missing without any message"
    return Answer(
        Mark.OPEN, f"{service.name} loads {name}, which is not here: something must put it there, {consequence}"
    )


def _deletions(context: Context, project: Project) -> Iterator[Answer]:
    commands = context.commands
    for command in deleting_when_asked(commands, project) if commands is not None else ():
        yield Answer(Mark.NOTE, f"{command} deletes the volumes when someone calls it")
    unread = [relative(path, context.root) for path in context.unread_deployments]
    if unread:
        yield Answer(Mark.OPEN, f"{' and '.join(unread)} may delete something: volfix does not read it")


def _daemon(context: Context, project: Project) -> Iterator[Answer]:
    from volfix.project.ci import daemons

    says = {
        daemons.HOST_SOCKET: (Mark.FINE, "the host's daemon, through its socket: volumes stay between the builds"),
        daemons.ON_HOST: (Mark.FINE, "the daemon of the machine that the runner is on"),
        daemons.DIND: (Mark.WRONG, "a daemon inside the pipeline: its volumes end with the pipeline"),
        daemons.THROWN_AWAY: (Mark.WRONG, "the daemon of a machine that is deleted after the build"),
        daemons.NOWHERE: (Mark.WRONG, "a daemon that the pipeline does not give it"),
        daemons.OTHER_HOST: (Mark.OPEN, "the daemon of another host: look at the volumes there"),
        "ssh": (Mark.OPEN, "the daemon of the host that the step logs in to: look at the volumes there"),
    }
    none = True
    for deploy in _of(context, project):
        none = False
        mark, text = says.get(deploy.deployment.target, (Mark.OPEN, "a daemon that the files do not name"))
        yield Answer(mark, f"the step {deploy.deployment.step_name} uses {text}")
    for answer in _deployed_by(context, project):
        none = False
        yield answer
    for path in context.unread_deployments:
        none = False
        what = unread_files()[path.name]
        yield Answer(Mark.OPEN, f"{relative(path, context.root)} calls Compose, and volfix does not read {what}")
    if none:
        yield Answer(
            Mark.NOTE,
            "no pipeline or script here deploys the project: its volumes are on the machine where someone starts it",
        )


def _deployed_by(context: Context, project: Project) -> Iterator[Answer]:
    """The deploying commands outside the known pipelines; volfix cannot see what another host has."""
    from volfix.project.ci.daemons import reaches_other_host

    known = {one.workflow.file.path for one in _of(context, project)}
    seen: set[tuple[Path, str | None]] = set()
    for start in ups_of(context, project):
        command = start.command
        source, entry = command.origin_in, command.start
        step = entry.step if entry.is_pipeline else None
        if source.path not in known and (source.path, step) not in seen:
            seen.add((source.path, step))
            line, _ = source.place(command.origin.start)
            name = relative(source.path, context.root)
            place = f"{name}:{line} deploys the project{f' in {step}' if step else ''}, on"
            if command.is_remote or reaches_other_host(command):
                yield Answer(Mark.OPEN, f"{place} another host: look at the volumes there")
            else:
                yield Answer(Mark.NOTE, f"{place} the machine where {name} runs")


def _of(context: Context, project: Project) -> list[StackDeployment]:
    return [deploy for deploy in deploys(context) if project in deploy.projects]


READERS: dict[Topic, Callable[[Context, Project], Iterator[Answer]]] = {
    Topic.VOLUME: _volumes,
    Topic.NAME: _name,
    Topic.URL: _urls,
    Topic.ENVIRONMENT: _environment,
    Topic.DELETION: _deletions,
    Topic.DAEMON: _daemon,
}
