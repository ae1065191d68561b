"""Mounts that hold a part of the data, or none of it: what is said of the rows, and which fix is safe."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Applicability, Finding, Severity

NAMED = "services:\n  db:\n    image: {image}\n    volumes:\n      - {mount}\nvolumes:\n  rows:\n"
BOUND = "services:\n  db:\n    image: {image}\n    volumes:\n      - {mount}\n"


def found_in(root: Path, text: str, *codes: str) -> list[Finding]:
    (root / "compose.yaml").write_text(text)
    plan = volfix.plan(root)
    assert not plan.result.errors
    return [finding for finding in plan.findings if finding.code in (codes or ("VF101", "VF102", "VF105", "VF106"))]


@pytest.mark.parametrize(
    ("image", "mount", "rows"),
    [
        ("mysql:8.4", "rows:/var/lib/mysql/shop", "an anonymous volume, at /var/lib/mysql"),
        ("mongo:7", "rows:/data/db/main", "an anonymous volume, at /data/db"),
        ("postgres:16", "rows:/var/lib/postgresql/data/base", "an anonymous volume, at /var/lib/postgresql/data"),
        ("clickhouse/clickhouse-server:24.8", "rows:/var/lib/clickhouse/store", "/var/lib/clickhouse"),
        ("influxdb:1.8", "rows:/var/lib/influxdb/wal", "an anonymous volume, at /var/lib/influxdb"),
        ("grafana/grafana:11.3.0", "rows:/var/lib/grafana/data", "the container itself, at /var/lib/grafana"),
        ("n8nio/n8n:1.64.0", "rows:/home/node/.n8n/database", "the container itself, at /home/node/.n8n"),
    ],
)
def test_a_mount_below_the_data_directory_holds_a_part_at_most(
    image: str, mount: str, rows: str, tmp_path: Path
) -> None:
    (finding,) = found_in(tmp_path, NAMED.format(image=image, mount=mount))
    assert finding.code == "VF106"
    assert finding.target == mount.partition(":")[2]
    assert "holds at most a part" in finding.danger
    assert rows in finding.danger


def test_a_named_volume_is_a_directory_though_a_file_beside_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("what the rows mean\n")
    assert not found_in(tmp_path, NAMED.format(image="postgres:16", mount="rows:/var/lib/postgresql/data"))


@pytest.mark.parametrize(
    ("image", "mount"),
    [
        ("mysql:8.4", "./my.cnf:/var/lib/mysql/my.cnf"),
        ("mongo:7", "./dumps:/data/db/backup"),
        ("postgres:16", "./old:/var/lib/postgresql/data/base:ro"),
        ("grafana/grafana:11.3.0", "./plugins:/var/lib/grafana/plugins"),
        ("vaultwarden/server:1.32.0", "./icons:/data/icon_cache"),
    ],
)
def test_a_mount_below_for_something_else_leaves_the_data_without_a_volume(
    image: str, mount: str, tmp_path: Path
) -> None:
    (finding,) = found_in(tmp_path, BOUND.format(image=image, mount=mount))
    assert finding.code == "VF105"


@pytest.mark.parametrize(
    "below", ["rows:/var/lib/mysql/shop", "./binlog:/var/lib/mysql/binlog", "rows:/var/lib/mysql/x"]
)
def test_a_mount_below_beside_the_one_that_holds_the_data_is_not_reported(below: str, tmp_path: Path) -> None:
    text = NAMED.format(image="mysql:8.4", mount=f"all:/var/lib/mysql\n      - {below}") + "  all:\n"
    assert found_in(tmp_path, text) == []


@pytest.mark.parametrize(
    ("image", "targets", "missing"),
    [
        ("zookeeper:3.9", ["/data"], "/datalog"),
        ("zookeeper:3.9", ["/datalog"], "/data"),
        ("osixia/openldap:1.5.0", ["/var/lib/ldap"], "/etc/ldap/slapd.d"),
        ("influxdb:2.7", ["/etc/influxdb2"], "/var/lib/influxdb2"),
        ("minio/minio:RELEASE.2024-01-01T00-00-00Z\n    command: server /data1 /data2", ["/data1"], "/data2"),
    ],
)
def test_one_of_several_directories_is_a_part(image: str, targets: list[str], missing: str, tmp_path: Path) -> None:
    mounts = "\n      - ".join(f"v{number}:{target}" for number, target in enumerate(targets))
    text = BOUND.format(image=image, mount=mounts) + "volumes:\n  v0:\n"
    findings = found_in(tmp_path, text)
    assert [finding.code for finding in findings] == ["VF105"]
    assert f"no volume at {missing}" in findings[0].message


@pytest.mark.parametrize(("image", "target"), [("neo4j:5", "/var/lib/neo4j/data"), ("neo4j:5", "/data")])
def test_one_of_several_places_for_the_same_data_is_enough(image: str, target: str, tmp_path: Path) -> None:
    assert found_in(tmp_path, NAMED.format(image=image, mount=f"rows:{target}")) == []


def test_a_setting_moves_the_data_away_from_each_of_several_places(tmp_path: Path) -> None:
    text = NAMED.format(image="neo4j:5", mount="rows:/var/lib/neo4j/data").replace(
        "    volumes:\n", "    environment: {NEO4J_server_directories_data: /rows}\n    volumes:\n", 1
    )
    (finding,) = found_in(tmp_path, text)
    assert finding.code in ("VF105", "VF106")


@pytest.mark.parametrize(
    ("image", "mount"),
    [
        ("postgres", "./rows:/var/lib/postgresql"),
        ("postgres:alpine", "./rows:/var/lib/postgresql"),
        ("postgis/postgis", "./rows:/var/lib/postgresql/data"),
        ("influxdb:latest", "./rows:/var/lib/influxdb"),
    ],
)
def test_a_bind_that_only_some_versions_use_is_one_finding_and_unsafe(image: str, mount: str, tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, BOUND.format(image=image, mount=mount))
    assert finding.code == "VF101"
    assert finding.fix is not None
    assert finding.fix.applicability is Applicability.UNSAFE
    assert "in some of its versions" in finding.danger
    assert "write a tag with a version first" in (finding.reason or "")
    assert len([line for line in finding.evidence if "keeps its data in" in line]) > 1


@pytest.mark.parametrize("image", ["postgres", "postgres:latest", "pgvector/pgvector:latest"])
def test_a_bind_with_which_the_other_versions_do_not_start_holds_the_rows(image: str, tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, BOUND.format(image=image, mount="./rows:/var/lib/postgresql/data"))
    assert finding.code == "VF101"
    assert finding.fix is not None
    assert finding.fix.applicability is Applicability.SAFE
    assert any("does not start with a mount at /var/lib/postgresql/data" in line for line in finding.evidence)


@pytest.mark.parametrize("image", ["postgres:18", "postgres:18.1-alpine", "pgvector/pgvector:pg18"])
@pytest.mark.parametrize(("text", "source"), [(NAMED, "rows"), (BOUND, "./rows")])
def test_postgres_18_does_not_start_on_the_old_directory(text: str, source: str, image: str, tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, text.format(image=image, mount=f"{source}:/var/lib/postgresql/data"))
    assert finding.code == "VF106"
    assert "does not start with a mount at /var/lib/postgresql/data" in finding.danger
    assert f"if {source} holds rows, an older version wrote them" in finding.danger
    assert finding.fix is None
    assert f"start the version that wrote {source} and dump the rows" in (finding.reason or "")


def test_postgres_18_starts_on_the_old_directory_where_it_is_told_so(tmp_path: Path) -> None:
    text = NAMED.format(image="postgres:18", mount="rows:/var/lib/postgresql/data").replace(
        "    volumes:\n", "    environment: {PGDATA: /var/lib/postgresql/data/pg}\n    volumes:\n", 1
    )
    assert found_in(tmp_path, text) == []


@pytest.mark.parametrize("mount", ["./rows:/var/lib/postgresql/data/pgdata", "./rows:/var/lib/postgresql/data/x"])
def test_postgres_18_below_the_old_directory_keeps_its_rows_in_an_anonymous_volume(mount: str, tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, BOUND.format(image="postgres:18", mount=mount))
    assert finding.code == "VF106"
    assert "the rows are in an anonymous volume, at /var/lib/postgresql" in finding.danger


@pytest.mark.parametrize("declared", ["VOLUME /var/opt/mssql", 'VOLUME ["/tmp", "/var/opt/mssql"]', "VOLUME /var/opt"])
def test_a_volume_of_the_projects_own_dockerfile_keeps_the_rows_in_an_anonymous_one(
    declared: str, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM mcr.microsoft.com/mssql/server:2022-latest\n{declared}\n")
    (finding,) = found_in(tmp_path, "services:\n  db:\n    build: .\n")
    assert finding.message == "db starts EMPTY after `down`: no volume at /var/opt/mssql"
    assert any(line.startswith("the data is in an anonymous volume: `down`") for line in finding.evidence)


def test_an_anonymous_volume_below_a_named_one_has_the_rows(tmp_path: Path) -> None:
    text = NAMED.format(
        image="timescale/timescaledb-ha:pg16", mount="rows:/home/postgres\n      - /home/postgres/pgdata"
    )
    (finding,) = found_in(tmp_path, text)
    assert "the data is in an anonymous volume" in finding.evidence[-1]


@pytest.mark.parametrize(
    ("image", "target"),
    [
        ("vaultwarden/server:1.32.0", "/vw-data"),
        ("louislam/uptime-kuma:1.23.16", "/data"),
        ("vaultwarden/server:1.32.0", "/data/sub"),
    ],
)
def test_an_application_whose_mount_misses_its_data_is_a_warning(image: str, target: str, tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, NAMED.format(image=image, mount=f"rows:{target}"))
    assert (finding.code, finding.severity) == ("VF105", Severity.WARNING)
    assert f"db mounts rows:{target}, which is not its data directory" in finding.evidence


def test_an_application_with_its_database_on_a_server_keeps_none_here(tmp_path: Path) -> None:
    text = NAMED.format(image="grafana/grafana:11.3.0", mount="rows:/var/lib/grafana/data").replace(
        "    volumes:\n", "    environment: {GF_DATABASE_TYPE: postgres}\n    volumes:\n", 1
    )
    assert found_in(tmp_path, text) == []


@pytest.mark.parametrize("line", ["tmpfs: [/var/lib/mysql/tmp]", "tmpfs: [/run/mysqld]", "tmpfs: /tmp"])
def test_memory_for_something_else_does_not_hold_the_data(line: str, tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, f"services:\n  db:\n    image: mysql:8.4\n    {line}\n")
    assert finding.code == "VF105"


FILE = "services:\n  web:\n    build: .\n    environment: [DB_PATH=/app/rows/app.db]\n    volumes: [{mounts}]\nvolumes: {{all: }}\n"


@pytest.mark.parametrize(
    ("declared", "mounts"),
    [
        ("VOLUME /app/rows", "all:/app"),
        ('VOLUME ["/app/rows"]', "all:/app/uploads"),
        ("VOLUME /app", "all:/srv/uploads"),
        ("LABEL x=y", "all:/app/uploads, /app/rows"),
    ],
)
def test_a_database_file_in_an_anonymous_volume(declared: str, mounts: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.12-slim\nWORKDIR /app\n{declared}\nCOPY . .\n")
    (finding,) = found_in(tmp_path, FILE.format(mounts=mounts), "VF201")
    assert "it is in an anonymous volume, which `down` or another project name leaves behind" in finding.danger


@pytest.mark.parametrize("mounts", ["all:/app/rows", "all:/app, all:/app/rows"])
def test_a_volume_at_the_one_that_the_image_declares_takes_its_place(mounts: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:3.12-slim\nWORKDIR /app\nVOLUME /app/rows\nCOPY . .\n")
    assert found_in(tmp_path, FILE.format(mounts=mounts), "VF201") == []


@pytest.mark.parametrize(
    ("image", "mount", "is_fixed"),
    [
        ("mariadb:11", "rows:/var/lib/mysql/data", True),
        ("mongo:7", "rows:/data/db/db-data", True),
        ("grafana/grafana:11.3.0", "rows:/var/lib/grafana/db", True),
        ("mysql:8.4", "rows:/var/lib/mysql/shop", False),
        ("mongo:7", "rows:/data/db/journal", False),
        ("influxdb:1.8", "rows:/var/lib/influxdb/wal", False),
        ("nextcloud:29", "rows:/var/www/html/config", False),
    ],
)
def test_a_part_that_may_hold_rows_is_not_replaced(image: str, mount: str, is_fixed: bool, tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, NAMED.format(image=image, mount=mount))
    assert (finding.fix is not None) == is_fixed
    assert is_fixed or "may hold a part of the data" in (finding.reason or "")


@pytest.mark.parametrize(
    ("image", "target"),
    [
        ("drone/drone:latest", "/var/lib/drone"),
        ("lycheeorg/lychee:v7.1.0", "/conf"),
        ("chromadb/chroma:1.0.0", "/chroma/chroma"),
    ],
)
def test_the_directory_of_another_version_of_an_image(image: str, target: str, tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, NAMED.format(image=image, mount=f"rows:{target}"))
    assert (finding.code, finding.target) == ("VF106", target)
    assert finding.fix is None
    assert "upgraded" in (finding.reason or "")
