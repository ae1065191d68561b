"""Compose files that only a command line, COMPOSE_FILE or an `include:` names belong to the projects that they make."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

PG = "services:\n  db:\n    image: postgres:16\n    volumes: ['{source}:/var/lib/postgresql/data']\n"
EXTERNAL = "services:\n  db:\n    restart: always\nvolumes:\n  db-data:\n    external: true\n"


def volumes(directory: Path, files: dict[str, str]) -> set[str]:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    plan = volfix.plan(directory)
    assert not [project.failure for project in plan.projects if project.failure]
    return {move.volume for project in plan.projects for move in project.moves}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Makefile", "up:\n\tdocker compose -f compose.yaml \\\n\t\t-f prod.yml up -d\n"),
        ("up.sh", "docker-compose --file=compose.yaml --file prod.yml up -d\n"),
        ("ops/up.sh", 'cd .. && docker compose -f "compose.yaml" -f "prod.yml" up -d\n'),
        (
            ".github/workflows/w.yml",
            "jobs:\n  a:\n    steps:\n      - run: docker compose -f compose.yaml -f prod.yml up\n",
        ),
        ("up.sh", "export COMPOSE_FILE=compose.yaml:prod.yml\ndocker compose up -d\n"),
    ],
)
def test_a_key_that_such_a_file_has_is_taken(name: str, text: str, tmp_path: Path) -> None:
    files = {"compose.yaml": PG.format(source="./data"), "prod.yml": EXTERNAL, name: text}
    assert volumes(tmp_path, files) == {"db-data-2"}


@pytest.mark.parametrize(
    "text",
    [
        "up:\n\tkubectl apply -f prod.yml\n",
        "up:\n\tdocker compose -f $(STAGE).yml up\n",
        "up:\n\tdocker compose -f compose.yaml logs -f prod.yml\n",
        "up:\n\tdocker compose -f prod.yml --project-directory /srv/x up\n",
    ],
)
def test_other_files_are_not(text: str, tmp_path: Path) -> None:
    files = {"compose.yaml": PG.format(source="./data"), "prod.yml": EXTERNAL, "Makefile": text}
    assert volumes(tmp_path, files) == {"db-data"}


def test_a_project_of_such_files_alone_is_found(tmp_path: Path) -> None:
    files = {"base.yml": PG.format(source="./data"), "up.sh": "docker compose -f base.yml up -d\n"}
    assert volumes(tmp_path, files) == {"db-data"}


def test_compose_file_leads_to_the_directory_of_its_first_file(tmp_path: Path) -> None:
    """Source: compose-spec/compose-go, cli/options.go: the working directory is that of the first file."""
    files = {
        ".env": "COMPOSE_FILE=deploy/base.yaml:live/prod.yaml\nROWS=./rows\n",
        "deploy/base.yaml": PG.format(source="${ROWS}"),
        "live/prod.yaml": "services: {db: {restart: always}}\n",
    }
    assert volumes(tmp_path, files) == {"db-data"}
    plan = volfix.plan(tmp_path)
    assert [project.name for project in plan.projects] == ["deploy"]


def test_the_env_file_of_an_include_gives_values(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "include:\n  - path: db/compose.yaml\n    env_file: [db/one.env, db/two.env]\n",
        "db/compose.yaml": PG.format(source="${ROWS}"),
        "db/one.env": "ROWS=/srv/elsewhere\n",
        "db/two.env": "ROWS=./rows\n",
    }
    assert volumes(tmp_path, files) == {"db-data"}
