"""`volfix explain`: the checklist where a project is, the rules where none is, a rule by its code."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from volfix.cli.main import volfix

COMPOSE = """\
services:
  app:
    build: .
    working_dir: /app
    env_file: .env
    volumes: [./data:/app/data]
"""
PIPELINE = """\
kind: pipeline
type: docker
name: a
steps:
  - name: deploy
    image: docker:27-cli
    volumes: [{name: socket, path: /var/run/docker.sock}]
    commands:
      - cp .env.prod .env
      - docker compose up -d
volumes: [{name: socket, host: {path: /var/run/docker.sock}}]
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose data disappears, and no engine to ask."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    root = tmp_path / "shop"
    root.mkdir()
    files = {
        "compose.yaml": COMPOSE,
        ".env.prod": "DATABASE_URL=sqlite:///./database.db\nSECRET=hunter2\n",
        ".drone.yml": PIPELINE,
        "Makefile": "clean:\n\tdocker compose down -v\n",
    }
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
    return root


def run(*words: str) -> Result:
    return CliRunner().invoke(volfix, ["explain", *words])


def points(text: str) -> dict[str, list[str]]:
    """The answers to each question, each on one line."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line[:1].isdigit():
            found[line.split(". ", 1)[1].partition(":")[0]] = answers = []
        elif line.startswith("   ") and line[3] != " ":
            answers.append(line.strip())
        elif line.startswith("       "):
            answers[-1] += " " + line.strip()
    return found


def test_each_question_is_answered_from_the_files(shop: Path) -> None:
    done = run(str(shop))
    found = points(done.output)
    assert done.exit_code == 0
    assert list(found) == [
        "Volumes",
        "Project name",
        "Database paths",
        "Env files",
        "Deletions",
        "Docker daemon",
    ]
    volume, name, url, environment, deleting, daemon = found.values()
    assert any(line.startswith("!") and "./data" in line and "VF101" in line for line in volume)
    assert any(line.startswith("!") and "VF303" in line for line in name)
    assert any(line.startswith("!") and "VF201" in line for line in url)
    assert "ok  app loads .env: `cp .env.prod .env` puts it there" in environment
    assert deleting == [
        "ok  no command of a deployment that volfix reads deletes a volume or a mounted directory",
        "-   Makefile:2: `docker compose down -v` in clean deletes the volumes when someone calls it",
    ]
    assert any(line.startswith("ok") and "the step deploy" in line for line in daemon)
    assert "hunter2" not in done.output


def test_without_an_engine_it_says_that_none_was_asked(shop: Path) -> None:
    assert "Running containers were not looked at: no Docker engine answers" in run(str(shop)).output


def test_without_the_docker_sdk_it_says_what_is_missing(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "docker", None)
    done = run(str(shop))
    assert done.exit_code == 0
    assert 'pip install "volfix[docker]"' in " ".join(done.output.split())


def test_after_the_fix_nothing_in_the_stack_is_wrong_but_the_name(shop: Path) -> None:
    CliRunner().invoke(volfix, ["--write", "--trusted", str(shop)])
    found = points(run(str(shop)).output)
    volume, _, url = list(found.values())[:3]
    assert volume == [
        "ok  app keeps the database (/app/data) in the volume app-db, src_app-db on the host",
        "?   app had ./data at /app/data before (the files before the last volfix --write): "
        "type `volfix carry --write` if those rows are not carried yet",
    ]
    assert [line[:2] for line in url] == ["ok"]


def test_a_name_of_its_own_is_fine(shop: Path) -> None:
    (shop / "compose.yaml").write_text("name: shop\n" + COMPOSE, encoding="utf-8")
    name = points(run(str(shop)).output)["Project name"]
    assert [line for line in name if not line.startswith("ok")] == []


def test_the_name_that_a_project_without_one_needs_is_shown(shop: Path) -> None:
    (shop / ".drone.yml").unlink()
    name = points(run(str(shop)).output)["Project name"]
    assert "A top-level `name:` in the Compose file that says shop prevents that" in name[0]


def test_an_env_file_that_nothing_brings_is_asked_about(shop: Path) -> None:
    (shop / ".drone.yml").write_text(PIPELINE.replace("      - cp .env.prod .env\n", ""), encoding="utf-8")
    environment = points(run(str(shop)).output)["Env files"]
    assert any(line.startswith("?") and "something must put it there" in line for line in environment)


def test_what_a_deployment_deletes_is_not_followed_by_all_clear(shop: Path) -> None:
    (shop / ".drone.yml").unlink()
    (shop / "deploy.sh").write_text("rm -rf data\ndocker compose up -d\n", encoding="utf-8")
    found = points(run(str(shop)).output)["Deletions"]
    assert found[0].startswith("!")
    assert not any(line.startswith("ok") for line in found)


def test_the_name_of_a_volume_after_a_variable_can_be_typed(shop: Path) -> None:
    (shop / ".drone.yml").unlink()
    (shop / "compose.yaml").write_text(ROWS, encoding="utf-8")
    (shop / "deploy.sh").write_text("ssh a@b 'cd $PLACE && docker compose up -d'\n", encoding="utf-8")
    assert "${PLACE}_rows on the host" in points(run(str(shop)).output)["Volumes"][0]


def test_nothing_is_safe_beside_a_file_that_cannot_be_read(shop: Path) -> None:
    (shop / ".volfix.toml").write_text("volumes = [\n", encoding="utf-8")
    done = run(str(shop))
    assert done.exit_code == 2
    assert ".volfix.toml:1:1: not valid TOML" in done.stderr
    assert "SAFE" not in done.stdout
    assert "1 file of this repository could not be read" in done.stdout


def test_a_project_that_cannot_be_read_has_no_answers(shop: Path) -> None:
    (shop / "compose.yaml").write_text("services: [\n", encoding="utf-8")
    done = run(str(shop))
    assert done.exit_code != 0
    assert "compose.yaml:2:1: not valid YAML" in done.output
    assert "VF101" not in done.output


def test_no_password_in_a_command_or_value_is_printed(shop: Path) -> None:
    text = PIPELINE.replace("cp .env.prod .env", "scp -P 22 https://app:hunter2@web/.env .env")
    (shop / ".drone.yml").write_text(text, encoding="utf-8")
    (shop / ".env.prod").write_text("DATABASE_URL=sqlite:///./db.sqlite?password=hunter2\n", encoding="utf-8")
    output = run(str(shop)).output
    assert "puts it there" in " ".join(output.split())
    assert "hunter2" not in output


def test_a_daemon_in_the_pipeline_is_wrong(shop: Path) -> None:
    text = PIPELINE.replace("    volumes: [{name: socket, path: /var/run/docker.sock}]\n", "")
    text += "services: [{name: docker, image: 'docker:dind', privileged: true}]\n"
    (shop / ".drone.yml").write_text(text, encoding="utf-8")
    daemon = points(run(str(shop)).output)["Docker daemon"]
    assert any(line.startswith("!") and "end with the pipeline" in line for line in daemon)


def test_no_pipeline_and_no_database_leave_questions_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    (tmp_path / "compose.yaml").write_text("services:\n  web:\n    image: nginx\n", encoding="utf-8")
    found = points(run(str(tmp_path)).output)
    assert {answer[0] for answer in found["Volumes"]} == {"?"}
    assert "no pipeline or script here deploys the project" in found["Docker daemon"][0]


@pytest.mark.parametrize("name", ["bitbucket-pipelines.yml", "fabfile.py", ".travis.yml"])
def test_a_system_that_is_not_read_leaves_the_daemon_open(tmp_path: Path, name: str) -> None:
    text = "services:\n  db: {image: 'postgres:16', volumes: ['pg:/var/lib/postgresql/data']}\nvolumes: {pg: {}}\n"
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    (tmp_path / name).write_text("run: docker compose up -d\n", encoding="utf-8")
    (answer,) = points(run(str(tmp_path)).output)["Docker daemon"]
    assert answer[0] == "?"
    assert name in answer
    assert "volfix does not read" in answer


def test_the_current_directory_is_the_default(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop)
    assert run().output == run(str(shop)).output


def test_where_no_project_is_the_rules_are_listed(tmp_path: Path) -> None:
    done = run(str(tmp_path))
    assert done.exit_code == 0
    assert "VF101" in done.stdout


def test_the_rules_are_listed_when_they_are_asked_for(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop)
    assert run("--rules").output.startswith("VF101")


def test_a_code_explains_its_rule(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop)
    assert run("vf303").output.startswith("VF303  shared-project-name")


@pytest.mark.parametrize("subject", ["VF999", "nothing-here"])
def test_what_is_neither_is_an_error(subject: str) -> None:
    done = run(subject)
    assert done.exit_code == 2
    assert "volfix explain --rules" in done.output


@pytest.mark.parametrize(
    ("files", "verdict"),
    [
        ({"compose.yaml": COMPOSE, ".env": "DATABASE_URL=sqlite:///./database.db\n"}, "AT RISK"),
        ({"compose.yaml": "services:\n  web:\n    image: nginx\n"}, "UNKNOWN"),
        (
            {
                "compose.yaml": "name: shop\nservices:\n  db:\n    image: postgres:16\n"
                "    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n    driver: local\n"
            },
            "SAFE",
        ),
    ],
)
def test_the_first_line_is_the_verdict(
    files: dict[str, str], verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert run(str(tmp_path)).output.splitlines()[0].endswith(f": {verdict}")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "deploy.sh",
            "docker compose up -d\n",
            "-   deploy.sh:1 deploys the project, on the machine where deploy.sh runs",
        ),
        (
            "Makefile",
            "deploy:\n\tssh a@b 'cd /srv/shop && docker compose up -d'\n",
            "?   Makefile:2 deploys the project, on another host",
        ),
        (
            "ansible/site.yml",
            "- hosts: web\n  tasks:\n    - shell: docker compose up -d\n",
            "?   ansible/site.yml:3 deploys the project",
        ),
    ],
)
def test_what_deploys_it_is_named(name: str, text: str, expected: str, shop: Path) -> None:
    (shop / ".drone.yml").unlink()
    (shop / name).parent.mkdir(exist_ok=True)
    (shop / name).write_text(text, encoding="utf-8")
    daemon = points(run(str(shop)).output)["Docker daemon"]
    assert any(expected in line for line in daemon)


OVER_SSH = """\
on: push
jobs:
  ship:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Start
        uses: appleboy/ssh-action@v1
        with:
          script: |
            cd {}
            {}
            docker compose up -d
"""


@pytest.mark.parametrize("directory", ["~", "/srv/live", "$HOME/live", "${{ secrets.DIRECTORY }}"])
def test_a_step_that_deploys_elsewhere_is_a_deployment(directory: str, shop: Path) -> None:
    (shop / ".drone.yml").unlink()
    (shop / ".github/workflows").mkdir(parents=True)
    workflow = OVER_SSH.format(directory, "echo SECRET=1 > .env")
    (shop / ".github/workflows/ship.yml").write_text(workflow, encoding="utf-8")
    found = points(run(str(shop)).output)
    assert found["Docker daemon"] == [
        "?   .github/workflows/ship.yml:13 deploys the project in ship/Start, on another host: "
        "look at the volumes there"
    ]
    assert "ok  app loads .env: the deployment writes that file before" in found["Env files"]
    says = (
        "the deployment calls the project live"
        if directory.endswith("live")
        else "the directory decides the project's name, and only the deployment knows it"
    )
    assert any(says in line for line in found["Project name"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Jenkinsfile", "pipeline { stages { stage('Ship') { steps { sh 'docker compose -p live up -d' } } } }\n"),
        ("Makefile", "deploy:\n\tssh a@b 'cd /srv/live && docker compose up -d'\n"),
        ("deploy.sh", "export COMPOSE_PROJECT_NAME=live\ndocker compose up -d\n"),
        ("deploy.sh", "docker stack deploy -c compose.yaml live\n"),
        (
            "ansible/site.yml",
            "- hosts: web\n  tasks:\n    - community.docker.docker_compose_v2: {project_src: /srv/live}\n",
        ),
    ],
)
def test_the_name_is_what_any_command_that_deploys_gives(name: str, text: str, shop: Path) -> None:
    (shop / ".drone.yml").unlink()
    (shop / name).parent.mkdir(exist_ok=True)
    (shop / name).write_text(text, encoding="utf-8")
    found = points(run(str(shop)).output)["Project name"]
    assert any("the deployment calls the project live" in line for line in found)


@pytest.mark.parametrize(
    ("command", "is_brought"),
    [("scp .env compose.yaml a@b:/srv/live", True), ("cp .env .env.old", False), ("echo SECRET=1 > .env.old", False)],
)
def test_an_env_file_that_is_sent_along_is_brought(command: str, is_brought: bool, shop: Path) -> None:
    (shop / ".drone.yml").unlink()
    (shop / "deploy.sh").write_text(f"{command}\nssh a@b 'cd /srv/live && docker compose up -d'\n", encoding="utf-8")
    (line,) = (line for line in points(run(str(shop)).output)["Env files"] if "app loads" in line)
    assert line.startswith("ok" if is_brought else "?")


def test_what_deploys_another_file_of_the_directory_does_not_deploy_this_one(shop: Path) -> None:
    (shop / ".drone.yml").unlink()
    (shop / "compose.prod.yaml").write_text(COMPOSE, encoding="utf-8")
    script = "ssh a@b 'cd /srv/live && docker compose -f compose.prod.yaml up -d'\n"
    (shop / "bin").mkdir()
    (shop / "bin/deploy.sh").write_text(script, encoding="utf-8")
    assert (
        "no pipeline or script here deploys the project"
        in points(run(str(shop / "compose.yaml")).output)["Docker daemon"][0]
    )
    (deployed,) = points(run(str(shop / "compose.prod.yaml")).output)["Docker daemon"]
    assert deployed.startswith("?   bin/deploy.sh:1 deploys the project, on another host")


ROWS = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n"


def verdicts(text: str) -> dict[str, str]:
    """The verdict on each of several projects."""
    lines = (line.rpartition(": ") for line in text.splitlines() if line.endswith(("SAFE", "AT RISK", "UNKNOWN")))
    return {title: verdict for title, _, verdict in lines if not title.startswith(" ")}


def test_each_of_several_projects_has_its_verdict(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "compose.prod.yaml").write_text("name: live\n" + ROWS, encoding="utf-8")
    monkeypatch.chdir(shop.parent)
    output = run("shop").output
    assert verdicts(output) == {
        "2 projects": "AT RISK",
        "compose.yaml (src)": "AT RISK",
        "compose.prod.yaml (live)": "SAFE",
    }
    assert "volfix explain shop/compose.yaml" in output
    assert run("shop/compose.prod.yaml").output.startswith("live: SAFE")


def test_the_projects_of_directories_below_are_listed(shop: Path) -> None:
    for name in ("a", "b/c"):
        (shop / "more" / name).mkdir(parents=True)
        (shop / "more" / name / "compose.yaml").write_text(f"name: {name[0]}\n{ROWS}", encoding="utf-8")
    assert verdicts(run(str(shop / "more")).output) == {
        "2 projects": "SAFE",
        "a/compose.yaml (a)": "SAFE",
        "b/c/compose.yaml (b)": "SAFE",
    }


def test_a_command_that_brings_up_another_project_is_no_risk_of_this_one(shop: Path) -> None:
    for name in (".drone.yml", "Makefile", ".env.prod"):
        (shop / name).unlink()
    (shop / "compose.yaml").write_text(f"name: shop\n{ROWS}", encoding="utf-8")
    (shop / "compose.prod.yaml").write_text(ROWS, encoding="utf-8")
    script = "docker compose -p live-$(date +%s) -f compose.prod.yaml up -d\n"
    (shop / "deploy.sh").write_text(script, encoding="utf-8")
    assert verdicts(run(str(shop)).output) == {
        "2 projects": "AT RISK",
        "compose.yaml (shop)": "SAFE",
        "compose.prod.yaml (shop)": "AT RISK",
    }
    answers = points(run(str(shop / "compose.prod.yaml")).output)
    assert any(
        "-p changes the project's name at each deployment: live-$(date +%s)" in line for line in answers["Project name"]
    )
    assert "live-$(date +%s)_rows on the host" in answers["Volumes"][0]


@pytest.mark.parametrize(
    ("head", "script", "expected"),
    [
        ("", "docker compose -p shop up -d\n", "?   the deployment calls the project shop: its volumes are shop_rows"),
        ("name: shop\n", "docker compose up -d\n", "ok  `name:` in compose.yaml says shop: its volumes are shop_rows"),
        (
            "name: shop\n",
            "docker compose -p live up -d\n",
            "?   the deployment calls the project live: its volumes are live_rows",
        ),
        (
            "",
            "docker compose -p a up -d\ndocker compose -p b up -d\n",
            "?   deployments call the project a and b: each name has",
        ),
    ],
)
def test_the_name_that_a_command_gives_wins(head: str, script: str, expected: str, shop: Path) -> None:
    (shop / ".drone.yml").unlink()
    (shop / "compose.yaml").write_text(head + ROWS, encoding="utf-8")
    (shop / "deploy.sh").write_text(script, encoding="utf-8")
    assert points(run(str(shop)).output)["Project name"][0].startswith(expected)
