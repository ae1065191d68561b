"""One written value that several services take: it changes only where the new one is right for each of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import volfix

OLD, NEW = "sqlite:///./app.db", "sqlite:///./data/app.db"
BUILT = {"Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n", "requirements.txt": "sqlalchemy==2.0.36\n"}
VOLUMES = "volumes: {rows: , more: }\n"
WAYS: dict[str, tuple[str, str, dict[str, str]]] = {
    "an anchor": (f"x-env: &env\n  DATABASE_URL: {OLD}\n", "    environment: *env\n", {}),
    "a merge key": (f"x-env: &env\n  DATABASE_URL: {OLD}\n", "    environment:\n      <<: *env\n", {}),
    "an anchored scalar": (f"x-url: &url {OLD}\n", "    environment: {DATABASE_URL: *url}\n", {}),
    "an env file": ("", "    env_file: [prod.env]\n", {"prod.env": f"DATABASE_URL={OLD}\n"}),
    "`.env`": ("", "    environment: ['DATABASE_URL=${URL}']\n", {".env": f"URL={OLD}\n"}),
    "put together": ("", "    env_file: .env\n", {".env": "NAME=app.db\nDATABASE_URL=sqlite:///./${NAME}\n"}),
    "the Dockerfile": ("", "", {"Dockerfile": f"{BUILT['Dockerfile']}ENV DATABASE_URL={OLD}\n"}),
    "Python": ("", "", {"db.py": f"from sqlalchemy import create_engine\ne = create_engine('{OLD}')\n"}),
}


def plan(root: Path, files: dict[str, str], *, unsafe: bool = False) -> volfix.Plan:
    for name, text in {**BUILT, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return volfix.plan(root, select=("VF101", "VF2"), unsafe_fixes=unsafe)


def two(way: str, web: str, worker: str, extra: str = "") -> dict[str, str]:
    """Two services that take one value, with a mount each, or none."""
    head, keys, files = WAYS[way]
    own = [f"    volumes: ['{mount}']\n" if mount else "" for mount in (web, worker)]
    services = f"services:\n  web:\n    build: .\n{keys}{own[0]}  worker:\n    build: .\n{keys}{extra}{own[1]}"
    return {"compose.yaml": head + services + VOLUMES, **files}


def said(found: volfix.Plan) -> dict[str | None, str]:
    """The applicability by service."""
    return {
        finding.service: finding.applicability.value for finding in found.findings if finding.code in ("VF201", "VF203")
    }


def reasons(found: volfix.Plan) -> str:
    return " ".join(finding.reason or "" for finding in found.findings if finding.code in ("VF201", "VF203"))


@pytest.mark.parametrize("way", WAYS)
def test_two_layers_with_one_name_are_offered_unsafe(way: str, tmp_path: Path) -> None:
    found = plan(tmp_path, two(way, "rows:/app/data", "rows:/app/data"))
    assert said(found) == {"web": "unsafe", "worker": "unsafe"}
    assert "web and worker may each have a file at the old path: after the fix they would share one file" in reasons(
        found
    )
    assert not found.edits


@pytest.mark.parametrize("way", sorted(set(WAYS) - {"Python"}))  # whose module lies where the image has it
def test_the_same_volume_mounted_elsewhere_is_offered_unsafe(way: str, tmp_path: Path) -> None:
    found = plan(tmp_path, two(way, "rows:/app/data", "rows:/srv/data", "    working_dir: /srv\n"))
    assert said(found) == {"web": "unsafe", "worker": "unsafe"}


WRONG = {
    "another place": ("rows:/app/data", "rows:/data", ""),
    "no mount": ("rows:/app/data", "", ""),
    "read-only": ("rows:/app/data", "rows:/app/data:ro", ""),
    "a profile": ("rows:/app/data", "rows:/srv/db", "    profiles: [jobs]\n"),
    "another volume, elsewhere": ("rows:/app/data", "more:/data", ""),
    "in memory": ("rows:/app/data", "", "    tmpfs: /app/data\n"),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_wrong_for_one_is_not_changed_for_the_other(case: str, way: str, tmp_path: Path) -> None:
    found = plan(tmp_path, two(way, *WRONG[case]), unsafe=True)
    assert "safe" not in said(found).values()
    assert said(found)["web"] == "none"
    written = [edit for edit in found.edits if NEW[9:] in edit.replacement or "data/" in edit.replacement]
    assert not written


@pytest.mark.parametrize("way", WAYS)
def test_two_volumes_are_offered_unsafe(way: str, tmp_path: Path) -> None:
    found = plan(tmp_path, two(way, "rows:/app/data", "more:/app/data"))
    assert said(found) == {"web": "unsafe", "worker": "unsafe"}
    assert "use the same value with different volumes" in reasons(found)


def environment(root: Path, service: str, name: str = "compose.yaml") -> dict[str, str]:
    """What the real Compose gives the service."""
    binary = Path(sys.executable).parent / "docker-compose"
    words = [binary if binary.exists() else "docker-compose", "-f", root / name, "config", "--format", "json"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("needs Compose")
    found: dict[str, str] = json.loads(done.stdout)["services"][service]["environment"]
    return found


@pytest.mark.parametrize(
    "way", ["an anchor", "a merge key", "an anchored scalar", "an env file", "`.env`", "put together"]
)
def test_the_unsafe_edit_is_the_same_for_both(way: str, tmp_path: Path) -> None:
    found = plan(tmp_path, two(way, "rows:/app/data", "rows:/app/data"), unsafe=True)
    assert not [project.failure for project in found.write().projects if project.failure]
    assert environment(tmp_path, "web")["DATABASE_URL"] == environment(tmp_path, "worker")["DATABASE_URL"] == NEW


def test_rows_that_one_of_the_takers_leaves_behind_make_it_unsafe_for_all(tmp_path: Path) -> None:
    """The bind mount of the other project stays, outside of the repository: nothing carries rows there."""
    service = "services:\n  {name}:\n    build: .\n    env_file: .env\n    volumes: ['{mount}:/app/data']\n"
    files = {
        "compose.yaml": service.format(name="web", mount="./data"),
        "docker-compose.prod.yml": service.format(name="live", mount="/srv/live"),
        ".env": f"DATABASE_URL={OLD}\n",
    }
    found = plan(tmp_path, files)
    assert said(found) == {"web": "unsafe", "live": "unsafe"}
    assert "the rows in /app/app.db of live die with the container: first copy them into /srv/live by hand" in reasons(
        found
    )
    assert {edit.path.name for edit in found.edits} == {"compose.yaml"}


def test_a_doubt_of_one_taker_is_one_for_all(tmp_path: Path) -> None:
    """What the worker's image has at the old place, or who runs it, is the worker's alone; the value is both's."""
    files = two("an anchor", "rows:/app/data", "rows:/app/data", "    user: '1000'\n")
    found = plan(tmp_path, files)
    assert said(found) == {"web": "unsafe", "worker": "unsafe"}


OTHERS = {
    "a variable of another name": "  backup:\n    image: alpine\n    environment: ['SOURCE=${DB_PATH}']\n",
    "a variable in the same service": None,
    "an env file": "  backup:\n    image: acme/backup\n    env_file: .env\n",
}


@pytest.mark.parametrize("case", OTHERS)
def test_who_takes_it_for_something_unknown_makes_it_unsafe_at_least(case: str, tmp_path: Path) -> None:
    other = OTHERS[case]
    keys = "['DB_PATH=${DB_PATH}', 'BACKUP=${DB_PATH}']" if other is None else "['DB_PATH=${DB_PATH}']"
    compose = (
        f"services:\n  web:\n    build: .\n    environment: {keys}\n    volumes: ['rows:/app/data']\n{other or ''}"
    )
    found = plan(tmp_path, {"compose.yaml": compose + "volumes: {rows: }\n", ".env": "DB_PATH=app.db\n"})
    assert said(found)["web"] in ("unsafe", "none")
    assert "the same value" in reasons(found)
    assert not found.edits


@pytest.mark.parametrize(
    "files",
    [
        {"Dockerfile": f"{BUILT['Dockerfile']}ENV DATABASE_URL={OLD}\n"},
        {"db.py": f"from sqlalchemy import create_engine\ne = create_engine('{OLD}')\n"},
    ],
    ids=["the Dockerfile", "Python"],
)
@pytest.mark.parametrize("mount", ["", "    volumes: ['more:/data']\n", "    volumes: ['rows:/app/data']\n"])
def test_another_service_runs_the_image_that_one_builds(files: dict[str, str], mount: str, tmp_path: Path) -> None:
    compose = f"services:\n  web:\n    build: .\n    image: shop\n    volumes: ['rows:/app/data']\n  worker:\n    image: shop\n{mount}"
    found = plan(tmp_path, {"compose.yaml": compose + VOLUMES, **files})
    assert said(found)["web"] == "unsafe"
    assert not found.edits
    own = "    environment: {DATABASE_URL: 'sqlite:////data/w.db'}\n" if "db.py" not in files else ""
    if own:
        found = plan(tmp_path, {"compose.yaml": compose + own + VOLUMES, **files})
        assert said(found)["web"] == "safe"


PROD = "services:\n  app:\n    build: .\n    env_file: .env\n    volumes: ['{mount}']\nvolumes: {{rows: }}\n"
VARIANTS = {
    "the same place": ("rows:/app/data", "safe"),
    "a bind mount that becomes a volume": ("./prod:/app/data", "safe"),
    "another place": ("rows:/data", "none"),
    "read-only": ("rows:/app/data:ro", "none"),
    "outside the repository": ("/srv/rows:/app/data", "unsafe"),
}


@pytest.mark.parametrize(("mount", "applicability"), VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("name", ["docker-compose.prod.yml", "deploy/compose.yaml"])
def test_a_variant_of_the_stack_takes_the_same_env_file(
    name: str, mount: str, applicability: str, tmp_path: Path
) -> None:
    compose = "services:\n  app:\n    build: .\n    env_file: .env\n    volumes: ['./data:/app/data']\n"
    other = PROD.format(mount=mount)
    if "/" in name:
        other = other.replace("env_file: .env", "env_file: ../.env").replace("build: .", "build: ..")
    found = plan(tmp_path, {"compose.yaml": compose, name: other, ".env": f"DATABASE_URL={OLD}\n"})
    assert said(found) == {"app": applicability}
    env = "" if applicability == "safe" else None
    found.write()
    if env is not None:
        assert environment(tmp_path, "app")["DATABASE_URL"] == NEW
        assert environment(tmp_path, "app", name)["DATABASE_URL"] == NEW
    else:
        assert (tmp_path / ".env").read_text() == f"DATABASE_URL={OLD}\n"


def test_a_value_of_the_base_with_the_mount_of_its_override(tmp_path: Path) -> None:
    base = f"services:\n  app:\n    build: .\n    environment:\n      DATABASE_URL: {OLD}\n"
    override = "services:\n  app:\n    volumes: ['./data:/app/data']\n"
    found = plan(tmp_path, {"compose.yaml": base, "compose.override.yaml": override})
    assert said(found) == {"app": "safe"}
    mounted = base + "    volumes: ['./data:/app/data']\n"
    moved = "services:\n  app:\n    volumes: !override ['rows:/data']\nvolumes: {rows: }\n"
    found = plan(tmp_path, {"compose.yaml": mounted, "compose.override.yaml": moved})
    assert said(found) == {"app": "safe"}
    found.write()
    assert "sqlite:////data/app.db" in (tmp_path / "compose.yaml").read_text()


def test_base_alone_and_base_with_its_override_take_one_value(tmp_path: Path) -> None:
    """The pipeline deploys the base alone, people the two: the value has to be right for both."""
    base = f"services:\n  app:\n    build: .\n    environment:\n      DATABASE_URL: {OLD}\n    volumes: ['rows:/app/data']\n"
    files = {
        "compose.yaml": base + "volumes: {rows: }\n",
        "compose.override.yaml": "services:\n  app:\n    volumes: !override ['more:/data']\nvolumes: {more: }\n",
        "deploy.sh": "docker compose -f compose.yaml up -d\n",
    }
    found = plan(tmp_path, files)
    assert said(found) == {"app": "none"}
    assert not found.edits


def test_one_text_that_is_another_value_in_each_project(tmp_path: Path) -> None:
    compose = "services:\n  app:\n    build: ..\n    env_file: ../shared.env\n    volumes: ['rows:/app/data']\nvolumes: {rows: }\n"
    files = {f"{name}/compose.yaml": compose for name in ("a", "b")}
    env = {f"{name}/.env": f"NAME={name}.db\n" for name in ("a", "b")}
    found = plan(tmp_path, {**files, **env, "shared.env": "DATABASE_URL=sqlite:///./${NAME}\n"})
    assert set(said(found).values()) == {"none"}
    assert not found.edits


@pytest.mark.parametrize("name", ["", "name: shop\n"])
def test_two_files_of_one_volume_key_stay_apart_whatever_the_projects_are_called(name: str, tmp_path: Path) -> None:
    """The two are deployed under one name, or under two: who deploys may change that."""
    service = "services:\n  {0}:\n    build: .\n    environment:\n      DATABASE_URL: sqlite:////{0}/app.db\n"
    mount = "    volumes: ['rows:/app/data']\nvolumes: {rows: }\n"
    files = {"compose.yaml": name + service.format("web") + mount, "compose.prod.yaml": service.format("api") + mount}
    found = plan(tmp_path, {**files, "deploy.sh": "docker compose -p src up -d\n"}, unsafe=True)
    assert said(found) == {"api": "none", "web": "none"}
    assert "two databases would become one file, /app/data/app.db" in reasons(found)


def test_values_that_an_extended_service_has_instead_are_asked_by_themselves(tmp_path: Path) -> None:
    own = "    environment:\n      DATABASE_URL: sqlite:////app/app.db\n    volumes: {}['{}:/app/data']\n"
    services = [f"  {name}:\n    build: .\n" + own.format("", name) for name in ("app", "worker")]
    compose = "services:\n" + "".join(services) + "volumes: {app: , worker: }\n"
    more = "services:\n  more:\n    extends: {file: compose.yaml, service: app}\n" + own.format("!override ", "more")
    found = plan(tmp_path, {"compose.yaml": compose, "compose.more.yaml": more + "volumes: {more: }\n"})
    assert said(found) == {"app": "safe", "more": "safe", "worker": "safe"}
    found.write()
    assert environment(tmp_path, "more", "compose.more.yaml")["DATABASE_URL"] == "sqlite:////app/data/app.db"
    assert not plan(tmp_path, {}).edits


WEB = """\
services:
  web:
    build: .
    environment: {DATABASE_URL: "sqlite:////app/app.db"}
    volumes: ["rows:/data"]
  worker:
    build: .
    volumes: ["more:/app/data"]
"""
LITERAL = f"from sqlalchemy import create_engine\ne = create_engine('{OLD}')\n"
MOVED = WEB.replace("/app/app.db", "/data/app.db")


def test_a_literal_changes_at_once_where_another_service_only_follows_its_environment(tmp_path: Path) -> None:
    files = {"compose.yaml": WEB + VOLUMES, "db.py": LITERAL}
    assert said(plan(tmp_path, files)) == {"web": "none", "worker": "unsafe"}
    plan(tmp_path, files, unsafe=True).write()
    assert (tmp_path / "compose.yaml").read_text() == MOVED + VOLUMES
    assert (tmp_path / "db.py").read_text() == LITERAL.replace(OLD, NEW)
    assert not plan(tmp_path, {"compose.yaml": MOVED + VOLUMES, "db.py": LITERAL.replace(OLD, NEW)}, unsafe=True).edits


def test_a_literal_stays_where_the_environment_names_its_file_in_a_value_that_stays(tmp_path: Path) -> None:
    loading = "    env_file: prod.env\n"
    other = f"{loading}  other:\n    build: elsewhere\n{loading}"
    files = {
        "compose.yaml": WEB + other + VOLUMES,
        "prod.env": "DATABASE_URL=sqlite:////app/app.db\n",
        "db.py": LITERAL,
        "elsewhere/Dockerfile": BUILT["Dockerfile"],
    }
    plan(tmp_path, files, unsafe=True).write()
    assert (tmp_path / "compose.yaml").read_text() == MOVED + other + VOLUMES
    again = plan(tmp_path, {**files, "compose.yaml": MOVED + other + VOLUMES}, unsafe=True)
    assert "DATABASE_URL of worker names /app/app.db too, and volfix cannot change that value" in reasons(again)
    assert not again.edits


def test_a_literal_stays_where_another_service_opens_its_file_by_a_value_that_stays(tmp_path: Path) -> None:
    compose = WEB.replace('    volumes: ["rows:/data"]\n', "") + VOLUMES  # web names the file twice, and mounts nothing
    files = {"compose.yaml": compose, "db.py": LITERAL}
    found = plan(tmp_path, files, unsafe=True)
    assert said(found) == {"web": "none", "worker": "none"}
    assert not found.edits


TAKEN = """\
services:
  web:
    build: .
{}    volumes: ["rows:/app/data"]
  worker:
    build: .
    environment: ["{}=${{DATABASE_URL}}"]
    volumes: ["jobs:/app"]
volumes:
  rows:
  jobs:
"""


def test_a_service_whose_value_the_deployment_reads_from_the_env_file_of_another(tmp_path: Path) -> None:
    files = {
        "compose.yaml": TAKEN.format("    env_file: .env.prod\n", "DATABASE_URL"),
        ".env.prod": "DATABASE_URL=sqlite:////app/app.db\n",
        "deploy.sh": "#!/bin/sh\nset -a\n. ./.env.prod\ndocker compose up -d\n",
    }
    found = plan(tmp_path, files, unsafe=True)
    assert reasons(found) == "worker uses the same value with other mounts"
    assert not found.edits


@pytest.mark.parametrize("copied", [False, True])
def test_a_service_that_takes_the_value_of_an_env_file_under_another_name(copied: bool, tmp_path: Path) -> None:
    files = {"compose.yaml": TAKEN.format("", "CACHE_URL"), ".env.prod": "DATABASE_URL=sqlite:////app/app.db\n"}
    if copied:
        files |= {".env": "DEBUG=1\n", "deploy.sh": "#!/bin/sh\ncp .env.prod .env\ndocker compose up -d\n"}
    found = plan(tmp_path, files)
    assert reasons(found) == "CACHE_URL of worker is `${DATABASE_URL}`, and may have its file elsewhere"
    assert not found.edits
