"""A run over one file, or over one directory of a repository, says what a run over the whole says about it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Finding

FIXTURES = sorted(path for path in (Path(__file__).parents[2] / "fixtures").iterdir() if path.is_dir())
PG = "services:\n  db:\n    image: postgres:16\n    volumes: ['{}:/var/lib/postgresql/data']\n"
NAMED = PG.format("rows") + "volumes: {rows: }\n"
WEB = "services:\n  web: {image: nginx}\n"
WIPE = "docker compose down -v\ndocker compose up -d\n"
DRONE = (
    "kind: pipeline\ntype: docker\nname: d\nsteps:\n- name: up\n  image: docker\n  commands:\n"
    "  - docker compose{} down -v\n  - docker compose{} up -d\n"
)
WORKFLOW = (
    "on: push\njobs:\n  a:\n    runs-on: self-hosted\n    steps:\n"
    "      - run: docker compose{} down -v && docker compose{} up -d\n"
)

LAYOUTS: dict[str, dict[str, str]] = {
    "script beside it": {"compose.yaml": NAMED, "deploy.sh": WIPE},
    "script below it": {"compose.yaml": NAMED, "scripts/deploy.sh": "cd ..\n" + WIPE},
    "script in the root": {"app/compose.yaml": NAMED, "deploy.sh": "cd app\n" + WIPE},
    "script in a sibling directory": {"app/compose.yaml": NAMED, "ops/deploy.sh": "cd ../app\n" + WIPE},
    "make target": {
        "app/compose.yaml": NAMED,
        "Makefile": "deploy:\n\tcd app && docker compose down -v && docker compose up -d\n",
    },
    "pipeline in the root": {"app/compose.yaml": NAMED, ".drone.yml": DRONE.replace("{}", " -f app/compose.yaml")},
    "pipeline beside it": {"compose.yaml": PG.format("./pg"), ".drone.yml": DRONE.replace("{}", "")},
    "workflow": {"app/compose.yaml": NAMED, ".github/workflows/x.yml": WORKFLOW.replace("{}", " -f app/compose.yaml")},
    "woodpecker": {
        "compose.yaml": PG.format("./pg"),
        ".woodpecker/up.yml": "steps:\n- name: up\n  image: docker\n"
        "  commands: [docker compose down -v, docker compose up -d]\n",
    },
    "two projects, one script for both": {
        "a/compose.yaml": NAMED,
        "b/compose.yaml": PG.format("./pg"),
        "deploy.sh": "cd a\n" + WIPE + "cd ../b\n" + WIPE,
    },
    "two projects, a script for nobody": {"a/compose.yaml": NAMED, "b/compose.yaml": NAMED, "deploy.sh": WIPE},
    "two projects, one directory": {"a/compose.yaml": PG.format("../rows"), "b/compose.yaml": PG.format("../rows")},
    "two projects, one volume name": {
        "a/compose.yaml": NAMED.replace("rows: }", "rows: {name: shared}}"),
        "b/compose.yaml": NAMED.replace("rows: }", "rows: {name: shared}}").replace("16", "17"),
    },
    "override": {"compose.yaml": PG.format("./pg"), "compose.override.yaml": WEB},
    "COMPOSE_FILE": {
        "app/.env": "COMPOSE_FILE=base.yml:prod.yml\n",
        "app/base.yml": WEB,
        "app/prod.yml": PG.format("./pg"),
    },
    "named by a script elsewhere": {
        "deploy/base.yml": WEB,
        "deploy/prod.yml": PG.format("./pg"),
        "ops/up.sh": "cd ../deploy\ndocker compose -f base.yml -f prod.yml up -d\n",
    },
    "an overlay with a base elsewhere": {
        "compose.yaml": WEB,
        "more/pg.compose.yaml": PG.format("./pg") + "    depends_on: [web]\n",
        "README.md": "    docker compose -f compose.yaml -f more/pg.compose.yaml up\n",
    },
    "an overlay that nothing completes": {"more/pg.compose.yaml": PG.format("./pg") + "    depends_on: [web]\n"},
    "a neighbour that cannot be read": {"app/compose.yaml": PG.format("./pg"), "app/compose.override.yaml": "a: [\n"},
    "included from elsewhere": {
        "compose.yaml": "include: [parts/db.compose.yaml]\n" + WEB,
        "parts/db.compose.yaml": PG.format("./pg"),
    },
    "a test stack beside it": {
        "compose.yaml": NAMED,
        "compose.test.yaml": NAMED,
        "test.sh": WIPE.replace("e d", "e -f compose.test.yaml d"),
    },
}

Said = tuple[object, ...]


def said(finding: Finding) -> Said:
    place = finding.location
    return (
        finding.code,
        place.path,
        place.line,
        finding.service,
        finding.target,
        finding.step,
        finding.message,
        finding.applicability,
        finding.reason,
    )


def expected(whole: volfix.Plan, file: Path) -> set[Said]:
    """What the run over the whole says of the projects with this file, and of what they share with others."""
    found = set()
    for plan in whole.run.stacks:
        projects = [project for project in plan.stack.projects if file in {each.path for each in project.files}]
        own = {each.path for project in projects for each in project.loaded}
        others = {each.path for project in plan.stack.projects for each in project.loaded} - own
        findings = [item.finding for project in plan.projects for item in project.findings]
        found |= {said(item) for item in findings if projects and item.location.path not in others}
    return found


def check(root: Path) -> int:
    whole = volfix.plan(root)
    files = {each.path for plan in whole.run.stacks for project in plan.stack.projects for each in project.files}
    for file in sorted(files):
        wanted = expected(whole, file)
        one = volfix.plan(file)
        assert {said(item) for item in one.findings} == wanted, file
        assert {each.path for each in one.result.errors} <= {each.path for each in whole.result.errors}
        below = {said(item) for item in volfix.plan(file.parent).findings}
        assert wanted <= below <= {said(item) for item in whole.findings}, file.parent
    return len(files)


def in_git(root: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


@pytest.mark.parametrize("files", LAYOUTS.values(), ids=LAYOUTS)
def test_in_every_layout(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert check(in_git(tmp_path))
    assert volfix.plan(tmp_path).findings or "test" in "".join(files)


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.name)
def test_in_every_fixture(fixture: Path, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    shutil.copytree(fixture, root, symlinks=True)
    assert check(in_git(root))


@pytest.mark.parametrize("name", [".drone.yml", ".woodpecker/up.yml"])
def test_a_pipeline_stands_for_what_it_deploys(name: str, tmp_path: Path) -> None:
    text = LAYOUTS["woodpecker"][".woodpecker/up.yml"] if "wood" in name else DRONE.replace("{}", "")
    files = {"compose.yaml": PG.format("./pg"), name: text, "other/compose.yaml": PG.format("./pg")}
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    found = volfix.plan(in_git(tmp_path) / name).findings
    assert {"VF101"} < {item.code for item in found}
    assert tmp_path / "other/compose.yaml" not in {item.location.path for item in found}


def test_what_is_wrong_elsewhere_is_not_said_of_a_part(tmp_path: Path) -> None:
    for path, content in {
        "a/compose.yaml": NAMED,
        "b/compose.yaml": "a: [\n",
        "c/compose.yaml": "{{ x }}: 1\n",
    }.items():
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(content)
    in_git(tmp_path)
    assert [error.path.parent.name for error in volfix.plan(tmp_path).result.errors] == ["b"]
    for asked in ("a", "a/compose.yaml"):
        result = volfix.plan(tmp_path / asked).result
        assert (result.errors, result.notes, result.status) == ((), (), 0)
    assert volfix.plan(tmp_path / "b").result.status == 2


def test_two_files_of_one_directory_are_both_asked_for(tmp_path: Path) -> None:
    for name in ("compose.one.yaml", "compose.two.yaml", "compose.three.yaml"):
        (tmp_path / name).write_text(PG.format(f"./data-{name}"))
    found = volfix.plan([tmp_path / "compose.one.yaml", tmp_path / "compose.two.yaml"]).findings
    assert {item.location.path.name for item in found} == {"compose.one.yaml", "compose.two.yaml"}
