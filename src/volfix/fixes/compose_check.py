"""`--verify-with-compose`: what Compose accepted before a change, it must accept after it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from volfix.project.children import run
from volfix.project.compose.model import Project
from volfix.syntax.source import Source

SECONDS = 60
"""How long one call of Compose may take, in seconds."""


class ComposeMissing(Exception):
    """Neither `docker compose` nor `docker-compose` can be called."""


def compose_command() -> list[str]:
    """The words that call Compose; raises ComposeMissing."""
    if docker := shutil.which("docker"):
        command = [docker, "compose"]
        if run([*command, "version"], SECONDS).returncode == 0:
            return command
    if alone := shutil.which("docker-compose"):
        return [alone]
    raise ComposeMissing("--verify-with-compose needs `docker compose` or `docker-compose` on PATH")


def rejection(command: Sequence[str], project: Project, after: Mapping[Path, Source]) -> str | None:
    """What Compose says against the project's changed files, None where it accepts them or rejected the old ones too.

    The files are asked about from a temporary directory, the old and the new ones in the same way: no file of the
    project is touched.
    """
    error = _asked(command, project, after)
    if error is None or _asked(command, project, {}) is not None:
        return None
    from volfix.fixes.masking.secrets import of_these_files

    said = of_these_files(error, (after.get(file.path, file.source) for file in project.loaded))
    return f"Compose accepts project {project.name} before the change and not after it: {said}"


def _asked(command: Sequence[str], project: Project, after: Mapping[Path, Source]) -> str | None:
    with tempfile.TemporaryDirectory(prefix="volfix-") as directory:
        words = [*command]
        for number, file in enumerate(project.files):
            copy = Path(directory, f"{number}.yaml")
            copy.write_bytes(after.get(file.path, file.source).data)
            words += ["-f", str(copy)]
        words += ["--project-directory", str(project.directory), "-p", "volfix", "config", "-q", "--no-env-resolution"]
        done = run(words, SECONDS, environment=_environment())
    lines = [
        line
        for line in done.stderr.decode(errors="replace").splitlines()
        if line.strip() and "warning" not in line.lower()
    ]
    return None if done.returncode == 0 else (lines or ["Compose gives no reason"])[-1]


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
