"""Given deployments that give a service different values, then a safe fix is right in each: it splits no file that two values name there, and makes no one file of two."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Applicability

UP = "docker compose up -d\n"
COMPOSE = """\
services:
  app:
    build: .
    environment:
      DATABASE_URL: sqlite:////app/app.db
      DB_PATH: ${{DB_PATH:-{}}}
    volumes: ["app-db:/app/data"]
volumes:
  app-db:
    driver: local
"""
BUILT = {
    "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
    "requirements.txt": "sqlalchemy==2.0.36\n",
    ".env.prod": "DB_PATH=/app/data/jobs.db\n",
    "plain.sh": UP,
}
ONE = COMPOSE.format("/app/app.db")
"""Without the env file both values name one file."""
DRONE = "kind: pipeline\ntype: exec\nname: deploy\nsteps:\n  - name: deploy\n    commands:\n      - {}\n      - docker compose up -d\n"
COPIES = {
    "a script": {"deploy.sh": "cp .env.prod .env\n" + UP},
    "mv": {"deploy.sh": "mv .env.prod .env\n" + UP},
    "ln": {"deploy.sh": "ln -s .env.prod .env\n" + UP},
    "cat": {"deploy.sh": "cat .env.prod > .env\n" + UP},
    "appended lines": {"deploy.sh": "cat .env.prod >> .env\n" + UP},
    "only where there is none": {"deploy.sh": "[ -f .env ] || cp .env.prod .env\n" + UP},
    "--env-file": {"deploy.sh": "docker compose --env-file .env.prod up -d\n"},
    "Drone": {".drone.yml": DRONE.format("cp .env.prod .env")},
    "GitLab": {".gitlab-ci.yml": "deploy:\n  script:\n    - cp .env.prod .env\n    - docker compose up -d\n"},
    "GitHub": {
        ".github/workflows/deploy.yml": "on: push\njobs:\n  deploy:\n    runs-on: self-hosted\n    steps:\n"
        "      - run: cp .env.prod .env\n      - run: docker compose up -d\n"
    },
    "make": {"Makefile": "deploy:\n\tcp .env.prod .env\n\tdocker compose up -d\n"},
}


def lay(root: Path, files: dict[str, str]) -> None:
    for name, text in (BUILT | files).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def fix_of_url(root: Path, files: dict[str, str]) -> tuple[Applicability, str]:
    """Whether the fix of DATABASE_URL is safe, and what the finding says."""
    lay(root, files)
    (found,) = (each for each in volfix.plan(root).findings if "sqlite:////app/app.db" in " ".join(each.evidence))
    return found.applicability, found.reason or ""


@pytest.mark.parametrize("flow", COPIES.values(), ids=COPIES)
def test_a_copied_env_file_keeps_no_two_names_apart(flow: dict[str, str], tmp_path: Path) -> None:
    applicability, says = fix_of_url(tmp_path, {"compose.yaml": ONE, **flow})
    assert applicability is Applicability.UNSAFE
    assert says == "without the copied .env, DB_PATH of app names /app/app.db too, and would not move with it"


@pytest.mark.parametrize("flow", COPIES.values(), ids=COPIES)
def test_a_default_of_another_file_leaves_it_safe(flow: dict[str, str], tmp_path: Path) -> None:
    compose = COMPOSE.format("/app/data/jobs.db")
    assert fix_of_url(tmp_path, {"compose.yaml": compose, **flow})[0] is Applicability.SAFE


@pytest.mark.parametrize("flow", COPIES.values(), ids=COPIES)
def test_a_default_at_the_new_place_makes_it_unsafe(flow: dict[str, str], tmp_path: Path) -> None:
    compose = COMPOSE.format("/app/data/app.db")
    assert fix_of_url(tmp_path, {"compose.yaml": compose, **flow})[0] is Applicability.UNSAFE


OTHERS = {
    "a copy over .env": {"deploy.sh": "cp .env.stage .env\n" + UP},
    "--env-file": {"deploy.sh": "docker compose --env-file .env.stage up -d\n"},
    "a value of the command": {"deploy.sh": "DB_PATH=$(printf /app/app.db) docker compose up -d\n"},
    "a step's environment": {
        ".drone.yml": DRONE.replace("    commands", "    environment: {{DB_PATH: /app/app.db}}\n    commands").format(
            "ls"
        )
    },
    "a written file": {"deploy.sh": "printf 'DB_PATH=/app/app.db\\n' > .env\n" + UP},
    "an appended file": {"deploy.sh": "cat .env.stage >> .env\n" + UP},
    "a here document": {"deploy.sh": "cat > .env <<END\nDB_PATH=/app/app.db\nEND\n" + UP},
}


@pytest.mark.parametrize("flow", OTHERS.values(), ids=OTHERS)
def test_both_names_move_or_neither(flow: dict[str, str], tmp_path: Path) -> None:
    files = {"compose.yaml": ONE, ".env": BUILT[".env.prod"], ".env.stage": "DB_PATH=/app/app.db\n", **flow}
    lay(tmp_path, files)
    found = [each for each in volfix.plan(tmp_path).findings if each.code == "VF201"]
    assert len(found) >= 2
    safe = {each.applicability is Applicability.SAFE for each in found}
    assert len(safe) == 1
