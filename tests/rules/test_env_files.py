"""Which env file a value counts in: what deployments put into place, what reaches a container, what is put together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import volfix

OLD, NEW = "sqlite:///./database.db", "sqlite:///./data/database.db"
INSIDE = "sqlite:////app/data/database.db"
TEXT = f"DEBUG=0\nDATABASE_URL={OLD}\n"
BUILT = {"Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n", "requirements.txt": "sqlalchemy==2.0.36\n"}
COMPOSE = "services:\n  app:\n    build: .\n{keys}    volumes: ['./data:/app/data']\n"
LOADED = COMPOSE.format(keys="    env_file: .env\n")
UP = "docker compose up -d\n"


def plan(root: Path, files: dict[str, str], *, unsafe: bool = False) -> volfix.Plan:
    for name, text in {"compose.yaml": LOADED, **BUILT, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return volfix.plan(root, select=("VF101", "VF2"), unsafe_fixes=unsafe)


def said(found: volfix.Plan, code: str = "VF201") -> dict[str, str]:
    """The applicability of a rule's findings by file."""
    return {
        finding.location.path.name: finding.applicability.value for finding in found.findings if finding.code == code
    }


def write(found: volfix.Plan) -> None:
    assert not [project.failure for project in found.write().projects if project.failure]


def reason(found: volfix.Plan, code: str = "VF201") -> str:
    return " ".join(finding.reason or "" for finding in found.findings if finding.code == code)


EXAMPLES = (
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".env.defaults",
    ".env.tpl",
    ".env.j2",
    ".env.production.example",
    "example.env",
    "env.example",
    "dotenv.sample",
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_never_edited_by_default(name: str, tmp_path: Path) -> None:
    found = plan(tmp_path, {name: TEXT})
    assert said(found) == {name: "unsafe"}
    assert f"{name} is an example that no deployment copies into place" in reason(found)
    write(found)
    assert (tmp_path / name).read_text() == TEXT
    write(plan(tmp_path, {}, unsafe=True))
    assert (tmp_path / name).read_text() == TEXT.replace(OLD, NEW)


@pytest.mark.parametrize("place", ["examples", "config/templates"])
def test_an_env_file_among_examples_is_an_example(place: str, tmp_path: Path) -> None:
    compose = LOADED.replace("build: .", f"build: {{context: '{place}', dockerfile: ../Dockerfile}}")
    files = {"compose.yaml": compose, f"{place}/.env": TEXT}
    assert said(plan(tmp_path, files)) == {".env": "unsafe"}


COPIES = {
    "cp": "cp .env.example .env",
    "cp, with options": "cp -f --preserve=mode .env.example .env",
    "mv": "mv .env.example .env",
    "install": "install -m 600 .env.example .env",
    "ln": "ln -sf .env.example .env",
    "cat": "cat .env.example > .env",
    "envsubst": "envsubst < .env.example > .env",
    "envsubst, the other way round": "envsubst >.env <.env.example",
    "tee": "tee .env < .env.example",
    "sed": "sed 's/DEBUG=1/DEBUG=0/' .env.example > .env",
    "op": "op inject -i .env.example -o .env",
    "a variable": "SRC=.env.example\ncp $SRC .env",
    "a default": "cp ${ENV_FILE:-.env.example} .env",
    "a path": 'cp "$PWD/.env.example" ./.env',
    "scp": "scp -P 22 .env.example root@web:/srv/app/.env",
    "rsync": "rsync -a .env.example root@web:/srv/app/.env",
    "on the other machine": "ssh web 'cd /srv/app && cp .env.example .env && docker compose up -d'",
}


@pytest.mark.parametrize("command", COPIES.values(), ids=COPIES)
def test_what_a_deploying_flow_copies_into_place_is_the_source(command: str, tmp_path: Path) -> None:
    found = plan(tmp_path, {".env.example": TEXT, "deploy.sh": f"#!/bin/sh\n{command}\n{UP}"})
    assert said(found) == {".env.example": "safe"}
    write(found)
    assert (tmp_path / ".env.example").read_text() == TEXT.replace(OLD, NEW)
    assert "app-db:/app/data" in (tmp_path / "compose.yaml").read_text()
    assert not volfix.plan(tmp_path, select=("VF101", "VF2")).edits


FLOWS: dict[str, dict[str, str]] = {
    "a target": {"Makefile": f"deploy:\n\tcp .env.example .env\n\t{UP}"},
    "a target of the file's name": {"Makefile": f".env: .env.example\n\tcp $< $@\n\nup: .env\n\t{UP}"},
    "Actions": {
        ".github/workflows/deploy.yml": "on: push\njobs:\n  deploy:\n    runs-on: self-hosted\n    steps:\n"
        f"      - run: '[ -f .env ] || cp .env.example .env'\n      - run: {UP}"
    },
    "a job that makes what is not there": {
        ".github/workflows/deploy.yml": "on: push\njobs:\n  deploy:\n    runs-on: self-hosted\n    steps:\n"
        f"      - run: test -f .env || cp .env.example .env\n      - run: {UP}"
    },
    "Drone": {
        ".drone.yml": "kind: pipeline\ntype: exec\nname: x\nsteps:\n  - name: deploy\n    commands:\n"
        f"      - cp .env.example .env\n      - {UP}"
    },
    "GitLab CI": {".gitlab-ci.yml": f"deploy:\n  script:\n    - cp .env.example .env\n    - {UP}"},
    "an npm script": {"package.json": '{"scripts": {"deploy": "cp .env.example .env && docker compose up -d"}}'},
    "a script that another calls": {"deploy.sh": f"sh setup.sh\n{UP}", "setup.sh": "cp .env.example .env\n"},
}


@pytest.mark.parametrize("files", FLOWS.values(), ids=FLOWS)
def test_every_deploying_flow_counts(files: dict[str, str], tmp_path: Path) -> None:
    assert said(plan(tmp_path, {".env.example": TEXT, **files})) == {".env.example": "safe"}


ELSEWHERE = {
    "one of several, on the other machine": (
        "deploy.sh",
        f"ssh web 'cp ~/.env.$1 ~/shop/.env; cd ~/shop; {UP.strip()}'\n",
        ".env.prod",
    ),
    "from a directory of its own": ("deploy.sh", f"scp conf/prod/.env root@web:shop/.env\n{UP}", "conf/prod/.env"),
    "by a target of another name": ("Makefile", f"deploy: env\n\t{UP}\nenv:\n\tcp env.prod .env\n", "env.prod"),
}


@pytest.mark.parametrize(("name", "text", "source"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_is_copied_from_elsewhere_is_a_source(name: str, text: str, source: str, tmp_path: Path) -> None:
    assert said(plan(tmp_path, {name: text, source: TEXT})) == {Path(source).name: "safe"}


NO_FLOWS: dict[str, dict[str, str]] = {
    "tests": {".gitlab-ci.yml": f"test:\n  script:\n    - cp .env.example .env\n    - {UP}    - pytest\n"},
    "asked for": {"Makefile": f"reset:\n\tcp .env.example .env\n\t{UP}"},
    "documentation": {"README.md": "cp .env.example .env\ndocker compose up -d\n"},
    "another file": {"deploy.sh": f"cp .env.example settings.txt\n{UP}"},
    "from another machine": {"deploy.sh": f"scp root@web:/srv/.env.example .env\n{UP}"},
    "an archive": {"deploy.sh": f"tar -cf .env.tar .env.example\n{UP}"},
}


@pytest.mark.parametrize("word", ["$1", "${STAGE}", "$STAGE", "${STAGE:?which}"])
@pytest.mark.parametrize(
    "up", ["cp .env.{word} .env\ndocker compose up -d", "docker compose --env-file .env.{word} up -d"]
)
def test_every_file_that_a_variable_may_name_is_a_source(word: str, up: str, tmp_path: Path) -> None:
    """Beside the good value of the repository's own `.env`, which such a deployment does not use."""
    files = {".env.prod": TEXT, ".env.staging": TEXT.replace("database.db", "staging.db"), ".env.example": TEXT}
    found = plan(tmp_path, {**files, ".env": "DATABASE_URL=postgres://u:p@db/x\n", "deploy.sh": up.format(word=word)})
    assert said(found) == {".env.prod": "safe", ".env.staging": "safe", ".env": "none"}


@pytest.mark.parametrize("name", ["LICENSE", "Procfile", "VERSION"])
@pytest.mark.parametrize("word", ["$ENV_FILE", "${SECRETS:?}", "$HOME/$ENV_FILE", "./$1"])
def test_a_variable_alone_names_no_file_that_is_no_env_file(word: str, name: str, tmp_path: Path) -> None:
    files = {"deploy.sh": f"cp {word} .env\n{UP}", name: "what {is} no env file\n", ".env.prod": TEXT}
    found = plan(tmp_path, files)
    assert not [project.failure for project in found.projects if project.failure]
    assert "cannot be read" not in " ".join(each.reason or "" for each in found.findings)
    assert next(each for each in found.findings if each.code == "VF101").applicability.value == "safe"


@pytest.mark.parametrize("name", ["{{ db_name }}", "<%= name %>", "<your-name>", "__NAME__", "@NAME@"])
def test_what_a_template_leaves_blank_is_not_known(name: str, tmp_path: Path) -> None:
    files = {".env.j2": f"DATABASE_URL=sqlite:///./{name}.db\n", "deploy.sh": f"cp .env.j2 .env\n{UP}"}
    found = plan(tmp_path, files, unsafe=True)
    assert said(found) == {".env.j2": "none"}
    assert f"volfix cannot tell what replaces `{name}`" in reason(found)


@pytest.mark.parametrize("files", NO_FLOWS.values(), ids=NO_FLOWS)
def test_what_deploys_nothing_makes_no_source(files: dict[str, str], tmp_path: Path) -> None:
    assert said(plan(tmp_path, {".env.example": TEXT, **files})) == {".env.example": "unsafe"}


SPARED = {
    "a test before it": {"deploy.sh": f"[ -f .env ] || cp .env.example .env\n{UP}"},
    "a test around it": {"deploy.sh": f"if [ ! -f .env ]; then\n  cp .env.example .env\nfi\n{UP}"},
    "an option": {"deploy.sh": f"cp -n .env.example .env\n{UP}"},
    "a target that needs nothing": {"Makefile": f".env:\n\tcp .env.example .env\n\nup: .env\n\t{UP}"},
}


@pytest.mark.parametrize("files", SPARED.values(), ids=SPARED)
def test_a_copy_that_leaves_alone_what_an_earlier_deployment_made_is_unsafe(
    files: dict[str, str], tmp_path: Path
) -> None:
    """The `.env` that is on the server already is in no repository, and would keep the old path."""
    found = plan(tmp_path, {".env.example": TEXT, **files})
    assert said(found) == {".env.example": "unsafe"}
    assert "keeps an existing .env: change that file too" in reason(found)


def test_a_spared_file_of_the_repository_counts_alone(tmp_path: Path) -> None:
    found = plan(
        tmp_path,
        {".env": f"DATABASE_URL={INSIDE}\n", ".env.example": TEXT, "deploy.sh": SPARED["an option"]["deploy.sh"]},
    )
    assert said(found) == {}
    assert {edit.path.name for edit in found.edits} == {"compose.yaml"}


PASSED = {
    "a name": "    environment: [DATABASE_URL]\n",
    "interpolated": "    environment:\n      DATABASE_URL: ${DATABASE_URL}\n",
}


@pytest.mark.parametrize("keys", PASSED.values(), ids=PASSED)
@pytest.mark.parametrize("script", ["deploy.sh", "run/start.sh"])
def test_the_file_that_a_command_line_names_is_the_source(keys: str, script: str, tmp_path: Path) -> None:
    place = "" if script == "deploy.sh" else "-f ../compose.yaml "
    up = f"docker compose {place}--env-file {'' if not place else '../'}.env.example up -d\n"
    text = up if not place else f"cd $(dirname $0)\n{up}"
    found = plan(tmp_path, {"compose.yaml": COMPOSE.format(keys=keys), ".env.example": TEXT, script: text})
    assert said(found) == {".env.example": "safe"}


def test_on_the_other_machine_the_files_beside_the_script_come_first(tmp_path: Path) -> None:
    files = {".env.prod": TEXT, "web/compose.yaml": "services: {web: {image: nginx}}\n", "web/.env.staging": TEXT}
    deploy = 'ssh web "cd /srv/app && cp .env.$1 .env && docker compose up -d"\n'
    assert said(plan(tmp_path, {**files, "deploy.sh": deploy})) == {".env.prod": "safe"}


@pytest.mark.parametrize("name", ["settings.prod", "settings.$STAGE"])
def test_what_is_put_into_place_needs_no_env_file_s_name(name: str, tmp_path: Path) -> None:
    files = {"settings.prod": TEXT, "settings.py.txt": TEXT, "deploy.sh": f"cp {name} .env\n{UP}"}
    assert said(plan(tmp_path, files)) == {"settings.prod": "safe"}


@pytest.mark.parametrize("option", ["--project-directory", "--workdir"])
def test_such_a_file_stands_for_the_one_in_the_project_s_directory(option: str, tmp_path: Path) -> None:
    compose = COMPOSE.format(keys=PASSED["interpolated"]).replace("build: .", "build: ..")
    files = {"shop/compose.yaml": compose, "web/compose.yaml": "services: {web: {image: nginx}}\n", ".env.prod": TEXT}
    found = plan(tmp_path, {**files, "deploy.sh": f"docker compose {option} shop --env-file .env.prod up -d\n"})
    assert said(found) == {".env.prod": "safe"}


def test_a_copy_to_a_place_that_is_beside_no_compose_file_is_no_source(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    files = {"shop/compose.yaml": LOADED, "web/compose.yaml": "services: {web: {image: nginx}}\n", ".env.example": TEXT}
    for name, text in {**files, "deploy.sh": f"cp .env.example /srv/.env\ncd shop\n{UP}"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert ".env.example" not in said(volfix.plan(tmp_path, select=("VF2",)))


def test_the_file_that_a_variable_of_compose_names_is_the_source(tmp_path: Path) -> None:
    files = {"deploy.sh": f"export COMPOSE_ENV_FILES=.env.example\n{UP}", ".env.example": TEXT}
    found = plan(tmp_path, {"compose.yaml": COMPOSE.format(keys=PASSED["a name"]), **files})
    assert said(found) == {".env.example": "safe"}


def test_the_image_s_own_env_file(tmp_path: Path) -> None:
    files = {
        "compose.yaml": COMPOSE.format(keys=""),
        "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY src .\nCOPY .env.example .env\n",
        "requirements.txt": "sqlalchemy==2.0.36\npython-dotenv\n",
    }
    assert said(plan(tmp_path, {**files, ".env.example": TEXT})) == {".env.example": "safe"}
    other = {**files, "Dockerfile": files["Dockerfile"].replace("COPY .env.example .env", "COPY .env.example docs.txt")}
    assert said(plan(tmp_path, other)) == {".env.example": "unsafe"}


def test_a_copied_file_is_read_where_compose_reads_it(tmp_path: Path) -> None:
    compose = "services:\n  app:\n    build: ..\n    env_file: .env\n    volumes: ['./data:/app/data']\n"
    found = plan(
        tmp_path,
        {
            "compose.yaml": "services: {}\n",
            "deploy/compose.yaml": compose,
            "config/shop.env": TEXT,
            "deploy.sh": f"cp config/shop.env deploy/.env\ncd deploy\n{UP}",
        },
    )
    assert said(found) == {"shop.env": "safe"}
    write(found)
    assert (tmp_path / "config/shop.env").read_text() == TEXT.replace(OLD, NEW)


GOOD = {
    "an env file": ("    env_file: .env\n", {".env": f"DATABASE_URL={INSIDE}\n"}),
    "environment": (f"    environment:\n      DATABASE_URL: {INSIDE}\n", {}),
    "interpolated": ("    environment: ['DATABASE_URL=${DATABASE_URL}']\n", {".env": f"DATABASE_URL={INSIDE}\n"}),
    "the image": ("", {"Dockerfile": BUILT["Dockerfile"] + f"ENV DATABASE_URL={INSIDE}\n"}),
    "a server": ("    env_file: .env\n", {".env": "DATABASE_URL=postgres://u:p@db/x\n"}),
}


@pytest.mark.parametrize(("keys", "files"), GOOD.values(), ids=GOOD)
@pytest.mark.parametrize("name", [".env.prod", ".env.production", "prod.env", ".env.example"])
def test_another_env_file_is_left_alone_beside_a_good_value(
    name: str, keys: str, files: dict[str, str], tmp_path: Path
) -> None:
    found = plan(tmp_path, {"compose.yaml": COMPOSE.format(keys=keys), name: TEXT, **files})
    others = [finding for finding in found.findings if finding.location.path.name == name]
    assert {(finding.severity.value, finding.applicability.value) for finding in others} <= {("info", "none")}
    write(found)
    assert (tmp_path / name).read_text() == TEXT


def test_a_value_that_nothing_needs_is_a_note(tmp_path: Path) -> None:
    found = plan(tmp_path, {".env": f"DATABASE_URL={INSIDE}\n", ".env.prod": TEXT, ".env.example": TEXT})
    notes = [finding for finding in found.findings if finding.code == "VF201"]
    assert [(note.location.path.name, note.severity.value) for note in notes] == [(".env.prod", "info")]
    assert "app has another DATABASE_URL with a good value: change this file only if a deployment passes it" in reason(
        found
    )


@pytest.mark.parametrize("name", [".env.prod", ".env.production", "prod.env"])
@pytest.mark.parametrize("own", ["", f"DATABASE_URL={OLD}\n", "DATABASE_URL=\n"], ids=["none", "bad", "empty"])
def test_another_env_file_is_edited_where_nothing_gives_a_good_value(name: str, own: str, tmp_path: Path) -> None:
    write(plan(tmp_path, {".env": own, name: TEXT}))
    assert (tmp_path / name).read_text() == TEXT.replace(OLD, NEW)


NAMING = """\
services:
  app:
    build: .
    environment: {DATABASE_URL: "${URL:-sqlite:///./database.db}"}
    volumes: ["rows:/app/data"]
volumes:
  rows:
"""
BESIDE = """\
  worker:
    build: .
    environment: {DATABASE_URL: "sqlite:///${PLACE}/database.db"}
    volumes: ["more:/app/data"]
volumes:
  more:
"""
SECOND = """\
name: second
services:
  worker:
    build: .
    volumes: ["./data:/app/data"]
"""
OTHERS: dict[str, dict[str, str]] = {
    "another project of the directory": {"compose.yaml": NAMING, "second.compose.yaml": SECOND},
    "another service that names the variable": {"compose.yaml": NAMING.replace("volumes:\n", BESIDE)},
}


@pytest.mark.parametrize("files", OTHERS.values(), ids=OTHERS)
def test_an_env_file_goes_to_no_other_service_once_the_first_has_a_good_value(
    files: dict[str, str], tmp_path: Path
) -> None:
    files = {**files, ".env.prod": TEXT}
    write(plan(tmp_path, files))
    once = {name: (tmp_path / name).read_text() for name in files}
    assert once["compose.yaml"] == files["compose.yaml"].replace(OLD, NEW)
    write(plan(tmp_path, once))
    assert {name: (tmp_path / name).read_text() for name in files} == once


SHARING = NAMING.replace(
    "volumes:\n",
    """\
  worker:
    build: .
    environment: {DATABASE_URL: "sqlite:////app/jobs.db"}
    volumes: ["rows:/app/data"]
volumes:
""",
)


@pytest.mark.parametrize(
    ("loose", "expected"),
    [
        ("sqlite:////app/jobs.db", "sqlite:////app/data/jobs.db"),  # which stays where it is, in no volume
        ("sqlite:////app/data/jobs.db", "sqlite:////app/jobs.db"),  # which may be in the volume already
    ],
)
def test_a_database_takes_the_place_of_no_file_that_an_unnamed_env_file_has_in_the_volume(
    loose: str, expected: str, tmp_path: Path
) -> None:
    files = {"compose.yaml": SHARING, ".env.prod": f"DATABASE_URL={loose}\n"}
    found = plan(tmp_path, files)
    assert "two databases would become one file, /app/data/jobs.db" in reason(found)
    write(found)
    once = {name: (tmp_path / name).read_text() for name in files}
    assert once == {**files, "compose.yaml": SHARING.replace(OLD, NEW).replace("sqlite:////app/jobs.db", expected)}
    assert not plan(tmp_path, once).edits


def test_nor_where_the_variable_has_literal_values_in_another_project(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services:\n  app:\n    build: .\n    environment: {CACHE_URL: 'sqlite:////srv/app.db'}\n",
        "compose.second.yaml": (
            "name: second\nservices:\n  other:\n    build: .\n    volumes: ['rows:/app/data']\n    environment:\n"
            "      DB_PATH: /app/app.db\n      CACHE_URL: ${CACHE_URL:-sqlite:////app/data/cache.db}\n"
            "volumes: {rows: {driver: local}}\n"
        ),
        ".env.prod": "CACHE_URL=sqlite:////app/data/app.db\n",
    }
    found = plan(tmp_path, files)
    assert "two databases would become one file, /app/data/app.db" in reason(found)
    assert not found.edits


NEVER: dict[str, dict[str, str]] = {
    "nothing reads it": {},
    "it is left out of the image": {"requirements.txt": "python-dotenv\n", ".dockerignore": ".env*\n"},
    "another directory is copied": {
        "requirements.txt": "python-dotenv\n",
        "Dockerfile": "FROM x\nWORKDIR /app\nCOPY src .\n",
    },
}


@pytest.mark.parametrize("files", NEVER.values(), ids=NEVER)
def test_an_env_file_for_interpolation_alone_never_reaches_the_container(files: dict[str, str], tmp_path: Path) -> None:
    found = plan(tmp_path, {"compose.yaml": COMPOSE.format(keys=""), ".env": TEXT, **files})
    assert said(found, "VF206") == {".env": "none"}
    assert said(found) == {".env": "unsafe"}
    assert "DATABASE_URL never reaches the container" in reason(found)
    assert not found.edits


def test_a_value_that_the_compose_file_takes_elsewhere_stays(tmp_path: Path) -> None:
    keys = "    command: serve --db ${DB_PATH}\n"
    found = plan(tmp_path, {"compose.yaml": COMPOSE.format(keys=keys), ".env": "DB_PATH=/app/a.db\n"}, unsafe=True)
    assert said(found) == {".env": "none"}
    assert "compose.yaml uses DB_PATH outside `environment:` too" in reason(found)


PUT_TOGETHER = {
    "an env file": ("    env_file: .env\n", "NAME=shop.db\nDATABASE_URL=sqlite:///./${NAME}\n"),
    "a name": ("    environment: [DATABASE_URL]\n", "NAME=shop.db\nDATABASE_URL=sqlite:///./${NAME}\n"),
    "without braces, in quotes": (
        "    env_file: .env\n",
        'NAME=shop.db\nexport DATABASE_URL="sqlite:///./$NAME" # x\n',
    ),
    "a default": ("    env_file: .env\n", "DATABASE_URL=sqlite:///./${NAME:-shop.db}\n"),
    "all of the path is a default": ("    env_file: .env\n", "DATABASE_URL=sqlite:///${WHERE:-./shop.db}\n"),
    "a variable of the Compose file": ("    environment:\n      DATABASE_URL: sqlite:///./${NAME}\n", "NAME=shop.db\n"),
    "a list": ("    environment: ['DATABASE_URL=sqlite:///./${NAME-shop.db}']\n", ""),
    "a variable that is put together": (
        "    environment: ['DATABASE_URL=${URL}']\n",
        "NAME=shop.db\nURL=sqlite:///./$NAME\n",
    ),
    "two variables": ("    env_file: .env\n", "NAME=shop\nEND=db\nDATABASE_URL=sqlite:///./${NAME}.${END}\n"),
    "dollars": ("    env_file: .env\n", "DATABASE_URL=sqlite:///./shop$$1.db\n"),
    "a dollar in quotes": ("    env_file: .env\n", 'NAME=shop\nDATABASE_URL="sqlite:///./\\$1${NAME}.db"\n'),
}


def config(root: Path) -> dict[str, str]:
    """The environment of the service `app` as the real Compose makes it."""
    binary = Path(sys.executable).parent / "docker-compose"
    words = [binary if binary.exists() else "docker-compose", "-f", root / "compose.yaml", "config", "--format", "json"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("needs Compose")
    environment: dict[str, str] = json.loads(done.stdout)["services"]["app"]["environment"]
    return {name: value.replace("$$", "$") for name, value in environment.items()}


@pytest.mark.parametrize(("keys", "text"), PUT_TOGETHER.values(), ids=PUT_TOGETHER)
def test_the_literal_part_of_a_value_that_is_put_together_changes(keys: str, text: str, tmp_path: Path) -> None:
    found = plan(tmp_path, {"compose.yaml": COMPOSE.format(keys=keys), ".env": text})
    before = config(tmp_path)
    assert not said(found, "VF206")
    assert set(said(found).values()) == {"safe"}
    write(found)
    name = before["DATABASE_URL"].removeprefix("sqlite:///./")
    assert config(tmp_path) == {**before, "DATABASE_URL": f"sqlite:///./data/{name}"}
    moves = [move.source for project in found.projects for move in project.moves]
    assert f"container:/app/{name}" in moves
    assert not volfix.plan(tmp_path, select=("VF101", "VF2")).edits


@pytest.mark.parametrize(
    ("directory", "text"),
    [
        ("/app", "sqlite:///${DIR}/x.db"),
        ("/app/", "sqlite:///${DIR}x.db"),
        ("/app/", "sqlite:///${DIR}./x.db"),
        ("/app", "sqlite:////${DIR}/x.db"),
    ],
)
def test_a_directory_in_the_variable(directory: str, text: str, tmp_path: Path) -> None:
    found = plan(tmp_path, {".env": f"DIR={directory}\nDATABASE_URL={text}\n"})
    assert said(found) == {".env": "safe"}
    write(found)
    assert config(tmp_path)["DATABASE_URL"].endswith("/app/data/x.db")
    assert config(tmp_path)["DIR"] == directory


REFUSED = {
    "single quotes": (
        "    env_file: .env\n",
        "NAME=a.db\nDATABASE_URL='sqlite:///./${NAME}'\n",
        "reaches the container unchanged",
    ),
    "the raw format": (
        "    env_file: [{path: .env, format: raw}]\n",
        "NAME=a.db\nDATABASE_URL=sqlite:///./${NAME}\n",
        "reaches the container unchanged",
    ),
    "an unknown variable": (
        "    environment:\n      DATABASE_URL: sqlite:///./${NAME}\n",
        "",
        "volfix does not know the value of NAME",
    ),
    "an unknown one in an env file": (
        "    env_file: .env\n",
        "DATABASE_URL=sqlite:///./${NAME}\n",
        "volfix does not know the value of NAME",
    ),
    "an unknown directory": (
        "    environment: ['DATABASE_URL=sqlite:////${DIR}/a.db']\n",
        "",
        "volfix does not know the value of DIR",
    ),
    "the variables alone": (
        "    env_file: .env\n",
        "A=/app\nB=/a.db\nDATABASE_URL=sqlite:///$A$B\n",
        "no change of one part gives",
    ),
}


@pytest.mark.parametrize(("keys", "text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_known_or_said_is_refused(keys: str, text: str, why: str, tmp_path: Path) -> None:
    found = plan(tmp_path, {"compose.yaml": COMPOSE.format(keys=keys), ".env": text}, unsafe=True)
    assert set(said(found).values()) == {"none"}
    assert why in reason(found)
    assert (tmp_path / ".env").read_text() == text


PARTS = {
    "a file of another value": (
        "    environment: ['DB_FILE=${NAME}', 'DATABASE_URL=sqlite:///./${NAME}']\n",
        "NAME=shop.db\n",
        "NAME is also part of other values",
    ),
    "a variable of another value": (
        "    env_file: .env\n",
        "DB_FILE=shop.db\nDATABASE_URL=sqlite:///./${DB_FILE}\n",
        "DB_FILE is also part of other values",
    ),
    "a URL of another value": (
        "    env_file: .env\n",
        "DATABASE_URL=sqlite:///./shop.db\nREAD_URL=${DATABASE_URL}?mode=ro\n",
        "DATABASE_URL is also part of other values",
    ),
}


@pytest.mark.parametrize(("keys", "text", "why"), PARTS.values(), ids=PARTS)
def test_what_is_a_part_of_another_value_stays(keys: str, text: str, why: str, tmp_path: Path) -> None:
    found = plan(tmp_path, {"compose.yaml": COMPOSE.format(keys=keys), ".env": text})
    assert "safe" not in said(found).values()
    assert why in reason(found)
    assert not found.edits


def test_a_loaded_env_file_that_loses_is_loaded_all_the_same(tmp_path: Path) -> None:
    files = {".env": f"DATABASE_URL={INSIDE}\n", ".env.prod": TEXT}
    found = plan(tmp_path, {"compose.yaml": LOADED.replace(".env\n", "[.env, .env.prod]\n"), **files})
    assert not said(found, "VF206")
    assert said(found) == {".env.prod": "safe"}


def test_a_default_that_an_example_replaces_is_unsafe(tmp_path: Path) -> None:
    keys = "    environment: ['DATABASE_URL=sqlite:///./${NAME:-shop.db}']\n"
    found = plan(tmp_path, {"compose.yaml": COMPOSE.format(keys=keys), ".env.example": "NAME=mine.db\n"})
    assert said(found) == {"compose.yaml": "unsafe"}
    assert "mentions NAME" in reason(found)


def test_a_file_that_is_mounted_and_whose_name_is_put_together(tmp_path: Path) -> None:
    compose = "services:\n  app:\n    build: .\n    env_file: .env\n    volumes: ['./shop.db:/app/shop.db']\n"
    files = {"compose.yaml": compose, ".env": "NAME=shop.db\nDATABASE_URL=sqlite:///./${NAME}\n"}
    for name, text in {**BUILT, **files}.items():
        (tmp_path / name).write_text(text)
    found = volfix.plan(tmp_path)
    assert said(found, "VF103") == {"compose.yaml": "safe"}
    write(found)
    assert config(tmp_path)["DATABASE_URL"] == "sqlite:///./data/shop.db"
