"""Calls Compose to start services again."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from pathlib import Path

from volfix.docker.carry_jobs import CarryProblem, Say
from volfix.fixes.compose_check import ComposeMissing, compose_command
from volfix.fixes.masking.secrets import of_these_files
from volfix.project.children import run
from volfix.project.compose.model import Project
from volfix.syntax.pasted import pasted

MOMENT = 20.0
"""Seconds between two lines that say that Compose is at work."""


def up_words(project: Project, services: Sequence[str]) -> list[str]:
    """The words after `docker compose` that start the services. Compose replaces containers from before the rewrite."""
    files = [word for file in project.files for word in ("-f", str(file.path))]
    place = ["--project-directory", str(project.directory), "-p", project.name]
    return [*files, *place, "up", "-d", "--no-build", *services]


def up(project: Project, services: Sequence[str], say: Say) -> None:
    """Start the services with the files as they are now. Raises CarryProblem, with the command, where that fails.

    Files and images that a pipeline makes are not here before it runs: that is no failure of carrying. There is no time
    limit: Compose may pull an image or wait for a health check, and a cut would leave half of the services stopped.
    Each `MOMENT`, `say` hears that Compose is at work; after Ctrl-C it hears the command that goes on.
    """
    command, words = ["docker", "compose"], up_words(project, services)
    begun = time.monotonic()

    def still() -> None:
        say(
            f"docker compose up has run for {time.monotonic() - begun:.0f} seconds to start {', '.join(services)}. "
            "The data is in place and compared; Ctrl-C ends the waiting"
        )

    say(f"starting {', '.join(services)}")
    try:
        command = compose_command()
        done = run([*command, *words], MOMENT, still=still)
    except (ComposeMissing, OSError) as error:
        raise CarryProblem(_not_started(services, "Compose cannot be called here", command, words)) from error
    except KeyboardInterrupt:
        say(_not_started(services, "The start was interrupted", command, words))
        raise
    if done.returncode:
        answer = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        said = of_these_files(answer, (file.source for file in project.loaded))
        raise CarryProblem(_not_started(services, f"Compose says: {said}", command, words))


def sharing(project: Project, services: Collection[str]) -> set[str]:
    """The services that share the network or another namespace with one of these: it ends with that container."""
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
