"""The ways in which a repository is deployed again and again, and what each of them takes away in between."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repositories import Repository
from ruamel.yaml import YAML

WORKSPACE = "/drone/src"
SOCKET = "/var/run/docker.sock"
PIPELINE = """\
kind: pipeline
type: docker
name: deploy

steps:
  - name: deploy
    image: docker:27-cli
    volumes:
      - name: docker-socket
        path: /var/run/docker.sock
    commands:
      - docker compose up -d --force-recreate

volumes:
  - name: docker-socket
    host:
      path: /var/run/docker.sock
"""
EXEC_PIPELINE = """\
kind: pipeline
type: exec
name: deploy

steps:
  - name: deploy
    commands:
      - docker-compose up -d --force-recreate
"""
CARRY_STEP = """\
  - name: carry
    image: docker:27-cli
    volumes:
      - name: docker-socket
        path: /var/run/docker.sock
    commands:
      - sh carry.sh

"""


@dataclass(frozen=True)
class Way:
    """A deployment: `deploy` brings the newest commit up, `between` happens before the next one is deployed.

    `fix` are volfix's options beside --write; `carry` follows what it printed then, `command`.
    """

    title: str
    deploy: Callable[[Repository], object]
    between: Callable[[Repository], object]
    carry: Callable[[Repository, str], object]
    pipeline: str = ""
    fix: tuple[str, ...] = ()


def build(repository: Repository) -> None:
    """Drone's docker runner: a fresh volume is the workspace of each step, and is removed after the last one."""
    docker, api = repository.host.docker, repository.host.api
    volume = api.create_volume()
    repository.clone(Path(volume["Mountpoint"]))
    workspace = f"{volume['Name']}:{WORKSPACE}"
    for step, volumes in _steps(repository):
        mounts = [word for volume in (workspace, *volumes) for word in ("-v", volume)]
        script = "\n".join(step["commands"])
        docker("run", "--rm", "--network=host", *mounts, "-w", WORKSPACE, step["image"], "sh", "-ec", script)
    api.remove_volume(volume["Name"])


def _steps(repository: Repository) -> list[tuple[dict[str, Any], list[str]]]:
    """The pipeline's steps, each with its mounts of the host."""
    own = repository.host.socket.removeprefix("unix://")
    pipeline = YAML(typ="safe").load((repository.origin / ".drone.yml").read_text())
    places = {item["name"]: item["host"]["path"] for item in pipeline.get("volumes", ())}
    places = {name: own if path == SOCKET else path for name, path in places.items()}
    return [
        (step, [f"{places[item['name']]}:{item['path']}" for item in step.get("volumes", ())])
        for step in pipeline["steps"]
    ]


def add_carry_step(repository: Repository, command: str) -> None:
    """What the README says for Drone: the script is a step before the one that deploys."""
    clone = repository.clone(repository.directory / "host" / repository.name)
    words = [word for word in shlex.split(command) if word != "--write"]
    typed = f"{shlex.join(words)} --script >{shlex.quote(str(repository.origin / 'carry.sh'))}"
    repository.host.command(clone, "sh", "-ec", typed)
    pipeline = repository.origin / ".drone.yml"
    pipeline.write_text(pipeline.read_text().replace("steps:\n", f"steps:\n{CARRY_STEP}"))
    repository.commit("Carry the data before deploying")


def build_on_host(repository: Repository) -> None:
    """Drone's exec runner: the commands run on the host, in a new directory each time."""
    builds = _workspaces(repository)
    place = repository.clone(builds / f"drone-{len(list(builds.iterdir()))}" / "drone" / "src")
    for step, _ in _steps(repository):
        repository.host.command(place, "sh", "-ec", "\n".join(step["commands"]))


def _workspaces(repository: Repository) -> Path:
    place = repository.directory / "tmp"
    place.mkdir(exist_ok=True)
    return place


def delete_workspace(repository: Repository) -> None:
    for place in _workspaces(repository).iterdir():
        shutil.rmtree(place / "drone", ignore_errors=True)


def carry_on_host(repository: Repository, command: str) -> None:
    """What `volfix --write` says, in a clone on the host."""
    repository.host.command(repository.clone(repository.directory / repository.name), *shlex.split(command))


def up(*words: str) -> Callable[[Repository], object]:
    def deploy(repository: Repository) -> None:
        place = repository.clone(repository.directory / repository.name)
        repository.host.compose(place, "up", "-d", *words)

    return deploy


def down(repository: Repository) -> None:
    repository.host.compose(repository.clone(repository.directory / repository.name), "down")


def clean(repository: Repository) -> None:
    """`git clean`, again where the running database made a file in a directory that was just emptied."""
    words = ["git", "-C", str(repository.directory / repository.name), "clean", "-ffdxq"]
    for _ in range(100):
        if subprocess.run(words, check=False, capture_output=True).returncode == 0:
            return
    raise AssertionError(f"{words} never succeeds")


def neighbour_deploys(repository: Repository) -> None:
    """A second repository, deployed in the same way to the same host, writes its own rows."""
    neighbour = repository.neighbour
    assert neighbour
    build(neighbour)
    neighbour.fill(1000)


def nothing(repository: Repository) -> None:
    """Nothing is taken away in between."""


WAYS = (
    Way("Drone, docker runner with the host's socket", build, nothing, add_carry_step, PIPELINE),
    Way("Drone, exec runner", build_on_host, delete_workspace, carry_on_host, EXEC_PIPELINE),
    Way("`git clean -ffdx` before each", up("--force-recreate"), clean, carry_on_host),
    Way("`down` and `up`", up(), down, carry_on_host),
    Way("`up --force-recreate`", up("--force-recreate"), nothing, carry_on_host),
    Way(
        "two repositories on one host (Drone, as in the first row)",
        *(build, neighbour_deploys, add_carry_step, PIPELINE, ("--unsafe-fixes",)),
    ),
)
