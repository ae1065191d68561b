"""Given steps of a workflow, when an input decides or another daemon was chosen before, then a deployment knows it."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n"
HEAD = "on: workflow_dispatch\njobs:\n  deploy:\n    runs-on: {runner}\n    steps:\n"


def codes(directory: Path, files: dict[str, str]) -> list[str]:
    for name, text in {"compose.yaml": COMPOSE, **files}.items():
        path = directory / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [each.code for each in volfix.plan(directory / "shop").findings]


def workflow(*steps: str, runner: str = "self-hosted") -> dict[str, str]:
    return {".github/workflows/ship.yml": HEAD.format(runner=runner) + "".join(f"      - {step}\n" for step in steps)}


UP = "run: docker compose up -d"
DOWN = "{{if: {}, run: docker compose down -v}}"
ASKED = ["inputs.wipe == 'true'", "github.event.inputs.fresh", "${{ inputs.again }}", "inputs.wipe && success()"]


@pytest.mark.parametrize("condition", ASKED)
def test_a_step_that_an_input_decides_is_asked_for(condition: str, tmp_path: Path) -> None:
    assert "VF401" not in codes(tmp_path, workflow(DOWN.format(f'"{condition}"'), UP))


@pytest.mark.parametrize("condition", ["github.ref == 'refs/heads/main'", "success()", "github.event_name == 'push'"])
def test_any_other_condition_holds_when_it_deploys(condition: str, tmp_path: Path) -> None:
    assert "VF401" in codes(tmp_path, workflow(DOWN.format(f'"{condition}"'), UP))


def test_an_input_that_decides_the_deployment_too(tmp_path: Path) -> None:
    down, up = DOWN.format('"inputs.deploy"'), '{if: "inputs.deploy", run: docker compose up -d}'
    assert "VF401" in codes(tmp_path, workflow(down, up))


def test_a_context_that_a_step_before_has_chosen(tmp_path: Path) -> None:
    steps = "run: docker context use web", "run: docker compose -p shop-$GITHUB_RUN_NUMBER up -d"
    found = codes(tmp_path, workflow(*steps, runner="ubuntu-latest"))
    assert "VF304" not in found
    assert "VF308" in found


ORDER = {
    "written anew behind it": ("echo {} >> .env\necho A=1 > .env\n", False),
    "written anew by tee": ("echo {} >> .env\necho A=1 | tee .env\n", False),
    "made of another file": ("echo {} > .env\ncat config > .env\n", False),
    "the last one wins": ("echo {} > .env\necho DATABASE_URL=sqlite:////app/data/x.db >> .env\n", False),
    "behind what is there": ("echo A=1 > .env\necho {} >> .env\n", True),
    "behind it by tee": ("echo {} > .env\necho A=1 | tee -a .env\n", True),
}


@pytest.mark.parametrize(("script", "counts"), ORDER.values(), ids=ORDER)
def test_the_order_in_which_an_env_file_is_written(script: str, counts: bool, tmp_path: Path) -> None:
    compose = (
        "services:\n  app:\n    image: python:3.12-slim\n    working_dir: /app\n"
        "    environment: {DATABASE_URL: '${DATABASE_URL}'}\n    volumes: [rows:/app/data]\nvolumes:\n  rows:\n"
    )
    text = script.format("DATABASE_URL=sqlite:////app/x.db") + "docker compose up -d\n"
    files = {"compose.yaml": compose, "requirements.txt": "sqlalchemy\n", "deploy.sh": text}
    assert ("VF201" in codes(tmp_path, files)) is counts


DOWN_UP = "docker compose down -v\ndocker compose up -d\n"
ROOT = {
    "PowerShell": ("deploy.ps1", f"Set-Location $PSScriptRoot\n{DOWN_UP}"),
    "PowerShell, with the option": ("deploy.ps1", f'Set-Location -Path "$PSScriptRoot"\n{DOWN_UP}'),
    "Task": (
        "Taskfile.yml",
        "version: '3'\ntasks:\n  deploy:\n    dir: '{{.ROOT_DIR}}'\n    cmds:\n"
        + "".join(f"      - {line}\n" for line in DOWN_UP.splitlines()),
    ),
}


@pytest.mark.parametrize(("name", "text"), ROOT.values(), ids=ROOT)
def test_a_file_that_says_its_own_directory(name: str, text: str, tmp_path: Path) -> None:
    files = {"compose.yaml": COMPOSE, name: text}
    codes(tmp_path, files)
    (finding,) = [each for each in volfix.plan(tmp_path / "shop").findings if each.code == "VF401"]
    assert "this deletes volumes of the stack shop: shop_rows" in finding.evidence
