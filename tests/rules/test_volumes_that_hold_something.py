"""Given a source that may hold something, when a fix moves an engine's mount, then the engine gets a new volume.

Docker fills a new named volume from the image's files at its target, so that `rows:/var/lib/postgresql` has a directory
`data` in it: mounted at /var/lib/postgresql/data, it is one that initdb refuses.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Applicability, Finding, Move

NAMED = "services:\n  db:\n    image: {image}\n    volumes:\n      - {mount}\nvolumes:\n  rows:\n"
BOUND = "services:\n  db:\n    image: {image}\n    volumes:\n      - {mount}\n"
LONG = "services:\n  db:\n    image: {image}\n    volumes:\n      - type: {kind}\n        source: {source}\n        target: {target}\n"

MISSED = {
    "PostgreSQL, above": ("postgres:17", "/var/lib/postgresql", "/var/lib/postgresql/data", "anonymous"),
    "PostGIS, above": ("postgis/postgis:16-3.4", "/var/lib/postgresql", "/var/lib/postgresql/data", "anonymous"),
    "MongoDB, above": ("mongo:7", "/data", "/data/db", "anonymous"),
    "MongoDB, beside": ("mongo:7", "/var/data", "/data/db", "anonymous"),
    "MySQL, beside": ("mysql:8.4", "/data", "/var/lib/mysql", "anonymous"),
    "MariaDB, beside": ("mariadb:11", "/var/lib/mariadb/data", "/var/lib/mysql", "anonymous"),
    "Redis, beside": ("redis:7", "/var/lib/redis/data", "/data", "anonymous"),
    "an image without a VOLUME": ("bitnami/mysql:8.4", "/data", "/bitnami/mysql", "container"),
}


def found_in(directory: Path, files: dict[str, str], code: str = "VF106") -> Finding:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (found,) = [each for each in volfix.plan(directory, unsafe_fixes=True).findings if each.code == code]
    return found


@pytest.mark.parametrize(("image", "target", "data", "kept"), MISSED.values(), ids=MISSED)
class TestAMountThatMissesTheData:
    """A new volume at the data directory; the old source keeps what is in it."""

    def test_of_a_volume(self, image: str, target: str, data: str, kept: str, tmp_path: Path) -> None:
        found = found_in(tmp_path, {"compose.yaml": NAMED.format(image=image, mount=f"rows:{target}")})
        assert found.fix is not None
        assert found.fix.applicability is Applicability.UNSAFE
        assert found.fix.moves == (Move("db", f"{kept}:{data}", "db-data", data),)
        volfix.plan(tmp_path, unsafe_fixes=True).write()
        after = NAMED.format(image=image, mount=f"db-data:{data}") + "  db-data:\n    driver: local\n"
        assert (tmp_path / "compose.yaml").read_text() == after
        assert not volfix.plan(tmp_path, unsafe_fixes=True).edits

    def test_of_a_directory_of_the_checkout(
        self, image: str, target: str, data: str, kept: str, tmp_path: Path
    ) -> None:
        found = found_in(tmp_path, {"compose.yaml": BOUND.format(image=image, mount=f"./rows:{target}")})
        assert found.fix is not None
        assert found.fix.moves == (Move("db", f"{kept}:{data}", "db-data", data),)
        volfix.plan(tmp_path, unsafe_fixes=True).write()
        after = BOUND.format(image=image, mount=f"db-data:{data}") + "\nvolumes:\n  db-data:\n    driver: local\n"
        assert (tmp_path / "compose.yaml").read_text() == after
        assert not volfix.plan(tmp_path, unsafe_fixes=True).edits

    def test_of_a_directory_with_files(self, image: str, target: str, data: str, kept: str, tmp_path: Path) -> None:
        files = {"compose.yaml": BOUND.format(image=image, mount=f"./rows:{target}"), "rows/data/PG_VERSION": "17\n"}
        found = found_in(tmp_path, files)
        assert found.fix is None
        assert found.reason == "./rows has files in it: volfix cannot tell whether they are the rows"

    @pytest.mark.parametrize("kind", ["volume", "bind"])
    def test_in_the_long_form(self, image: str, target: str, data: str, kept: str, kind: str, tmp_path: Path) -> None:
        source = "rows" if kind == "volume" else "./rows"
        declared = "volumes:\n  rows:\n" if kind == "volume" else ""
        text = LONG.format(image=image, kind=kind, source=source, target=target) + declared
        found_in(tmp_path, {"compose.yaml": text})
        volfix.plan(tmp_path, unsafe_fixes=True).write()
        after = (tmp_path / "compose.yaml").read_text()
        assert after.startswith(LONG.format(image=image, kind="volume", source="db-data", target=data))
        assert "db-data:\n    driver: local\n" in after
        assert declared in after


def test_the_directory_that_a_mount_made_is_empty(tmp_path: Path) -> None:
    (tmp_path / "rows/data").mkdir(parents=True)
    (tmp_path / "rows/.gitkeep").touch()
    found = found_in(tmp_path, {"compose.yaml": BOUND.format(image="postgres:17", mount="./rows:/var/lib/postgresql")})
    assert found.fix is not None


@pytest.mark.parametrize(
    ("mount", "image"),
    [("rows:/var/lib/postgresql/data", "postgres:18"), ("./rows:/var/lib/postgresql/data", "postgres:18-alpine")],
)
def test_the_directory_of_an_older_version_is_to_be_upgraded(mount: str, image: str, tmp_path: Path) -> None:
    text = (NAMED if mount.startswith("rows") else BOUND).format(image=image, mount=mount)
    found = found_in(tmp_path, {"compose.yaml": text})
    assert found.fix is None
    assert "upgraded" in (found.reason or "")


def test_a_volume_that_somebody_else_made_stays_declared(tmp_path: Path) -> None:
    text = NAMED.format(image="postgres:16", mount="rows:/var/lib/postgresql").replace(
        "rows:\n", "rows: {external: on}\n"
    )
    text = text.replace("rows: {external: on}\n", "rows:\n    external: on\n")
    found_in(tmp_path, {"compose.yaml": text})
    volfix.plan(tmp_path, unsafe_fixes=True).write()
    after = (tmp_path / "compose.yaml").read_text()
    assert "      - db-data:/var/lib/postgresql/data\n" in after
    assert "  rows:\n    external: on\n  db-data:\n    driver: local\n" in after


REFUSED = {
    "a directory in the volume": (
        {
            "compose.yaml": LONG.format(image="mongo:7", kind="volume", source="rows", target="/var/data")
            + "        volume: {subpath: mongo}\nvolumes: {rows: }\n"
        },
        "rows is a directory inside a volume, or a variable names the volume",
    ),
    "a volume that a variable names": (
        {"compose.yaml": NAMED.format(image="mongo:7", mount="${ROWS:-rows}:/var/data")},
        "${ROWS:-rows} is a directory inside a volume, or a variable names the volume",
    ),
    "a reader of the volume": (
        {
            "compose.yaml": NAMED.format(image="mysql:8.4", mount="rows:/data").replace(
                "volumes:\n  rows", "  backup:\n    image: acme/tar:1\n    volumes: ['rows:/from:ro']\nvolumes:\n  rows"
            )
        },
        "backup of compose.yaml mounts the same volume",
    ),
    "a project of the directory that has another name": (
        {
            "compose.yaml": "name: shop\n" + NAMED.format(image="mysql:8.4", mount="rows:/var/lib/mysql"),
            "compose.prod.yaml": NAMED.format(image="mysql:8.4", mount="rows:/data"),
        },
        "db of compose.yaml mounts the same volume",
    ),
    "another project with the volume": (
        {
            "a/compose.yaml": NAMED.format(image="mysql:8.4", mount="rows:/data").replace(
                "rows:\n", "rows: {name: all}\n"
            ),
            "b/compose.yaml": NAMED.format(image="mysql:8.0", mount="rows:/var/lib/mysql").replace(
                "rows:\n", "rows: {name: all}\n"
            ),
        },
        "db (mysql:8.4) and db of b (mysql:8.0) cannot share rows: see VF110",
    ),
    "a file that moves the data directory": (
        {
            "compose.yaml": NAMED.format(image="postgres:17", mount="rows:/var/lib/postgresql"),
            "prod.yml": "services: {db: {image: 'postgres:18'}}\n",
            "deploy.sh": "docker compose -f compose.yaml -f prod.yml up -d\n",
        },
        "with compose.yaml and prod.yml, db keeps its data in another directory",
    ),
}


@pytest.mark.parametrize(("files", "reason"), REFUSED.values(), ids=REFUSED)
def test_where_the_volume_is_not_the_mounts_alone(files: dict[str, str], reason: str, tmp_path: Path) -> None:
    found = found_in(tmp_path, files)
    assert found.fix is None
    assert found.reason == reason


def test_two_combinations_of_files_get_one_volume(tmp_path: Path) -> None:
    files = {
        "compose.yaml": NAMED.format(image="postgres:17", mount="rows:/var/lib/postgresql"),
        "prod.yml": "services: {db: {restart: always}}\n",
        "deploy.sh": "docker compose -f compose.yaml -f prod.yml up -d\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    volfix.plan(tmp_path, unsafe_fixes=True).write()
    after = (
        NAMED.format(image="postgres:17", mount="db-data:/var/lib/postgresql/data") + "  db-data:\n    driver: local\n"
    )
    assert (tmp_path / "compose.yaml").read_text() == after
    assert not volfix.plan(tmp_path, unsafe_fixes=True).edits


def test_nothing_mounted_and_a_volume_of_the_dockerfile(tmp_path: Path) -> None:
    """VF105 says where the rows are as truly: the image that is built declares the volume."""
    files = {
        "compose.yaml": "services:\n  db:\n    build: .\n",
        "Dockerfile": "FROM bitnami/mysql:8.4\nVOLUME /bitnami/mysql\n",
    }
    found = found_in(tmp_path, files, "VF105")
    assert found.fix is not None
    assert [move.source for move in found.fix.moves] == ["anonymous:/bitnami/mysql"]
