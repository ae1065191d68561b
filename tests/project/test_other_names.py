"""Compose files whose names do not say so: which are read, as which projects, and what else looks alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from volfix.cli.main import volfix
from volfix.project.compose import compose_file
from volfix.project.discovery import directories
from volfix.project.loader import Loader
from volfix.project.stacks import read_stacks
from volfix.syntax import disk, yaml_tree
from volfix.syntax.source import Source

PG = "    image: postgres:16\n    volumes: ['./{}:/var/lib/postgresql/data']\n"
DB = "services:\n  db:\n" + PG.format("pg")
WEB = "services: {web: {image: nginx}}\n"


def output(*arguments: str) -> str:
    return CliRunner().invoke(volfix, list(arguments)).stdout


def written(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())


def projects(tmp_path: Path, files: dict[str, str], *options: str) -> list[dict[str, Any]]:
    """The projects with findings, as the run reports them."""
    written(tmp_path, files)
    report = json.loads(output(str(tmp_path), "--output-format", "json", *options))
    return [project for project in report["projects"] if project["findings"]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("apps/forgejo.yml", DB),
        ("stacks/wiki/wiki.yaml", "# wiki\nversion: '3.8'\n" + DB + "networks: {default: {}}\n"),
        ("db.YML", DB.replace("\n", "\r\n")),
        ("flow.yml", "services: {db: {image: 'postgres:16', volumes: ['./pg:/var/lib/postgresql/data']}}\n"),
        ("ansible/files/db.yml", "x-base: &base\n  restart: always\n" + DB),
        ("bom.yml", "\ufeff" + DB),
        ("logs.yml", DB + "    logging: {options: {tag: '{{.Name}}'}}\n"),
    ],
)
def test_a_file_is_read_whatever_it_is_called(name: str, text: str, tmp_path: Path) -> None:
    [project] = projects(tmp_path, {name: text})
    assert project["files"] == [name]
    assert [finding["code"] for finding in project["findings"]] == ["VF101"]
    assert project["findings"][0]["applicability"] == "safe"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("k8s/db.yml", "apiVersion: v1\nkind: List\n" + DB),
        (".gitlab-ci-jobs.yml", "stages: [test]\n" + DB),
        ("gitlab.yml", "image: python\nservices:\n  - name: postgres:16\n    alias: db\n"),
        ("drone-jobs.yml", "pipeline: {a: {image: alpine}}\n" + DB),
        ("jobs.yml", "jobs:\n  test:\n    services:\n      db:\n        image: postgres:16\n" + DB),
        ("chart/values.yaml", "replicaCount: 1\n" + DB),
        ("chart/templates/db.yaml", DB.replace("postgres:16", "{{ .Values.image }}\n    x: {{ include 'y' . }}")),
        ("templates/db.yml", DB.replace("postgres:16", "'postgres:{{ version }}'")),
        ("jinja.yml", DB + "{% if cache %}\n  cache:\n    image: redis\n{% endif %}\n"),
        ("api.yaml", "openapi: 3.0.0\n" + DB),
        ("play.yml", "- hosts: all\n  vars:\n    services:\n      db:\n        image: postgres:16\n"),
        ("bake.yaml", "group: {default: {targets: [db]}}\n" + DB),
        ("configuration.yaml", "homeassistant: {name: Home}\n" + DB),
        ("store.yml", "captainVersion: 4\n" + DB.replace("db:", "$$cap_appname-db:")),
        ("config/services.yaml", "services:\n  _defaults:\n    autowire: true\n  App\\:\n    resource: ../src\n"),
        ("lando.yml", "services:\n  db:\n    type: compose\n    services:\n      image: postgres:16\n"),
        ("inner.yml", "x-inner:\n  services:\n    db:\n" + PG.format("pg")),
        ("broken.yml", DB + "  cache: [\n"),
        ("notes.txt", DB),
    ],
)
def test_what_looks_alike_is_left_alone(name: str, text: str, tmp_path: Path) -> None:
    assert projects(tmp_path, {name: text, "compose.yaml": WEB}) == [], name


KEPT = "volumes: ['rows:/var/lib/postgresql/data']\nvolumes: {rows: {driver: local}}\n"
PARTS = {
    "extends of another directory": {
        "compose.yaml": f"services:\n  db:\n    extends: {{file: parts/base.yml, service: db}}\n    {KEPT}",
        "parts/base.yml": DB,
    },
    "extends of the same directory": {
        "compose.yaml": f"services:\n  db:\n    extends: {{file: base.yml, service: db}}\n    {KEPT}",
        "base.yml": DB,
    },
    "extends of a file of another name": {
        "all.yml": f"services:\n  db:\n    extends: {{file: base.yml, service: db}}\n    {KEPT}",
        "base.yml": DB,
    },
    "-f": {
        "site.yml": DB,
        "site/prod.yml": f"services:\n  db:\n    image: postgres:16\n    {KEPT}",
        "up.sh": "docker compose -f site.yml -f site/prod.yml up -d\n",
    },
    "COMPOSE_FILE": {
        ".env": "COMPOSE_FILE=site.yml:prod.yml\n",
        "site.yml": DB,
        "prod.yml": f"services:\n  db:\n    image: postgres:16\n    {KEPT}",
    },
}


@pytest.mark.parametrize("kind", PARTS)
def test_what_another_file_takes_belongs_to_that_project(kind: str, tmp_path: Path) -> None:
    """Alone each of these parts is a project too; together with the other file's volume none has rows on a bind."""
    files = {name: text for name, text in PARTS[kind].items() if not name.endswith((".env", ".sh"))}
    written(tmp_path, PARTS[kind])
    loader = Loader([], [])
    stacks = read_stacks(directories([tmp_path], loader.problems), loader)
    [project] = [project for stack in stacks for project in stack.projects]
    assert sorted(str(file.path.relative_to(tmp_path)) for file in project.loaded) == sorted(files)
    assert [mount.kind for mount in project.mounts_of(project.services["db"])] == ["volume"]


def test_an_included_file_is_one_part_of_one_project(tmp_path: Path) -> None:
    files = {"compose.yaml": "include: [apps/db.yml, wiki.yml]\n" + WEB, "apps/db.yml": DB}
    files["wiki.yml"] = "services:\n  wiki-db:\n" + PG.format("wiki")
    [project] = projects(tmp_path, files)
    assert project["files"] == ["compose.yaml"]
    assert [finding["file"] for finding in project["findings"]] == ["apps/db.yml", "wiki.yml"]


def test_files_of_one_directory_are_projects_that_share_a_name_and_no_volume(tmp_path: Path) -> None:
    """Compose calls both `apps`: with one key both servers would get one volume."""
    files = {"apps/shop.yml": DB, "apps/wiki.yml": "services:\n  db:\n" + PG.format("wiki")}
    found = projects(tmp_path, files, "--write")
    assert [(project["files"], project["name"]) for project in found] == [
        (["apps/shop.yml"], "apps"),
        (["apps/wiki.yml"], "apps"),
    ]
    assert [move["volume"] for project in found for move in project["moves"]] == ["db-data", "db-data-2"]
    assert "db-data-2:/var" in (tmp_path / "apps/wiki.yml").read_text()
    assert projects(tmp_path, {}) == []


@pytest.mark.parametrize(
    ("command", "variable"),
    [
        ("docker compose -f compose.yaml -f $APP.yml up -d", "$APP.yml"),
        ("docker compose $FILES up -d", "$FILES"),
        ('docker-compose --env-file x.env "${FILES[@]}" up -d', "$FILES"),
        ("docker compose $(printf -- '-f %s ' *.yml) up -d", "$(...)"),
    ],
)
def test_a_file_that_a_command_may_merge_is_unsafe(command: str, variable: str, tmp_path: Path) -> None:
    [project] = projects(tmp_path, {"compose.yaml": WEB, "apps/db.yml": DB, "up.sh": f"#!/bin/sh\n{command}\n"})
    [finding] = project["findings"]
    assert finding["applicability"] == "unsafe"
    text = output(str(tmp_path))
    assert f"{variable} is not read (up.sh takes names of Compose files from it" in text


@pytest.mark.parametrize(
    "command",
    [
        'for app in *.yml; do docker compose -f "$app" up -d; done',
        'docker compose "$@"',
        "docker compose $1 web",
        "# docker compose $FILES up -d",
        "docker compose exec db psql -U $POSTGRES_USER",
    ],
)
def test_a_command_that_merges_nothing_leaves_it_safe(command: str, tmp_path: Path) -> None:
    [project] = projects(tmp_path, {"compose.yaml": WEB, "apps/db.yml": DB, "up.sh": f"#!/bin/sh\n{command}\n"})
    assert [finding["applicability"] for finding in project["findings"]] == ["safe"]


def test_each_file_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes first: of a thousand YAML files that are something else, none is parsed."""
    written(tmp_path, {f"k8s/{number}.yaml": "apiVersion: v1\nkind: Service\n" for number in range(1000)})
    written(tmp_path, {"compose.yaml": WEB})
    looked: list[str] = []
    parsed: list[str] = []
    glance, parse = disk.glance, yaml_tree.parse

    def glancing(path: Path, size: int) -> bytes:
        looked.append(str(path))
        return glance(path, size)

    def parsing(source: Source) -> list[yaml_tree.Document]:
        parsed.append(source.path.name)
        return parse(source)

    monkeypatch.setattr(disk, "glance", glancing)
    monkeypatch.setattr(compose_file, "parse", parsing)
    assert projects(tmp_path, {}) == []
    assert len(looked) == len(set(looked)) == 1000
    assert parsed == ["compose.yaml"]
