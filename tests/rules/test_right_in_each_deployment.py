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


FILE = COMPOSE.replace('["app-db:/app/data"]', '["./app.db:/app/app.db", "app-db:/app/data"]')
"""The same with the file of DATABASE_URL mounted alone, which VF103 moves to /app/db/app.db."""


def fix_of_mount(root: Path, files: dict[str, str]) -> tuple[Applicability, str]:
    """Whether the fix of the mount is safe, and what the finding says."""
    lay(root, files)
    (found,) = (each for each in volfix.plan(root).findings if each.code in ("VF101", "VF103"))
    return found.applicability, found.reason or ""


@pytest.mark.parametrize("flow", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize(
    ("default", "reason"),
    [
        pytest.param("app.db", "names /app/app.db too, and would not move with it", id="another name of the file"),
        pytest.param("db/app.db", "names /app/db/app.db: two databases would become one file", id="its new place"),
        pytest.param("/app/data/jobs.db", None, id="another file"),
    ],
)
def test_a_mounted_file_moves_safely_if_it_is_right_without_the_copied_env_file(
    default: str, reason: str | None, flow: dict[str, str], tmp_path: Path
) -> None:
    applicability, says = fix_of_mount(tmp_path, {"compose.yaml": FILE.format(default), **flow})
    if reason is None:
        assert applicability is Applicability.SAFE
    else:
        assert (applicability, says) == (Applicability.UNSAFE, f"without the copied .env, DB_PATH of app {reason}")


PASSED = "      DB_PATH:\n"
LOADED = "      NAME: shop\n    env_file: .env\n"
DEFAULT = "import os, sqlite3\nrows = sqlite3.connect(os.environ.get('DB_PATH', '/app/{}.db'))\n"


@pytest.mark.parametrize("compose", [ONE, FILE.format("/app/app.db")], ids=["beside the volume", "mounted"])
@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        pytest.param(PASSED, "app", Applicability.UNSAFE, id="the same file"),
        pytest.param(PASSED, "data/jobs", Applicability.SAFE, id="another file"),
        pytest.param(LOADED, "app", Applicability.SAFE, id="the service does not start without the env file"),
    ],
)
def test_a_default_in_code_counts_without_the_copied_env_file(
    line: str, name: str, expected: Applicability, compose: str, tmp_path: Path
) -> None:
    before = compose.replace("      DB_PATH: ${DB_PATH:-/app/app.db}\n", line)
    lay(tmp_path, {"compose.yaml": before, "db.py": DEFAULT.format(name), "deploy.sh": "cp .env.prod .env\n" + UP})
    (found,) = (each for each in volfix.plan(tmp_path).findings if each.code in ("VF103", "VF201"))
    assert found.applicability is expected
    if expected is Applicability.UNSAFE:
        reason = "connect of app names /app/app.db too, and would not move with it"
        assert found.reason == f"without the copied .env, {reason}"


@pytest.mark.parametrize("flow", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("mount", ["${PLACE:-./data}:/app/rows", "${PLACE:-./data}/app.db:/app/rows/app.db"])
@pytest.mark.parametrize("place", ["./prod", "./data"])
def test_a_mount_becomes_a_volume_safely_if_its_source_is_the_same_in_each(
    place: str, mount: str, flow: dict[str, str], tmp_path: Path
) -> None:
    compose = COMPOSE.format("/app/data/jobs.db").replace('["app-db:', f'["{mount}", "app-db:')
    compose = compose.replace("/app/app.db", "/app/rows/app.db")
    files = {"compose.yaml": compose, ".env.prod": f"PLACE={place}\n", **flow}
    if place == "./data":
        assert fix_of_mount(tmp_path, files)[0] is Applicability.SAFE
    else:
        source = mount.partition(":/app")[0]
        other = source.replace("${PLACE:-./data}", "./data")
        applicability, says = fix_of_mount(tmp_path, files)
        assert applicability is Applicability.UNSAFE
        assert f"without the copied .env, {source} is {other}, and nothing moves the rows that are there" in says
