"""When a fix adds the service that carries its data, and when not: these files, this reason."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

import volfix
from volfix.cli.fix import command

DB = "services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./pgdata:/var/lib/postgresql/data\n"
APP = "  app:\n    image: example.org/acme/shop:1\n    depends_on: [db]\n"
SHARED = (
    "services:\n  app:\n    build: .\n    environment: &env\n      DATABASE_URL: sqlite:////app/data/shop.db\n"
    "    volumes: ['./data:/app/data']\n"
    "  worker:\n    build: .\n    command: [python, worker.py]\n    environment: *env\n"
    "    volumes: ['./data:/app/data']\n"
)
DOCKERFILE = {
    "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCMD [python, app.py]\n",
    "requirements.txt": "sqlalchemy==2.0.36\n",
}
WAITS = "service_completed_successfully"


def written(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def carriages(directory: Path) -> set[tuple[str | None, str | None]]:
    """For each move of the plan who carries it, or why nobody does."""
    plan = volfix.plan(directory, unsafe_fixes=True, carry_service=True)
    assert not plan.result.errors
    assert not [project.failure for project in plan.projects if project.failure]
    fixes = [finding.fix for finding in plan.findings if finding.fix]
    return {(each.carrier, each.reason) for fix in fixes for each in fix.carried}


def reasons(directory: Path) -> str:
    found = carriages(directory)
    assert all(carrier is None for carrier, _ in found)
    return "\n".join(sorted(str(reason) for _, reason in found))


def test_the_service_runs_the_database_image_once_before_it(tmp_path: Path) -> None:
    written(tmp_path, {"compose.yaml": DB + APP})
    volfix.plan(tmp_path, carry_service=True).write()
    text = (tmp_path / "compose.yaml").read_text()
    head, _, tail = text.partition("      - |\n")
    assert head == (
        "services:\n  db:\n    image: postgres:16\n    volumes:\n      - db-data:/var/lib/postgresql/data\n"
        f"    depends_on:\n      carry-db-data:\n        condition: {WAITS}\n"
        + APP
        + "  carry-db-data:  # moves ./pgdata into db-data once; then remove it: volfix --select VF113 --write\n"
        '    image: postgres:16\n    user: "0:0"\n    network_mode: none\n    restart: "no"\n'
        "    entrypoint: [sh, -c]\n    command:\n"
    )
    assert tail.endswith(
        "      - carry\n      - ./pgdata\n      - db-data\n      - /var/lib/postgresql/data\n    volumes:\n"
        "      - ./pgdata:/from:ro\n      - db-data:/to\n      - db-data-moved:/mark\n"
        "\nvolumes:\n  db-data:\n    driver: local\n  db-data-moved:\n    driver: local\n"
    )


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    written(tmp_path, {"compose.yaml": DB + APP})
    volfix.plan(tmp_path, carry_service=True).write()
    assert not volfix.plan(tmp_path, carry_service=True, unsafe_fixes=True).findings
    assert not volfix.plan(tmp_path, select=["VF1"]).findings, "VF113 runs where its whole code is selected"


def test_without_the_option_nothing_is_added(tmp_path: Path) -> None:
    written(tmp_path, {"compose.yaml": DB + APP})
    assert "carry" not in volfix.plan(tmp_path).diff


OFFERED = {
    "a database": {"compose.yaml": DB},
    "services of one build that share a directory": {"compose.yaml": SHARED, **DOCKERFILE},
    "services that are all brought up together": {
        "compose.yaml": SHARED,
        "deploy.sh": "docker compose up -d app worker\n",
        **DOCKERFILE,
    },
    "a service that is brought up alone, and has the directory alone": {
        "compose.yaml": DB + APP,
        "deploy.sh": "docker compose up -d db\n",
    },
    "a service that is brought up with what it needs": {
        "compose.yaml": DB + APP,
        "deploy.sh": "docker compose up -d app\n",
    },
    "a checkout that is brought up to date": {
        "compose.yaml": DB,
        "deploy.sh": "git pull\ndocker compose up -d --build\n",
    },
    "down and up": {"compose.yaml": DB, "deploy.sh": "docker compose down\ndocker compose up -d --force-recreate\n"},
    "a run that needs no database": {
        "compose.yaml": DB + "  lint:\n    image: example.org/acme/lint:1\n",
        "deploy.sh": "docker compose run --rm lint\ndocker compose up -d\n",
    },
    "a run after the stack is up": {
        "compose.yaml": DB + APP,
        "deploy.sh": "docker compose up -d\ndocker compose run --rm app migrate\n",
    },
    "Compose 2 under the name of the first": {
        "compose.yaml": DB,
        ".drone.yml": "kind: pipeline\ntype: docker\nname: deploy\nsteps:\n  - name: deploy\n    image: docker:27.3.1-cli\n"
        "    volumes: [{name: socket, path: /var/run/docker.sock}]\n    commands: [docker-compose -p shop up -d]\n"
        "volumes: [{name: socket, host: {path: /var/run/docker.sock}}]\n",
    },
    "the same name in every deployment": {
        "compose.yaml": DB,
        "deploy.sh": "docker compose -p shop up -d\n",
        "redeploy.sh": "docker compose -p shop up -d --build\n",
    },
    "a directory in it that is mounted by itself": {
        "compose.yaml": DB + "  files:\n    image: nginx\n    volumes: ['./pgdata/dumps:/usr/share/nginx/html:ro']\n"
    },
    "a bind mount behind a volume": {
        "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [sql:/var/lib/mysql]\nvolumes:\n  sql:\n"
        "    driver_opts: {type: none, o: bind, device: /srv/sql}\n"
    },
    "a service that other files take over": {
        "compose.yaml": DB,
        "compose.prod.yaml": "services:\n  db:\n    restart: always\n",
    },
    "a file of its own that takes the service over": {
        "compose.yaml": DB,
        "compose.jobs.yaml": "services:\n  rows:\n    extends: {file: compose.yaml, service: db}\n",
    },
    "every service in one profile": {"compose.yaml": DB + "    profiles: [rows]\n"},
}


@pytest.mark.parametrize("files", OFFERED.values(), ids=OFFERED)
def test_it_is_offered_for(files: dict[str, str], tmp_path: Path) -> None:
    found = carriages(written(tmp_path, files))
    assert found
    assert all(carrier and carrier.startswith("carry-") for carrier, _ in found), found


DRONE = "kind: pipeline\ntype: {kind}\nname: deploy\nsteps:\n  - name: deploy\n    commands: [docker compose -p shop up -d]\n"
REFUSED = {
    "rows in the container's own layer": (
        {
            "compose.yaml": "services:\n  app:\n    build: .\n    volumes: ['rows:/app/data']\n"
            "    environment: {DATABASE_URL: 'sqlite:///./shop.db'}\nvolumes:\n  rows:\n    driver: local\n",
            **DOCKERFILE,
        },
        "the container's own layer",
    ),
    "an anonymous volume": ({"compose.yaml": "services:\n  db:\n    image: postgres:16\n"}, "an anonymous volume"),
    "a file": (
        {
            "compose.yaml": "services:\n  app:\n    build: .\n    volumes: ['./app.db:/app/app.db']\n"
            "    environment: {DATABASE_URL: 'sqlite:///app.db'}\n",
            **DOCKERFILE,
        },
        "a single file",
    ),
    "an image that volfix does not know": (
        {
            "compose.yaml": "services:\n  app:\n    image: example.org/acme/shop:1\n"
            "    environment: {DATABASE_URL: 'sqlite:////app/data/shop.db'}\n    volumes: ['./data:/app/data']\n"
        },
        "cannot tell whether example.org/acme/shop:1 has a shell",
    ),
    "an image of which nobody says that it has a shell": (
        {"compose.yaml": "services:\n  store:\n    image: minio/minio\n    volumes: ['./rows:/data']\n"},
        "cannot tell whether minio/minio has a shell",
    ),
    "a variant without a shell": (
        {
            "compose.yaml": "services:\n  db:\n    image: clickhouse/clickhouse-server:25-distroless\n"
            "    volumes: ['./ch:/var/lib/clickhouse']\n"
        },
        "has a shell",
    ),
    "several containers": ({"compose.yaml": DB + "    deploy: {replicas: 2}\n"}, "several containers of db"),
    "a number of containers that the call gives": (
        {"compose.yaml": DB, "deploy.sh": "docker compose up -d --scale db=2\n"},
        "several containers",
    ),
    "a file that is written for a Swarm": (
        {"compose.yaml": DB + "    deploy:\n      placement:\n        constraints: [node.role == manager]\n"},
        "Swarm (deploy: placement)",
    ),
    "a Swarm": (
        {"compose.yaml": DB, "deploy.sh": "docker stack deploy -c compose.yaml shop\n"},
        "`docker stack deploy -c compose.yaml shop` (deploy.sh:1) deploys it to a Swarm",
    ),
    "what may be Compose 1": (
        {"compose.yaml": DB, "deploy.sh": "git pull\ndocker-compose up -d\n"},
        "`docker-compose up -d` (deploy.sh:2) may be Compose 1",
    ),
    "Podman": ({"compose.yaml": DB, "deploy.sh": "podman-compose up -d\n"}, "is Podman's"),
    "Podman's own subcommand": ({"compose.yaml": DB, "deploy.sh": "podman compose up -d\n"}, "is Podman's"),
    "Podman's option": ({"compose.yaml": DB.replace("/data\n", "/data:U\n")}, "Podman (U)"),
    "a label for one container": ({"compose.yaml": DB.replace("/data\n", "/data:Z\n")}, "SELinux label Z"),
    "a label for one container, in the long form": (
        {
            "compose.yaml": DB.replace(
                "./pgdata:/var/lib/postgresql/data",
                "{type: bind, source: ./pgdata, target: /var/lib/postgresql/data, bind: {selinux: Z}}",
            )
        },
        "SELinux label Z",
    ),
    "run before up": (
        {"compose.yaml": DB + APP, "deploy.sh": "docker compose run --rm app migrate\ndocker compose up -d\n"},
        "`docker compose run --rm app migrate` (deploy.sh:1) runs before `up`",
    ),
    "run of the database itself before up": (
        {"compose.yaml": DB, "deploy.sh": "docker compose run --rm db psql\ndocker compose up -d\n"},
        "runs before `up`",
    ),
    "no dependencies": (
        {"compose.yaml": DB, "deploy.sh": "docker compose up -d --no-deps db\n"},
        "starts the services without the carry service",
    ),
    "no new containers": ({"compose.yaml": DB, "deploy.sh": "docker compose up -d --no-recreate\n"}, "old mount"),
    "all ends with the first": (
        {"compose.yaml": DB, "deploy.sh": "docker compose up --abort-on-container-exit\n"},
        "stops everything",
    ),
    "nothing is started": (
        {"compose.yaml": DB, "deploy.sh": "docker compose up --no-start\ndocker compose start\n"},
        "starts nothing",
    ),
    "some of those that share the directory": (
        {"compose.yaml": SHARED, "deploy.sh": "docker compose up -d app\n", **DOCKERFILE},
        "leaves worker running, which keeps writing",
    ),
    "services of other profiles": (
        {"compose.yaml": SHARED + "    profiles: [jobs]\n", **DOCKERFILE},
        "app and worker are in different profiles",
    ),
    "mounts that another service takes over": (
        {"compose.yaml": DB + "  backup:\n    image: alpine\n    volumes_from: [db]\n"},
        "backup takes its mounts from db (volumes_from)",
    ),
    "another service that sees the directory": (
        {
            "compose.yaml": DB.replace("./pgdata", "./state/pg")
            + "  web:\n    image: nginx\n    volumes: ['./state:/state']\n"
        },
        "web mounts the directory through ./state and may keep writing",
    ),
    "a directory deep in it that is mounted by itself": (
        {
            "compose.yaml": DB
            + "  files:\n    image: nginx\n    volumes: ['./pgdata/base/dumps:/usr/share/nginx/html:ro']\n"
        },
        "base/dumps inside ./pgdata is a separate mount",
    ),
    "two project names": (
        {
            "compose.yaml": DB,
            "deploy.sh": "docker compose -p shop up -d\n",
            "ship.sh": "docker compose -p shop2 up -d\n",
        },
        "run as two projects on one directory",
    ),
    "another project name each time": (
        {"compose.yaml": DB, "deploy.sh": "docker compose -p shop-$(git rev-parse HEAD) up -d\n"},
        "which changes at each deployment",
    ),
    "a container beside the project": (
        {"compose.yaml": DB, "deploy.sh": "docker run -d -v ./pgdata:/rows alpine tend\ndocker compose up -d\n"},
        "`docker` may write ./pgdata on the host",
    ),
    "an exec runner's checkout": (
        {"compose.yaml": DB, ".drone.yml": DRONE.format(kind="exec")},
        "the directory is gone before each deployment",
    ),
    "a checkout that is cleaned": (
        {"compose.yaml": DB, ".gitlab-ci.yml": "deploy:\n  script:\n    - docker compose -p shop up -d\n"},
        "the directory is gone before each deployment",
    ),
    "a directory that the deployment deletes": (
        {"compose.yaml": DB, "deploy.sh": "docker compose down\nrm -rf pgdata\ndocker compose up -d\n"},
        "`rm -rf pgdata` (deploy.sh:2) deletes the directory",
    ),
    "a right that the carry service has not": ({"compose.yaml": DB + "    privileged: true\n"}, "privileged"),
    "no labels for the service": (
        {"compose.yaml": DB + "    security_opt: ['label:disable']\n"},
        "rights (privileged, security_opt)",
    ),
    "a user namespace of its own": ({"compose.yaml": DB + "    userns_mode: host\n"}, "userns_mode"),
    "waits that others share": (
        {
            "compose.yaml": "x-waits: &waits [vault]\n"
            + DB
            + "    depends_on: *waits\n  vault:\n    image: vault:1.13\n"
        },
        "depends_on",
    ),
    "another image in another file": (
        {
            "compose.yaml": DB + APP,
            "compose.prod.yaml": "services:\n  db:\n    image: postgis/postgis:16-3.4\n  app:\n    environment: [A=b]\n",
        },
        "['carry-db-data']['image']",
    ),
    "a file that takes the service over": (
        {
            "compose.yaml": DB,
            "compose.jobs.yaml": "services:\n  rows:\n    extends: {file: compose.yaml, service: db}\n"
            "    volumes: ['rows:/var/lib/postgresql/data']\nvolumes:\n  rows:\n    driver: local\n",
        },
        "inherits db with `extends`",
    ),
}


@pytest.mark.parametrize(("files", "reason"), REFUSED.values(), ids=REFUSED)
def test_it_is_not_offered_for(files: dict[str, str], reason: str, tmp_path: Path) -> None:
    assert reason in reasons(written(tmp_path, files))


UP = "docker compose up -d"
RENAMED = "services:\n  postgres:\n    image: postgres:16\n    volumes: ['%s:/var/lib/postgresql/data']\n"


@pytest.mark.parametrize(
    ("before", "deploy", "is_refused"),
    [
        (RENAMED % "./pgdata", UP, True),
        (RENAMED % "./pgdata" + "  pool:\n    image: pgbouncer\n", f"{UP} --build", True),
        (RENAMED % "./pgdata", f"{UP} --remove-orphans", False),
        (RENAMED % "./pgdata", f"{UP} --remove-orphans=false", True),
        (RENAMED % "./pgdata", f"{UP} --remove-orphans\n{UP}", True),
        (RENAMED % "./pgdata", "", True),
        (RENAMED % "./other", UP, False),
        (RENAMED.replace("data'", "data:ro'") % "./pgdata", UP, False),
        (DB, UP, False),
    ],
    ids=("renamed", "more", "removed", "kept", "once kept", "by hand", "another directory", "a reader", "not renamed"),
)
def test_a_service_that_was_renamed_may_go_on_writing(
    before: str, deploy: str, is_refused: bool, tmp_path: Path
) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.email=a@b", "-c", "user.name=a"]
    subprocess.run([*git, "init", "-q"], check=True)
    for text in (before, DB):
        (tmp_path / "compose.yaml").write_text(text)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "x", "--allow-empty"], check=True)
    if deploy:
        (tmp_path / "deploy.sh").write_text(f"{deploy}\n")
    said = "\n".join(str(reason) for _, reason in carriages(tmp_path))
    assert ("the old container of postgres, which mounted the directory (git, commit" in said) == is_refused
    assert ("None" in said) != is_refused


ALPINE = DB.replace("postgres:16", "postgres:16-alpine")


@pytest.mark.parametrize(
    ("compose", "attributes", "reason"),
    [
        (ALPINE, ["system.posix_acl_access"], "./pgdata has an ACL on base/1: the tools of postgres:16-alpine"),
        (ALPINE, ["user.origin"], "./pgdata has the extended attribute user.origin on base/1: the tools of"),
        (ALPINE, ["security.selinux"], None),
        (ALPINE, [], None),
        (DB, ["user.origin"], None),
    ],
)
def test_what_the_tools_of_the_image_would_lose_is_found_before_it_is_lost(
    compose: str, attributes: list[str], reason: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, {"compose.yaml": compose, "pgdata/base/1": "rows", ".gitignore": "pgdata\n"})
    monkeypatch.setattr(os, "listxattr", lambda path, **_: attributes if str(path).endswith("base/1") else [])
    ((carrier, said),) = carriages(tmp_path)
    assert (carrier is None) == (reason is not None)
    assert (said or "").startswith(reason or "")


def test_what_no_tool_of_the_image_keeps_is_named_where_the_files_are_not_seen(tmp_path: Path) -> None:
    for compose, unkept in (
        (DB, None),
        (ALPINE, "the tools of postgres:16-alpine do not keep ACLs, extended attributes"),
    ):
        written(tmp_path, {"compose.yaml": compose})
        (project,) = volfix.plan(tmp_path, carry_service=True).projects
        (carriage,) = project.carriages
        assert carriage.carrier == "carry-db-data"
        assert (carriage.unkept or "").startswith(unkept or "")
        assert (carriage.unkept is None) == (unkept is None)
        assert unkept is None or str(carriage.unkept).endswith(
            "; volfix does not see from here whether the files have any"
        )


def test_where_the_files_are_seen_and_have_none_only_what_is_never_kept_is_named(tmp_path: Path) -> None:
    written(tmp_path, {"compose.yaml": ALPINE, "pgdata/base/1": "rows", ".gitignore": "pgdata\n"})
    (project,) = volfix.plan(tmp_path, carry_service=True).projects
    assert str(project.carriages[0].unkept).endswith("sparse files or fractions of a second")


def test_what_takes_the_services_out_names_the_volumes_that_stay(tmp_path: Path) -> None:
    written(tmp_path, {"compose.yaml": f"name: shop\n{DB}"})
    volfix.plan(tmp_path, carry_service=True).write()
    done = CliRunner().invoke(command, ["--select", "VF113", "--write", str(tmp_path)])
    said = " ".join(done.output.split())
    assert "volfix deletes no volume: the marks of these services stay." in said
    assert "Once this is deployed with --remove-orphans, on each host: `docker volume rm shop_db-data-moved`" in said


def test_another_project_name_is_not_offered(tmp_path: Path) -> None:
    files = {
        "compose.yaml": DB,
        ".drone.yml": "kind: pipeline\ntype: docker\nname: deploy\nsteps:\n  - name: deploy\n    image: docker:27-cli\n"
        "    volumes: [{name: socket, path: /var/run/docker.sock}]\n    commands: [docker compose up -d]\n"
        "volumes: [{name: socket, host: {path: /var/run/docker.sock}}]\n",
    }
    written(tmp_path, files)
    assert "renames the project" in reasons(tmp_path)
    plan = volfix.plan(tmp_path, carry_service=True)
    fixes = [finding.fix for finding in plan.findings if finding.fix]
    assert {each.carrier for fix in fixes for each in fix.carried} >= {"carry-db-data"}, "without the new name it is"


def test_what_nothing_carries_needs_unsafe_fixes_where_that_is_asked_for(tmp_path: Path) -> None:
    written(tmp_path, {"compose.yaml": DB, "deploy.sh": "docker-compose up -d\n"})
    assert not volfix.plan(tmp_path, carry_service=True, only_carried=True).edits
    (finding,) = volfix.plan(tmp_path, carry_service=True, only_carried=True).findings
    assert finding.applicability.value == "unsafe"
    assert "nothing carries its rows: `docker-compose up -d` (deploy.sh:1)" in str(finding.reason)
    assert volfix.plan(tmp_path, carry_service=True, only_carried=True, unsafe_fixes=True).edits
    assert not volfix.plan(tmp_path, only_carried=True).edits
    assert volfix.plan(tmp_path).edits


def test_no_other_rule_sees_the_carry_service(tmp_path: Path) -> None:
    """Neither as a second server on one volume, nor as one that has the directory, by whatever name."""
    written(tmp_path, {"compose.yaml": DB + APP})
    volfix.plan(tmp_path, carry_service=True).write()
    path = tmp_path / "compose.yaml"
    path.write_text(path.read_text().replace("carry-db-data:", "move-rows:"))
    assert not volfix.plan(tmp_path, unsafe_fixes=True).findings
    (finding,) = volfix.plan(tmp_path, select=["VF113"]).findings
    assert "move-rows" in finding.danger


def test_every_profile_and_label_is_that_of_the_mount(tmp_path: Path) -> None:
    text = DB.replace("/data\n", "/data:z\n") + "    platform: linux/amd64\n    profiles: [rows]\n"
    written(tmp_path, {"compose.yaml": text})
    volfix.plan(tmp_path, carry_service=True).write()
    after = (tmp_path / "compose.yaml").read_text()
    assert "- ./pgdata:/from:ro,z\n" in after
    assert "    profiles: [rows]\n" in after.partition("carry-db-data:  #")[2]
    assert "    platform: linux/amd64\n" in after.partition("carry-db-data:  #")[2]


def test_a_built_image_is_built_for_it_too_and_never_looked_for_in_a_registry(tmp_path: Path) -> None:
    text = SHARED.replace(
        "build: .", "image: shop\n    build:\n      context: .\n      args: {LEVEL: 3}\n      no_cache: true"
    )
    written(tmp_path, {"compose.yaml": text, **DOCKERFILE})
    volfix.plan(tmp_path, carry_service=True, unsafe_fixes=True).write()
    after = (tmp_path / "compose.yaml").read_text().partition("carry-app-db:  #")[2]
    assert after.partition("\n")[2].startswith(
        "    build:\n      context: .\n      args:\n        LEVEL: 3\n      no_cache: true\n    user:"
    )
    assert "image:" not in after


def test_both_services_wait_and_the_directory_in_it_stays(tmp_path: Path) -> None:
    uploads = "  web:\n    image: nginx\n    volumes: ['./data/uploads:/usr/share/nginx/html:ro']\n"
    written(tmp_path, {"compose.yaml": SHARED + uploads, **DOCKERFILE})
    volfix.plan(tmp_path, carry_service=True, unsafe_fixes=True).write()
    after = (tmp_path / "compose.yaml").read_text()
    assert after.count(WAITS) == 2
    assert "      - app-db\n      - /app/data\n      - uploads\n" in after
    assert "    build: .\n" in after.partition("carry-app-db:  #")[2]
