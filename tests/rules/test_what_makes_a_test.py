"""Given jobs and stages of any name, when they bring a stack up that stays, then what they run says whether it is a test."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n    driver: local\n"
ANEW = ["docker compose down -v", "docker compose up --build -d"]


def jenkins(*stages: tuple[str, list[str]], end: str = "") -> tuple[str, str]:
    text = "".join(
        f"  stage('{name}') {{ steps {{\n" + "".join(f"    sh '{command}'\n" for command in commands) + "  } }\n"
        for name, commands in stages
    )
    post = f" post {{ always {{ sh '{end}' }} }}\n" if end else ""
    return "Jenkinsfile", f"pipeline {{\n agent any\n stages {{\n{text} }}\n{post}}}\n"


def actions(title: str, job: str, *commands: str, runs_on: str = "self-hosted") -> tuple[str, str]:
    steps = "".join(f"      - run: {command}\n" for command in commands)
    return (
        ".github/workflows/main.yml",
        f"name: {title}\non: push\njobs:\n  {job}:\n    runs-on: {runs_on}\n    steps:\n{steps}",
    )


def gitlab(**jobs: list[str]) -> tuple[str, str]:
    return ".gitlab-ci.yml", "".join(
        f"{name}:\n  script:\n" + "".join(f"    - {command}\n" for command in commands)
        for name, commands in jobs.items()
    )


def drone(name: str, *commands: str) -> tuple[str, str]:
    lines = "".join(f"      - {command}\n" for command in commands)
    return ".drone.yml", f"kind: pipeline\ntype: exec\nname: default\nsteps:\n  - name: {name}\n    commands:\n{lines}"


DEPLOYS = {
    "Build": jenkins(("Build", ANEW)),
    "Build, and tests that leave it up": jenkins(("Build", ANEW), ("Test", ["docker compose exec app pytest"])),
    "Build and Test, without a test": jenkins(("Build and Test", ANEW)),
    "Test, without a test": jenkins(("Build", ["docker compose build"]), ("Test", ANEW)),
    "a workflow that is called a test": actions("Build and test", "build", *ANEW),
    "a job that is called a check": actions("main", "check", *ANEW),
    "GitLab": gitlab(test=ANEW),
    "Drone": drone("integration", *ANEW),
    "what only speaks of tests": gitlab(test=["echo Running tests", "rm -rf tests/out", *ANEW]),
    "a test of the shell": gitlab(test=["test -f compose.yaml", *ANEW]),
}
TESTS = {
    "a stage with tests, named so": jenkins(("Test", [*ANEW, "docker compose exec -T app pytest"])),
    "tests in a stage of their own": jenkins(("Test: start", ANEW), ("Test: run", ["npm run test:e2e"])),
    "Build, with tests, that goes down": jenkins(("Build", ANEW), ("Test", ["npx jest"]), end="docker compose down"),
    "goes down in the end": actions("Build and test", "build", *ANEW, "docker compose stop"),
    "a target": actions("CI", "check", *ANEW, "make test"),
    "a script": gitlab(test=[*ANEW, "./run_tests.sh"]),
    "in the container": gitlab(test=[*ANEW, "docker exec app ./gradlew integrationTest -Dtest=Shop"]),
    "ends with a container": gitlab(test=["docker compose down -v", "docker compose up --exit-code-from app"]),
    "down in a job of its own": gitlab(test_up=ANEW, test_down=["docker compose down -v"]),
    "Drone": drone("integration", *ANEW, "go test ./..."),
    "a machine that is thrown away": actions("Build and test", "build", *ANEW, runs_on="ubuntu-latest"),
}


def found(root: Path, file: tuple[str, str]) -> list[str]:
    for name, text in (("compose.yaml", COMPOSE), file):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return [each.code for each in volfix.plan(root, select=["VF401"]).findings]


@pytest.mark.parametrize("name", DEPLOYS)
def test_a_name_alone_makes_no_test(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, DEPLOYS[name]) == ["VF401"]


@pytest.mark.parametrize("name", TESTS)
def test_what_runs_tests_or_goes_down_is_one(name: str, tmp_path: Path) -> None:
    assert not found(tmp_path, TESTS[name])


def test_the_checkout_of_a_stack_that_stays_up_is_a_deployment_s(tmp_path: Path) -> None:
    compose = "services:\n  app:\n    image: example/shop:1\n    volumes: ['./uploads:/app/uploads']\n"
    path, text = actions("Build and test", "build", "docker compose up --build -d")
    text = text.replace("    steps:\n", "    steps:\n      - uses: actions/checkout@v4\n")
    for name, content in (("compose.yaml", compose), (path, text)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert [each.code for each in volfix.plan(tmp_path).findings] == ["VF309"]
