"""Given a fix that makes a volume, then the commands that would delete it go with the fix, or the fix is unsafe."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import volfix
from volfix.fixes.masking.secrets import secret_spans
from volfix.knowledge.systems import changes
from volfix.rules.findings import Applicability, Finding
from volfix.syntax.source import Source

BASH = shutil.which("bash")
ENGINES = {
    "postgres": ("postgres:16", "/var/lib/postgresql/data"),
    "mysql": ("mysql:8.4", "/var/lib/mysql"),
    "mariadb": ("mariadb:11", "/var/lib/mysql"),
    "mongo": ("mongo:7", "/data/db"),
    "redis": ("redis:7", "/data"),
}


def bind(engine: str = "postgres", source: str = "./deploy/pgdata") -> str:
    image, target = ENGINES[engine]
    return f"services:\n  db:\n    image: {image}\n    volumes:\n      - {source}:{target}\n"


APP = """\
services:
  app:
    image: ghcr.io/acme/app:1
    working_dir: /app
    environment:
      DATABASE_URL: sqlite:///./database.db
    volumes:
      - ./data:/app/data
"""
SOCKET = "    volumes: [{name: socket, path: /var/run/docker.sock}]\n"
HOST = "volumes:\n  - name: socket\n    host: {path: /var/run/docker.sock}\n"
DRONE = "kind: pipeline\ntype: docker\nname: default\nsteps:\n  - name: deploy\n    image: docker:27\n" + SOCKET
ACTIONS = "on: push\njobs:\n  deploy:\n    runs-on: self-hosted\n    steps:\n      - uses: actions/checkout@v4\n"


def placed(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def found(root: Path, code: str = "VF101", **options: object) -> Finding:
    (finding,) = (each for each in volfix.plan(root, **options).findings if each.code == code)  # type: ignore[arg-type]
    return finding


# A file with the commands, the text before and the text after.
TAKEN = {
    "the issue's own script": (
        "deploy.sh",
        "docker compose down; docker volume prune -af; docker compose up -d --build\n",
        "docker compose down; docker compose up -d --build\n",
    ),
    "an option": (
        "deploy.sh",
        "docker compose down -v\ndocker compose up -d\n",
        "docker compose down\ndocker compose up -d\n",
    ),
    "a volume by its name": (
        "deploy.sh",
        "docker compose down\ndocker volume rm {project}_db-data || true\ndocker compose up -d\n",
        "docker compose down\ndocker compose up -d\n",
    ),
    "a prune of the system": (
        "deploy.sh",
        "docker compose down\ndocker system prune -af --volumes\ndocker compose up -d\n",
        "docker compose down\ndocker system prune -af\ndocker compose up -d\n",
    ),
    "all volumes that there are": (
        "redeploy.sh",
        "docker compose down && docker volume rm -f $(docker volume ls -q) && docker compose up -d\n",
        "docker compose down && docker compose up -d\n",
    ),
    "over ssh": (
        "release.sh",
        'ssh host "cd /srv/app && docker compose down && docker volume prune -f && docker compose up -d"\n',
        'ssh host "cd /srv/app && docker compose down && docker compose up -d"\n',
    ),
    "alone over ssh": (
        "deploy.sh",
        "ssh $HOST docker compose -f /srv/app/compose.yaml down\nssh -p 22 $HOST 'docker volume prune -af' || true\n"
        "ssh $HOST docker compose -f /srv/app/compose.yaml up -d\n",
        "ssh $HOST docker compose -f /srv/app/compose.yaml down\n"
        "ssh $HOST docker compose -f /srv/app/compose.yaml up -d\n",
    ),
    "alone over ssh, in an item of GitLab": (
        ".gitlab-ci.yml",
        "deploy:\n  script:\n    - ssh h 'cd app && docker compose down'\n    - ssh h 'docker volume prune -f'\n"
        "    - ssh h 'cd app && docker compose up -d'\n",
        "deploy:\n  script:\n    - ssh h 'cd app && docker compose down'\n"
        "    - ssh h 'cd app && docker compose up -d'\n",
    ),
    "alone in a shell of its own": (
        "deploy.sh",
        "docker compose down\nsudo bash -c 'docker volume prune -af'\ndocker compose up -d\n",
        "docker compose down\ndocker compose up -d\n",
    ),
    "in a shell of its own": (
        "deploy.sh",
        "sudo sh -c 'docker compose down; docker volume prune -af; docker compose up -d'\n",
        "sudo sh -c 'docker compose down; docker compose up -d'\n",
    ),
    "in a function": (
        "deploy.sh",
        "wipe_old() {\n  docker volume prune -af\n}\ndocker compose down\nwipe_old\ndocker compose up -d\n",
        "wipe_old() {\n  :\n}\ndocker compose down\nwipe_old\ndocker compose up -d\n",
    ),
    "in a test": (
        "deploy.sh",
        "docker compose down\nif docker volume prune -af; then\n  echo done\nfi\ndocker compose up -d\n",
        "docker compose down\nif true; then\n  echo done\nfi\ndocker compose up -d\n",
    ),
    "an answer that is a text": (
        "start.sh",
        "docker compose down\ndocker volume prune <<< y\ndocker compose up -d\n",
        "docker compose down\ndocker compose up -d\n",
    ),
    "an answer that is piped in": (
        "start.sh",
        "docker compose down\nyes | docker volume prune\ndocker compose up -d\n",
        "docker compose down\ndocker compose up -d\n",
    ),
    "a line of a recipe": (
        "Makefile",
        "deploy:\n\tdocker compose down\n\t@-docker volume prune -af\n\tdocker compose up -d\n",
        "deploy:\n\tdocker compose down\n\tdocker compose up -d\n",
    ),
    "in a line of a recipe": (
        "Makefile",
        "deploy:\n\tdocker compose down && docker volume prune -af && \\\n\t  docker compose up -d\n",
        "deploy:\n\tdocker compose down && \\\n\t  docker compose up -d\n",
    ),
    "a script of npm": (
        "package.json",
        '{"scripts": {"deploy": "docker compose down && docker volume prune -af && docker compose up -d"}}\n',
        '{"scripts": {"deploy": "docker compose down && docker compose up -d"}}\n',
    ),
    "a step of Drone": (
        ".drone.yml",
        DRONE
        + "    commands:\n      - docker compose -p shop down\n      # room\n      - docker volume prune -af  # all\n"
        + "      - docker compose -p shop up -d\n"
        + HOST,
        DRONE
        + "    commands:\n      - docker compose -p shop down\n      # room\n"
        + "      - docker compose -p shop up -d\n"
        + HOST,
    ),
    "a step of Drone in one line": (
        ".drone.yml",
        DRONE + "    commands: [docker compose -p s down, docker volume prune -f, docker compose -p s up -d]\n" + HOST,
        DRONE + "    commands: [docker compose -p s down, docker compose -p s up -d]\n" + HOST,
    ),
    "a block of Actions": (
        ".github/workflows/deploy.yml",
        ACTIONS + "      - run: |\n          docker compose down\n          docker volume prune -af\n"
        "          docker compose up -d\n",
        ACTIONS + "      - run: |\n          docker compose down\n          docker compose up -d\n",
    ),
    "the last line of a block": (
        ".github/workflows/deploy.yml",
        ACTIONS + "      - run: |\n          docker compose down\n          docker volume prune -af\n"
        "      - run: docker compose up -d\n",
        ACTIONS + "      - run: |\n          docker compose down\n      - run: docker compose up -d\n",
    ),
    "a script of GitLab": (
        ".gitlab-ci.yml",
        "deploy:\n  script:\n    - docker compose down\n    - docker volume prune -af\n    - docker compose up -d\n",
        "deploy:\n  script:\n    - docker compose down\n    - docker compose up -d\n",
    ),
    "a recipe of just": (
        "justfile",
        "deploy:\n    docker compose down; docker volume prune -af; docker compose up -d\n",
        "deploy:\n    docker compose down; docker compose up -d\n",
    ),
}


@pytest.mark.parametrize("title", TAKEN)
@pytest.mark.parametrize("select", [(), ("VF101",)], ids=["all", "VF101"])
def test_what_would_delete_the_volume_goes_with_the_fix(title: str, select: tuple[str, ...], tmp_path: Path) -> None:
    name, before, after = TAKEN[title]
    before = before.replace("{project}", tmp_path.name)
    placed(tmp_path, {"compose.yaml": bind(), name: before})
    plan = volfix.plan(tmp_path, select=select)
    (finding,) = (each for each in plan.findings if each.code == "VF101")
    assert finding.applicability is Applicability.SAFE, finding.reason
    assert any(name in line and "the fix removes the deletion" in line for line in finding.evidence)
    result = plan.write()
    assert not [project.failure for project in result.projects if project.failure]
    assert not [item for project in result.projects for item in project.findings if item.rejected]
    assert (tmp_path / name).read_text() == after
    assert "driver: local" in (tmp_path / "compose.yaml").read_text()
    if name.endswith(".sh") and BASH is not None:
        assert subprocess.run([BASH, "-n", str(tmp_path / name)], check=False).returncode == 0
    assert not [each for each in volfix.plan(tmp_path).findings if each.code == "VF401"]


# Files of a deployment, which of them says `down -v` or prunes, and what is left of its line.
CALLED = {
    "a Makefile that is included": (
        {
            "Makefile": "include ops/docker.mk\ndeploy: stop\n\tdocker compose up -d\n",
            "ops/docker.mk": "stop:\n\tdocker compose down -v\n",
        },
        "ops/docker.mk",
    ),
    "a Makefile that its includer completes": (
        {
            "Makefile": "stop:\n\tdocker compose down -v\n-include deploy.mk\n",
            "deploy.mk": "deploy: stop\n\tdocker compose up -d\n",
        },
        "Makefile",
    ),
    "a Makefile included by a variable and a pattern": (
        {
            "Makefile": "OPS := ops\ninclude $(OPS)/*.mk\nup:\n\tdocker compose up -d\n",
            "ops/stack.mk": "stop:\n\tdocker compose down -v\n",
            "deploy.sh": "make stop up\n",
        },
        "ops/stack.mk",
    ),
    "npm's script before another": (
        {"package.json": '{"scripts": {"predeploy": "docker compose down -v", "deploy": "docker compose up -d"}}\n'},
        "package.json",
    ),
    "npm's script behind another": (
        {
            "package.json": '{"scripts": {"poststop": "docker volume prune -af; echo pruned", '
            '"stop": "docker compose down", "deploy": "npm run stop && docker compose up -d"}}\n'
        },
        "package.json",
    ),
    "an executable script without a suffix": (
        {"bin/deploy": "#!/usr/bin/env bash\ndocker compose down -v\ndocker compose up -d\n"},
        "bin/deploy",
    ),
    "a hook of git": (
        {"hooks/post-receive": "#!/bin/sh -e\ndocker compose down -v\ndocker compose up -d\n"},
        "hooks/post-receive",
    ),
}


@pytest.mark.parametrize("title", CALLED)
def test_what_a_deployment_finds_in_another_file_goes_too(title: str, tmp_path: Path) -> None:
    files, name = CALLED[title]
    placed(tmp_path, {"compose.yaml": bind(), **files})
    (tmp_path / name).chmod(0o755)
    plan = volfix.plan(tmp_path)
    assert found(tmp_path).applicability is Applicability.SAFE
    shown = [secret_spans(Source.read(tmp_path / name)) for name in files if name.startswith(("bin", "hooks"))]
    assert not [value for values in shown for value in values]
    plan.write()
    after = (tmp_path / name).read_text()
    assert after == files[name].replace(" down -v", " down").replace("docker volume prune -af; ", "")
    assert not [each for each in volfix.plan(tmp_path).findings if each.code == "VF401"]


@pytest.mark.parametrize("name", ["deploy/cron.d/shop", "crontabs/root"])
def test_a_cron_table_by_its_directory_runs_its_installed_copy(name: str, tmp_path: Path) -> None:
    user = "root " if "cron.d" in name else ""
    line = f"0 4 * * * {user}cd /srv/shop && docker compose down && docker volume prune -af && docker compose up -d\n"
    placed(tmp_path, {"compose.yaml": bind(), name: line})
    finding = found(tmp_path)
    assert finding.applicability is Applicability.UNSAFE
    assert "installed copy" in (finding.reason or "")


def test_a_variable_of_an_included_file_makes_the_fix_unsafe(tmp_path: Path) -> None:
    make = "include .env\ndeploy:\n\tdocker compose down $(FLAGS)\n\tdocker compose up -d\n"
    placed(tmp_path, {"compose.yaml": bind(), "Makefile": make, ".env": "FLAGS=-v\n"})
    assert found(tmp_path).applicability is Applicability.UNSAFE


@pytest.mark.parametrize(
    "handler",
    [
        "trap 'docker compose down -v' ERR\n",
        "cleanup() { docker compose down --volumes; }\ntrap cleanup ERR INT\n",
        "trap 'docker compose down; docker volume prune -af' EXIT\n",
    ],
)
def test_a_handler_of_a_deployment_that_deletes_makes_the_fix_unsafe(handler: str, tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": bind(), "deploy.sh": f"set -e\n{handler}docker compose up -d\n./check.sh\n"})
    finding = found(tmp_path)
    assert finding.applicability is Applicability.UNSAFE
    assert "(a trap)" in (finding.reason or "")


@pytest.mark.parametrize(
    "text",
    ["docker compose -f compose.test.yaml down -v", "docker compose down", "docker volume rm scratch", "rm -f x"],
)
def test_a_handler_that_leaves_the_volume_keeps_the_fix_safe(text: str, tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": bind(), "deploy.sh": f"trap '{text}' EXIT\ndocker compose up -d\n"})
    assert found(tmp_path).applicability is Applicability.SAFE


@pytest.mark.parametrize("name", ["run-tests.sh", "scripts/ci.sh", "demo.sh"])
def test_a_handler_of_another_script_keeps_the_fix_safe(name: str, tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": bind(), name: "trap 'docker compose down -v' EXIT\ndocker compose up -d\n"})
    assert found(tmp_path).applicability is Applicability.SAFE


RENAMED = {
    "-p": "docker compose -p shop-$(date +%s) up -d\n",
    "--project-name=": 'docker compose --project-name="shop-$(git rev-parse --short HEAD)" up -d\n',
    "a variable": "export COMPOSE_PROJECT_NAME=shop_$(date +%F)\ndocker compose up -d\n",
    "a variable of the command": 'COMPOSE_PROJECT_NAME="shop-$GITHUB_SHA" docker compose up -d\n',
    "a variable before it": 'RELEASE=$(date +%s)\ndocker compose -p "shop-$RELEASE" up -d\n',
    "a directory": "R=$(date +%s)\ncp -r . /srv/$R\ncd /srv/$R && docker compose up -d\n",
    "the file's directory": "docker compose -f /srv/$(date +%s)/compose.yaml up -d\n",
}


@pytest.mark.parametrize("title", RENAMED)
def test_a_project_with_another_name_each_time_makes_the_fix_unsafe(title: str, tmp_path: Path) -> None:
    """Its bind survives this; the new volume would be another, empty one at each deployment."""
    placed(tmp_path, {"compose.yaml": bind(), "deploy.sh": RENAMED[title]})
    finding = found(tmp_path)
    assert finding.applicability is Applicability.UNSAFE
    assert "EMPTY volume each time" in (finding.reason or "")


CHANGING = (
    *("$(date +%s)", "$( date )", "`date +%F`", "$(uuidgen)", "`mktemp -d`", "$(mktemp -d)", "$(openssl rand -hex 4)"),
    *("$(git rev-parse HEAD)", "$(git describe)", "$(git log -1)", "$(git rev-list HEAD)", "$(git show -s)"),
    *("`git rev-parse HEAD`", "$RANDOM", "${GIT_COMMIT}", "$CI_COMMIT_SHA", "$REVISION"),
    *("$BUILD_ID", "$BUILD_NUMBER", "${BUILD_TAG:0:8}", "$BUILDID", "$GITHUB_RUN_ID", "$RUN_NUMBER", "$TIMESTAMP"),
    *("$CI_PIPELINE_ID", "$CI_PIPELINE_IID", "$DATE"),
)


@pytest.mark.parametrize("text", CHANGING)
def test_a_date_a_commit_or_a_number_of_a_build_changes(text: str) -> None:
    assert changes(f"shop-{text}")
    assert not changes("shop-$UPDATED $(git rev-parse --show-toplevel) ${SHAPE} $DATES date sha")


@pytest.mark.parametrize(
    "text",
    [
        "docker compose -p shop up -d\n",
        'docker compose -p "$(basename "$PWD")" up -d\n',
        'cd "$(git rev-parse --show-toplevel)" && docker compose up -d\n',
        "docker compose -p $PROJECT up -d\n",
        "TAG=$(git rev-parse HEAD) docker compose -p shop up -d\n",
    ],
)
def test_a_project_whose_name_stays_keeps_the_fix_safe(text: str, tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": bind(), "deploy.sh": text})
    assert found(tmp_path).applicability is Applicability.SAFE


@pytest.mark.parametrize("title", TAKEN)
def test_with_unsafe_fixes_it_goes_once(title: str, tmp_path: Path) -> None:
    """The command's own finding may be fixed then, too: with the same edit."""
    name, before, after = TAKEN[title]
    before = before.replace("{project}", tmp_path.name)
    placed(tmp_path, {"compose.yaml": bind(), name: before})
    plan = volfix.plan(tmp_path, select=("VF101", "VF401"), unsafe_fixes=True)
    assert not [each for each in plan.findings if each.fix is None]
    plan.write()
    assert (tmp_path / name).read_text() == after


def test_a_file_with_uncommitted_changes_keeps_all_of_the_fix_back(tmp_path: Path) -> None:
    text = "docker compose down -v\ndocker compose up -d\n"
    placed(tmp_path, {"compose.yaml": bind(), "deploy.sh": text})
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    (tmp_path / "deploy.sh").write_text(text + "echo done\n")
    result = volfix.plan(tmp_path).write()
    assert ["deploy.sh" in (project.failure or "") for project in result.projects] == [True]
    assert (tmp_path / "compose.yaml").read_text() == bind()
    assert result.status == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_it_does_not_matter_which_engine_moves(engine: str, tmp_path: Path) -> None:
    text = "docker compose down\ndocker volume prune -af\ndocker compose up -d\n"
    placed(tmp_path, {"compose.yaml": bind(engine, "./rows"), "deploy.sh": text})
    volfix.plan(tmp_path).write()
    assert "prune" not in (tmp_path / "deploy.sh").read_text()
    assert "driver: local" in (tmp_path / "compose.yaml").read_text()


# What stays in the file: the file, its text, and what the reason says.
KEPT = {
    "all that a job does": (
        ".github/workflows/deploy.yml",
        ACTIONS + "      - run: docker compose down\n      - run: docker volume prune -af\n"
        "      - run: docker compose up -d\n",
        "without a command",
    ),
    "its output is used": (
        "deploy.sh",
        "docker compose down\nOUT=$(docker volume prune -af)\ndocker compose up -d\n",
        "deploy.sh:2",
    ),
    "its output is kept": (
        "deploy.sh",
        "docker compose down\ndocker volume prune -af | tee prune.log\ndocker compose up -d\n",
        "pipe",
    ),
    "others depend on it": (
        "deploy.sh",
        "docker compose down\ndocker volume rm {project}_db-data && ./seed.sh\ndocker compose up -d\n",
        "succeeds",
    ),
    "a signed pipeline": (
        ".drone.yml",
        DRONE
        + "    commands: [docker compose -p s down -v, docker compose -p s up -d]\n"
        + HOST
        + "---\nkind: signature\nhmac: 2e1f9a3c5d7b\n\n...\n",
        "signed",
    ),
    "a pipeline of another dialect": (
        ".woodpecker.yml",
        "steps:\n  deploy:\n    image: docker:27\n    volumes: [/var/run/docker.sock:/var/run/docker.sock]\n"
        "    commands: [docker compose -p s down -v, docker compose -p s up -d]\n",
        "volfix edits only",
    ),
    "an ignored command": (
        "deploy.sh",
        "docker compose down -v  # volfix: ignore[VF401] wanted\ndocker compose up -d\n",
        "a comment",
    ),
    "an option from elsewhere": ("deploy.sh", "F=-v\ndocker compose down $F\ndocker compose up -d\n", "-v"),
    "a target that people ask for, too": (
        "Makefile",
        "clean:\n\tdocker compose down -v\n\ndeploy: clean\n\tdocker compose up -d\n",
        "people also run clean by hand",
    ),
    "a list that is used twice": (
        ".gitlab-ci.yml",
        "x: &steps\n  - docker compose down\n  - &wipe docker volume prune -af\n  - docker compose up -d\n"
        "deploy:\n  script: *steps\nother:\n  script:\n    - *wipe\n",
        "refers to it elsewhere",
    ),
    "a call that hands the command on": (
        "deploy.sh",
        'loud() {\n  echo "$@"\n  "$@"\n}\nloud docker volume prune -af\ndocker compose up -d\n',
        "deploy.sh:5",
    ),
}


@pytest.mark.parametrize("title", KEPT)
def test_what_cannot_be_taken_out_makes_the_fix_unsafe(title: str, tmp_path: Path) -> None:
    name, text, said = KEPT[title]
    placed(tmp_path, {"compose.yaml": bind(), name: text.replace("{project}", tmp_path.name)})
    finding = found(tmp_path)
    assert finding.applicability is Applicability.UNSAFE
    assert said in (finding.reason or "")
    assert name in (finding.reason or "")
    volfix.plan(tmp_path).write()
    assert (tmp_path / "compose.yaml").read_text() == bind()


@pytest.mark.parametrize("ignore", ["VF401", "VF4"])
def test_an_ignored_rule_makes_the_fix_unsafe(ignore: str, tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": bind(), "deploy.sh": "docker compose down -v\ndocker compose up -d\n"})
    finding = found(tmp_path, ignore=(ignore,))
    assert finding.applicability is Applicability.UNSAFE
    assert "`docker compose down -v` (deploy.sh:1)" in (finding.reason or "")
    assert "ignored" in (finding.reason or "")


STAYS = {
    "a target that people ask for": ("Makefile", "up:\n\tdocker compose up -d\nclean:\n\tdocker compose down -v\n"),
    "a script that people ask for": ("scripts/uninstall.sh", "docker compose down -v\n"),
    "a branch that people ask for": (
        "deploy.sh",
        'case "$1" in\n  purge) docker compose down -v ;;\n  *) docker compose up -d ;;\nesac\n',
    ),
    "anonymous volumes alone": ("deploy.sh", "docker compose rm -fsv\ndocker compose up -d -V\n"),
    "another volume": ("deploy.sh", "docker compose down\ndocker volume rm build-cache\ndocker compose up -d\n"),
    "volumes of another label": (
        "deploy.sh",
        "docker compose down\ndocker volume prune -af --filter label=scratch\ndocker compose up -d\n",
    ),
    "images": ("deploy.sh", "docker compose down --rmi all\ndocker system prune -af\ndocker compose up -d\n"),
    "a stack for tests": (
        "deploy.sh",
        "docker compose -f docker-compose.test.yml down -v\ndocker compose up -d\n",
    ),
}


@pytest.mark.parametrize("title", STAYS)
def test_what_deletes_no_such_volume_stays_and_the_fix_is_safe(title: str, tmp_path: Path) -> None:
    name, text = STAYS[title]
    placed(tmp_path, {"compose.yaml": bind(), name: text})
    finding = found(tmp_path, select=("VF101",))
    assert finding.applicability is Applicability.SAFE
    volfix.plan(tmp_path, select=("VF101",)).write()
    assert (tmp_path / name).read_text() == text
    assert "driver: local" in (tmp_path / "compose.yaml").read_text()


def test_what_somebody_asks_for_is_named(tmp_path: Path) -> None:
    makefile = "up:\n\tdocker compose up -d\nclean:\n\tdocker compose down\n\tdocker volume prune -af\n"
    placed(tmp_path, {"compose.yaml": bind(), "Makefile": makefile})
    assert any("Makefile:5: `docker volume prune -af` in clean" in line for line in found(tmp_path).evidence)


UNKNOWN = {
    "every volume of Docker": "docker compose down\nrm -rf /var/lib/docker/volumes/*\ndocker compose up -d\n",
    "Docker's own directory": "docker compose down\nsudo rm -rf /var/lib/docker\ndocker compose up -d\n",
    "the volume's directory": "docker compose down\nrm -rf /var/lib/docker/volumes/{project}_db-data\n"
    "docker compose up -d\n",
    **{
        command: f"docker compose down\n{command}\ndocker compose up -d\n"
        for command in (
            "rm -rf /var/lib/docker/volumes/{project}_db-data/_data/*",
            "find /var/lib/docker/volumes -delete",
            "sudo find /var/lib/docker/volumes -mindepth 1 -delete",
            "find /var/lib/docker/volumes/{project}_db-data/_data -type f -delete",
            "find /var/lib/docker/volumes -mtime +7 -exec rm -rf {{}} +",
            "find /var/lib/docker/volumes -name '*db*' -exec rm -rf {{}} \\;",
            "docker run --rm -v /var/lib/docker/volumes:/v alpine rm -rf /v/{project}_db-data",
            "docker run --rm -v /var/lib/docker:/v:rw alpine sh -c 'rm -rf /v/volumes/*'",
            "docker run --rm --mount type=bind,source=/var/lib/docker/volumes,target=/v alpine find /v -delete",
            "docker container run --rm --volume=/var/lib/docker/volumes:/v alpine sh -c 'cd /v && rm -rf *'",
        )
    },
}


@pytest.mark.parametrize("title", UNKNOWN)
def test_what_deletes_the_engines_own_files_makes_the_fix_unsafe(title: str, tmp_path: Path) -> None:
    text = UNKNOWN[title].replace("{project}", tmp_path.name).replace("{{}}", "{}")
    placed(tmp_path, {"compose.yaml": bind(), "deploy.sh": text})
    finding = found(tmp_path)
    assert finding.applicability is Applicability.UNSAFE
    assert "(deploy.sh:2)" in (finding.reason or "")


SPARED = (
    "find /var/lib/docker/volumes -name '*.log'",
    "find /var/lib/docker/volumes/other_rows -delete",
    "find /var/log/app -mtime +7 -delete",
    "docker run --rm -v /var/lib/docker/volumes:/v alpine ls /v",
    "docker run --rm -v /var/lib/docker/volumes:/v:ro -v /srv/old:/old alpine rm -rf /old",
    "docker run --rm -v /var/lib/docker/volumes:/v alpine rm -rf /v/other_rows",
    "docker run --rm -v /var/lib/docker/volumes:/v alpine rm -rf /var/cache",
)


@pytest.mark.parametrize("command", SPARED)
def test_a_command_that_spares_the_volume_leaves_the_fix_safe(command: str, tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": bind(), "deploy.sh": f"docker compose down\n{command}\ndocker compose up -d\n"})
    assert found(tmp_path).applicability is Applicability.SAFE


def test_a_pipeline_step_deletes_through_the_daemon(tmp_path: Path) -> None:
    deletes = "docker run --rm -v /var/lib/docker/volumes:/v docker:27 rm -rf /v"
    steps = f"    commands: [docker compose down, '{deletes}', docker compose up -d]\n"
    placed(tmp_path, {"compose.yaml": bind(), ".drone.yml": DRONE + steps + HOST})
    finding = found(tmp_path)
    assert finding.applicability is Applicability.UNSAFE
    assert "deletes Docker's own files" in (finding.reason or "")


def test_a_command_about_a_stack_that_is_not_known_makes_the_fix_unsafe(tmp_path: Path) -> None:
    script = 'for each in */; do\n  (cd "$each" && docker compose down -v && docker compose up -d)\ndone\n'
    placed(tmp_path, {"one/compose.yaml": bind(), "two/compose.yaml": bind("redis", "./rows"), "deploy.sh": script})
    findings = [each for each in volfix.plan(tmp_path).findings if each.code == "VF101"]
    assert [each.applicability.value for each in findings] == ["unsafe", "unsafe"]
    assert all("volfix cannot tell which stack it is for" in (each.reason or "") for each in findings)


# Every rule that makes a volume or carries rows into one: files, and the code of the finding.
RULES = {
    "VF102": "services:\n  app:\n    image: vaultwarden/server:1\n    volumes:\n      - ./vw:/data\n",
    "VF105": "services:\n  db:\n    image: mysql:8.4\n",
    "VF106": "services:\n  db:\n    image: mongo:7\n    volumes:\n      - ./rows:/var/data\n",
    "VF108": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\n",
    "VF104": "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\n"
    "volumes:\n  rows:\n    driver_opts: {type: none, o: bind, device: ./rows}\n",
    "VF201": APP,
}


@pytest.mark.parametrize("code", RULES)
def test_it_does_not_matter_which_rule_makes_the_volume(code: str, tmp_path: Path) -> None:
    script = "docker compose down\ndocker volume prune -af\ndocker compose up -d\n"
    placed(tmp_path, {"compose.yaml": RULES[code], "deploy.sh": script})
    finding = found(tmp_path, code)
    assert any("deploy.sh:2" in line for line in finding.evidence), finding
    result = volfix.plan(tmp_path, unsafe_fixes=True).write()
    assert any(project.written for project in result.projects)
    assert "prune" not in (tmp_path / "deploy.sh").read_text()


@pytest.mark.parametrize("code", RULES)
def test_whichever_rule_it_is_a_command_that_stays_makes_the_fix_unsafe(code: str, tmp_path: Path) -> None:
    script = "docker compose down\nOUT=$(docker volume prune -af)\ndocker compose up -d\n"
    placed(tmp_path, {"compose.yaml": RULES[code], "deploy.sh": script})
    finding = found(tmp_path, code)
    assert finding.applicability is Applicability.UNSAFE
    assert "deploy.sh:2" in (finding.reason or "")


def test_the_command_stays_where_the_fix_is_not_made(tmp_path: Path) -> None:
    text = "docker compose down -v\ndocker compose up -d\n"
    placed(tmp_path, {"compose.yaml": bind(), "deploy.sh": text})
    plan = volfix.plan(tmp_path, confirm=lambda finding: finding.code != "VF101")
    assert [(each.code, each.applicability.value) for each in plan.findings] == [("VF101", "safe"), ("VF401", "unsafe")]
    plan.write()
    assert (tmp_path / "deploy.sh").read_text() == text


def test_a_stack_without_a_move_keeps_the_command_for_a_person_to_judge(tmp_path: Path) -> None:
    named = bind().replace("./deploy/pgdata", "rows") + "volumes:\n  rows:\n"
    placed(tmp_path, {"compose.yaml": named, "deploy.sh": "docker compose down -v\ndocker compose up -d\n"})
    assert found(tmp_path, "VF401").applicability is Applicability.UNSAFE


# Scripts that bring their own checkout up to date: the files, and the command whose old text runs.
SELF_UPDATING = {
    "git pull in the script": {
        "deploy.sh": "git pull\ndocker compose down -v\ndocker compose up -d\n",
    },
    "fetch and reset": {
        "deploy.sh": "git fetch origin\ngit reset --hard origin/main\ndocker compose down\ndocker volume prune -af\n"
        "docker compose up -d\n",
    },
    "git checkout behind the deletion": {
        "deploy.sh": "docker compose down -v\ngit fetch && git checkout origin/main\ndocker compose up -d\n",
    },
    "another directory by its path": {
        "deploy.sh": "cd /srv/app\ngit pull\ndocker compose down -v\ndocker compose up -d\n",
    },
    "git -C": {"update.sh": "git -C /srv/app pull --ff-only\ndocker compose down -v\ndocker compose up -d\n"},
    "Mercurial": {"deploy.sh": "hg pull -u\ndocker compose down -v\ndocker compose up -d\n"},
    "a Makefile": {"Makefile": "deploy:\n\tgit pull\n\tdocker compose down -v\n\tdocker compose up -d\n"},
    "a prerequisite": {
        "Makefile": "deploy: pull stop\n\tdocker compose up -d\npull:\n\tgit pull\nstop:\n\tdocker compose down -v\n"
    },
    "a script of npm": {
        "package.json": '{"scripts": {"deploy": "git pull && docker compose down -v && docker compose up -d"}}\n'
    },
    "a script that is called first": {
        "deploy.sh": "./stop.sh\ngit pull\ndocker compose up -d\n",
        "stop.sh": "docker compose down -v\n",
    },
    "over ssh, in the server's checkout": {
        "release.sh": 'ssh host "cd /srv/app && ./deploy.sh"\n',
        "deploy.sh": "git pull\ndocker compose down -v\ndocker compose up -d\n",
    },
    "in a pipeline, in the server's checkout": {
        ".github/workflows/deploy.yml": ACTIONS + '      - run: ssh host "cd /srv/app && ./up.sh"\n',
        "up.sh": "git pull\ndocker compose down -v\ndocker compose up -d\n",
    },
    "from a machine that is thrown away": {
        ".github/workflows/deploy.yml": ACTIONS.replace("self-hosted", "ubuntu-24.04")
        + "      - run: |\n          npm ci\n          npm test\n          ssh host 'cd /srv/app && ./up.sh'\n",
        "up.sh": "git pull\ndocker compose down -v\ndocker compose up -d\n",
    },
    "a crontab": {"deploy.cron": "0 4 * * * cd /srv/app && docker compose down -v && docker compose up -d\n"},
}
UP_TO_DATE = {
    "the pipeline's own text": {
        ".github/workflows/deploy.yml": ACTIONS
        + '      - run: ssh host "cd /srv/app && git pull && docker compose down -v && docker compose up -d"\n',
    },
    "a script that is called behind the update": {
        ".github/workflows/deploy.yml": ACTIONS + '      - run: ssh host "cd /srv/app && git pull && ./up.sh"\n',
        "up.sh": "docker compose down -v\ndocker compose up -d\n",
    },
    "the text of another machine": {
        "release.sh": 'ssh host "cd /srv/app && git pull && docker compose down -v && docker compose up -d"\n',
    },
    "a script of the pipeline's checkout": {
        ".gitlab-ci.yml": "deploy:\n  script:\n    - git checkout main\n    - ./up.sh\n",
        "up.sh": "docker compose down -v\ndocker compose up -d\n",
    },
    "no update at all": {"deploy.sh": "docker compose down -v\ndocker compose up -d\n"},
    "a fetch alone": {"deploy.sh": "git fetch\ngit status\ndocker compose down -v\ndocker compose up -d\n"},
}


@pytest.mark.parametrize("title", SELF_UPDATING)
def test_a_script_that_updates_its_checkout_runs_its_old_text_once_more(title: str, tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": bind(), **SELF_UPDATING[title]})
    finding = found(tmp_path)
    assert finding.applicability is Applicability.UNSAFE
    assert "would delete the volume once more" in (finding.reason or "")
    assert any("in this order: " in line and "carry the data" in line for line in finding.evidence)
    volfix.plan(tmp_path).write()
    assert (tmp_path / "compose.yaml").read_text() == bind()
    volfix.plan(tmp_path, unsafe_fixes=True).write()
    assert not [each for each in volfix.plan(tmp_path).findings if each.code == "VF401"]


@pytest.mark.parametrize("title", UP_TO_DATE)
def test_a_text_that_is_read_behind_the_update_is_the_new_one(title: str, tmp_path: Path) -> None:
    placed(tmp_path, {"compose.yaml": bind(), **UP_TO_DATE[title]})
    finding = found(tmp_path)
    assert finding.applicability is Applicability.SAFE, finding.reason
