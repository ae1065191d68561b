"""Drone's docker runner with the host's socket, measured on a real engine: whose rows two repositories see, and when.

The runner is played: the workspace is a volume, mounted at one place in the step; the step's commands and volumes are
those that the pipeline file says. The workspace ends in `src`, as Drone's does, below the test's own directory.
"""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from conftest import APPLETS, BUSYBOX, Host

import volfix
from volfix.docker.engine import Engine
from volfix.project.ci.daemons import host_path, is_socket_path
from volfix.project.ci.load import load

pytestmark = pytest.mark.engine

STEP_IMAGE = "docker:27-cli"
DOCKER = b'#!/bin/sh\n[ "$1" = compose ] || exit 127\nshift\nexec docker-compose "$@"\n'
"""All of the docker command that a deploying step calls."""
COMPOSE = """\
services:
  app:
    image: box:1
    network_mode: host
    stop_grace_period: 0s
    command: ["sh", "-c", "echo $$REPOSITORY >> /app/data/app.db; touch /written; exec sleep 3600"]
    environment:
      DATABASE_URL: sqlite:////app/data/app.db
      REPOSITORY: NAME
    volumes:
      - ./data:/app/data
"""
VOLUME = COMPOSE.replace("./data:", "app-db:") + "volumes:\n  app-db:\n    driver: local\n"
PIPELINE = """\
kind: pipeline
type: docker
name: deploy
workspace:
  path: WORKSPACE
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
DATA_MOUNT = "      - name: app-db\n        path: WORKSPACE/data\n    commands"
DATA_VOLUME = "  - name: app-db\n    host:\n      path: /var/lib/drone/app-db\n"


@pytest.fixture(scope="session")
def step_image(host: Host) -> str:
    """An image with the docker command's Compose, under a name that says so."""
    command = shutil.which("docker-compose") or str(Path(sys.executable).with_name("docker-compose"))
    archive = BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(BUSYBOX, "bin/busybox")
        tar.add(os.path.realpath(command), "bin/docker-compose")
        shim = tarfile.TarInfo("bin/docker")
        shim.size, shim.mode = len(DOCKER), 0o755
        tar.addfile(shim, BytesIO(DOCKER))
        for name in APPLETS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    host.docker("import", "-", STEP_IMAGE, data=archive.getvalue())
    return STEP_IMAGE


class Server:
    """A Drone server with one runner: what it does to a repository at a push."""

    def __init__(self, host: Host, engine: Engine, directory: Path) -> None:
        self.host, self.engine, self.directory = host, engine, directory
        self.workspace = directory / "drone" / "src"
        self.builds = 0

    def repository(self, name: str, compose: str, pipeline: str = PIPELINE) -> Path:
        root = self.directory / "git" / name
        root.mkdir(parents=True)
        (root / "compose.yaml").write_text(compose.replace("NAME", name), encoding="utf-8")
        text = pipeline.replace("WORKSPACE", str(self.workspace))
        (root / ".drone.yml").write_text(text, encoding="utf-8")
        return root

    def push(self, repository: Path) -> str:
        """Build once: a new workspace with the checkout in it, the steps, the end of the workspace; their output."""
        self.builds += 1
        workspace, said = f"drone-{self.builds}", ""
        self.host.docker("volume", "create", workspace)
        self.host.docker("create", "--name", "clone", "-v", f"{workspace}:{self.workspace}", "box:1")
        self.host.docker("cp", f"{repository}/.", f"clone:{self.workspace}")
        self.host.docker("rm", "clone")
        (pipeline,) = load(repository / ".drone.yml").pipelines
        for step in pipeline.steps:
            mounts = ["-v", f"{workspace}:{self.workspace}"]
            for mount in step.mounts:
                mounts += ["-v", f"{self.on_host(host_path(pipeline, mount))}:{mount.path}"]
            script = "set -e\n" + "\n".join(command.text for command in step.commands)
            words = ("run", "--rm", "--network", "host", *mounts, "-w", str(self.workspace), str(step.image))
            said += self.host.docker(*words, "sh", "-c", script)
        self.host.docker("volume", "rm", workspace)
        return said

    def on_host(self, path: str | None) -> str:
        """A path of the runner's host, below the test's directory but for the engine's socket."""
        assert path is not None
        return self.host.socket.removeprefix("unix://") if is_socket_path(path) else f"{self.directory}/host{path}"

    def rows(self, project: str) -> list[str]:
        """The rows that the project's running application sees."""
        script = "until test -e /written; do sleep 0.1; done; cat /app/data/app.db"
        return self.host.docker("exec", f"{project}-app-1", "sh", "-c", script).split()

    def running(self) -> list[str]:
        return sorted(self.host.docker("ps", "--format", "{{.Names}}").split())


@pytest.fixture
def server(host: Host, engine: Engine, step_image: str, tmp_path: Path) -> Server:
    return Server(host, engine, tmp_path)


def test_a_bind_mount_stays_on_the_host_and_the_next_repository_goes_on_in_it(server: Server) -> None:
    alpha, beta = server.repository("alpha", COMPOSE), server.repository("beta", COMPOSE)
    for deploys in (1, 2, 3):
        server.push(alpha)
        assert server.rows("src") == ["alpha"] * deploys
    assert (server.workspace / "data" / "app.db").read_text().split() == ["alpha"] * 3
    server.push(beta)
    assert server.running() == ["src-app-1"]
    assert server.rows("src") == ["alpha"] * 3 + ["beta"]


def test_a_volume_keeps_the_rows_through_down_and_up(server: Server, host: Host) -> None:
    alpha = server.repository(
        "alpha", VOLUME, PIPELINE.replace("      - docker", "      - docker compose down\n      - docker")
    )
    for deploys in (1, 2, 3):
        server.push(alpha)
        assert server.rows("src") == ["alpha"] * deploys
    assert "src_app-db" in host.docker("volume", "ls", "-q").split()


def test_a_host_volume_in_the_step_makes_no_difference_to_the_stack(server: Server) -> None:
    pipeline = PIPELINE.replace("    commands", DATA_MOUNT).replace("- docker", "- ls WORKSPACE/data\n      - docker")
    alpha = server.repository("alpha", COMPOSE, pipeline + DATA_VOLUME)
    kept = Path(server.on_host("/var/lib/drone/app-db"))
    for deploys in (1, 2):
        assert "app.db" not in server.push(alpha)
        assert server.rows("src") == ["alpha"] * deploys
    assert list(kept.iterdir()) == []
    assert (server.workspace / "data" / "app.db").exists()
    (kept / "backup.db").touch()
    assert "backup.db" in server.push(alpha), "the step's own commands see it"


def fixed(repository: Path, *, unsafe: bool) -> None:
    result = volfix.plan(repository, trusted=True, unsafe_fixes=unsafe).write()
    assert not [project.failure for project in result.projects if project.failure]
    assert not volfix.plan(repository, trusted=True, unsafe_fixes=unsafe).edits


def test_the_safe_fixes_alone_leave_two_repositories_on_one_volume(server: Server, host: Host) -> None:
    alpha, beta = server.repository("alpha", COMPOSE), server.repository("beta", COMPOSE)
    for repository in (alpha, beta):
        fixed(repository, unsafe=False)
    for _ in range(3):
        server.push(alpha)
    server.push(beta)
    assert server.running() == ["src-app-1"]
    assert server.rows("src") == ["alpha"] * 3 + ["beta"]
    assert [name for name in host.docker("volume", "ls", "-q").split() if "app-db" in name] == ["src_app-db"]


def test_with_a_name_of_its_own_each_repository_sees_its_own_rows_only(server: Server, host: Host) -> None:
    alpha, beta = server.repository("alpha", COMPOSE), server.repository("beta", COMPOSE)
    for repository in (alpha, beta):
        fixed(repository, unsafe=True)
    for deploys in (1, 2, 3):
        server.push(alpha)
        server.push(beta)
        assert server.rows("alpha") == ["alpha"] * deploys
        assert server.rows("beta") == ["beta"] * deploys
    assert server.running() == ["alpha-app-1", "beta-app-1"]
    volumes = [name for name in host.docker("volume", "ls", "-q").split() if "app-db" in name]
    assert sorted(volumes) == ["alpha_app-db", "beta_app-db"]
    assert not (server.workspace / "data").exists()


@pytest.mark.parametrize("ran", [True, False], ids=["containers", "the pipeline alone"])
def test_carry_names_the_directory_of_the_pipeline_and_never_that_of_the_checkout(
    server: Server, host: Host, ran: bool
) -> None:
    """By the containers that it started, and without any by what the pipeline's file says of its workspace."""
    alpha = server.repository("alpha", COMPOSE)
    server.push(alpha)
    assert server.rows("src") == ["alpha"]
    (alpha / "data").mkdir()
    (alpha / "data/app.db").write_text("somebody tried it here\n")
    fixed(alpha, unsafe=False)
    if not ran:
        host.docker("rm", "-f", "src-app-1")
    words, place = ("carry", "-p", "src", str(alpha)), f"{server.workspace}/data"
    said = host.volfix(server.directory, *words, statuses=(0, 1))
    assert f"from {place}: " in said
    assert str(alpha / "data") not in said
    said = host.volfix(server.directory, *words, "--write", "--no-up", "--no-rows", statuses=(0, 1))
    volume = Path(host.docker("volume", "inspect", "-f", "{{.Mountpoint}}", "src_app-db").strip())
    assert (volume / "app.db").read_text() == "alpha\n", said
    (volume / "app.db").write_text("other\n")
    said = host.volfix(server.directory, *words, "--replace", "--map", f"{place}=app-db", statuses=(0, 1))
    assert f"--map {place}=app-db" in said
    assert str(alpha / "data") not in said


def test_where_the_pipelines_directory_is_gone_its_place_is_named_and_the_checkout_is_not_taken(
    server: Server, host: Host
) -> None:
    alpha = server.repository("alpha", COMPOSE)
    server.push(alpha)
    (alpha / "data").mkdir()
    (alpha / "data/app.db").write_text("somebody tried it here\n")
    fixed(alpha, unsafe=False)
    host.docker("rm", "-f", "src-app-1")
    shutil.rmtree(server.workspace / "data")
    said = host.volfix(server.directory, "carry", "--write", "-p", "src", str(alpha), statuses=(0, 1))
    assert f"{server.workspace}/data cannot be read" in said
    assert str(alpha / "data") not in said
    assert "src_app-db" not in host.docker("volume", "ls", "-q").split()
