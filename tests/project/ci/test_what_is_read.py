"""The README's table of what is read of each system: each cell is a pipeline here, and what volfix answers of it."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

import volfix
from volfix.cli.main import volfix as command_line
from volfix.knowledge.systems import Life
from volfix.project.ci import command_systems
from volfix.project.ci import load as load_module
from volfix.project.ci.load import load
from volfix.project.compose.compose_file import NotForVolfix
from volfix.syntax.source import FileProblem

README = Path(__file__).parents[3] / "README.md"
COMPOSE = """\
services:
  app:
    build: .
    working_dir: /app
    environment: [DATABASE_URL]
    volumes: [data:/app/data, ./uploads:/app/uploads]
  db:
    image: postgres:16
    volumes: [rows:/var/lib/postgresql/data]
volumes:
  data:
  rows:
"""
SOCKET = "    volumes: [/var/run/docker.sock:/var/run/docker.sock]\n"
ACTIONS = "on: push\njobs:\n  ship:\n    runs-on: {label}\n    steps:\n      - uses: actions/checkout@v4\n"
SYSTEMS: dict[str, tuple[str, str, str]] = {
    "Drone": (
        ".drone.yml",
        "kind: pipeline\ntype: exec\nname: a\nsteps:\n  - name: ship\n    commands:\n",
        "      - {}\n",
    ),
    "Drone 0.8": (".drone.yml", f"pipeline:\n  ship:\n    image: docker:27\n{SOCKET}    commands:\n", "      - {}\n"),
    "Woodpecker": (
        ".woodpecker.yml",
        f"steps:\n  - name: ship\n    image: docker:27\n{SOCKET}    commands:\n",
        "      - {}\n",
    ),
    "GitHub Actions": (".github/workflows/a.yml", ACTIONS.format(label="self-hosted"), "      - run: {}\n"),
    "Gitea Actions": (".gitea/workflows/a.yml", ACTIONS.format(label="self-hosted"), "      - run: {}\n"),
    "Forgejo Actions": (".forgejo/workflows/a.yml", ACTIONS.format(label="self-hosted"), "      - run: {}\n"),
    "GitLab CI": (".gitlab-ci.yml", "ship:\n  script:\n", "    - {}\n"),
    "CircleCI": (
        ".circleci/config.yml",
        "version: 2.1\njobs:\n  ship:\n    resource_class: shop/server\n    steps:\n      - checkout\n",
        "      - run: {}\n",
    ),
    "Jenkinsfile": ("Jenkinsfile", "node {\n", '  sh "{}"\n'),
    "Ansible": ("ansible/site.yml", "- hosts: shop\n  tasks:\n", "    - shell: {}\n"),
    "CodeDeploy": ("appspec.yml", "hooks:\n  AfterInstall:\n    - location: ops/a.sh\n", ""),
    "shell scripts": ("deploy.sh", "#!/bin/sh\n", "{}\n"),
    "make": ("Makefile", "deploy:\n", "\t{}\n"),
    "just": ("justfile", "deploy:\n", "    {}\n"),
    "npm": ("package.json", "", ""),
    "Task": ("Taskfile.yml", "version: '3'\ntasks:\n  deploy:\n    cmds:\n", "      - {}\n"),
    "cron": ("ops/crontab", "", "0 4 * * * {}\n"),
    "systemd": ("shop.service", "[Service]\nWorkingDirectory=/srv/shop\nType=oneshot\n", "ExecStart=/usr/bin/{}\n"),
    "PowerShell": ("deploy.ps1", "param($Tag)\n", "{}\n"),
}
UP = "docker compose up -d"
COMMANDS = {
    "daemon": (f"ssh ops@shop 'cd /srv/shop && {UP}'",),
    "checkout": (UP,),
    "env": (f"DATABASE_URL=sqlite:///./shop.db {UP}",),
    "name": ("docker compose -p shop-$BUILD_NUMBER up -d",),
    "deletions": ("docker compose down -v", UP),
}
CODES = {"env": "VF201", "name": "VF308", "deletions": "VF401"}
OWN = {
    ("make", "name"): "deploy:\n\tdocker compose -p shop-$$BUILD_NUMBER up -d\n",
    ("systemd", "env"): "[Service]\nEnvironment=DATABASE_URL=sqlite:///./shop.db\nExecStart=docker compose up\n",
    ("PowerShell", "name"): "docker compose -p shop-$env:BUILD_NUMBER up -d\n",
    ("PowerShell", "env"): "$env:DATABASE_URL = 'sqlite:///./shop.db'\ndocker compose up -d\n",
    ("CircleCI", "checkout"): "version: 2.1\njobs:\n  ship:\n    machine: true\n    steps:\n      - run: docker ps\n",
}  # fmt: skip


def pipeline(system: str, aspect: str) -> dict[str, str]:
    """The files of the system that show the aspect."""
    path, head, line = SYSTEMS[system]
    commands = COMMANDS[aspect]
    if (system, aspect) in OWN:
        return {path: OWN[system, aspect]}
    if system == "npm":
        return {path: json.dumps({"scripts": {"deploy": " && ".join(commands)}})}
    if system == "CodeDeploy":
        return {path: head, "ops/a.sh": "\n".join(commands) + "\n"}
    if system == "cron":
        return {path: line.format(" && ".join(commands))}
    return {path: head + "".join(line.format(each) for each in commands) + ("}\n" if "{" in head[-3:] else "")}


def is_read(root: Path, files: dict[str, str], aspect: str) -> bool:
    """Whether volfix answers from the pipeline: with a finding in it, the life of its checkout, the daemon's host."""
    for name, text in {"compose.yaml": COMPOSE, "Dockerfile": "FROM python:3.12\n", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    if aspect == "daemon":
        answer = " ".join(CliRunner().invoke(command_line, ["explain", str(root)]).output.split())
        return re.search(r"host(?: that the step logs in to)?: look at the volumes there", answer) is not None
    if aspect == "checkout":
        try:
            return load(root / next(iter(files))).pipelines[0].checkout is not Life.UNKNOWN
        except (NotForVolfix, FileProblem):
            return False
    places = {finding.location.path for finding in volfix.plan(root).findings if finding.code == CODES[aspect]}
    return bool(places & {root / name for name in files})


def promised() -> dict[str, dict[str, bool]]:
    """The README's table: for each system, whether each aspect is read."""
    lines = README.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    head = next(row for row in rows if row[0] == "system")
    names = {"env files, variables": "env", "project's name": "name"}
    aspects = [names.get(cell, cell) for cell in head[1:]]
    return {
        row[0]: dict(zip(aspects, (cell == "yes" for cell in row[1:]), strict=True))
        for row in rows
        if row[0] in SYSTEMS
    }


def test_the_table_has_every_system_and_every_aspect() -> None:
    assert {name: list(row) for name, row in promised().items()} == {name: [*COMMANDS] for name in SYSTEMS}


@pytest.mark.parametrize(
    ("system", "aspect"), [pytest.param(*cell, id=" ".join(cell)) for cell in product(SYSTEMS, COMMANDS)]
)
def test_a_cell_says_what_is_read(system: str, aspect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    assert is_read(tmp_path, pipeline(system, aspect), aspect) is promised()[system][aspect]


def test_every_system_names_the_sources_of_what_it_is_said_to_do() -> None:
    modules = (*load_module.SYSTEMS, *command_systems.SYSTEMS)
    assert [module for module in modules if "Source: " not in (module.__doc__ or "")] == []
