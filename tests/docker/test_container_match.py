"""Given a container and a project's files, then it may be made from them, or the first thing that it has otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from volfix.docker.container_match import Compared, mismatch
from volfix.docker.containers import Container, MountPoint, Process
from volfix.docker.deployed import deployed_at

FILES = """\
services:
  app:
    {image}
    environment:
      DATABASE_URL: {url}
      PGDATA: {pgdata}
    volumes:
      - {mount}
volumes:
  rows:
  fixed:
    name: shared-rows
"""
GIVEN = {
    "image": "image: postgres:16",
    "url": "sqlite:////app/data/rows.db",
    "pgdata": "/var/lib/postgresql/data",
    "mount": "./data:/app/data",
}
DATA = MountPoint("bind", "/drone/src/data", "/app/data")
ENVIRONMENT = {"DATABASE_URL": "sqlite:////app/data/rows.db", "PGDATA": "/var/lib/postgresql/data"}
SECRET = MountPoint("bind", "/drone/src/secret", "/run/secrets/key", writable=False)
UNNAMED = MountPoint("volume", "0123456789abcdef" * 4, "/var/lib/postgresql/data")


def reason(
    directory: Path,
    given: dict[str, str],
    *mounts: MountPoint,
    image: str = "postgres:16",
    environment: dict[str, str] | None = None,
    asked: Compared = Compared.EVERYTHING,
) -> str | None:
    (directory / "compose.yaml").write_text(FILES.format(**{**GIVEN, **given}))
    labels = {"com.docker.compose.project": "src", "com.docker.compose.service": "app"}
    container = Container("c0ffee", "src-app-1", "sha256:1", "running", labels, mounts or (DATA,))
    process = Process(ENVIRONMENT if environment is None else environment, (), "/", image)
    return mismatch(container, process, deployed_at(directory).read, asked)


@pytest.mark.parametrize(
    ("written", "image", "like"),
    [
        ("image: postgres:16", "postgres:16", True),
        ("image: postgres:16", "docker.io/library/postgres:16", True),
        ("image: postgres", "postgres:latest", True),
        ("image: postgres:16", "postgres:15", False),
        ("image: postgres:16", "acme/postgres:16", False),
        ("image: postgres:16", "sha256:0123", True),
        ("image: ghcr.io/acme/app:${TAG:-1}", "ghcr.io/acme/app:7", True),
        ("image: ${REGISTRY:-ghcr.io/acme}/app:1", "registry.acme.example:5000/app:1", True),
        ("image: ${REGISTRY:-ghcr.io/acme}/app:1", "registry.acme.example:5000/web:1", False),
        ("image: postgres@sha256:12", "postgres@sha256:12", True),
        ("build: .", "src-app", True),
        ("build: .", "src_app", True),
        ("build: .", "beta:1", False),
        ("image: acme/app:1", "src-app", False),
    ],
)
def test_the_image(tmp_path: Path, written: str, image: str, like: bool) -> None:
    assert (reason(tmp_path, {"image": written}, image=image) is None) is like


@pytest.mark.parametrize(
    ("written", "mounts", "like"),
    [
        ("./data:/app/data", (DATA,), True),
        ("../data:/app/data", (DATA,), True),
        ("/srv/data:/app/data", (DATA,), False),
        ("./store:/app/data", (DATA,), False),
        ("./store/data:/app/data", (DATA,), False),
        ("rows:/app/data", (DATA,), False),
        ("rows:/app/data", (MountPoint("volume", "src_rows", "/app/data"),), True),
        ("rows:/app/data", (MountPoint("volume", "src_other", "/app/data"),), False),
        ("fixed:/app/data", (MountPoint("volume", "shared-rows", "/app/data"),), True),
        ("/app/data", (MountPoint("volume", "f" * 64, "/app/data"),), True),
        ("${DIR:-./data}:/app/data", (MountPoint("bind", "/srv/rows", "/app/data"),), True),
        ("./data:/srv/rows", (DATA,), False),
        ("./data:/app/data", (DATA, SECRET), True),
        ("./data:/app/data", (DATA, UNNAMED), True),
        ("./data:/app/data", (DATA, MountPoint("bind", "/srv/uploads", "/uploads")), False),
        ("./data:/app/data", (SECRET,), False),
    ],
)
def test_the_mounts(tmp_path: Path, written: str, mounts: tuple[MountPoint, ...], like: bool) -> None:
    assert (reason(tmp_path, {"mount": written}, *mounts) is None) is like


@pytest.mark.parametrize(
    ("given", "there", "like"),
    [
        ({}, {}, True),
        ({}, {"DATABASE_URL": "sqlite:////app/data/other.db"}, False),
        ({}, {"DATABASE_URL": "sqlite:////app/rows.db"}, False),
        ({}, {"PGDATA": "/app/data/pg"}, False),
        ({"url": "${DATABASE_URL}"}, {"DATABASE_URL": "sqlite:////app/data/other.db"}, True),
        ({"url": "${DATABASE_URL:-sqlite:////app/rows.db}"}, {}, True),
        ({"pgdata": "${PGDATA}"}, {"PGDATA": "/app/data/pg"}, True),
        ({"url": "postgres://db/shop"}, {"DATABASE_URL": "postgres://u:s3cret@other/shop"}, True),
    ],
)
def test_the_database_s_path(tmp_path: Path, given: dict[str, str], there: dict[str, str], like: bool) -> None:
    found = reason(tmp_path, given, environment={**ENVIRONMENT, **there})
    assert (found is None) is like
    assert "s3cret" not in (found or "")


def test_a_variable_that_a_compose_file_gives_is_in_each_of_its_containers(tmp_path: Path) -> None:
    assert reason(tmp_path, {}, environment={}) == "it has no DATABASE_URL, and the files say /app/data/rows.db"


def test_what_a_fix_changes_may_differ_where_the_files_before_it_are_not_known(tmp_path: Path) -> None:
    fixed = {"mount": "rows:/app/data"}
    moved = {**ENVIRONMENT, "DATABASE_URL": "sqlite:////app/rows.db"}
    other = {**ENVIRONMENT, "DATABASE_URL": "sqlite:////app/other.db"}
    assert reason(tmp_path, fixed, environment=moved)
    assert reason(tmp_path, fixed, environment=moved, asked=Compared.NAMES) is None
    assert reason(tmp_path, fixed, environment=other, asked=Compared.NAMES)
    assert reason(tmp_path, fixed, environment=other, asked=Compared.SHAPE) is None
    assert reason(tmp_path, fixed, image="beta:1", asked=Compared.SHAPE)
