"""A file that Compose may merge into a project and that cannot be read: findings are shown, and nothing is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from combination_factory import changed, contents, laid, of

import volfix
from volfix.syntax.disk import LARGEST

PG = "services:\n  db:\n    image: postgres:16\n    volumes: ['./data:/var/lib/postgresql/data']\n"
ADMIN = "services:\n  adminer: {image: adminer}\n"
BROKEN = "services:\n  db:\n    image: mysql:8\n   volumes: ['./data:/var/lib/mysql']\n"
TEMPLATE = "services:\n  db:\n    image: mysql:8\n{% if data %}\n    volumes: ['./data:/var/lib/mysql']\n{% endif %}\n"
LATIN = b"# caf\xe9\nservices:\n  db: {image: 'mysql:8'}\n"
LARGE = b"#" + b" " * LARGEST + b"\nservices: {}\n"
UP = "docker compose {} up -d\n"

NEIGHBOURS = [
    # what is beside it
    ({"compose.yaml": BROKEN, "compose.override.yaml": PG}, 2),
    ({"compose.yaml": PG, "compose.override.yaml": BROKEN}, 2),
    ({"docker-compose.yml": BROKEN, "docker-compose.prod.yml": PG}, 2),
    ({"docker-compose.yml": PG, "docker-compose.prod.yml": BROKEN}, 2),
    ({"compose.yaml": PG, "compose.override.yaml": LATIN}, 2),
    ({"compose.yaml": PG, "compose.override.yaml": LARGE}, 2),
    ({"compose.yaml": PG, "compose.override.yaml": TEMPLATE}, 1),
    ({"compose.yaml": TEMPLATE, "compose.override.yaml": PG}, 1),
    # what a command, a setting or the file itself names
    ({"base.yaml": PG, "prod.yaml": BROKEN, "up.sh": UP.format("-f base.yaml -f prod.yaml")}, 2),
    ({"base.yaml": BROKEN, "prod.yaml": PG, "Makefile": "up:\n\t" + UP.format("-f base.yaml -f prod.yaml")}, 2),
    ({"compose.yaml": PG, "x/prod.yaml": BROKEN, "README.md": UP.format("-f compose.yaml -f x/prod.yaml")}, 2),
    ({"compose.yaml": PG, "prod.yaml": BROKEN, ".env": "COMPOSE_FILE=compose.yaml:prod.yaml\n"}, 2),
    ({"compose.yaml": PG, ".env": "COMPOSE_FILE=compose.yaml:gone.yaml\n"}, 1),
    ({"compose.yaml": "include: [more/db.yaml]\n" + PG, "more/db.yaml": BROKEN}, 2),
    ({"compose.yaml": "include: [more/db.yaml]\n" + PG}, 1),
    ({"compose.yaml": "include: [{path: more/db.yaml}]\n" + PG, "more/db.yaml": TEMPLATE}, 1),
    ({"compose.yaml": PG + "    extends: {file: more/db.yaml, service: db}\n", "more/db.yaml": BROKEN}, 2),
    ({"compose.yaml": PG + "    extends: {file: more/db.yaml, service: db}\n"}, 1),
    (
        {
            "compose.yaml": "include: [a.yaml]\n" + PG,
            "a.yaml": "include: [b.yaml]\n" + ADMIN,
            "b.yaml": BROKEN,
        },
        2,
    ),
    # env files, without which no value is known
    ({"compose.yaml": PG, ".env": b"NAME=caf\xe9\n"}, 2),
    ({"compose.yaml": PG, ".env": "NAME='open\n"}, 2),
    ({"compose.yaml": PG + "    env_file: db.env\n", "db.env": b"\xff\xfeN\0"}, 2),
    ({"compose.yaml": PG + "    env_file: [{path: db.env}]\n", "db.env": "A B=1\n"}, 2),
]


@pytest.mark.parametrize(("files", "status"), NEIGHBOURS)
@pytest.mark.parametrize("unsafe", [False, True])
def test_the_project_is_refused_with_the_reason(
    files: dict[str, str | bytes], status: int, unsafe: bool, tmp_path: Path
) -> None:
    before = contents(laid(tmp_path, files))
    plan = volfix.plan(tmp_path, unsafe_fixes=unsafe)
    found = of(plan, "VF101")
    assert found
    assert all(item.fix is None and "cannot be read" in (item.reason or "") for item in found)
    assert not plan.edits
    result = plan.write()
    assert result.status == status
    assert not changed(before, tmp_path)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    laid(tmp_path, {"compose.yaml": PG, "compose.override.yaml": ADMIN})
    opened = os.open

    def denied(path: Any, *flags: Any, **options: Any) -> int:
        if str(path).endswith("compose.override.yaml"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *flags, **options)

    monkeypatch.setattr(os, "open", denied)
    plan = volfix.plan(tmp_path, unsafe_fixes=True)
    assert [(item.fix, "Permission denied" in (item.reason or "")) for item in of(plan, "VF101")] == [(None, True)]
    assert plan.result.status == 2


ELSEWHERE = [
    {"compose.yaml": "include: ['https://github.com/a/b.git#main:compose.yaml']\n" + PG},
    {"compose.yaml": "include: ['oci://docker.io/a/b:1']\n" + PG},
    {"compose.yaml": "include: ['git@github.com:a/b.git']\n" + PG},
    {"compose.yaml": "include: [{path: ['github.com/a/b', more.yaml]}]\n" + PG, "more.yaml": ADMIN},
    {"compose.yaml": "include: ['${WHERE}/compose.yaml']\n" + PG},
    {"compose.yaml": "include: ['${WHERE:?not set}/compose.yaml']\n" + PG},
    {"compose.yaml": PG + "    extends: {file: 'ssh://git@host/a.git', service: db}\n"},
    {"compose.yaml": PG, "deploy.sh": UP.format("-f compose.yaml -f server.yaml")},
    {"compose.yaml": PG, "Makefile": "up:\n\texport COMPOSE_FILE=compose.yaml:server.yaml && docker compose up -d\n"},
]


@pytest.mark.parametrize("files", ELSEWHERE)
def test_what_only_the_deployment_has_makes_it_unsafe(files: dict[str, str], tmp_path: Path) -> None:
    plan = volfix.plan(laid(tmp_path, files))
    assert not plan.edits
    found = of(plan, "VF101")
    assert [item.applicability.value for item in found] == ["unsafe"] * len(found) != []
    assert all("is not read" in (item.reason or "") for item in found)


SAFE = [
    {"compose.yaml": PG, "compose.override.yaml": ""},
    {"compose.yaml": PG, "stack.yml": "Resources:\n  Bucket: {Type: s3}\n"},
    {"compose.yaml": PG, "other/compose.yaml": BROKEN},
    {"compose.yaml": PG, "broken.yaml": BROKEN},
    {"compose.yaml": PG, "README.md": UP.format("-f compose.yaml -f yours.yaml")},
    {"compose.yaml": PG, "compose.override.yaml": "networks: {default: {name: x}}\n"},
    {"compose.yaml": PG + "    env_file: [{path: gone.env, required: false}, gone-too.env]\n"},
    {"compose.yaml": "include: [more.yaml]\n" + PG, "more.yaml": ADMIN},
]


@pytest.mark.parametrize("files", SAFE)
def test_what_is_no_part_of_the_project_changes_nothing(files: dict[str, str], tmp_path: Path) -> None:
    plan = volfix.plan(laid(tmp_path, files))
    assert [item.applicability.value for item in of(plan, "VF101")] == ["safe"]


def test_the_other_projects_of_a_repository_go_on(tmp_path: Path) -> None:
    pipeline = (
        "kind: pipeline\ntype: docker\nname: d\nsteps:\n- name: up\n  image: docker\n  commands:\n"
        "  - docker compose -f a/compose.yaml up -d\n  - docker compose -f b/compose.yaml up -d\n"
    )
    files = {"a/compose.yaml": PG, "b/compose.yaml": PG, "b/compose.override.yaml": BROKEN, ".drone.yml": pipeline}
    plan = volfix.plan(laid(tmp_path, files), select=["VF101"])
    assert {item.location.path.parent.name: item.applicability.value for item in plan.findings} == {
        "a": "safe",
        "b": "none",
    }


def test_a_pipeline_of_files_that_cannot_be_read_is_not_edited(tmp_path: Path) -> None:
    pipeline = (
        "kind: pipeline\ntype: docker\nname: d\nsteps:\n- name: up\n  image: docker\n  commands:\n"
        "  - docker compose up -d\n"
    )
    before = contents(laid(tmp_path, {"compose.yaml": BROKEN, ".drone.yml": pipeline}))
    plan = volfix.plan(tmp_path, unsafe_fixes=True, trusted=True)
    assert plan.findings and all(item.fix is None for item in plan.findings)
    plan.write()
    assert not changed(before, tmp_path)


@pytest.mark.parametrize(
    ("name", "line"), [("deploy.sh", ""), ("Makefile", "deploy:\n\t"), ("ops/deploy.sh", "cd ..\n")]
)
def test_commands_beside_files_that_cannot_be_read_are_not_edited(name: str, line: str, tmp_path: Path) -> None:
    text = f"{line}docker compose down -v && docker compose up -d\n"
    before = contents(laid(tmp_path, {"compose.yaml": BROKEN, name: text}))
    plan = volfix.plan(tmp_path, unsafe_fixes=True)
    assert [item.fix for item in of(plan, "VF401")] == [None]
    plan.write()
    assert not changed(before, tmp_path)
