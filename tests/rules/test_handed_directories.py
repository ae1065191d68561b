"""Given a mount below a variable that no file of the project sets, when a deploying flow sets it, then it is followed."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Applicability, Finding, Severity

PG = "services:\n  db:\n    image: postgres:16\n    volumes: ['${PROJECT_DIR}/pgdata:/var/lib/postgresql/data']\n"
WORKFLOW = "on: push\njobs:\n  deploy:\n    runs-on: self-hosted\n    steps:\n      - uses: actions/checkout@v4\n"


def found(directory: Path, files: dict[str, str]) -> Finding:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (finding,) = [each for each in volfix.plan(directory).findings if each.code in ("VF101", "VF103")]
    return finding


def script(value: str) -> tuple[str, str, int]:
    return "deploy.sh", f"#!/bin/sh\nexport PROJECT_DIR={value}\ndocker compose up -d\n", 2


CHECKOUT = {
    "pwd": script("$(pwd)"),
    "the script's directory": script('"$(cd "$(dirname "$0")" && pwd)"'),
    "PWD": script("$PWD"),
    "a link followed": script('"$(dirname "$(readlink -f "$0")")"'),
    "the work tree": script("$(git rev-parse --show-toplevel)"),
    "before the command alone": ("deploy.sh", "PROJECT_DIR=`pwd` docker compose up -d\n", 1),
    "in the env file": ("deploy.sh", 'echo "PROJECT_DIR=$(pwd)" > .env\ndocker compose up -d\n', 1),
    "on the server": ("deploy.sh", "ssh ops@web 'cd /srv/shop && PROJECT_DIR=$PWD docker compose up -d'\n", 1),
    "make": ("Makefile", "export PROJECT_DIR := $(CURDIR)\ndeploy:\n\tdocker compose up -d\n", 1),
    "make's shell": ("Makefile", "deploy:\n\tPROJECT_DIR=$(shell pwd) docker compose up -d\n", 2),
    "the Makefile's directory": (
        "Makefile",
        "export PROJECT_DIR := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))\ndeploy:\n\tdocker compose up -d\n",
        1,
    ),
    "just": ("justfile", "export PROJECT_DIR := justfile_directory()\n\ndeploy:\n    docker compose up -d\n", 1),
    "GitLab's variable": (
        ".gitlab-ci.yml",
        "deploy:\n  variables:\n    PROJECT_DIR: $CI_PROJECT_DIR\n  script:\n    - docker compose up -d\n",
        3,
    ),
    "GitLab's commands": (
        ".gitlab-ci.yml",
        "deploy:\n  script:\n    - export PROJECT_DIR=$CI_PROJECT_DIR\n    - docker compose up -d\n",
        3,
    ),
    "an expression": (
        ".github/workflows/ship.yml",
        WORKFLOW + "      - run: docker compose up -d\n        env:\n          PROJECT_DIR: ${{ github.workspace }}\n",
        9,
    ),
    "an expression in the command": (
        ".github/workflows/ship.yml",
        WORKFLOW + "      - run: PROJECT_DIR=${{ github.workspace }} docker compose up -d\n",
        7,
    ),
    "a step before": (
        ".github/workflows/ship.yml",
        WORKFLOW
        + '      - run: echo "PROJECT_DIR=$GITHUB_WORKSPACE" >> $GITHUB_ENV\n      - run: docker compose up -d\n',
        7,
    ),
}


@pytest.mark.parametrize(("name", "text", "line"), CHECKOUT.values(), ids=CHECKOUT)
def test_a_directory_of_the_checkout_is_one_that_a_fresh_checkout_loses(
    name: str, text: str, line: int, tmp_path: Path
) -> None:
    finding = found(tmp_path, {"compose.yaml": PG, name: text})
    assert finding.severity is Severity.ERROR
    assert finding.applicability is Applicability.SAFE
    assert f"{name}:{line} sets PROJECT_DIR for the deployment" in finding.evidence


def test_a_person_is_told_to_set_the_same(tmp_path: Path) -> None:
    name, text, _ = script("$(pwd)")
    readme = "Start it with `PROJECT_DIR=$(pwd) docker compose up`.\n"
    finding = found(tmp_path, {"compose.yaml": PG, name: text, "README.md": readme})
    assert finding.applicability is Applicability.SAFE


def test_a_directory_of_the_host_is_outside(tmp_path: Path) -> None:
    name, text, _ = script("/srv/shop")
    finding = found(tmp_path, {"compose.yaml": PG, name: text})
    assert finding.severity is Severity.WARNING
    assert "outside the repository" in (finding.reason or "")


UNKNOWN = {
    "nothing sets it": {},
    "a secret": {"deploy.sh": "export PROJECT_DIR=$DEPLOY_ROOT\ndocker compose up -d\n"},
    "what runs says it": {"deploy.sh": "export PROJECT_DIR=$(mktemp -d)\ndocker compose up -d\n"},
    "two flows disagree": {
        "deploy.sh": "export PROJECT_DIR=$(pwd)\ndocker compose up -d\n",
        "release.sh": "export PROJECT_DIR=/srv/shop\ndocker compose up -d\n",
    },
}


@pytest.mark.parametrize("files", UNKNOWN.values(), ids=UNKNOWN)
def test_otherwise_its_place_is_not_known(files: dict[str, str], tmp_path: Path) -> None:
    finding = found(tmp_path, {"compose.yaml": PG, **files})
    assert "in an unknown place" in finding.danger
    assert (finding.reason or "").startswith("volfix does not know where ${PROJECT_DIR}/pgdata is on the host")
    assert "outside" not in (finding.reason or "")


def test_a_file_alone_whose_place_is_not_known(tmp_path: Path) -> None:
    finding = found(
        tmp_path,
        {
            "compose.yaml": "services:\n  app:\n    build: .\n    environment: {DATABASE_URL: 'sqlite:////app/app.db'}\n"
            "    volumes: ['${PROJECT_DIR}/app.db:/app/app.db']\n",
            "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY main.py .\n",
            "requirements.txt": "sqlalchemy==2.0.36\n",
        },
    )
    assert "volfix does not know where ${PROJECT_DIR}/app.db is on the host" in (finding.reason or "")
    assert "outside" not in (finding.reason or "")
