"""What is evidence for the place of a database file, and what is a guess: mounts that fit, suggested directories, slashes."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

DOCKERFILE = "FROM alpine:3.20\nWORKDIR {}\n"
SQLALCHEMY = {"requirements.txt": "sqlalchemy==2.0.36\n"}
SQLX = {"Cargo.toml": '[dependencies]\nsqlx = "0.8"\n'}
DIESEL = {"Cargo.toml": '[dependencies]\ndiesel = "2.2"\n'}
TORTOISE = {"requirements.txt": "tortoise-orm==1.1.9\n"}
LARAVEL = {"composer.json": '{"require": {"laravel/framework": "^12.0"}}'}
PRISMA = {"package.json": '{"dependencies": {"prisma": "6.1.0"}}', "prisma/schema.prisma": ""}


def found(
    root: Path, value: str, mounts: str, keys: str = "image: acme/relay:1", files: dict[str, str] | None = None
) -> volfix.Plan:
    """The plan for a service that is given the value and the mounts; `keys` is the rest of it, one line each."""
    name, _, text = value.partition("=")
    volumes = "".join(f"      - {mount}\n" for mount in mounts.split(", ") if mount)
    declared = "".join(
        f"  {mount.partition(':')[0]}:\n" for mount in mounts.split(", ") if mount and mount[0] not in "./"
    )
    compose = "services:\n  app:\n" + "".join(f"    {line}\n" for line in keys.split("; "))
    compose += f"    environment:\n      {name}: '{text}'\n    volumes:\n{volumes}"
    compose += f"volumes:\n{declared}" if declared else ""
    for path, content in {"compose.yaml": compose, **(files or {})}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return volfix.plan(root, select=("VF101", "VF103", "VF2"))


def said(plan: volfix.Plan) -> str:
    return ", ".join(f"{finding.code} {finding.applicability.value}" for finding in plan.findings)


FITTING = [
    ("DATABASE_URL=sqlite:///./var/data/app.db", "data:/srv/app/var/data"),
    ("DATABASE_URL=sqlite:///./data/app.db", "data:/app/data"),
    ("DATABASE_URL=sqlite:///./data/app.db", "data:/srv/relay/data"),
    ("DATABASE_URL=sqlite:///./data/live/app.db", "data:/srv/relay/data"),
    ("DATABASE_URL=sqlite:///../var/data/app.db", "data:/srv/app/var/data"),
    ("DATABASE_URL=sqlite:///var/data/app.db", "data:/srv/app/var/data"),
    ("DATABASE_URL=sqlite://var/data/app.db?mode=rwc", "data:/srv/app/var/data"),
    ("DATABASE_URL=sqlite+aiosqlite:///var/data/app.db", "data:/srv/app/var/data"),
    ("DATABASE_URL=sqlite:var/data/app.db", "data:/srv/app/var/data"),
    ("DATABASE_URL=file:./var/data/app.db", "data:/srv/app/var/data"),
    ("DATABASE_URL=file:../data/dev.db", "data:/srv/app/data"),
    ("DATABASE_URL=jdbc:sqlite:var/data/app.db", "data:/srv/app/var/data"),
    ("SPRING_DATASOURCE_URL=jdbc:h2:file:./var/data/app;MODE=MySQL", "data:/srv/app/var/data"),
    ("ConnectionStrings__Default=Data Source=var/data/app.db", "data:/srv/app/var/data"),
    ("DB_PATH=./pb/relay.db", "pb:/opt/acme/pb"),
    ("DB_DATABASE=database/shop.sqlite", "db:/var/www/html/database"),
    ("DB_PATH=var/data/relay.db", "logs:/srv/app/var/log, data:/srv/app/var/data, more:/data"),
    ("DB_PATH=data/live/relay.db", "data:/srv/app/data, live:/srv/app/data/live"),
    ("DB_PATH=data/relay.db", "data:/app/data, copy:/mnt/copy/data"),
]


@pytest.mark.parametrize(("value", "mounts"), FITTING)
def test_a_value_that_fits_a_volume_is_in_it(value: str, mounts: str, tmp_path: Path) -> None:
    plan = found(tmp_path, value, mounts)
    assert (said(plan), plan.edits) == ("", ())


@pytest.mark.parametrize(("value", "mounts"), FITTING)
def test_a_value_that_fits_a_bind_makes_it_a_volume(value: str, mounts: str, tmp_path: Path) -> None:
    for key in ("data", "pb", "db", "live"):
        mounts = mounts.replace(f"{key}:/", f"./own/{key}:/")
    plan = found(tmp_path, value, mounts)
    assert "VF201" not in said(plan)
    assert "VF101" in said(plan)
    assert all(finding.applicability.value != "safe" or finding.code == "VF101" for finding in plan.findings)


@pytest.mark.parametrize(
    ("value", "mounts", "keys", "files", "expected"),
    [
        # the known directory counts, whatever fits
        ("DB_PATH=./var/data/app.db", "data:/srv/app/var/data", "image: acme/a; working_dir: /opt/a", {}, "VF201 safe"),
        ("DB_PATH=./data/app.db", "data:/srv/app/data", "build: .", {"Dockerfile": DOCKERFILE.format("/opt")}, "VF201 safe"),
        ("DB_PATH=./data/app.db", "data:/srv/app/data", "build: .", {"Dockerfile": DOCKERFILE.format("/srv/app")}, ""),
        ("DB_PATH=./data/app.db", "data:/app/data", "image: acme/a; working_dir: /app; command: sh -c 'cd /srv && x'", {}, "VF201 none"),
        ("DB_PATH=./data/app.db", "data:/app/web/data", "image: acme/a; working_dir: /app; command: sh -c 'cd web && x'", {}, ""),
        # the root is no working directory: the slash trap
        ("DB_PATH=./data/app.db", "data:/data", "image: acme/a", {}, "VF201 none"),
        ("DATABASE_URL=sqlite+pysqlite:///data/app.db", "data:/data", "image: acme/a", {}, "VF201 none"),
        # two directories fit
        ("DB_PATH=./data/app.db", "one:/srv/one/data, two:/srv/two/data", "image: acme/a", {}, ""),
        ("DB_PATH=./data/app.db", "./one:/srv/one/data, two:/srv/two/data", "image: acme/a", {}, "VF101 unsafe"),
        # another end, a file's own name, a part of a name
        ("DB_PATH=./data/app.db", "data:/srv/app/appdata", "image: acme/a", {}, "VF201 none"),
        ("DB_PATH=./state", "state:/srv/app/state", "image: acme/a", {}, ""),
        # where the file's start is known to be elsewhere
        ("DATABASE_URL=file:./data/dev.db", "data:/app/data", "build: .", PRISMA, "VF201 unsafe"),
        ("DATABASE_URL=file:./data/dev.db", "data:/app/prisma/data", "build: .", PRISMA, ""),
        ("DATABASE_URL=file:C:\\data\\app.db", "data:/app/data", "image: acme/a", {}, "VF201 none"),
    ],
)  # fmt: skip
def test_what_does_not_fit(
    value: str, mounts: str, keys: str, files: dict[str, str], expected: str, tmp_path: Path
) -> None:
    assert said(found(tmp_path, value, mounts, keys, files)) == expected


@pytest.mark.parametrize(
    ("value", "mount", "expected"),
    [
        ("DB_PATH=./relay.db", "./relay.db:/app/relay.db", "VF103 safe"),
        ("DATABASE_URL=sqlite:///./relay.db", "./relay.db:/usr/src/app/relay.db", "VF103 safe"),
        ("DB_PATH=./relay.db", "./relay.db:/srv/relay/relay.db", "VF103 unsafe"),
        ("DB_PATH=./rows/relay.db", "./relay.db:/app/rows/relay.db", "VF103 unsafe"),
        ("DB_PATH=../rows/relay.db", "./relay.db:/app/rows/relay.db", "VF103 unsafe"),
        ("DB_PATH=./relay.db", "./relay.db:/relay.db", "VF201 none, VF103 none"),
        ("DB_PATH=./relay.db", "./relay.db:/app/other.db", "VF201 none, VF103 none"),
    ],
)
def test_a_mount_of_the_file_alone(value: str, mount: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "relay.db").touch()
    assert said(found(tmp_path, value, mount)) == expected


ROOTS = ["/app", "/code", "/src", "/usr/src/app", "/workspace", "/home/node/app", "/usr/local/app", "/rails"]
ELSEWHERE = ["/home/relay", "/srv/app", "/opt/relay", "/var/lib/relay", "/var/www/html", "/root", "/relay"]


@pytest.mark.parametrize("value", ["DB_PATH=./relay.db", "DATABASE_URL=sqlite:///./relay.db", "DB_DSN=sqlite:relay.db"])
@pytest.mark.parametrize("root", [*ROOTS, *ELSEWHERE])
def test_a_suggested_directory(root: str, value: str, tmp_path: Path) -> None:
    plan = found(tmp_path, value, f"state:{root}/data")
    assert said(plan) == ("VF201 safe" if root in ROOTS else "VF201 unsafe")
    if root not in ROOTS:
        assert plan.findings[0].reason == (f"volfix guesses from a mount that app works in {root}: set `working_dir:`")


@pytest.mark.parametrize("root", ROOTS)
def test_a_suggested_directory_is_no_evidence_for_a_file_with_directories(root: str, tmp_path: Path) -> None:
    assert said(found(tmp_path, "DB_PATH=./rows/relay.db", f"state:{root}/data")) == "VF201 unsafe"


@pytest.mark.parametrize(
    ("keys", "files"),
    [
        ("image: acme/relay:1; working_dir: /home/relay", {}),
        ("build: .", {"Dockerfile": "FROM alpine:3.20\nWORKDIR /home/relay\n"}),
    ],
)
def test_a_directory_that_is_known_is_evidence_anywhere(keys: str, files: dict[str, str], tmp_path: Path) -> None:
    assert said(found(tmp_path, "DB_PATH=./relay.db", "state:/home/relay/data", keys, files)) == "VF201 safe"
    assert said(found(tmp_path, "DB_PATH=./rows/relay.db", "state:/home/relay/data", keys, files)) == "VF201 safe"


START = [
    ("FROM python:3.12-slim\nCOPY . /app\n", "./relay.db", "data:/app/data", "VF201 safe /relay.db ./app/data/relay.db"),
    ("FROM node:22\nCOPY . /app/\n", "./data/relay.db", "data:/app/data", "VF201 safe /data/relay.db ./app/data/relay.db"),
    ("FROM docker.io/library/ruby:3.3\n", "./data/relay.db", "data:/data", ""),
    ("FROM alpine:3.20\nWORKDIR srv\n", "./relay.db", "data:/srv/data", "VF201 safe /srv/relay.db ./data/relay.db"),
    ("FROM debian:12 AS base\nFROM base\n", "./relay.db", "data:/app/data", "VF201 safe /relay.db ./app/data/relay.db"),
    ("FROM python:3.12\nARG HOME_OF_APP\nWORKDIR $HOME_OF_APP\n", "./relay.db", "data:/app/data", "VF201 unsafe /app/relay.db -"),
    ("FROM acme/python:3.12\n", "./relay.db", "data:/app/data", "VF201 unsafe /app/relay.db -"),
    ("FROM php:8.3-apache\n", "./relay.db", "data:/app/data", "VF201 unsafe /app/relay.db -"),
    ("FROM registry.acme.org/python:3.12\n", "./relay.db", "data:/app/data", "VF201 unsafe /app/relay.db -"),
]  # fmt: skip


@pytest.mark.parametrize(("dockerfile", "value", "mounts", "expected"), START)
def test_a_dockerfile_that_sets_no_directory(
    dockerfile: str, value: str, mounts: str, expected: str, tmp_path: Path
) -> None:
    plan = found(tmp_path, f"DB_PATH={value}", mounts, "build: .", {"Dockerfile": dockerfile})
    if not expected:
        assert said(plan) == ""
        return
    code, applicability, path, new = expected.split()
    assert said(plan) == f"{code} {applicability}"
    assert f"names {path}," in plan.findings[0].danger
    assert new == "-" or f"DB_PATH: '{new}'" in plan.diff


@pytest.mark.parametrize(("image", "expected"), [("python:3.12", "VF201 none"), ("acme/python:3.12", "VF101 none")])
def test_an_official_image_that_runs_mounted_code(image: str, expected: str, tmp_path: Path) -> None:
    keys = f"image: {image}; command: python /srv/bot/main.py"
    assert said(found(tmp_path, "DB_PATH=./relay.db", ".:/srv/bot", keys)) == expected


def test_a_bind_at_a_suggested_directory_is_no_better(tmp_path: Path) -> None:
    plan = found(tmp_path, "DB_PATH=./relay.db", "./state:/home/relay/data")
    assert said(plan) == "VF201 unsafe, VF101 unsafe"
    assert not plan.edits


@pytest.mark.parametrize(
    ("mounts", "expected"),
    [
        ("state:/mnt/rows/relay/data, ./home:/mnt/rows/relay", "VF101 unsafe"),
        ("state:/home/relay/data, home:/home/relay", ""),
        ("state:/home/relay/data, .:/home/relay", "VF101 none"),
        ("state:/app/data, ./home:/app", "VF101 none"),
    ],
)
def test_a_file_that_is_inside_by_a_guess(mounts: str, expected: str, tmp_path: Path) -> None:
    assert said(found(tmp_path, "DB_PATH=./relay.db", mounts)) == expected


@pytest.mark.parametrize("name", ["shop.sqlite", "./database/shop.sqlite"])
def test_laravel_in_an_image_of_somebody(name: str, tmp_path: Path) -> None:
    keys = "image: acme/shop:1; labels: {x: y}"
    assert said(found(tmp_path, f"DB_DATABASE={name}", "rows:/var/www/html/storage", keys)) == "VF201 unsafe"


@pytest.mark.parametrize("path", ["'relay.db'", "os.path.join(os.getcwd(), 'relay.db')", "Path.cwd() / 'relay.db'"])
def test_code_that_starts_from_a_suggested_directory(path: str, tmp_path: Path) -> None:
    code = f"import os, sqlite3\nfrom pathlib import Path\nconnection = sqlite3.connect({path})\n"
    files = {"main.py": code, "requirements.txt": "flask\n", "Dockerfile": "FROM acme/python:3\nCOPY . /srv/relay/\n"}
    finding = found(tmp_path, "DEBUG=0", "state:/home/relay/data", "build: .", files).findings[0]
    assert (finding.code, finding.applicability.value) == ("VF203", "unsafe")
    files["Dockerfile"] = "FROM acme/python:3\nWORKDIR /home/relay\nCOPY . /srv/relay/\n"
    finding = found(tmp_path, "DEBUG=0", "state:/home/relay/data", "build: .", files).findings[0]
    assert (finding.code, finding.applicability.value) == ("VF203", "safe")


def test_code_that_starts_from_its_own_place(tmp_path: Path) -> None:
    code = "import sqlite3\nfrom pathlib import Path\nc = sqlite3.connect(Path(__file__).parent / 'relay.db')\n"
    files = {"main.py": code, "requirements.txt": "flask\n", "Dockerfile": "FROM acme/python:3\nCOPY . /home/relay/\n"}
    finding = found(tmp_path, "DEBUG=0", "state:/home/relay/data", "build: .", files).findings[0]
    assert (finding.code, finding.applicability.value) == ("VF203", "safe")


@pytest.mark.parametrize("name", ["shop.sqlite", "./shop.sqlite", "../shop.sqlite"])
@pytest.mark.parametrize("target", ["/var/www/html/storage", "/app/storage"])
def test_where_laravel_starts_is_not_known(name: str, target: str, tmp_path: Path) -> None:
    plan = found(tmp_path, f"DB_DATABASE={name}", f"rows:{target}", "build: .", LARAVEL)
    assert said(plan) == "VF201 none"
    assert "artisan" in (plan.findings[0].reason or "")


BUILT = {"Dockerfile": "FROM alpine:3.20\nWORKDIR /app\n"}
SLASHES = [
    # only the absolute reading lies in a mount, and nobody knows the reader
    ("DSN=sqlite:///var/lib/sqlite/id.sqlite", "./state:/var/lib/sqlite", {}, "VF101 safe"),
    ("DB_DSN=sqlite:///var/lib/sqlite/id.sqlite", "state:/var/lib/sqlite", {}, ""),
    ("DB_DSN=sqlite:///var/lib/sqlite/id.sqlite", "./state:/var/lib/sqlite", BUILT, "VF101 safe"),
    ("DB_DSN=sqlite:///data/id.sqlite?mode=rwc", "./state:/data", {}, "VF101 safe"),
    ("DB_DSN=sqlite:///var/lib/sqlite/id.sqlite", "./state:/var/lib/other", {}, "VF201 none"),
    ("DB_DSN=sqlite:///var/lib/sqlite/id.sqlite", "./state:/var/lib/sqlite:ro", {}, "VF201 none"),
    # both lie in one
    ("DB_DSN=sqlite:///data/id.sqlite", "one:/data, two:/app/data", BUILT, "VF201 none"),
    # with a reader as it reads
    ("DB_DSN=sqlite:///var/lib/sqlite/id.sqlite", "state:/var/lib/sqlite", {**BUILT, **SQLALCHEMY}, "VF202 safe"),
    ("DB_DSN=sqlite:///var/lib/sqlite/id.sqlite", "./state:/var/lib/sqlite", {**BUILT, **SQLX}, "VF101 safe"),
    ("DB_DSN=sqlite:///var/lib/sqlite/id.sqlite", "./state:/var/lib/sqlite", {**BUILT, **DIESEL}, "VF101 safe"),
    ("DB_DSN=sqlite:///var/lib/sqlite/id.sqlite", "state:/var/lib/sqlite", {**BUILT, **TORTOISE}, ""),
    ("DB_DSN=sqlite:///data/id.sqlite", "state:/app/data", {**BUILT, **SQLX}, "VF202 safe"),
    ("DB_DSN=sqlite:///data/id.sqlite", "state:/app/data", {**BUILT, **TORTOISE}, "VF202 safe"),
    # four slashes are absolute to all, `file:` and JDBC say it themselves
    ("DB_DSN=sqlite:////data/id.sqlite", "state:/data", {}, ""),
    ("DB_DSN=sqlite:////data/id.sqlite", "./state:/data", {}, "VF101 safe"),
    ("DB_DSN=sqlite:////data/id.sqlite", "state:/app/data", {}, "VF201 safe"),
    ("DB_DSN=file:///var/lib/sqlite/id.sqlite", "./state:/var/lib/sqlite", {}, "VF101 safe"),
    ("DB_DSN=file:/var/lib/sqlite/id.sqlite", "state:/var/lib/sqlite", {}, ""),
    ("DB_DSN=jdbc:sqlite:/var/lib/sqlite/id.sqlite", "./state:/var/lib/sqlite", {}, "VF101 safe"),
    ("DB_DSN=jdbc:sqlite:/var/lib/sqlite/id.sqlite", "state:/var/lib/sqlite", {}, ""),
]


@pytest.mark.parametrize(("value", "mounts", "files", "expected"), SLASHES)
def test_slashes(value: str, mounts: str, files: dict[str, str], expected: str, tmp_path: Path) -> None:
    keys = "build: ." if files else "image: acme/id:1"
    assert said(found(tmp_path, value, mounts, keys, files)) == expected
