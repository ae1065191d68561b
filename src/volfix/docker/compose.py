"""Compose, called to start services again."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence

from volfix.docker.jobs import CarryProblem
from volfix.fixes.compose_check import ComposeMissing, compose_command
from volfix.project.model import Project


def up_words(project: Project, services: Sequence[str]) -> list[str]:
    """What follows `docker compose`: containers made before the rewrite are replaced, never started again."""
    files = [word for file in project.files for word in ("-f", str(file.path))]
    place = ["--project-directory", str(project.directory), "-p", project.name]
    return [*files, *place, "up", "-d", "--no-build", *services]


def up(project: Project, services: Sequence[str]) -> None:
    """Start the services with the files as they are now. Raises CarryProblem, with the command, where that fails."""
    words = up_words(project, services)
    by_hand = f"the data is in place, but the services are not running. Start them: docker compose {shlex.join(words)}"
    try:
        done = subprocess.run([*compose_command(), *words], capture_output=True, text=True, check=False)
    except (ComposeMissing, OSError, subprocess.TimeoutExpired) as error:
        raise CarryProblem(f"Compose is not on PATH; {by_hand}") from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CarryProblem(f"Compose says: {said}; {by_hand}")
