"""Given a mount's source with a variable, when a file sets it to another directory, then the fix is unsafe and names the line."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Applicability, Finding

GHOST = "services:\n  ghost:\n    image: ghost:5\n    volumes: ['{source}:/var/lib/ghost/content']\n"
PG = "services:\n  db:\n    image: postgres:16\n    volumes: ['{source}:/var/lib/postgresql/data']\n"
SOURCE = "${UPLOADS:-./data/blog}"


def moved(directory: Path, files: dict[str, str]) -> Finding:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (found,) = [each for each in volfix.plan(directory, unsafe_fixes=True).findings if each.code in ("VF101", "VF102")]
    assert found.fix is not None
    return found


SET = {
    "an example": (".env.example", "DEBUG=1\nUPLOADS=/srv/up\n", 2),
    "an example in a folder": ("config/app.env", "UPLOADS=/srv/up\n", 1),
    "an env file that nothing names": (".env.prod", "UPLOADS=/srv/up\n", 1),
    "another directory of the checkout": (".env.dist", "UPLOADS=./other\n", 1),
    "a volume": (".env.sample", "UPLOADS=uploads\n", 1),
    "the README": ("README.md", "# Blog\n\nStart with `UPLOADS=/srv/up docker compose up`.\n", 3),
    "a document": ("docs/install.md", "```sh\nexport UPLOADS=/srv/up\n```\n", 2),
    "a script": ("deploy.sh", "#!/bin/sh\nexport UPLOADS=/srv/up\ndocker compose up -d\n", 2),
    "a script with quotes": ("deploy.sh", 'UPLOADS="/srv/up" docker compose up -d\n', 1),
    "a script with another variable": ("deploy.sh", "export UPLOADS=$DATA/up\n", 1),
    "make": ("Makefile", "export UPLOADS ?= /srv/up\nup:\n\tdocker compose up -d\n", 1),
    "a workflow": (".github/workflows/d.yml", "on: push\nenv:\n  UPLOADS: /srv/up\njobs: {}\n", 3),
    "cron": ("nightly.cron", "0 3 * * * UPLOADS=/srv/up docker compose up -d\n", 1),
}


@pytest.mark.parametrize(("name", "text", "line"), SET.values(), ids=SET)
@pytest.mark.parametrize("compose", [GHOST, PG], ids=["application", "engine"])
def test_a_file_that_sets_another_directory(name: str, text: str, line: int, compose: str, tmp_path: Path) -> None:
    found = moved(tmp_path, {"compose.yaml": compose.format(source=SOURCE), name: text})
    assert found.fix is not None
    assert found.fix.applicability is Applicability.UNSAFE
    what = "a directory that volfix does not know" if "$DATA" in text else "another directory"
    assert found.reason == f"{name}, line {line}, sets UPLOADS to {what}"


LEFT = {
    "the same directory": (".env.example", "UPLOADS=./data/blog\n"),
    "the same directory, written otherwise": (".env.example", "UPLOADS=./data/../data/blog/\n"),
    "no value": (".env.example", "UPLOADS=\n"),
    "a comment": (".env.example", "# UPLOADS=/srv/up\n"),
    "a comment of a script": ("deploy.sh", "# UPLOADS=/srv/up\ndocker compose up -d\n"),
    "another variable": (".env.example", "MY_UPLOADS=/srv/up\nUPLOADS_SIZE=3\n"),
    "its own default": ("deploy.sh", "UPLOADS=${UPLOADS:-./data/blog}\n"),
    "a text that names it": ("README.md", "Set `UPLOADS` to the directory of your files.\n"),
    "a script that uses it": ("backup.sh", 'tar czf x.tgz "$UPLOADS"\n'),
}


@pytest.mark.parametrize(("name", "text"), LEFT.values(), ids=LEFT)
def test_what_sets_no_other_directory_leaves_the_fix_safe(name: str, text: str, tmp_path: Path) -> None:
    found = moved(tmp_path, {"compose.yaml": GHOST.format(source=SOURCE), name: text})
    assert found.reason is None
    assert found.fix is not None
    assert found.fix.applicability is Applicability.SAFE


def test_a_variable_in_the_middle_of_the_source(tmp_path: Path) -> None:
    files = {"compose.yaml": GHOST.format(source="./${SITE:-blog}/data"), ".env.example": "SITE=shop\n"}
    assert moved(tmp_path, files).reason == ".env.example, line 1, sets SITE to another directory"


def test_what_the_projects_own_env_file_says_counts(tmp_path: Path) -> None:
    files = {"compose.yaml": GHOST.format(source=SOURCE), ".env": "UPLOADS=./up\n", ".env.example": "UPLOADS=./up\n"}
    assert moved(tmp_path, files).reason is None


def test_a_file_that_is_mounted_alone(tmp_path: Path) -> None:
    compose = "services:\n  app:\n    build: .\n    environment: {DATABASE_URL: 'sqlite:////app/app.db'}\n"
    files = {
        "compose.yaml": compose + "    volumes: ['${DB_FILE:-./app.db}:/app/app.db']\n",
        "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY main.py .\n",
        "requirements.txt": "sqlalchemy==2.0.36\n",
        ".env.example": "DB_FILE=/srv/app.db\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (found,) = [each for each in volfix.plan(tmp_path).findings if each.code == "VF103"]
    assert "sets DB_FILE to another directory" in (found.reason or "")


@pytest.mark.parametrize("source", ["${PROJECT_DIR}/pgdata", "${BASE}/data/pg", "./${A}/pgdata"])
def test_a_source_of_unknown_value_is_not_called_outside_the_repository(source: str, tmp_path: Path) -> None:
    image, target = "postgres:16", "/var/lib/postgresql/data"
    text = f"services:\n  db:\n    image: {image}\n    volumes:\n      - {source}:{target}\n"
    (tmp_path / "compose.yaml").write_text(text)
    (finding,) = (each for each in volfix.plan(tmp_path).findings if each.code == "VF101")
    assert "volfix does not know where" in (finding.reason or "")
    assert "outside the repository" not in (finding.reason or "")
