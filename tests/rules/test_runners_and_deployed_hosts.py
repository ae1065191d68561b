"""Given a flow that deploys to another machine, then what it deletes on its own is not of the stack."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

ROWS = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n    driver: local\n"
DATA = "services:\n  app:\n    image: example/shop:1\n    volumes: ['./uploads:/app/uploads']\n"
PG = "services:\n  db:\n    image: postgres:16\n    volumes: ['./pgdata:/var/lib/postgresql/data']\n"


def jenkins(*steps: str, end: str = "", environment: str = "") -> tuple[str, str]:
    post = f" post {{ always {{\n  {end}\n }} }}\n" if end else ""
    text = "".join(f"    {step}\n" for step in steps)
    return (
        "Jenkinsfile",
        f"pipeline {{\n agent any\n{environment} stages {{\n  stage('Deploy') {{ steps {{\n{text}  }} }}\n }}\n{post}}}\n",
    )


def gitlab(*commands: str, more: str = "") -> tuple[str, str]:
    return ".gitlab-ci.yml", f"deploy:\n{more}  script:\n" + "".join(f"    - {command}\n" for command in commands)


def actions(*commands: str, more: str = "", runs_on: str = "self-hosted") -> tuple[str, str]:
    steps = "".join(f"      - run: {command}\n" for command in commands)
    return (
        ".github/workflows/ship.yml",
        f"on: push\njobs:\n  deploy:\n    runs-on: {runs_on}\n{more}    steps:\n{steps}",
    )


def found(root: Path, compose: str, file: tuple[str, str]) -> list[str]:
    for name, text in (("compose.yaml", compose), file):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return [each.code for each in volfix.plan(root).findings if each.code in ("VF101", "VF309", "VF401", "VF402")]


UP = "docker compose up -d"
ELSEWHERE = {
    "Swarm over ssh": jenkins(
        "sh 'ssh ops@swarm \"docker stack deploy -c compose.yaml shop\"'", end="sh 'docker volume prune -af'"
    ),
    "the project's name on the agent": jenkins(
        f"sh 'ssh ops@web \"cd /srv && {UP}\"'", end="sh 'docker compose down -v'"
    ),
    "a context of the call": gitlab("docker volume prune -f", "docker --context live compose up -d"),
    "a context of a stack": gitlab("docker volume prune -f", "docker --context live stack deploy -c compose.yaml shop"),
    "an address of a stack": gitlab(
        "docker system prune -af --volumes", "docker -H tcp://swarm.example.org:2376 stack deploy -c compose.yaml shop"
    ),
    "an address of the call": gitlab(f"DOCKER_HOST=ssh://ops@web {UP}", "docker compose down -v"),
    "a variable of the call alone": actions("docker volume prune -f", f"DOCKER_CONTEXT=live {UP}"),
    "a context that is chosen behind": actions("docker compose down -v", "docker context use live", UP),
    "a context that is chosen, and left again": actions(
        "docker context use live", UP, "docker context use default", "docker volume prune -f"
    ),
    "a machine that is thrown away": actions(
        f"ssh ops@web 'cd /srv && {UP}'", "docker volume prune -f", runs_on="ubuntu-latest"
    ),
    "a daemon beside the job": gitlab(
        "docker compose down -v", f"ssh ops@web 'cd /srv && {UP}'", more="  services: ['docker:27-dind']\n"
    ),
}
HERE = {
    "the agent's own": jenkins(f"sh '{UP}'", end="sh 'docker volume prune -af'"),
    "both on another host": gitlab(f"ssh ops@web 'cd /srv && docker compose down -v && {UP}'"),
    "an address for all": actions("docker compose down -v", UP, more="    env: {DOCKER_HOST: 'ssh://ops@web'}\n"),
    "a context for all": actions("docker context use live", "docker compose down -v", UP),
    "also on the agent": jenkins(
        f"sh '{UP}'", f"sh 'ssh ops@web \"cd /srv && {UP}\"'", end="sh 'docker volume prune -af'"
    ),
    "the default context": gitlab("docker compose down -v", "docker --context default compose up -d"),
    "the file of a stack is no context": gitlab("docker volume prune -af", "docker stack deploy -c compose.yaml shop"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_the_runner_s_own_daemon_has_nothing_of_the_stack(name: str, tmp_path: Path) -> None:
    assert not found(tmp_path, ROWS, ELSEWHERE[name])


@pytest.mark.parametrize("name", HERE)
def test_the_daemon_that_has_the_stack_loses_it(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, ROWS, HERE[name]) == ["VF401"]


NOT_THERE = {
    "cleanWs behind a deployment over ssh": jenkins(f"sh 'ssh ops@web \"cd /srv && {UP}\"'", end="cleanWs()"),
    "deleteDir before a copy and a deployment over ssh": jenkins(
        "deleteDir()", "checkout scm", "sh 'scp compose.yaml ops@web:/srv/'", f"sh 'ssh ops@web \"cd /srv && {UP}\"'"
    ),
    "started in a directory of the host": jenkins(f"sh 'cd /opt/shop && {UP}'", end="cleanWs()"),
    "only built here": gitlab("git clean -ffdx", "docker compose build", f"ssh ops@web 'cd /srv && {UP}'"),
    "another host's daemon": gitlab("git clean -ffdx", f"DOCKER_HOST=ssh://ops@web {UP}"),
    "rm": actions("rm -rf ./*", f"ssh ops@web 'cd /srv && {UP}'"),
}
THERE = {
    "cleanWs": jenkins("cleanWs()", "checkout scm", f"sh '{UP}'"),
    "deleteDir behind": jenkins(f"sh '{UP}'", end="deleteDir()"),
    "the checkout's directory": jenkins(f"sh 'cd . && {UP}'", end="cleanWs()"),
    "also over ssh": jenkins(f"sh '{UP}'", f"sh 'ssh ops@web \"cd /srv && {UP}\"'", end="cleanWs()"),
    "git clean": actions("git clean -ffdx", UP),
    "rm": actions("rm -rf ./*", UP),
}


@pytest.mark.parametrize("name", NOT_THERE)
def test_a_workspace_that_nothing_of_the_stack_runs_in_may_be_cleaned(name: str, tmp_path: Path) -> None:
    assert not found(tmp_path, DATA, NOT_THERE[name])


@pytest.mark.parametrize("name", THERE)
def test_a_workspace_that_the_stack_runs_in_loses_what_is_mounted(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, DATA, THERE[name]) == ["VF402"]


@pytest.mark.parametrize("name", THERE)
def test_where_the_mount_becomes_a_volume_that_is_the_one_finding(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, PG, THERE[name]) == ["VF101"]
    (finding,) = [each for each in volfix.plan(tmp_path).findings if each.code == "VF101"]
    assert any(line.endswith("deletes the directory") for line in finding.evidence)
    assert found(tmp_path, PG.replace("data']", "data'] # volfix: ignore[VF101] kept"), THERE[name]) == ["VF402"]


def test_what_names_the_data_itself_is_a_finding_of_its_own(tmp_path: Path) -> None:
    assert found(tmp_path, PG, actions("rm -rf pgdata", UP)) == ["VF402", "VF101"]


def test_a_checkout_that_the_system_cleans_is_evidence_of_the_one_finding(tmp_path: Path) -> None:
    path, text = actions(UP)
    text = text.replace("    steps:\n", "    steps:\n      - uses: actions/checkout@v4\n")
    assert found(tmp_path, PG, (path, text)) == ["VF101"]
    (finding,) = [each for each in volfix.plan(tmp_path).findings if each.code == "VF101"]
    assert any(line.startswith("the directory is gone before each deployment: ") for line in finding.evidence)
