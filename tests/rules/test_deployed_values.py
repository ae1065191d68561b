"""Given a database's variable, when the deploying flow gives it another value, then that value is fixed at its line; where it is not known, the fix of the value that loses is unsafe."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Applicability, Finding

VALUE = "${DATABASE_URL:-sqlite:///./app.db}"
COMPOSE = """\
services:
  app:
    image: ghcr.io/acme/app:1
    working_dir: /app
    environment:
      DATABASE_URL: {value}
    volumes:
      - {source}:/app/data
{declared}"""
DECLARED = "volumes:\n  app-db:\n    driver: local\n"
PROD = "sqlite:///./prod.db"
SERVER = "postgresql://db.example.org/app"
DRONE = """\
kind: pipeline
type: exec
name: default
{pipeline}steps:
  - name: {name}
{step}    commands:
      - {command}
"""
WOODPECKER = "steps:\n  - name: deploy\n    image: docker:27\n{step}    commands:\n      - docker compose up -d\n"
ACTIONS = "on: push\n{root}jobs:\n  deploy:\n    runs-on: self-hosted\n{job}    steps:\n      - run: docker compose up -d\n{step}"
GITLAB = "{root}deploy:\n{job}  script:\n    - docker compose up -d\n"


def drone(pipeline: str = "", step: str = "", command: str = "docker compose up -d", name: str = "deploy") -> str:
    return DRONE.format(pipeline=pipeline, step=step, command=command, name=name)


def variables(key: str, indent: int, value: str = PROD) -> str:
    blank = " " * indent
    return f"{blank}{key}:\n{blank}  DATABASE_URL: {value}\n"


WINS = {
    "step of Drone": (".drone.yml", drone(step=variables("environment", 4)), 7),
    "pipeline of Drone": (".drone.yml", drone(pipeline=variables("environment", 0)), 5),
    "secret of Drone": (".drone.yml", drone(step=variables("environment", 4, "{from_secret: url}")), 7),
    "export in a step": (".drone.yml", drone(command=f"export DATABASE_URL={PROD} && docker compose up -d"), 7),
    "before the command": (".drone.yml", drone(command=f"DATABASE_URL={PROD} docker compose up -d"), 7),
    "env": (".drone.yml", drone(command=f"env DATABASE_URL={PROD} docker compose up -d"), 7),
    "another value that is the default's": (
        ".drone.yml",
        drone(step=variables("environment", 4, "sqlite:///./app.db")),
        7,
    ),
    "a server": (".drone.yml", drone(step=variables("environment", 4, "postgresql://db.example.org/app")), 7),
    "step of Woodpecker": (".woodpecker.yml", WOODPECKER.format(step=variables("environment", 4)), 5),
    "secret of Woodpecker": (
        ".woodpecker.yml",
        WOODPECKER.format(step=variables("environment", 4, "{from_secret: u}")),
        5,
    ),
    "workflow": (".github/workflows/d.yml", ACTIONS.format(root=variables("env", 0), job="", step=""), 3),
    "job": (".github/workflows/d.yml", ACTIONS.format(root="", job=variables("env", 4), step=""), 6),
    "step of a job": (".github/workflows/d.yml", ACTIONS.format(root="", job="", step=variables("env", 8)), 8),
    "secret of a job": (
        ".github/workflows/d.yml",
        ACTIONS.format(root="", job=variables("env", 4, "${{ secrets.URL }}"), step=""),
        6,
    ),
    "GitLab": (".gitlab-ci.yml", GITLAB.format(root=variables("variables", 0), job=""), 2),
    "job of GitLab": (".gitlab-ci.yml", GITLAB.format(root="", job=variables("variables", 2)), 3),
    "Jenkins": (
        "Jenkinsfile",
        "pipeline {\n  environment {\n    DATABASE_URL = 'sqlite:///./prod.db'\n  }\n"
        "  stages { stage('deploy') { steps { sh 'docker compose up -d' } } }\n}\n",
        3,
    ),
    "credentials of Jenkins": (
        "Jenkinsfile",
        "pipeline {\n  environment {\n    DATABASE_URL = credentials('url')\n  }\n"
        "  stages { stage('deploy') { steps { sh 'docker compose up -d' } } }\n}\n",
        3,
    ),
    "script": ("ops/deploy.sh", f"set -e\nexport DATABASE_URL={PROD}\ncd ..\ndocker compose up -d\n", 2),
    "script with a value that is not known": ("deploy.sh", 'export DATABASE_URL="$1"\ndocker compose up -d\n', 1),
    "a line that goes on": ("deploy.sh", f"export TAG=1 \\\n  DATABASE_URL={PROD}\ndocker compose up -d\n", 2),
    "make": ("Makefile", f"export DATABASE_URL := {PROD}\ndeploy:\n\tdocker compose up -d\n", 1),
    "make, all variables": ("Makefile", f"DATABASE_URL = {PROD}\nexport\ndeploy:\n\tdocker compose up -d\n", 1),
    "word of make": ("deploy.sh", f"make release DATABASE_URL={PROD}\n", 1),
    "just": ("justfile", f'export DATABASE_URL := "{PROD}"\ndeploy:\n    docker compose up -d\n', 1),
    "task": ("Taskfile.yml", f"env:\n  DATABASE_URL: {PROD}\ntasks:\n  deploy:\n    cmds: [docker compose up -d]\n", 2),
}
BESIDE = {"word of make": {"Makefile": "release:\n\tdocker compose up -d\n"}}


def plan(root: Path, files: dict[str, str]) -> list[Finding]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(volfix.plan(root).findings)


def found(root: Path, files: dict[str, str], code: str = "VF201") -> Finding:
    (finding,) = (each for each in plan(root, files) if each.code == code)
    return finding


def composed(value: str = VALUE, source: str = "app-db") -> str:
    return COMPOSE.format(value=value, source=source, declared=DECLARED if source == "app-db" else "")


PLACES = {
    "the default": {"compose.yaml": composed()},
    ".env": {"compose.yaml": composed("${DATABASE_URL}"), ".env": "DATABASE_URL=sqlite:///./app.db\n"},
}


UNKNOWN = [
    way for way in WINS if "secret" in way or "not known" in way or way in ("a server", "credentials of Jenkins")
]


@pytest.mark.parametrize("way", UNKNOWN)
@pytest.mark.parametrize("place", PLACES)
def test_the_value_that_wins_is_not_known(place: str, way: str, tmp_path: Path) -> None:
    name, text, line = WINS[way]
    finding = found(tmp_path, {**PLACES[place], **BESIDE.get(way, {}), name: text})
    assert finding.applicability is Applicability.UNSAFE
    assert finding.reason is not None
    assert finding.reason.startswith(f"{name}:{line} sets DATABASE_URL for `")


@pytest.mark.parametrize("relay", ["${URL}", "${URL:-}", "${URL:-sqlite:///./app.db}", "$OTHER"])
def test_the_value_that_wins_comes_through_the_env_file(relay: str, tmp_path: Path) -> None:
    """The flow sets URL, to which `.env` sets DATABASE_URL."""
    job = "    env:\n      URL: ${{ secrets.URL }}\n"
    files = {
        "compose.yaml": composed(),
        ".env": f"OTHER=$URL\nDATABASE_URL={relay}\n",
        ".github/workflows/d.yml": ACTIONS.format(root="", job=job, step=""),
    }
    finding = found(tmp_path, files)
    assert finding.applicability is Applicability.UNSAFE
    assert (finding.reason or "").startswith(".github/workflows/d.yml:6 sets URL for `")


def test_a_variable_beside_the_value_in_the_env_file_is_no_doubt(tmp_path: Path) -> None:
    deploy = f'export URL="$1"\n{UP}'
    env = "OTHER=$URL\nDATABASE_URL=sqlite:///./app.db\n"
    finding = found(tmp_path, {"compose.yaml": composed(), ".env": env, "deploy.sh": deploy})
    assert finding.applicability is Applicability.SAFE


def steps(*commands: str, host: str = "self-hosted") -> str:
    lines = "".join(f"      - run: {command}\n" for command in commands)
    return f"on: push\njobs:\n  deploy:\n    runs-on: {host}\n    steps:\n{lines}"


SSH_ACTION = (
    "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    env:\n      DATABASE_URL: sqlite:///./prod.db\n"
    "    steps:\n      - uses: appleboy/ssh-action@v1\n        with:\n          envs: TAG,DATABASE_URL\n"
    "          script: |\n            cd /srv/app\n            docker compose up -d\n"
)
UP = "docker compose up -d\n"
WRITTEN = {
    "echo": ("deploy.sh", f"echo 'DATABASE_URL={PROD}' > .env\n{UP}", 1),
    "echo that appends": ("deploy.sh", f'echo "TAG=1" > .env\necho "DATABASE_URL={PROD}" >> .env\n{UP}', 2),
    "here-document": ("deploy.sh", f"cat > .env <<EOF\nTAG=1\nDATABASE_URL={PROD}\nEOF\n{UP}", 3),
    "quoted here-document": ("deploy.sh", f"cat <<'EOF' > .env\nDATABASE_URL=\"{PROD}\"\nEOF\n{UP}", 2),
    "tee": ("deploy.sh", f"echo DATABASE_URL={PROD} | sudo tee -a .env\n{UP}", 1),
    "here-document of tee": ("deploy.sh", f"tee .env >/dev/null <<EOF\nDATABASE_URL={PROD}\nEOF\n{UP}", 2),
    "printf": ("deploy.sh", f"printf 'TAG=1\\nDATABASE_URL={PROD}\\n' > .env\n{UP}", 1),
    "words of printf": ("deploy.sh", f"printf '%s\\n' TAG=1 DATABASE_URL={PROD} > .env\n{UP}", 1),
    "commands in braces": ("deploy.sh", f"{{ echo TAG=1; echo DATABASE_URL={PROD}; }} > .env\n{UP}", 1),
    "on the other host": (
        "deploy.sh",
        f'ssh web "cd app && echo DATABASE_URL={PROD} > .env && docker compose up -d"\n',
        1,
    ),
    "step of Drone that writes": (
        ".drone.yml",
        drone(command=f"echo DATABASE_URL={PROD} > .env && docker compose up -d"),
        7,
    ),
    "step before": (".github/workflows/d.yml", steps(f"echo DATABASE_URL={PROD} > .env", "docker compose up -d"), 6),
    "GITHUB_ENV": (
        ".github/workflows/d.yml",
        steps(f'echo "DATABASE_URL={PROD}" >> "$GITHUB_ENV"', "docker compose up -d"),
        6,
    ),
    "envs of an ssh action": (".github/workflows/d.yml", SSH_ACTION, 6),
}
LITERAL = {way: row for way, row in WINS.items() if way not in UNKNOWN} | WRITTEN


@pytest.mark.parametrize("way", LITERAL)
def test_the_literal_that_wins_is_fixed_at_its_line(way: str, tmp_path: Path) -> None:
    name, text, line = LITERAL[way]
    files = {**PLACES["the default"], **BESIDE.get(way, {}), name: text}
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    result = volfix.plan(tmp_path)
    places = {
        each.location.path.relative_to(tmp_path).as_posix(): (each.location.line, each.applicability)
        for each in result.findings
        if each.code == "VF201"
    }
    assert places == {"compose.yaml": (6, Applicability.SAFE), name: (line, Applicability.SAFE)}
    result.write()
    assert (tmp_path / name).read_text() == text.replace("sqlite:///./", "sqlite:///./data/")


def test_a_line_that_goes_on_ends_at_an_empty_line(tmp_path: Path) -> None:
    deploy = f"export DATABASE_URL={PROD} \\\n\necho DATABASE_URL={PROD}\n{UP}"
    for path, content in {**PLACES["the default"], "deploy.sh": deploy}.items():
        (tmp_path / path).write_text(content)
    volfix.plan(tmp_path).write()
    assert (tmp_path / "deploy.sh").read_text() == deploy.replace("sqlite:///./", "sqlite:///./data/", 1)


def test_the_env_file_of_a_service_that_the_flow_writes(tmp_path: Path) -> None:
    compose = composed().replace("    environment:\n      DATABASE_URL: " + VALUE, "    env_file: prod.env")
    deploy = f"echo DATABASE_URL={PROD} > prod.env\n{UP}"
    finding = found(tmp_path, {"compose.yaml": compose, "deploy.sh": deploy})
    assert (finding.location.path.name, finding.applicability) == ("deploy.sh", Applicability.SAFE)


@pytest.mark.parametrize(
    ("step", "command"),
    [
        (variables("environment", 4), "alembic upgrade head"),
        (variables("environment", 4), "docker run --env DATABASE_URL acme/migrate"),
        (variables("environment", 4), "./manage.py migrate"),
    ],
)
def test_another_command_gets_the_value_too(step: str, command: str, tmp_path: Path) -> None:
    text = drone(step=step, command=f"{command}\n      - docker compose up -d")
    findings = plan(tmp_path, {**PLACES["the default"], ".drone.yml": text})
    own = next(each for each in findings if each.location.path.name == ".drone.yml" and each.code == "VF201")
    assert own.applicability is Applicability.UNSAFE


@pytest.mark.parametrize("value", ["$URL", "${{ secrets.URL }}", "$(cat url)"])
def test_what_is_written_and_not_known(value: str, tmp_path: Path) -> None:
    text = steps(f'echo "DATABASE_URL={value}" > .env', "docker compose up -d")
    finding = found(tmp_path, {**PLACES["the default"], ".github/workflows/d.yml": text})
    assert finding.location.path.name == "compose.yaml"
    assert finding.applicability is Applicability.UNSAFE


def test_the_env_file_where_compose_is_called_is_written(tmp_path: Path) -> None:
    """COMPOSE_FILE there names a project in another directory: its variables are those of the directory of the call."""
    text = f"echo DATABASE_URL={PROD} >> .env\n{UP}"
    files = {".env": "COMPOSE_FILE=ops/stack.yaml\n", "ops/stack.yaml": composed(), "deploy.sh": text}
    places = {each.location.path.name for each in plan(tmp_path, files) if each.code == "VF201"}
    assert "deploy.sh" in places


@pytest.mark.parametrize(
    ("setup", "signal", "counts"),
    [("./setup.sh\n", "EXIT", True), ("./setup.sh\n", "ERR", False), (". ./setup.sh\n", "EXIT", False)],
)
def test_a_trap_writes_where_its_shell_ends(setup: str, signal: str, counts: bool, tmp_path: Path) -> None:
    """That of a script that is called does before the deployment, that of the deploying script behind it."""
    files = {"setup.sh": f"trap 'echo DATABASE_URL={PROD} > .env' {signal}\n", "deploy.sh": f"{setup}{UP}"}
    places = {each.location.path.name for each in plan(tmp_path, {**PLACES["the default"], **files})}
    assert ("setup.sh" in places) == counts


@pytest.mark.parametrize(
    "way", ["secret of Drone", "secret of Woodpecker", "secret of a job", "script with a value that is not known"]
)
def test_the_bind_that_such_a_value_names(way: str, tmp_path: Path) -> None:
    name, text, line = WINS[way]
    inside = composed("${DATABASE_URL:-sqlite:////app/data/app.db}", "./data")
    finding = found(tmp_path, {"compose.yaml": inside, name: text}, "VF101")
    assert finding.applicability is Applicability.UNSAFE
    assert f"{name}:{line} sets DATABASE_URL" in (finding.reason or "")


@pytest.mark.parametrize("way", ["secret of Drone", "script with a value that is not known"])
def test_the_slash_trap(way: str, tmp_path: Path) -> None:
    name, text, line = WINS[way]
    trap = composed("${DATABASE_URL:-sqlite:///app/data/app.db}")
    files = {"compose.yaml": trap.replace("image: ghcr.io/acme/app:1", "build: ."), name: text}
    files |= {"Dockerfile": "FROM python:3.12\nWORKDIR /srv\n", "requirements.txt": "sqlalchemy==2.0.36\n"}
    finding = found(tmp_path, files, "VF202")
    assert finding.applicability is Applicability.UNSAFE
    assert f"{name}:{line} sets DATABASE_URL" in (finding.reason or "")


ENV_FILES = {
    "an env file with another value": (
        {"ops/prod.env": f"DATABASE_URL={SERVER}\n"},
        "docker compose --env-file ops/prod.env up -d",
    ),
    "an env file that is not here": ({}, "docker compose --env-file /etc/app.env up -d"),
    "the variable for env files": (
        {"ops/prod.env": f"DATABASE_URL={SERVER}\n"},
        "COMPOSE_ENV_FILES=ops/prod.env docker compose up -d",
    ),
}


@pytest.mark.parametrize(("files", "command"), ENV_FILES.values(), ids=ENV_FILES)
def test_an_env_file_that_the_command_names(files: dict[str, str], command: str, tmp_path: Path) -> None:
    start = {"compose.yaml": composed(), ".env": "DATABASE_URL=sqlite:///./app.db\n", "deploy.sh": f"{command}\n"}
    finding = next(each for each in plan(tmp_path, {**start, **files}) if each.location.path.name == ".env")
    assert finding.applicability is Applicability.UNSAFE
    assert "(deploy.sh:1) reads " in (finding.reason or "")


TESTS_UP = "docker compose up --exit-code-from app"
STAYS = {
    "no value": ("deploy.sh", "docker compose up -d\n"),
    "the name of the project": ("deploy.sh", "COMPOSE_PROJECT_NAME=shop docker compose up -d\n"),
    "a value in the volume": (".drone.yml", drone(step=variables("environment", 4, "sqlite:////app/data/prod.db"))),
    "a relative value in the volume": ("deploy.sh", "DATABASE_URL=sqlite:///./data/prod.db docker compose up -d\n"),
    "another variable": (".drone.yml", drone(step=variables("environment", 4).replace("DATABASE_URL", "CACHE_URL"))),
    "a step of tests": (".drone.yml", drone(step=variables("environment", 4), command=TESTS_UP, name="test")),
    "a step that does not deploy": (
        ".drone.yml",
        drone(step=variables("environment", 4), command="alembic upgrade head"),
    ),
    "another step": (
        ".drone.yml",
        drone(step=variables("environment", 4), command="pytest")
        + "  - name: deploy\n    commands: [docker compose up -d]\n",
    ),
    "a stack that is taken down": (
        "ci.sh",
        f"export DATABASE_URL={PROD}\ndocker compose up -d\npytest\ndocker compose down\n",
    ),
    "a job of tests": (
        ".github/workflows/test.yml",
        ACTIONS.format(root=variables("env", 0), job="", step="")
        .replace("deploy", "test")
        .replace(UP.strip(), TESTS_UP),
    ),
    "not exported": ("deploy.sh", f"DATABASE_URL={PROD}\ndocker compose up -d\n"),
    "another machine": ("deploy.sh", f"export DATABASE_URL={PROD}\nssh host 'cd /srv/app && docker compose up -d'\n"),
    "make, not exported": ("Makefile", f"DATABASE_URL = {PROD}\ndeploy:\n\tdocker compose up -d\n"),
}


@pytest.mark.parametrize("way", STAYS)
@pytest.mark.parametrize("place", PLACES)
def test_what_stays_safe(place: str, way: str, tmp_path: Path) -> None:
    name, text = STAYS[way]
    finding = found(tmp_path, {**PLACES[place], name: text})
    assert finding.applicability is Applicability.SAFE, finding.reason


READS_ITS_OWN = {
    "set -a": ("deploy.sh", "set -a\n. ./.env\nset +a\ndocker compose up -d\n"),
    "make": ("Makefile", "include .env\nexport\ndeploy:\n\tdocker compose up -d\n"),
    "--env-file": ("deploy.sh", "docker compose --env-file .env up -d\n"),
}


@pytest.mark.parametrize(("name", "text"), READS_ITS_OWN.values(), ids=READS_ITS_OWN)
def test_the_value_comes_from_the_file_that_is_edited(name: str, text: str, tmp_path: Path) -> None:
    finding = found(tmp_path, {**PLACES[".env"], name: text})
    assert finding.applicability is Applicability.SAFE, finding.reason


def test_an_env_file_that_is_edited_too(tmp_path: Path) -> None:
    files = {**PLACES["the default"], "prod.env": f"DATABASE_URL={PROD}\n"}
    files |= {"deploy.sh": "docker compose --env-file prod.env up -d\n", ".env": "DATABASE_URL=sqlite:///./app.db\n"}
    made = {each.location.path.name: each.applicability for each in plan(tmp_path, files) if each.code == "VF201"}
    assert made == {".env": Applicability.SAFE, "prod.env": Applicability.SAFE}


def test_a_literal_takes_no_variable(tmp_path: Path) -> None:
    name, text, _ = WINS["step of Drone"]
    finding = found(tmp_path, {"compose.yaml": composed("sqlite:///./app.db"), name: text})
    assert finding.applicability is Applicability.SAFE


def test_a_part_of_the_value_stays_in_the_volume_with_the_edit(tmp_path: Path) -> None:
    deploy = "NAME=prod.db docker compose up -d\n"
    finding = found(tmp_path, {"compose.yaml": composed("sqlite:///./${NAME:-app.db}"), "deploy.sh": deploy})
    assert finding.applicability is Applicability.SAFE, finding.reason
