"""What gets no note: what the files say nothing of, or say otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Applicability, Finding


def findings(directory: Path, files: dict[str, str], code: str) -> list[Finding]:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return [each for each in volfix.plan(directory).findings if each.code == code]


FIREFLY = (
    "services:\n  app:\n    image: fireflyiii/core:latest\n    {}\n    volumes: ['up:/var/www/html/storage/upload']\n"
)
FIREFLY += "volumes: {{up: {{driver: local}}}}\n"
WGER = "services:\n  web:\n    image: wger/server:latest\n    {}\n"
SERVERS = {
    "an env file that is not in the repository": {"compose.yaml": FIREFLY.format("env_file: .env")},
    "an example of that file": {
        "compose.yaml": FIREFLY.format("env_file: .env"),
        ".env.example": "DB_CONNECTION=mysql\nDB_HOST=db\n",
    },
    "a switch of unknown value": {"compose.yaml": FIREFLY.format("environment: {DB_CONNECTION: '${DB_CONNECTION}'}")},
    "a host beside the setting": {"compose.yaml": FIREFLY.format("environment: {DB_HOST: db}")},
    "a switch": {"compose.yaml": FIREFLY.format("environment: {DB_CONNECTION: pgsql}")},
    "a module that names a server": {
        "compose.yaml": WGER.format("env_file: config/prod.env"),
        "config/prod.env": "DJANGO_DB_ENGINE=django.db.backends.postgresql\n",
    },
    "a host for Django": {"compose.yaml": WGER.format("environment: {DJANGO_DB_HOST: db, DJANGO_DB_PORT: 5432}")},
}


@pytest.mark.parametrize("kind", SERVERS)
def test_an_application_whose_database_may_be_on_a_server_keeps_none_in_its_container(
    kind: str, tmp_path: Path
) -> None:
    assert not findings(tmp_path, SERVERS[kind], "VF105")


@pytest.mark.parametrize(
    "said",
    [
        FIREFLY.format("environment: {DB_CONNECTION: sqlite}"),
        FIREFLY.format("restart: always"),
        WGER.format("environment: {DJANGO_DB_ENGINE: django.db.backends.sqlite3}"),
    ],
)
def test_the_others_are_noted(said: str, tmp_path: Path) -> None:
    assert len(findings(tmp_path, {"compose.yaml": said}, "VF105")) == 1


def test_an_unknown_engine_does_not_hide_which_version_runs(tmp_path: Path) -> None:
    board = "services:\n  board:\n    image: mattermost/focalboard\n    environment: {DATABASE_TYPE: '${TYPE}'}\n    volumes: ['./data:/opt/focalboard/data']\n"
    [finding] = findings(tmp_path, {"compose.yaml": board}, "VF102")
    assert finding.applicability is Applicability.UNSAFE
    assert "the tag does not say the version" in (finding.reason or "")


MOUNT = "services:\n  thing:\n    image: acme.example/thing:4\n    volumes: ['{}']\n"


@pytest.mark.parametrize(
    "mount",
    [
        "./media:/data",
        "./config:/config",
        "./thing/uploads:/app/data",
        "./x:/app/data/images",
        "./logs/:/var/lib/thing",
    ],
)
def test_a_mount_whose_name_says_another_purpose_is_not_called_a_database(mount: str, tmp_path: Path) -> None:
    assert not findings(tmp_path, {"compose.yaml": MOUNT.format(mount)}, "VF102")


@pytest.mark.parametrize(
    "mount", ["./data:/data", "./thing:/config", "./redis:/data", "./config/thing:/config", "./x:/app/data"]
)
def test_a_mount_whose_name_says_nothing_is_noted(mount: str, tmp_path: Path) -> None:
    [finding] = findings(tmp_path, {"compose.yaml": MOUNT.format(mount)}, "VF102")
    assert "if it is a database, it has no volume" in finding.danger


LOOSE = "services:\n  app:\n    build: ./app\n    volumes: ['data:/app/data']\nvolumes: {data: {driver: local}}\n"
SET = "DATABASE_URL=sqlite:////app/shop.db\n"


@pytest.mark.parametrize("name", [".env.development", "app/.env.local", "app/.env.test", "dev.env", "app/.env.dev"])
def test_an_env_file_for_development_that_nothing_loads_says_nothing(name: str, tmp_path: Path) -> None:
    files = {"compose.yaml": LOOSE, "app/Dockerfile": "FROM python:3.12\nWORKDIR /app\n", name: SET}
    assert not findings(tmp_path, files, "VF201")


@pytest.mark.parametrize(
    ("name", "more"),
    [
        (".env.production", {}),
        ("app/.env.prod", {}),
        (".env.dev", {"deploy.sh": "cp .env.dev .env\ndocker compose up -d\n"}),
    ],
)
def test_another_says_something(name: str, more: dict[str, str], tmp_path: Path) -> None:
    compose = LOOSE.replace("    volumes", "    env_file: .env\n    volumes") if more else LOOSE
    dockerfile = {"app/Dockerfile": "FROM python:3.12\nWORKDIR /app\n"}
    assert findings(tmp_path, {**dockerfile, name: SET, **more, "compose.yaml": compose}, "VF201")


@pytest.mark.parametrize(
    ("source", "severity"), [("$DATA/$SERVICE/db", "info"), ("/srv/db", "warning"), ("./db", "warning")]
)
def test_a_directory_that_each_file_may_be_given_another_of_is_a_note(
    source: str, severity: str, tmp_path: Path
) -> None:
    text = "services:\n  {}-db:\n    image: mysql:8.4\n    volumes: ['{}:/var/lib/mysql']\n"
    files = {f"apps/{name}.yml": text.format(name, source) for name in ("shop", "wiki")}
    assert [each.severity for each in findings(tmp_path, files, "VF110")] == [severity, severity]
