"""A database file that several places name moves in all of them, or in none, and the finding says which is missing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import volfix

DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\n"
BESIDE = {"Dockerfile": DOCKERFILE, "requirements.txt": "sqlalchemy==2.0.36\n"}
DECLARED = "\nvolumes:\n  app-db:\n    driver: local\n"


def laid(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def service(name: str, *lines: str) -> str:
    return f"  {name}:\n    build: .\n" + "".join(f"    {line}\n" for line in lines)


URL = "environment: [DATABASE_URL=sqlite:///{}app.db]"
MOUNT = "volumes: ['{}:/app/{}']"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            service("app", URL.format(""), MOUNT.format("./app.db", "app.db"))
            + service("worker", URL.format("/app/"), MOUNT.format("./app.db", "app.db")),
            service("app", URL.format("data/"), MOUNT.format("app-db", "data"))
            + service("worker", URL.format("/app/data/"), MOUNT.format("app-db", "data")),
            id="two services, each with a value of its own",
        ),
        pytest.param(
            service("app", URL.format(""), "command: [serve, --db, /app/app.db]", MOUNT.format("./app.db", "app.db")),
            service(
                "app", URL.format("data/"), "command: [serve, --db, /app/data/app.db]", MOUNT.format("app-db", "data")
            ),
            id="a value and an argument",
        ),
        pytest.param(
            service("app", URL.format(""), "healthcheck: {test: sqlite3 ./app.db}", MOUNT.format("./app.db", "app.db")),
            service(
                "app", URL.format("data/"), "healthcheck: {test: sqlite3 ./data/app.db}", MOUNT.format("app-db", "data")
            ),
            id="a health check, relative to the working directory",
        ),
        pytest.param(
            service("app", URL.format(""), "volumes: [{type: bind, source: ./app.db, target: /app/app.db}]"),
            service("app", URL.format("data/"), "volumes: [{type: volume, source: app-db, target: /app/data}]"),
            id="the long form",
        ),
        pytest.param(
            service("app", URL.format(""), MOUNT.format("./store", "app.db")),
            service("app", URL.format("data/"), MOUNT.format("app-db", "data")),
            id="a source that does not look like a file",
        ),
    ],
)
def test_every_place_that_says_the_path_is_moved(before: str, after: str, tmp_path: Path) -> None:
    laid(tmp_path, {"compose.yaml": f"services:\n{before}", **BESIDE})
    volfix.plan(tmp_path, select=("VF103",)).write()
    assert (tmp_path / "compose.yaml").read_text() == f"services:\n{after}{DECLARED}"
    assert not volfix.plan(tmp_path, select=("VF103",)).findings


@pytest.mark.parametrize("filled", ["COPY . .", "COPY --from=acme/seed /x /app/data/x", "RUN echo '{}' >data/x.json"])
def test_the_directory_is_never_one_with_code_in_it(filled: str, tmp_path: Path) -> None:
    app = service("app", URL.format(""), MOUNT.format("./app.db", "app.db"))
    files = {"Dockerfile": f"{DOCKERFILE}{filled}\n", "data/seed.py": "rows"}
    laid(tmp_path, {"compose.yaml": f"services:\n{app}", **BESIDE, **files})
    volfix.plan(tmp_path, select=("VF103",)).write()
    assert "app-db:/app/db'" in (tmp_path / "compose.yaml").read_text()


@pytest.mark.parametrize(
    ("services", "reason"),
    [
        (
            service("app", URL.format(""), MOUNT.format("./app.db", "app.db"))
            + "  backup:\n    image: acme/backup\n    volumes: ['./app.db:/in/app.db:ro']\n",
            "volfix does not find where backup reads the path /in/app.db",
        ),
        (
            service("app", URL.format(""), "volumes: ['./app.db:/app/app.db', './app.db-wal:/app/app.db-wal']"),
            "/app/app.db-wal is mounted beside this file",
        ),
        (
            service("app", URL.format(""), MOUNT.format("./app.db", "app.db"))
            + service("web", "environment: [DB_PATH=/code/app.db]", "volumes: ['.:/code']"),
            "web opens the file through .",
        ),
        (
            service("app", "volumes: ['./app.db:/app/app.db']"),
            "volfix does not find where app reads the path /app/app.db",
        ),
    ],
)
def test_what_is_missing_is_said(services: str, reason: str, tmp_path: Path) -> None:
    laid(tmp_path, {"compose.yaml": f"services:\n{services}", **BESIDE})
    plan = volfix.plan(tmp_path, unsafe_fixes=True, select=("VF103",))
    assert plan.edits == ()
    assert any(reason in (finding.reason or "") for finding in plan.findings)


def test_a_file_that_git_tracks_stays(tmp_path: Path) -> None:
    app = service("app", URL.format(""), MOUNT.format("./app.db", "app.db"))
    laid(tmp_path, {"compose.yaml": f"services:\n{app}", "app.db": "rows", **BESIDE})
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True)
    plan = volfix.plan(tmp_path, unsafe_fixes=True, select=("VF103",))
    assert plan.edits == ()
    assert any("git tracks app.db" in (finding.reason or "") for finding in plan.findings)


def test_a_volume_where_a_file_is_meant_is_reported(tmp_path: Path) -> None:
    app = service("app", URL.format(""), MOUNT.format("rows", "app.db"))
    laid(tmp_path, {"compose.yaml": f"services:\n{app}volumes: {{rows: }}\n", **BESIDE})
    plan = volfix.plan(tmp_path, unsafe_fixes=True, select=("VF103",))
    assert [finding.applicability.value for finding in plan.findings] == ["none"]


def test_a_base_and_its_override_are_one_mount(tmp_path: Path) -> None:
    app = service("app", URL.format(""), MOUNT.format("./app.db", "app.db"))
    variant = "services:\n  app:\n    restart: always\n"
    files = {"compose.yaml": f"services:\n{app}", "docker-compose.prod.yml": variant, "compose.override.yaml": variant}
    plan = volfix.plan(laid(tmp_path, {**files, **BESIDE}), select=("VF103",))
    assert {finding.applicability.value for finding in plan.findings} == {"safe"}
    assert {edit.path.name for edit in plan.edits} == {"compose.yaml"}


def test_two_files_of_one_service_get_a_directory_each(tmp_path: Path) -> None:
    mounts = "volumes: ['./app.db:/app/app.db', './jobs.db:/app/jobs.db']"
    values = "environment: [DATABASE_URL=sqlite:///app.db, JOBS_URL=sqlite:///jobs.db]"
    laid(tmp_path, {"compose.yaml": f"services:\n{service('app', values, mounts)}", **BESIDE})
    result = volfix.plan(tmp_path, select=("VF103",)).write()
    assert not [project.failure for project in result.projects if project.failure]
    text = (tmp_path / "compose.yaml").read_text()
    assert "DATABASE_URL=sqlite:///data/app.db, JOBS_URL=sqlite:///db/jobs.db" in text


def test_the_new_directory_is_the_users_at_once(tmp_path: Path) -> None:
    app = service("app", URL.format(""), MOUNT.format("./app.db", "app.db"))
    dockerfile = DOCKERFILE + "RUN useradd app\nUSER app\n"
    laid(tmp_path, {"compose.yaml": f"services:\n{app}", **BESIDE, "Dockerfile": dockerfile})
    volfix.plan(tmp_path, unsafe_fixes=True).write()
    assert "RUN mkdir -p /app/data && chown app /app/data\nUSER app" in (tmp_path / "Dockerfile").read_text()
    assert not volfix.plan(tmp_path, unsafe_fixes=True).edits


def test_the_directory_is_not_the_one_that_another_value_may_name(tmp_path: Path) -> None:
    values = "{DB_PATH: /app/app.db, DATABASE_URL: 'sqlite:///data/app.db'}"
    mounts = "['./app.db:/app/app.db', './data:/data']"
    compose = "services:\n  app:\n    image: example.org/acme/app:1\n    environment: %s\n    volumes: %s\n"
    (tmp_path / "compose.yaml").write_text(compose % (values, mounts))
    (finding,) = [each for each in volfix.plan(tmp_path).findings if each.code == "VF103"]
    assert finding.fix is not None
    assert [move.target for move in finding.fix.moves] == ["/app/db"]
