"""Compose, called to start services again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from volfix.docker.carry_jobs import CarryProblem
from volfix.fixes.compose_check import ComposeMissing, compose_command
from volfix.fixes.masking.secrets import of_these_files
from volfix.project.children import run
from volfix.project.compose.model import Project
from volfix.syntax.pasted import pasted


def up_words(project: Project, services: Sequence[str]) -> list[str]:
    """What follows `docker compose`: containers made before the rewrite are replaced, never started again."""
    files = [word for file in project.files for word in ("-f", str(file.path))]
    place = ["--project-directory", str(project.directory), "-p", project.name]
    return [*files, *place, "up", "-d", "--no-build", *services]


def up(project: Project, services: Sequence[str]) -> None:
    """Start the services with the files as they are now. Raises CarryProblem, with the command, where that fails.

    Files and images that a pipeline makes are not here before it runs: that is no failure of carrying.
    """
    command, words = ["docker", "compose"], up_words(project, services)
    try:
        command = compose_command()
        done = run([*command, *words], None)
    except (ComposeMissing, OSError) as error:
        raise CarryProblem(_not_started(services, "Compose cannot be called here", command, words)) from error
    if done.returncode:
        answer = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        said = of_these_files(answer, (file.source for file in project.loaded))
        raise CarryProblem(_not_started(services, f"Compose says: {said}", command, words))


def sharing(project: Project, services: Collection[str]) -> set[str]:
    """The services that live in the network, or another namespace, of one of these: that goes with its container."""
    homes = {f"service:{name}" for name in services}
    return {
        service.name
        for service in project.services.values()
        if homes & {service.text(field) for field in ("network_mode", "ipc", "pid")}
    }


def _not_started(services: Sequence[str], reason: str, command: Sequence[str], words: Sequence[str]) -> str:
    called = pasted([Path(command[0]).name, *command[1:], *words])
    return (
        f"the data is in place and compared, but not started again: {', '.join(services)}. {reason}. Deploy now as "
        "always: the deployment makes what is missing here, as an env file or an image, and starts the services on the "
        f"volumes. Or, once nothing is missing: {called}"
    )
