"""Given what a file says apart from a command (conditions, defaults, references, variables), what the command does."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import volfix
from volfix.cli.main import volfix as command_line
from volfix.project.ci.load import load
from volfix.project.deployments.deployment import Checkout, deployments
from volfix.rules.findings import Finding

COMPOSE = """\
services:
  app:
    image: example/shop
    working_dir: /app
    environment: [DATABASE_URL]
    volumes: [data:/app/data]
  db:
    image: postgres:16
    volumes: [rows:/var/lib/postgresql/data]
volumes:
  data:
  rows:
"""
WORKFLOW, GITLAB, CIRCLE = ".github/workflows/ship.yml", ".gitlab-ci.yml", ".circleci/config.yml"


@pytest.fixture(autouse=True)
def _no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")


def placed(root: Path, files: dict[str, str]) -> Path:
    root = root / "shop"
    for name, text in {"compose.yaml": COMPOSE, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def found(root: Path, files: dict[str, str], code: str) -> list[Finding]:
    projects = volfix.plan(placed(root, files)).projects
    return [item.finding for project in projects for item in project.findings if item.finding.code == code]


def name_answers(root: Path, files: dict[str, str]) -> str:
    """What `volfix explain` says of the project's name, on one line."""
    output = CliRunner().invoke(command_line, ["explain", str(placed(root, files))]).output
    return " ".join(output.partition("2. Project name")[2].partition("3. ")[0].split())


def circle(*steps: str) -> str:
    lines = "".join(f"      - {step}\n" for step in steps)
    head = "version: 2.1\njobs:\n  deploy:\n    machine: true\n    resource_class: shop/server\n    steps:\n"
    return f"{head}      - checkout\n{lines}"


DOWN, UP = "run: docker compose down -v", "run: docker compose up -d"


@pytest.mark.parametrize(
    ("condition", "is_found"),
    [
        ("<< pipeline.parameters.reset >>", False),
        ("{equal: [true, << pipeline.parameters.reset >>]}", False),
        ("{equal: [main, << pipeline.git.branch >>]}", True),
    ],
)
def test_what_a_parameter_of_the_pipeline_decides_is_asked_for(condition: str, is_found: bool, tmp_path: Path) -> None:
    text = circle(f"when: {{condition: {condition}, steps: [{{{DOWN}}}]}}", UP)
    assert bool(found(tmp_path, {CIRCLE: text}, "VF401")) is is_found


@pytest.mark.parametrize(
    "tag", ["<< pipeline.number >>", "<<pipeline.git.revision>>", "$CIRCLE_BUILD_NUM", "${CIRCLE_SHA1:0:7}"]
)
def test_a_value_of_the_pipeline_makes_the_name_another(tag: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, {CIRCLE: circle(f"run: docker compose -p shop-{tag} up -d")}, "VF308")
    assert f"-p gives `shop-{tag}`, which changes at each deployment" in finding.evidence


def test_an_expression_is_no_here_document(tmp_path: Path) -> None:
    steps = (
        "run: docker compose -p << parameters.name >> down -v",
        "run: docker compose -p << parameters.name >> up -d",
    )
    assert len(found(tmp_path, {CIRCLE: circle(*steps)}, "VF401")) == 1
    assert "only the deployment knows it: << parameters.name >>" in name_answers(
        tmp_path / "b", {CIRCLE: circle(steps[1])}
    )


def workflow(top: str = "", job: str = "", step: str = "") -> str:
    return (
        f"on: push\n{top}jobs:\n  deploy:\n    runs-on: self-hosted\n{job}    steps:\n"
        f"      - uses: actions/checkout@v4\n      - run: docker compose up -d\n{step}"
    )


@pytest.mark.parametrize(
    ("text", "project"),
    [
        pytest.param(workflow(), "shop", id="none"),
        pytest.param(workflow(top="defaults: {run: {working-directory: live}}\n"), "live", id="of the workflow"),
        pytest.param(workflow(job="    defaults: {run: {working-directory: live}}\n"), "live", id="of the job"),
        pytest.param(
            workflow(
                top="defaults: {run: {working-directory: other}}\n",
                job="    defaults: {run: {working-directory: live}}\n",
            ),
            "live",
            id="the job's wins",
        ),
        pytest.param(
            workflow(top="defaults: {run: {working-directory: other}}\n", step="        working-directory: live\n"),
            "live",
            id="the step's wins",
        ),
    ],
)
def test_where_a_step_runs_its_defaults_say(text: str, project: str, tmp_path: Path) -> None:
    files = {"live/compose.yaml": COMPOSE, "other/compose.yaml": COMPOSE, WORKFLOW: text}
    root = placed(tmp_path, files)
    (deployment,) = deployments(load(root / WORKFLOW), Checkout(root))
    assert deployment.project == project


@pytest.mark.parametrize(
    ("shell", "is_read"),
    [("bash -el {0}", True), ("/bin/sh {0}", True), ("python", False), ("node {0}", False), ("pwsh", True)],
)
def test_a_step_of_another_language_has_no_shell_commands(shell: str, is_read: bool, tmp_path: Path) -> None:
    root = placed(tmp_path, {WORKFLOW: workflow(step=f"        shell: {shell}\n")})
    assert bool(list(deployments(load(root / WORKFLOW), Checkout(root)))) is is_read
    root = placed(tmp_path / "b", {WORKFLOW: workflow(top=f"defaults: {{run: {{shell: '{shell}'}}}}\n")})
    assert bool(list(deployments(load(root / WORKFLOW), Checkout(root)))) is is_read


REFERRED = ".on: {variables: {DOCKER_HOST: 'ssh://ops@shop', COMPOSE_PROJECT_NAME: live}, services: ['docker:dind']}\n"


@pytest.mark.parametrize(
    ("text", "target", "project"),
    [
        (
            f"{REFERRED}deploy: {{script: docker compose up -d, variables: !reference [.on, variables]}}\n",
            "remote",
            "live",
        ),
        (
            f"{REFERRED}deploy:\n  script: docker compose up -d\n  services: !reference [.on, services]\n",
            "dind",
            "shop",
        ),
        (
            f"{REFERRED}.two: {{variables: !reference [.on, variables]}}\n"
            "deploy: {script: docker compose up -d, variables: !reference [.two, variables]}\n",
            "remote",
            "live",
        ),
        ("deploy: {script: docker compose up -d, variables: !reference [.missing, variables]}\n", "unknown", "shop"),
    ],
)
def test_a_reference_stands_for_a_whole_value(text: str, target: str, project: str, tmp_path: Path) -> None:
    root = placed(tmp_path, {GITLAB: text})
    (deployment,) = deployments(load(root / GITLAB), Checkout(root))
    assert (deployment.target, deployment.project) == (target, project)


def test_references_that_name_each_other_end(tmp_path: Path) -> None:
    text = ".a: {variables: !reference [.b, variables]}\n.b: {variables: !reference [.a, variables]}\n"
    root = placed(tmp_path, {GITLAB: f"{text}deploy: {{extends: .a, script: docker compose up -d}}\n"})
    assert len(list(deployments(load(root / GITLAB), Checkout(root)))) == 1


@pytest.mark.parametrize(("action", "count"), [("stop", 0), ("start", 1), ("prepare", 1)])
def test_a_job_that_stops_its_environment_is_asked_for(action: str, count: int, tmp_path: Path) -> None:
    text = (
        "deploy: {stage: deploy, environment: live, script: docker compose -p live up -d}\n"
        f"away: {{stage: deploy, environment: {{name: live, action: {action}}}, "
        "script: [docker compose -p live down -v]}\n"
    )
    assert len(found(tmp_path, {GITLAB: text}, "VF401")) == count


URL = "sqlite:///./shop.db"
PLAY = (
    "- hosts: web\n{}  tasks:\n    - name: up\n{}      community.docker.docker_compose_v2: {{project_src: /srv/shop}}\n"
)


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        pytest.param("ops/crontab", f"# x\nDATABASE_URL={URL}\n0 4 * * * docker compose up -d\n", 2, id="cron"),
        pytest.param("cron.d/shop", f"DATABASE_URL='{URL}'\n0 4 * * * root docker compose up -d\n", 1, id="cron.d"),
        pytest.param(
            "shop.service",
            f'[Service]\nEnvironment=A=b "DATABASE_URL={URL}"\nExecStart=docker compose up\n',
            2,
            id="systemd",
        ),
        pytest.param(
            "ansible/site.yml", PLAY.format(f"  environment: {{DATABASE_URL: {URL}}}\n", ""), 2, id="a play's variables"
        ),
        pytest.param(
            "ansible/site.yml",
            PLAY.format("", f"      environment: {{DATABASE_URL: {URL}}}\n"),
            4,
            id="a task's variables",
        ),
    ],
)
def test_a_variable_is_found_where_it_is_written(path: str, text: str, line: int, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, {path: text}, "VF201")
    assert (finding.location.path.name, finding.location.line) == (Path(path).name, line)


def test_a_variable_of_a_cron_table_holds_for_the_lines_below_it(tmp_path: Path) -> None:
    text = "0 4 * * * docker compose up -d\nDATABASE_URL=sqlite:///./shop.db\n"
    assert found(tmp_path, {"ops/crontab": text}, "VF201") == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"ops/crontab": "COMPOSE_PROJECT_NAME=live\n0 4 * * * docker compose up -d\n"},
            "the deployment calls the project live:",
        ),
        (
            {"shop@.service": "[Service]\nEnvironment=COMPOSE_PROJECT_NAME=%i\nExecStart=docker compose up\n"},
            "COMPOSE_PROJECT_NAME decides the project's name, and only the deployment knows it: %i",
        ),
        (
            {
                "justfile": 'name := "live"\nexport COMPOSE_PROJECT_NAME := name + "-web"\n'
                "deploy:\n    docker compose up -d\n"
            },
            "the deployment calls the project live-web:",
        ),
        (
            {"justfile": "export COMPOSE_PROJECT_NAME := 'a-' + env_var('B')\ndeploy:\n    docker compose up -d\n"},
            "COMPOSE_PROJECT_NAME decides the project's name, and only the deployment knows it",
        ),
        (
            {GITLAB: "deploy: {script: docker compose -p shop-$ENV up -d}\n"},
            "only the deployment knows it: shop-$ENV",
        ),
        (
            {"ansible/site.yml": PLAY.format("", "").replace("/srv/shop", "'/srv/{{ release }}'")},
            "the directory changes the project's name at each deployment",
        ),
    ],
)
def test_the_name_is_known_or_said_to_be_unknown(files: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert expected in name_answers(tmp_path, files)


@pytest.mark.parametrize(
    "name", ["`git rev-parse --short HEAD`", '"shop-" + `git rev-parse HEAD`', '"shop-" + `date +%s` + "-web"']
)
def test_a_command_in_an_expression_of_just_makes_the_name_another(name: str, tmp_path: Path) -> None:
    text = f"export COMPOSE_PROJECT_NAME := {name}\ndeploy:\n    docker compose up -d\n"
    assert len(found(tmp_path, {"justfile": text}, "VF308")) == 1


def test_npm_says_the_version_of_the_package(tmp_path: Path) -> None:
    text = '{"scripts": {"deploy": "docker compose -p shop-$npm_package_version up -d"}}'
    assert len(found(tmp_path, {"package.json": text}, "VF308")) == 1


@pytest.mark.parametrize("deferred", ["defer: docker compose down -v", "defer: {task: away}"])
def test_what_a_task_defers_runs_behind_it(deferred: str, tmp_path: Path) -> None:
    text = f"version: '3'\ntasks:\n  deploy:\n    cmds:\n      - {deferred}\n      - docker compose up -d\n"
    text += "  away: {cmds: [docker compose down -v]}\n"
    (finding,) = found(tmp_path, {"Taskfile.yml": text}, "VF401")
    assert finding.location.line == (5 if "docker" in deferred else 7)


@pytest.mark.parametrize(
    "name", ["bitbucket-pipelines.yml", "azure-pipelines.yml", "fabfile.py", ".teamcity/settings.kts"]
)
def test_what_is_not_read_may_delete(name: str, tmp_path: Path) -> None:
    root = placed(tmp_path, {name: "docker compose down -v && docker compose up -d\n"})
    output = CliRunner().invoke(command_line, ["explain", str(root)]).output
    assert "5. Deletions: UNKNOWN" in output
    assert f"{name} may delete something: volfix does not read it" in " ".join(output.split())


def test_a_variable_that_names_another_host_is_told(tmp_path: Path) -> None:
    text = "deploy:\n  variables: {DOCKER_HOST: 'ssh://ops@shop'}\n  script: [cd /srv/shop, docker compose up -d]\n"
    output = CliRunner().invoke(command_line, ["explain", str(placed(tmp_path, {GITLAB: text}))]).output
    assert "another host: look at the volumes there" in " ".join(output.split())


REQUEST = "on: {{pull_request: {{types: [{}]}}}}\njobs:\n  deploy:\n    runs-on: self-hosted\n    steps:\n"


@pytest.mark.parametrize(("types", "count"), [("closed", 1), ("opened, closed", 0), ("synchronize", 0)])
def test_a_request_that_is_closed_may_be_deployed(types: str, count: int, tmp_path: Path) -> None:
    text = REQUEST.format(types) + "      - run: docker compose down -v && docker compose up -d\n"
    assert len(found(tmp_path, {WORKFLOW: text}, "VF401")) == count


@pytest.mark.parametrize(
    "text",
    [
        "environment {\n  COMPOSE_PROJECT_NAME = \"shop-${env.BUILD_NUMBER}\"\n}\nsh 'docker compose up -d'\n",
        "environment { COMPOSE_PROJECT_NAME = \"shop-${BUILD_TAG}\" }\nsh 'docker compose up -d'\n",
        'def name = "shop-${env.GIT_COMMIT}"\nsh "docker compose -p ${name} up -d"\n',
        'sh "docker compose -p shop-${env.BUILD_ID} up -d"\n',
        "sh 'docker compose -p shop-$BUILD_DISPLAY_NAME up -d'\n",
    ],
)
def test_a_number_of_jenkins_makes_the_name_another(text: str, tmp_path: Path) -> None:
    assert len(found(tmp_path, {"Jenkinsfile": f"node {{\nstage('Deploy') {{\n{text}}}\n}}\n"}, "VF308")) == 1


def test_the_workspace_of_jenkins_is_the_checkout(tmp_path: Path) -> None:
    compose = COMPOSE.replace("data:/app/data]", "./uploads:/app/uploads]")
    text = "node { stage('Deploy') {\nsh 'rm -rf $WORKSPACE/uploads'\nsh 'docker compose up -d'\n} }\n"
    assert len(found(tmp_path, {"compose.yaml": compose, "Jenkinsfile": text}, "VF402")) == 1


@pytest.mark.parametrize("value", ["$(shell git describe)", "$(shell date +%s)", "$(shell git rev-parse $(REF))"])
def test_a_command_of_make_makes_the_name_another(value: str, tmp_path: Path) -> None:
    text = f"REF = HEAD\nNAME := {value}\ndeploy:\n\tdocker compose -p shop-$(NAME) up -d\n"
    assert len(found(tmp_path, {"Makefile": text}, "VF308")) == 1
