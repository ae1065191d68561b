"""What the engine and git's history say to the topics of the checklist: names, mounts, running containers, values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from volfix.docker.carried_marks import Marked
from volfix.docker.containers import DIRECTORY, Container
from volfix.docker.deployed import Deployed, EarlierProject, earlier
from volfix.docker.engine import Engine
from volfix.docker.project_containers import containers_under
from volfix.fixes.plan import RunPlan
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import VOLUME
from volfix.rules.answers import Answer, Mark, Point, Topic
from volfix.rules.checklist import data_mounts
from volfix.rules.context import Context
from volfix.rules.evidence.databases import databases_in
from volfix.rules.findings import Finding

LEFT_BEHIND = "VF112"
SECONDS = 3.0
"""How long a daemon may take to answer; after that the checklist does without its answers."""


def within(run: RunPlan, asked: Deployed, name: str | None) -> tuple[Deployed, list[Finding]]:
    """The project as a run over its whole repository has read it, pipelines included, and the findings about it.

    `name` is the project's name where neither files nor pipelines say it.
    """
    wanted = [file.path for file in asked.read.files]
    for plan in run.stacks:
        for project in plan.stack.projects:
            if [file.path for file in project.files] == wanted:
                own = {file.path for file in project.loaded}
                others = {file.path for file in plan.stack.files} - own
                findings = [one.finding for result in plan.projects for one in result.findings]
                real = replace(project, name=name or project.deployed_as or project.name, deployed_as=None)
                return Deployed(plan.context, project, real), [
                    finding
                    for finding in findings
                    if finding.location.path not in others and _is_about(plan.context, project, finding)
                ]
    return asked, []


def _is_about(context: Context, project: Project, finding: Finding) -> bool:
    """Whether a finding may be about the project: not about a service or a command of other projects alone."""
    if finding.service is not None and finding.service not in project.services:
        return False
    commands = context.deploying()
    ups = [up for up in commands.starting if up.command.origin_in.path == finding.location.path] if commands else []
    line = finding.location.line
    at = [up for up in ups if up.command.origin_in.place(up.command.origin.start)[0] == line]
    return not ups or any(project in up.projects for up in at or ups)


def with_history(points: Sequence[Point], deployed: Deployed, marks: Sequence[Marked] = ()) -> tuple[Point, ...]:
    """The points with what the files were before: another name is another project, another mount is other data.

    `marks` are what the engine says of volumes: of these it is known whether the data was carried.
    """
    history = list(earlier(deployed))
    names, mounts = list(_former_names(history, deployed)), list(_former_mounts(history, deployed, marks))
    if history and not names:
        names = [Answer(Mark.FINE, "the history of these files has no other project name")]
    return _with(points, {Topic.VOLUME: mounts, Topic.NAME: names})


def _former_names(history: Sequence[EarlierProject], deployed: Deployed) -> Iterator[Answer]:
    when = {one.project.name: one.when for one in reversed(history)}
    for name in when.keys() - {deployed.read.name, deployed.project.name}:
        text = f"the project was called {name} before ({when[name]})"
        yield Answer(Mark.WRONG, f"{text}: {deployed.project.name} does not see the volumes {name}_*")


def _former_mounts(history: Sequence[EarlierProject], deployed: Deployed, marks: Sequence[Marked]) -> Iterator[Answer]:
    known = {(mark.use.service.name, mark.use.mount.raw_target) for mark in marks}
    for use, _ in data_mounts(deployed.context, deployed.read):
        if (use.service.name, use.mount.raw_target) in known:
            continue
        for one in history:
            service = one.project.services.get(use.service.name)
            mounts = service.mounts if service else ()
            before = next((item for item in mounts if item.clean_target == use.mount.clean_target), None)
            if before is not None and (before.kind, before.source) != (use.mount.kind, use.mount.source):
                source = before.raw_source or "an anonymous volume"
                text = f"{use.service.name} had {source} at {before.raw_target} before ({one.when})"
                yield Answer(Mark.OPEN, f"{text}: type `volfix carry --write` if those rows are not carried yet")
                break


def with_engine(
    points: Sequence[Point], engine: Engine, deployed: Deployed, marks: Sequence[Marked] = ()
) -> tuple[Point, ...]:
    """The points with answers about what runs now, and from the marks of the volumes. Raises EngineProblem."""
    found = containers_under(engine, deployed, [deployed.project.name])
    own, elsewhere = found.own, [one for one in engine.containers() if _is_other(one, deployed)]
    strangers = [
        Answer(Mark.WRONG, f"{one} runs as {deployed.project.name} too, and may belong to another repository")
        for one in found.others
    ]
    return _with(
        points,
        {
            Topic.VOLUME: [*(one.answer for one in marks), *_mounts(own, deployed)],
            Topic.NAME: [*strangers, *_names(engine, own, elsewhere, deployed)],
            Topic.URL: list(_values(engine, own, deployed)),
            Topic.DAEMON: [_daemon(engine, own, deployed)],
        },
    )


def without_carried(findings: Sequence[Finding], marks: Sequence[Marked]) -> list[Finding]:
    """The findings without those of VF112, which asks no engine, where a mark of the engine says more."""
    said = {(one.use.service.name, one.use.mount.raw_target) for one in marks}
    return [
        finding for finding in findings if finding.code != LEFT_BEHIND or (finding.service, finding.target) not in said
    ]


def _with(points: Sequence[Point], answers: dict[Topic, list[Answer]]) -> tuple[Point, ...]:
    return tuple(point.and_also(answers.get(point.topic, ())) for point in points)


def _is_other(container: Container, deployed: Deployed) -> bool:
    """Whether the container was started from the same directory, for a service of the same name, as another project."""
    if container.project in (None, deployed.project.name) or container.service not in deployed.project.services:
        return False
    return container.labels.get(DIRECTORY) == str(deployed.project.directory)


def _mounts(own: Sequence[Container], deployed: Deployed) -> Iterator[Answer]:
    """What the running containers have where the files keep data."""
    for use, _ in data_mounts(deployed.context, deployed.read):
        for container in own:
            if container.service != use.service.name:
                continue
            now, wanted = container.mount_at(use.mount.clean_target), use.mount.source
            wanted = deployed.project.real_name(wanted) if use.mount.kind == VOLUME else use.mount.raw_source
            if now is None:
                yield Answer(Mark.WRONG, f"{container.name} has nothing mounted at {use.mount.clean_target}")
            elif now.kind != use.mount.kind or (now.kind == VOLUME and now.source != wanted):
                text = f"{container.name} has {now.source} at {now.target}, and the files say {wanted}"
                yield Answer(Mark.WRONG, f"{text}: the next `up` changes that (`volfix carry` takes the data along)")
            else:
                yield Answer(Mark.FINE, f"{container.name} has {now.source} at {now.target} now")


def _names(
    engine: Engine, own: Sequence[Container], others: Sequence[Container], deployed: Deployed
) -> Iterator[Answer]:
    for container in others:
        text = f"{container.name} was started from here as the project {container.project}"
        yield Answer(Mark.WRONG, f"{text}: its volumes are not those of {deployed.project.name}")
    if not own and not others:
        yield Answer(Mark.OPEN, f"no container of a project {deployed.project.name} is on this daemon")
    for use, _ in data_mounts(deployed.context, deployed.read):
        name = deployed.project.real_name(use.mount.source)
        if use.mount.kind == VOLUME and engine.volume(name) is None:
            yield Answer(Mark.OPEN, f"the volume {name} is not on this daemon: the next `up` makes it, empty")


def _values(engine: Engine, own: Sequence[Container], deployed: Deployed) -> Iterator[Answer]:
    """Whether the containers have the values that the files give. The answers do not show the values."""
    for container in own:
        service = deployed.read.services.get(container.service or "")
        for database in databases_in(deployed.context, deployed.read, service) if service else ():
            if database.loose:
                continue
            now = engine.process(container.id).environment.get(database.variable)
            if now == database.value:
                yield Answer(Mark.FINE, f"{container.name} has this {database.variable} now")
            else:
                yield Answer(Mark.WRONG, f"{container.name} has another {database.variable} now: `up` recreates it")


def _daemon(engine: Engine, own: Sequence[Container], deployed: Deployed) -> Answer:
    host = engine.host()
    text = f"`docker` uses {host.get('Name', 'a daemon')} here (Docker {host.get('ServerVersion', '?')})"
    running = sum(container.is_running for container in own)
    text = f"{text}; running containers of {deployed.project.name}: {running}"
    return Answer(Mark.FINE if running else Mark.OPEN, text)
