"""Which Docker daemon the commands of a step talk to.

Source: drone/docs (docker_dind.md, exec and ssh runners); docker/cli, cli/command (DOCKER_HOST, contexts).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from volfix.knowledge.commands import docker_call
from volfix.knowledge.systems import Place
from volfix.project.ci.pipeline import Pipeline, Step, StepMount
from volfix.project.shell.command import Command
from volfix.project.shell.compose_call import ComposeCall
from volfix.syntax import disk

HOST_SOCKET, DIND, THROWN_AWAY, OTHER_HOST = "host-socket", "dind", "throw-away", "remote"
ON_HOST, NOWHERE, UNKNOWN = "exec", "none", "unknown"
SOCKETS = frozenset({"/var/run/docker.sock", "/run/docker.sock"})
SOCKET_DIRECTORIES = frozenset({"/var/run", "/run"})
DAEMON_IMAGE = re.compile(r"(?:^|/)docker:(?:[\w.]+-)?dind|-dind\b")
LOCAL = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "[::1]"})  # noqa: S104 - an address that is compared


def daemon_of(pipeline: Pipeline, step: Step, command: Command, call: ComposeCall, ran: Sequence[Command]) -> str:
    """The daemon that a call of Compose in the step talks to: HOST_SOCKET, DIND or another name of this module.

    `command` is the command that holds the call, `ran` are the commands of the step.
    """
    address = call.host or _variable(command, "DOCKER_HOST")
    if address is not None:
        return _of_address(pipeline, step, address)
    if call.context or _variable(command, "DOCKER_CONTEXT") or any(uses_context(other) for other in ran):
        return OTHER_HOST
    if pipeline.place is Place.THROWN_AWAY:
        return THROWN_AWAY
    if pipeline.place is Place.HOST:
        return ON_HOST
    if any(is_host_socket(pipeline, mount) for mount in step.mounts):
        return HOST_SOCKET
    if any(other is not step for other in _daemon_steps(pipeline)) or _starts_daemon(ran):
        return DIND
    return NOWHERE if pipeline.runs_in_container else UNKNOWN


def reaches_other_host(command: Command) -> bool:
    """Whether the command names a daemon on another machine, by an option, DOCKER_HOST or DOCKER_CONTEXT."""
    call = docker_call(command.values)
    own = [option for option in call.options if option.word < call.word] if call is not None else []
    given = [option.value or "" for option in own if option.name in ("-H", "--host")]
    address = next(iter(given[::-1]), command.environment.get("DOCKER_HOST") or "")
    host = re.sub(r"\A\w+://(?:[^@/]*@)?|[:/].*\Z", "", address)
    if address.startswith("ssh://") or (address.startswith("tcp://") and "." in host and host not in LOCAL):
        return True
    context = any(option.name in ("-c", "--context") and option.value != "default" for option in own)
    return context or command.environment.get("DOCKER_CONTEXT", "default") not in ("default", "")


def _variable(command: Command, name: str) -> str | None:
    """The variable's value; None if it is unset or empty, "unknown" if a secret sets it."""
    if name not in command.environment:
        return None
    value = command.environment[name]
    return "unknown" if value is None else value or None


def _of_address(pipeline: Pipeline, step: Step, address: str) -> str:
    if address.startswith("unix://"):
        path = address.removeprefix("unix://")
        if pipeline.place in (Place.HOST, Place.THROWN_AWAY):
            return ON_HOST if pipeline.place is Place.HOST else THROWN_AWAY
        return (
            HOST_SOCKET
            if any(_covers(mount, path) and host_path(pipeline, mount) for mount in step.mounts)
            else NOWHERE
        )
    host = re.sub(r"\A\w+://(?:[^@/]*@)?|[:/].*\Z", "", address)
    services = {other.name for other in pipeline.steps if other.is_service or other.detach}
    if host in services | LOCAL and not address.startswith("ssh://"):
        return THROWN_AWAY if pipeline.place is Place.THROWN_AWAY else DIND
    return OTHER_HOST


def uses_context(command: Command) -> bool:
    """Whether the command is `docker context use` and switches to another context than the default."""
    return chosen_context(command) not in (None, "default")


def chosen_context(command: Command) -> str | None:
    """The context that the command selects for the commands after it; None for any other command."""
    return command.values[-1] if command.values[:3] == ["docker", "context", "use"] else None


@disk.remembered(8)
def _daemon_steps(pipeline: Pipeline) -> tuple[Step, ...]:
    """The steps of the pipeline that are a Docker daemon: each of its steps asks for them."""
    return tuple(step for step in pipeline.steps if is_dind(step))


def _starts_daemon(ran: Sequence[Command]) -> bool:
    return any(each.program in ("dockerd", "dockerd-entrypoint.sh", "wrapdocker") for each in ran)


def is_daemon_image(image: str) -> bool:
    """Whether a service with this image is a Docker daemon, which is deleted together with its job."""
    return DAEMON_IMAGE.search(image) is not None


def is_dind(step: Step) -> bool:
    """Whether the step is a Docker daemon (dind): a service or a detached step, without commands."""
    runs_beside = step.is_service or step.detach
    return runs_beside and not step.commands and re.search(r"\bdind\b", step.image or "") is not None


def is_socket_path(path: str | None) -> bool:
    """Whether the path is that of Docker's socket."""
    return path is not None and posixpath.normpath(path) in SOCKETS


def is_host_socket(pipeline: Pipeline, mount: StepMount) -> bool:
    """Whether the mount puts the host's Docker socket into the step's container."""
    host = host_path(pipeline, mount)
    if host is None or mount.path is None:
        return False
    if is_socket_path(host) or is_socket_path(mount.path):
        return is_socket_path(mount.path)
    return posixpath.normpath(host) in SOCKET_DIRECTORIES and posixpath.normpath(mount.path) in SOCKET_DIRECTORIES


def host_path(pipeline: Pipeline, mount: StepMount) -> str | None:
    """The host directory that is mounted; None for another kind of volume or for a volume that is not declared."""
    if mount.host is not None:
        return mount.host
    volume = pipeline.volume(mount.name)
    return volume.host if volume is not None and volume.kind == "host" else None


def _covers(mount: StepMount, path: str) -> bool:
    place = posixpath.normpath(mount.path) if mount.path else None
    return place is not None and (path == place or path.startswith(place + "/"))
