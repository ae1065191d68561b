"""Given a job of Actions or GitLab: the daemon, the checkout's life, the project's name, and whether it is a test."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

import volfix
from volfix.knowledge.systems import Life
from volfix.project.ci.load import load
from volfix.project.compose.compose_file import NotForVolfix
from volfix.project.deployments.deployment import Checkout, Deployment, deployments

WORKFLOW, GITLAB, CIRCLE = ".github/workflows/ship.yml", ".gitlab-ci.yml", ".circleci/config.yml"
HEAD = "name: Ship\non: {push: {branches: [main]}}\n"


def job(steps: str, *, runs_on: str = "self-hosted", more: str = "", name: str = "ship", checkout: str = "") -> str:
    """A workflow with one job that checks the repository out."""
    taken = f"      - uses: actions/checkout@v4\n{checkout}"
    lines = "".join(f"      {line}\n" for line in dedent(steps).strip().splitlines())
    return f"{HEAD}jobs:\n  {name}:\n    runs-on: {runs_on}\n{more}    steps:\n{taken}{lines}"


def circle(steps: str, *, name: str = "ship", more: str = "") -> str:
    """A configuration of CircleCI with one job."""
    return f"version: 2.1\njobs:\n  {name}:\n{more}    steps:\n      - checkout\n      {steps}\n"


def deployed(directory: Path, text: str, path: str, **files: str) -> list[Deployment]:
    root = directory / "shop"
    for name, content in {"compose.yaml": "services: {}\n", path: text, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return list(deployments(load(root / path), Checkout(root)))


UP = "- run: docker compose up -d"
SSH_HOST = "    env: {DOCKER_HOST: 'ssh://ops@shop.example'}\n"
CASES = [
    pytest.param(job(UP), WORKFLOW, "exec", "shop", Life.CLEANED, False, id="a machine of one's own"),
    pytest.param(
        job(UP, checkout="        with: {clean: false}\n"),
        WORKFLOW,
        "exec",
        "shop",
        Life.KEPT,
        False,
        id="clean: false",
    ),
    pytest.param(job(UP, runs_on="[self-hosted, linux]"), WORKFLOW, "exec", "shop", Life.CLEANED, False, id="labels"),
    pytest.param(job(UP, runs_on="ubuntu-latest"), WORKFLOW, "throw-away", "shop", Life.NEW, True, id="a test"),
    pytest.param(
        job(UP, runs_on="ubuntu-latest", name="deploy"), WORKFLOW, "throw-away", "shop", Life.NEW, False, id="its name"
    ),
    pytest.param(
        job(UP, runs_on="ubuntu-24.04", more="    environment: production\n"),
        *(WORKFLOW, "throw-away", "shop", Life.NEW, False),
        id="its environment",
    ),
    pytest.param(
        job(UP, runs_on="ubuntu-latest", more=SSH_HOST), WORKFLOW, "remote", "shop", Life.NEW, False, id="DOCKER_HOST"
    ),
    pytest.param(
        job("- run: docker context use shop\n- run: docker compose -p live up -d", runs_on="self-hosted"),
        *(WORKFLOW, "remote", "live", Life.CLEANED, False),
        id="a context that a step before has chosen on the same machine",
    ),
    pytest.param(
        job("- run: docker context use shop && docker compose up -d"),
        *(WORKFLOW, "remote", "shop", Life.CLEANED, False),
        id="a context",
    ),
    pytest.param(
        job("- run: ssh ops@shop 'cd /srv/shop && docker compose up -d'", runs_on="ubuntu-latest"),
        *(WORKFLOW, "ssh", "shop", Life.NEW, False),
        id="over ssh",
    ),
    pytest.param(
        job("- uses: appleboy/ssh-action@v1\n  with: {script: cd /srv/live && docker compose up -d}"),
        *(WORKFLOW, "ssh", "live", Life.CLEANED, False),
        id="an ssh action",
    ),
    pytest.param(
        job("- run: docker compose up -d\n  working-directory: ops", more="    env: {COMPOSE_PROJECT_NAME: live}\n"),
        *(WORKFLOW, "exec", "live", Life.CLEANED, False),
        id="the job's variables",
    ),
    pytest.param(
        job(UP, runs_on="${{ matrix.machine }}"), WORKFLOW, "unknown", "shop", Life.CLEANED, False, id="a matrix"
    ),
    pytest.param(
        job(UP, more="    container: {image: 'docker:27', volumes: ['/var/run/docker.sock:/var/run/docker.sock']}\n"),
        *(WORKFLOW, "host-socket", "shop", Life.CLEANED, False),
        id="in a container with the socket",
    ),
    pytest.param(
        job(UP, more="    container: docker:27\n"), WORKFLOW, "none", "shop", Life.CLEANED, False, id="in a container"
    ),
    pytest.param(
        job(UP), ".gitea/workflows/ship.yaml", "exec", "shop", Life.CLEANED, False, id="Gitea's host label is one"
    ),
    pytest.param(
        job(UP, runs_on="ubuntu-latest"),
        *(".forgejo/workflows/ship.yml", "unknown", "shop", Life.CLEANED, False),
        id="Forgejo's labels are containers or not",
    ),
    pytest.param(
        job(f"{UP}\n- run: npx cypress run", name="e2e"),
        *(WORKFLOW, "exec", "shop", Life.CLEANED, True),
        id="a job for tests",
    ),
    pytest.param(
        job(UP, name="e2e"), WORKFLOW, "exec", "shop", Life.CLEANED, False, id="a job that is only called a test"
    ),
    pytest.param(
        job(f"{UP}\n- run: docker compose down"), WORKFLOW, "exec", "shop", Life.CLEANED, True, id="taken down again"
    ),
    pytest.param(
        job(UP).replace("{push: {branches: [main]}}", "pull_request"),
        *(WORKFLOW, "exec", "shop", Life.CLEANED, True),
        id="for requests",
    ),
    pytest.param(circle("- run: docker compose up -d"), CIRCLE, "throw-away", "project", Life.NEW, True, id="CircleCI"),
    pytest.param(
        circle("- run: docker compose up -d", name="deploy"),
        *(CIRCLE, "throw-away", "project", Life.NEW, False),
        id="CircleCI, by the job's name",
    ),
    pytest.param(
        circle("- run: docker compose up -d", more="    resource_class: shop/server\n"),
        *(CIRCLE, "exec", None, Life.UNKNOWN, False),
        id="CircleCI on a machine of one's own, whose configuration names the directory",
    ),
    pytest.param(
        circle("- run: docker compose up -d", more="    resource_class: shop/server\n    working_directory: ~/live\n"),
        *(CIRCLE, "exec", "live", Life.UNKNOWN, False),
        id="CircleCI in a directory that the job names",
    ),
    pytest.param(
        circle("- run: docker compose up -d", more="    executor: own\n")
        + "executors: {own: {machine: true, resource_class: shop/server, working_directory: /srv/live}}\n",
        *(CIRCLE, "exec", "live", Life.UNKNOWN, False),
        id="CircleCI in a directory that the executor names",
    ),
    pytest.param(
        circle(UP, more="    machine: true\n").replace("- checkout", "- checkout: {path: live}"),
        *(CIRCLE, "throw-away", None, Life.NEW, True),
        id="CircleCI checks out below the directory",
    ),
    pytest.param(
        circle("- run: {command: docker compose up -d, environment: {DOCKER_HOST: 'ssh://ops@shop'}}"),
        *(CIRCLE, "remote", "project", Life.NEW, False),
        id="CircleCI and another host",
    ),
    pytest.param(
        circle("- up: {tag: x}")
        + "commands:\n  up: {steps: [{run: ssh a@b 'cd /srv/live && docker compose up -d'}]}\n",
        *(CIRCLE, "ssh", "live", Life.NEW, False),
        id="CircleCI's reusable commands",
    ),
    pytest.param("ship: {script: docker compose up -d}\n", GITLAB, "unknown", "shop", Life.CLEANED, False, id="GitLab"),
    pytest.param(
        "variables: {GIT_STRATEGY: none}\nship: {script: [docker compose up -d]}\n",
        *(GITLAB, "unknown", "shop", Life.KEPT, False),
        id="GIT_STRATEGY none",
    ),
    pytest.param(
        "ship: {script: [docker compose up -d], variables: {GIT_STRATEGY: clone}}\n",
        *(GITLAB, "unknown", "shop", Life.NEW, False),
        id="GIT_STRATEGY clone",
    ),
    pytest.param(
        "ship: {script: [docker compose up -d], variables: {GIT_STRATEGY: empty}}\n",
        *(GITLAB, "unknown", "shop", Life.NEW, False),
        id="GIT_STRATEGY empty makes an empty directory",
    ),
    pytest.param(
        "ship: {script: [docker compose up -d], variables: {GIT_STRATEGY: $STRATEGY}}\n",
        *(GITLAB, "unknown", "shop", Life.UNKNOWN, False),
        id="GIT_STRATEGY that the settings say",
    ),
    pytest.param(
        "variables: {GIT_CLEAN_FLAGS: none}\nship: {script: [docker compose up -d]}\n",
        *(GITLAB, "unknown", "shop", Life.KEPT, False),
        id="GIT_CLEAN_FLAGS none",
    ),
    pytest.param(
        "default: {services: ['docker:27-dind']}\ndeploy: {script: [docker compose up -d]}\n",
        *(GITLAB, "dind", "shop", Life.CLEANED, False),
        id="a daemon beside a job that deploys",
    ),
    pytest.param(
        "ship: {services: [{name: 'docker:dind'}], script: [docker compose up -d]}\n",
        *(GITLAB, "dind", "shop", Life.CLEANED, True),
        id="a daemon beside another job",
    ),
    pytest.param(
        "ship: {variables: {DOCKER_HOST: 'ssh://ops@shop'}, script: [docker compose -p live up -d]}\n",
        *(GITLAB, "remote", "live", Life.CLEANED, False),
        id="GitLab and another host",
    ),
    pytest.param(
        ".up: {script: [docker compose up -d], variables: {COMPOSE_PROJECT_NAME: live}}\nship: {extends: .up}\n",
        *(GITLAB, "unknown", "live", Life.CLEANED, False),
        id="extends",
    ),
    pytest.param(
        ".a: {variables: {COMPOSE_PROJECT_NAME: a}}\n.b: {variables: {COMPOSE_PROJECT_NAME: b}}\n"
        "ship: {extends: [.a, .b], script: docker compose up -d}\n",
        *(GITLAB, "unknown", "b", Life.CLEANED, False),
        id="the last of several wins",
    ),
    pytest.param(
        ".up: {script: [docker compose up -d]}\nship: {script: [echo, !reference [.up, script]]}\n",
        *(GITLAB, "unknown", "shop", Life.CLEANED, False),
        id="!reference",
    ),
    pytest.param(
        "before_script: [cd ops]\nship: {script: [docker compose -f ../compose.yaml up -d]}\n",
        *(GITLAB, "unknown", "shop", Life.CLEANED, False),
        id="what all jobs begin with",
    ),
    pytest.param(
        "ship: {script: docker compose up -d, only: [merge_requests]}\n",
        *(GITLAB, "unknown", "shop", Life.CLEANED, True),
        id="for merge requests",
    ),
    pytest.param(
        "ship:\n  script: docker compose up -d\n  rules: [{if: '$CI_PIPELINE_SOURCE == \"merge_request_event\"'}]\n",
        *(GITLAB, "unknown", "shop", Life.CLEANED, True),
        id="rules for merge requests",
    ),
]


@pytest.mark.parametrize(("text", "path", "target", "project", "checkout", "is_test"), CASES)
def test_what_a_job_deploys(
    text: str, path: str, target: str, project: str | None, checkout: Life, is_test: bool, tmp_path: Path
) -> None:
    (found,) = deployed(tmp_path, text, path, **{"ops/x": ""})
    assert (found.target, found.project) == (target, project)
    assert (found.pipeline.checkout, found.is_test) == (checkout, is_test)


def test_a_place_is_job_and_step(tmp_path: Path) -> None:
    steps = "- name: Start\n  run: docker compose up -d\n- run: docker compose -p two up -d"
    names = [found.step_name for found in deployed(tmp_path, job(steps), WORKFLOW)]
    assert names == ["ship/Start", "ship/3"]
    assert [each.step_name for each in deployed(tmp_path, "go: {script: docker compose up -d}\n", GITLAB)] == ["go"]


ACTION = {
    ".github/actions/up/action.yml": "runs: {using: composite, steps: [{uses: ./.github/actions/inner}]}\n",
    ".github/actions/inner/action.yaml": "runs: {using: composite, steps: [{run: docker compose -p in up -d}]}\n",
}


def test_a_local_action_runs_where_it_is_used(tmp_path: Path) -> None:
    (found,) = deployed(tmp_path, job("- uses: ./.github/actions/up"), WORKFLOW, **ACTION)
    assert (found.target, found.project) == ("exec", "in")
    assert found.command.origin_in.path.name == "action.yaml"


def test_actions_that_use_each_other_end(tmp_path: Path) -> None:
    loop = {".github/actions/up/action.yml": "runs: {steps: [{uses: ./.github/actions/up}]}\n"}
    assert deployed(tmp_path, job("- uses: ./.github/actions/up"), WORKFLOW, **loop) == []


@pytest.mark.parametrize("include", ["ci/up.yml", "[{local: /ci/up.yml}]", "{local: ci/*.yml}", "[ci/next.yml]"])
def test_an_included_file_is_a_part_of_the_pipeline(include: str, tmp_path: Path) -> None:
    files = {
        "ci/up.yml": ".up:\n  before_script: [cd ops]\n  script: docker compose -f ../compose.yaml -p live up -d\n",
        "ci/next.yml": "include: /ci/up.yml\n",
        "ops/x": "",
    }
    (found,) = deployed(tmp_path, f"include: {include}\nship: {{extends: .up}}\n", GITLAB, **files)
    assert (found.project, found.command.origin_in.path.name) == ("live", "up.yml")
    assert found.files == ("/builds/shop/compose.yaml",)


@pytest.mark.parametrize("name", ["../outside.yml", "https://example.org/up.yml", "$FILE", "ci/missing.yml"])
def test_what_lies_elsewhere_is_not_included(name: str, tmp_path: Path) -> None:
    (tmp_path / "outside.yml").write_text(".up: {script: docker compose up -d}\n", encoding="utf-8")
    assert deployed(tmp_path, f"include: '{name}'\nship: {{extends: .up}}\n", GITLAB) == []


COMPOSE = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n"


def written(root: Path, **files: str) -> dict[str, str]:
    """The files that change, once volfix has written them."""
    for name, content in {"compose.yaml": COMPOSE, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    volfix.plan(root, unsafe_fixes=True).write()
    return {name: text for name in files if (text := (root / name).read_text(encoding="utf-8")) != files[name]}


def test_a_deletion_is_edited_in_the_file_that_says_it(tmp_path: Path) -> None:
    shared = ".down:\n  script:\n    - docker compose down -v\n"
    main = "include: ci/down.yml\nship:\n  script:\n    - !reference [.down, script]\n    - docker compose up -d\n"
    found = written(tmp_path, **{GITLAB: main, "ci/down.yml": shared})
    assert found == {"ci/down.yml": shared.replace(" -v", "")}


def test_a_deletion_in_a_local_action_is_edited_there(tmp_path: Path) -> None:
    action = "runs:\n  steps:\n    - run: |\n        docker compose down -v\n        docker compose up -d\n"
    found = written(
        tmp_path, **{WORKFLOW: job("- uses: ./.github/actions/up"), ".github/actions/up/action.yml": action}
    )
    assert found == {".github/actions/up/action.yml": action.replace(" -v", "")}


def test_what_another_host_runs_is_edited_though_the_job_is_thrown_away(tmp_path: Path) -> None:
    steps = "- run: docker compose down -v\n- run: docker compose up -d"
    text = job(steps, runs_on="ubuntu-latest", more=SSH_HOST, name="deploy")
    assert written(tmp_path, **{WORKFLOW: text}) == {WORKFLOW: text.replace("down -v", "down")}
    tests = job("- run: docker compose down -v\n- run: docker compose up -d", runs_on="ubuntu-latest")
    assert written(tmp_path, **{WORKFLOW: tests}) == {}


@pytest.mark.parametrize("text", ["on: push\n", "on: push\njobs: {}\n", "on: push\njobs: {a: {uses: ./b.yml}}\n"])
def test_a_workflow_without_commands_is_no_project(text: str, tmp_path: Path) -> None:
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / WORKFLOW).write_text(text, encoding="utf-8")
    assert volfix.plan(tmp_path).projects == ()


@pytest.mark.parametrize("path", [WORKFLOW, GITLAB])
def test_a_file_that_is_broken_is_a_note_and_no_more(path: str, tmp_path: Path) -> None:
    with pytest.raises(NotForVolfix, match="not read"):
        deployed(tmp_path, "a: [\n", path)


RELEASE = job(UP, runs_on="ubuntu-latest", name="smoke").replace("name: Ship", "name: Build and release")
DIND = "{}:\n  image: docker\n  services: [docker:dind]\n  script: docker compose up -d\n"


@pytest.mark.parametrize(
    ("text", "path", "is_test"),
    [
        pytest.param(RELEASE, WORKFLOW, True, id="a workflow that releases an image tries it first"),
        pytest.param(RELEASE.replace("release", "publish"), WORKFLOW, True, id="publishes"),
        pytest.param(DIND.format("release"), GITLAB, True, id="a daemon in the job"),
        pytest.param(circle(UP, name="publish", more="    machine: true\n"), CIRCLE, True, id="a machine of CircleCI"),
        pytest.param(RELEASE.replace("smoke", "deploy"), WORKFLOW, False, id="a job that deploys is no test"),
        pytest.param(DIND.format("deploy-release"), GITLAB, False, id="both words"),
        pytest.param(RELEASE.replace("ubuntu-latest", "self-hosted"), WORKFLOW, False, id="on a machine that stays"),
    ],
)
def test_a_release_on_a_machine_that_is_thrown_away_is_of_an_image(
    text: str, path: str, is_test: bool, tmp_path: Path
) -> None:
    (found,) = deployed(tmp_path, text, path)
    assert found.is_test is is_test


MAKE = {"Makefile": "up:\n\tdocker compose up -d\ntest: up\n\t./check\nship: up\n"}


@pytest.mark.parametrize(
    ("call", "more", "is_test"),
    [
        pytest.param("make test", "", True, id="a target, whose prerequisite starts the stack"),
        pytest.param("sudo make test", "    environment: production\n", True, id="in a job with an environment"),
        pytest.param("./scripts/e2e.sh", "", True, id="a script"),
        pytest.param("npm run integration", "", True, id="a script of npm"),
        pytest.param("make ship", "", False, id="a target that starts the stack and tests nothing"),
        pytest.param("./scripts/deploy-test.sh", "", False, id="a script that deploys"),
    ],
)
def test_a_job_that_deploys_runs_its_tests_before(call: str, more: str, is_test: bool, tmp_path: Path) -> None:
    files = {
        **MAKE,
        "scripts/e2e.sh": "docker compose up -d\n",
        "scripts/deploy-test.sh": "docker compose up -d\n",
        "package.json": '{"scripts": {"integration": "docker compose up -d && jest"}}\n',
    }
    text = job(f"- run: {call}", runs_on="ubuntu-latest", name="deploy", more=more)
    (found,) = deployed(tmp_path, text, WORKFLOW, **files)
    assert found.is_test is is_test
