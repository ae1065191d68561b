"""Why a deploying flow of the repository may start a service on an EMPTY volume, or leave a writer running.

Source: docker/compose, docs/reference (compose_up.md, compose_run.md), measured on 2.40.3 and 5.6.1: `up` ends the old
containers of the services that it starts before it starts what they wait for; `run` ends none.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from volfix.knowledge.commands import COMPOSE, DOCKER, DockerCall
from volfix.knowledge.compose_clients import client_in
from volfix.project.compose.completeness import services_named
from volfix.project.compose.model import Project, normalized_name
from volfix.project.compose.mounts import BIND
from volfix.project.deployments.changing_names import changing_name
from volfix.project.deployments.flow import starts
from volfix.rules.evidence.bind_deletions import host_data
from volfix.rules.evidence.carry_refusals import old_directories
from volfix.rules.evidence.cleaned import lost_by
from volfix.rules.evidence.command_words import shown_command
from volfix.rules.evidence.deployments import deploys
from volfix.rules.evidence.swarm import VERBS

if TYPE_CHECKING:
    from volfix.project.shell.command import Command
    from volfix.rules.context import Context
    from volfix.rules.evidence.carry_takers import Takers

LEAVES = {
    "--no-deps": "starts the services without the carry service",
    "--no-recreate": "leaves containers with the old mount running",
    "--abort-on-container-exit": "stops everything when the carry service ends",
    "--exit-code-from": "stops everything when the carry service ends",
    "--no-start": "starts nothing: volfix has not tested a later start",
    "--scale": "may run several containers of a service",
}
"""The options of `up` that a carry service does not survive, with what each does."""
STARTS = {
    "up": "",
    "run": "",
    "create": "creates containers without starting them: volfix has not tested a later start",
    "scale": "may run several containers of a service",
}
"""The verbs of Compose that create containers, with what is wrong with each."""


def flow_refusals(context: Context, takers: Takers) -> Iterator[str]:
    """Why the repository's deployments do not work with a carry service; each reason is enough."""
    yield from _cleaned(context, takers)
    yield from _orphans(context, takers)
    commands = context.deploying()
    if commands is None:
        return
    names: dict[str, str] = {}
    for project in dict.fromkeys(use.project for use in takers.uses):
        started: set[int] = set()
        for item in commands.calls.get(project, ()):
            command, call = item.command, item.call
            place = f"`{shown_command(command)}` ({_place(command)})"
            for reason in _of_call(context, takers, command, call, project, started=id(item.flow) in started):
                yield f"{place} {reason}"
            if starts(command):
                started.add(id(item.flow))
                names.setdefault(_named(command, call), place)
            if (changing := changing_name(command, call, project)) is not None:
                yield f"{_place(command)} names the project `{changing.text}`, which changes at each deployment"
    if len(names) > 1:
        first, second, *_ = names.values()
        yield f"{first} and {second} run as two projects on one directory, and neither stops the other's containers"


def _of_call(
    context: Context, takers: Takers, command: Command, call: DockerCall, project: Project, *, started: bool
) -> Iterator[str]:
    if call.program == DOCKER and call.verb in VERBS:
        yield "deploys it to a Swarm, which does not wait for the carry service"
    elif call.program == COMPOSE and call.verb in STARTS:
        yield from _of_program(context, command)
        if call.verb == "up":
            yield from (LEAVES[item.name] for item in call.options if item.name in LEAVES and item.value != "false")
            yield from _left_running(takers, command, call, project)
        elif call.verb == "run":
            yield from () if started else _run_before(takers, command, call, project)
        else:
            yield STARTS[call.verb]


def _orphans(context: Context, takers: Takers) -> Iterator[str]:
    """Earlier services of the project that mounted the directory and no longer exist: their containers keep running."""
    commands = context.deploying()
    hosts = old_directories(context, takers)
    for project in dict.fromkeys(use.project for use in takers.uses):
        calls = [item.call for item in commands.calls.get(project, ())] if commands is not None else []
        ups = [call for call in calls if call.program == COMPOSE and call.verb == "up"]
        if ups and all(map(_removes_orphans, ups)):
            continue
        for earlier, when in context.former(project):
            for name in earlier.services.keys() - project.services.keys():
                mounts = [mount for mount in earlier.services[name].mounts if not (mount.read_only or mount.overridden)]
                if any(context.host_of(mount) in hosts for mount in mounts if mount.kind == BIND):
                    yield (
                        f"the old container of {name}, which mounted the directory ({when}), may keep writing: "
                        "remove it with `docker compose up --remove-orphans`"
                    )
                    return


def _removes_orphans(call: DockerCall) -> bool:
    return any(item.name == "--remove-orphans" and item.value != "false" for item in call.options)


def _of_program(context: Context, command: Command) -> Iterator[str]:
    """Why the Compose program of the command may not wait for the carry service."""
    program = posixpath.basename(command.values[0])
    if "podman" in program:
        yield "is Podman's: volfix has not tested which versions of Podman wait for the carry service"
    elif program.startswith("docker-compose") and not _is_compose_2(context, command):
        yield "may be Compose 1, which starts the carry service beside the running database"


def _left_running(takers: Takers, command: Command, call: DockerCall, project: Project) -> Iterator[str]:
    """`up SERVICE` that leaves another service running, which keeps writing."""
    given = [command.values[number] for number in call.arguments]
    reached = _reached(project, given)
    writers = {use.service.name for use in takers.writers if use.project is project}
    left = sorted(writers - reached)
    if given and left and (writers & reached or any("$" in name for name in given)):
        yield f"leaves {left[0]} running, which keeps writing"


def _run_before(takers: Takers, command: Command, call: DockerCall, project: Project) -> Iterator[str]:
    """`run` before the first `up`: it ends no container, although its own mounts the new volume."""
    given = [command.values[number] for number in call.arguments[:1]]
    own = {use.service.name for use in takers.uses if use.project is project}
    if not given or "$" in given[0] or own & _reached(project, given):
        yield "runs before `up`: the carry service would copy beside the running database"


def _reached(project: Project, names: list[str]) -> set[str]:
    """The services with these names, and every service that they need."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in project.services:
            found.add(name)
            waiting += services_named(project.services[name])
    return found


def _named(command: Command, call: DockerCall) -> str:
    given = call.values("-p", "--project-name") or [command.environment.get("COMPOSE_PROJECT_NAME") or ""]
    return given[-1] if "$" in given[-1] else normalized_name(given[-1])


def _is_compose_2(context: Context, command: Command) -> bool:
    """Whether the step's image shows that its `docker-compose` is Compose 2: it also has the plugin."""
    for deploy in deploys(context):
        other = deploy.deployment.command
        if (other.fragment.source.path, other.place) == (command.fragment.source.path, command.place):
            client = client_in(deploy.deployment.step.image or "")
            return client is not None and client.plugin
    return False


def _cleaned(context: Context, takers: Takers) -> Iterator[str]:
    """What deletes the directory in a deployment before Compose runs."""
    nodes = {id(use.mount.node) for use in takers.uses}
    data = [item for item in host_data(context) if id(item.use.mount.node) in nodes]
    yield from lost_by(context, data, context.deploying())


def _place(command: Command) -> str:
    source = command.fragment.source
    return f"{source.path.name}:{source.place(command.place.start)[0]}"
