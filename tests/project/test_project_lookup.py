"""Which projects a command of a deployment is about: by the files that it names, its directory, its flow."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.project.deployments.stacks import Commands

DB = "services:\n  db:\n    image: postgres:16\n    volumes: ['rows:/var/lib/postgresql/data']\nvolumes: {rows: }\n"
OVER = "services:\n  db:\n    restart: always\n"


def commands(root: Path, files: dict[str, str]) -> Commands:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    found = next(stack.context.commands for stack in volfix.plan(root).run.stacks)
    assert found is not None
    return found


def about(root: Path, files: dict[str, str]) -> list[list[str]]:
    """The files of each project that the one command which deletes volumes is about."""
    ((_, projects),) = commands(root, files).volume_deletions
    return [[str(file.path.relative_to(root)) for file in project.files] for project in projects]


TWO = {"app/compose.yaml": DB, "web/compose.yaml": DB}
VARIANTS = {"compose.yaml": DB, "compose.prod.yaml": OVER, "compose.dev.yaml": OVER}
ONE = {"app/compose.yaml": DB}


@pytest.mark.parametrize(
    ("files", "script", "projects"),
    [
        (TWO, "cd app && docker compose down -v", [["app/compose.yaml"]]),
        (TWO, "(cd web && docker compose down -v)", [["web/compose.yaml"]]),
        (TWO, "docker compose -f web/compose.yaml down -v", [["web/compose.yaml"]]),
        (TWO, "docker compose --file=./app/../web/compose.yaml down -v", [["web/compose.yaml"]]),
        (TWO, "docker compose --project-directory app down -v", [["app/compose.yaml"]]),
        # the directory where Compose looks, and those above it
        ({**TWO, "app/src/x.py": ""}, "cd app/src && docker compose down -v", [["app/compose.yaml"]]),
        ({"compose.yaml": DB, **TWO, "ops/x.py": ""}, "cd ops && docker compose down -v", [["compose.yaml"]]),
        # another name of the same directory's project is none that Compose finds by itself
        ({"compose.yaml": DB, "stack.yml": DB}, "docker compose down -v", [["compose.yaml"]]),
        ({"compose.yaml": DB, "stack.yml": DB}, "docker compose -f stack.yml down -v", [["stack.yml"]]),
        # the only one below; two are no answer
        (ONE, "docker compose down -v", [["app/compose.yaml"]]),
        (TWO, "docker compose down -v", []),
        # several files of one project, a part of them
        (
            VARIANTS,
            "docker compose -f compose.yaml -f compose.prod.yaml down -v",
            [["compose.yaml", "compose.prod.yaml"]],
        ),
        (VARIANTS, "docker compose -f compose.prod.yaml down -v", [["compose.prod.yaml"]]),
        # the flow's own stack, where the command names none
        (TWO, "cd app && docker compose up -d\ndocker volume rm app_rows", [["app/compose.yaml"]]),
        # a directory that the checkout lacks is another one; one whose name is not known may be this one
        (ONE, "cd gone && docker compose down -v", []),
        (ONE, "cd $HERE && docker compose down -v", [["app/compose.yaml"]]),
        # on the machine that is deployed to the files have the same names
        (TWO, "ssh h 'cd /srv/shop && docker compose down -v'", []),
        (ONE, "ssh h 'cd /srv/shop && docker compose down -v'", [["app/compose.yaml"]]),
        ({"app/a.yml": DB, "web/b.yml": DB}, "ssh h 'docker compose -f /srv/b.yml down -v'", [["web/b.yml"]]),
        ({"app/b.yml": DB, "web/b.yml": DB}, "ssh h 'docker compose -f /srv/b.yml down -v'", []),
        (
            VARIANTS,
            "ssh h 'cd /srv && docker compose -f compose.yaml -f compose.prod.yaml down -v'",
            [["compose.yaml", "compose.prod.yaml"]],
        ),
    ],
)
def test_the_projects_that_a_command_is_about(
    files: dict[str, str], script: str, projects: list[list[str]], tmp_path: Path
) -> None:
    assert about(tmp_path, {**files, "deploy.sh": f"{script}\n"}) == projects


PIPELINE = """\
kind: pipeline
type: docker
name: deploy
steps:
  - name: deploy
    image: docker:27-cli
    commands:
      - export FILE=b.yml
      - docker compose -f $FILE up -d
"""


def test_the_one_file_of_a_deployment_is_the_first_of_its_project(tmp_path: Path) -> None:
    scripts = {
        "ship.sh": "docker compose -f b.yml -f c.yml up -d\n",
        "deploy.sh": "docker compose -f c.yml -f b.yml up -d\n",
    }
    for name, text in {"b.yml": OVER, "c.yml": DB, ".drone.yml": PIPELINE, **scripts}.items():
        (tmp_path / name).write_text(text)
    (stack,) = (each.stack for each in volfix.plan(tmp_path).run.stacks)
    (workflow,) = stack.workflows
    (deployment,) = workflow.deployments
    assert sorted(project.file_names for project in stack.projects) == [("b.yml", "c.yml"), ("c.yml", "b.yml")]
    assert [each.file_names for each in workflow.projects(deployment, stack.projects)] == [("b.yml", "c.yml")]


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ("cd app && docker compose down -v", "{root}/app"),
        ("docker compose -f app/compose.yaml down -v", "{root}/app"),
        ("ssh h 'cd /srv/shop && docker compose down -v'", "/srv/shop"),
        ("ssh h 'docker compose -f /srv/new/compose.yaml down -v'", "/srv/new"),
    ],
)
def test_where_the_projects_of_a_flow_lie_for_its_commands(script: str, place: str, tmp_path: Path) -> None:
    found = commands(tmp_path, {**ONE, "deploy.sh": f"{script}\n"})
    (flow,) = found.files.flows
    assert [anchor.place for anchor in found.anchors(flow)] == [place.format(root=tmp_path)]
