"""Given two servers that cannot share a source, no fix moves either, and a second run changes nothing that a first did."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Applicability, Finding, Severity


def service(name: str, image: str, mount: str | None, extra: str = "") -> str:
    volumes = f"    volumes: ['{mount}']\n" if mount else ""
    return f"  {name}:\n    image: {image}\n{volumes}{extra}"


def one(image: str, mount: str | None, name: str = "db") -> str:
    key = mount.partition(":")[0] if mount else "."
    declared = "" if key.startswith((".", "/")) else f"volumes:\n  {key}:\n"
    return f"services:\n{service(name, image, mount)}{declared}"


PG16, PG18 = "/var/lib/postgresql/data", "/var/lib/postgresql"
MEETING = {
    "PostgreSQL 16 and 18 in base and prod file": {
        "compose.yaml": one("postgres:16", f"./pg:{PG16}"),
        "docker-compose.prod.yml": one("postgres:18", f"./pg:{PG18}"),
    },
    "the same, where the older one misses its data": {
        "compose.yaml": one("postgres:16", f"./pg:{PG18}"),
        "docker-compose.prod.yml": one("postgres:18", f"./pg:{PG18}"),
    },
    "the same in a named volume": {
        "compose.yaml": one("postgres:16", f"rows:{PG18}"),
        "docker-compose.prod.yml": one("postgres:18", f"rows:{PG18}"),
    },
    "a data directory in the other's": {
        "compose.yaml": one("postgres:16", f"./pg:{PG16}"),
        "docker-compose.prod.yml": one("postgres:18", f"./pg:{PG18}").replace(
            "    volumes", f"    environment: [PGDATA={PG18}/18/docker]\n    volumes"
        ),
    },
    "PostgreSQL and an image built from another major version": {
        "compose.yaml": one("timescale/timescaledb:2.17.2-pg15", f"./pg:{PG16}"),
        "docker-compose.prod.yml": one("postgres:16", f"./pg:{PG16}"),
    },
    "MySQL 5.7 and 8.0": {
        "compose.yaml": one("mysql:5.7", "./sql:/var/lib/mysql"),
        "docker-compose.prod.yml": one("mysql:8.0.40", "./sql:/var/lib/mysql"),
    },
    "MongoDB 4 and 7": {
        "compose.yaml": one("mongo:4.4", "./rows:/data/db"),
        "docker-compose.prod.yml": one("mongo:7", "./rows:/data/db"),
    },
    "MySQL and MariaDB": {
        "compose.yaml": one("mysql:8.0", "./sql:/var/lib/mysql"),
        "docker-compose.prod.yml": one("mariadb:11", "./sql:/var/lib/mysql"),
    },
    "two services of one project": {
        "compose.yaml": "services:\n"
        + service("old", "mysql:5.7", "./sql:/var/lib/mysql")
        + service("new", "mariadb:11", "./sql:/var/lib/mysql")
    },
    "two engines of one project that profiles exclude": {
        "compose.yaml": "services:\n"
        + service("one", "redis:7", "./rows:/data", "    profiles: [a]\n")
        + service("two", "valkey/valkey:8", "./rows:/data", "    profiles: [b]\n")
    },
    "one mount of two services, by an anchor": {
        "compose.yaml": "services:\n  one:\n    image: mysql:5.7\n    volumes: &rows ['./sql:/var/lib/mysql']\n"
        "  two:\n    image: mysql:8.4\n    volumes: *rows\n"
    },
    "two projects": {
        "a/compose.yaml": one("postgres:16", f"../pg:{PG16}"),
        "b/compose.yaml": one("postgres:17", f"../pg:{PG16}"),
    },
    "two projects, in a volume with a name of its own": {
        "a/compose.yaml": one("postgres:16", f"rows:{PG18}").replace("rows:\n", "rows: {name: shared}\n"),
        "b/compose.yaml": one("postgres:18", f"rows:{PG18}").replace("rows:\n", "rows: {name: shared}\n"),
    },
    "a bind in disguise": {
        name: one(image, "rows:/var/lib/mysql").replace(
            "  rows:\n", "  rows: {driver_opts: {type: none, o: bind, device: ./sql}}\n"
        )
        for name, image in {"compose.yaml": "mysql:5.7", "docker-compose.prod.yml": "mysql:8.4"}.items()
    },
}
SHARING = {
    "one version in base and prod file": {
        "compose.yaml": one("postgres:16", f"./pg:{PG16}"),
        "docker-compose.prod.yml": one("postgres:16.4-alpine", f"./pg:{PG16}"),
    },
    "MySQL 8 said with more and fewer numbers": {
        "compose.yaml": one("mysql:8", "./sql:/var/lib/mysql"),
        "docker-compose.prod.yml": one("mysql:8.4", "./sql:/var/lib/mysql"),
    },
    "PostgreSQL and an image built from it": {
        "compose.yaml": one("pgvector/pgvector:pg16", f"./pg:{PG16}"),
        "docker-compose.prod.yml": one("postgres:16", f"./pg:{PG16}"),
    },
    "an override that upgrades the one service": {
        "compose.yaml": one("mysql:8.0", "./sql:/var/lib/mysql"),
        "docker-compose.override.yml": "services: {db: {image: 'mysql:8.4'}}\n",
    },
    "a file that upgrades the one service": {
        "compose.yaml": one("mysql:8.0", "./sql:/var/lib/mysql"),
        "prod.yml": "services: {db: {image: 'mysql:8.4'}}\n",
        "deploy.sh": "docker compose -f compose.yaml -f prod.yml up -d\n",
    },
    "the old and the new server, of which profiles let one run": {
        "compose.yaml": "services:\n"
        + service("old", "mysql:8.0", "./sql:/var/lib/mysql", "    profiles: [old]\n")
        + service("new", "mysql:8.4", "./sql:/var/lib/mysql", "    profiles: [new]\n")
    },
    "a backup job with another version of the image": {
        "compose.yaml": "services:\n"
        + service("db", "postgres:16", f"./pg:{PG16}")
        + service("dump", "postgres:17", "./pg:/from:ro", "    command: [pg_dump, shop]\n")
    },
    "two directories of one host directory": {
        "compose.yaml": one("postgres:16", f"./data/16:{PG16}"),
        "docker-compose.prod.yml": one("postgres:18", f"./data/18:{PG18}"),
    },
}


def laid(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def texts(directory: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in sorted(directory.rglob("*")) if path.is_file()}


def settles(directory: Path, *, unsafe: bool) -> None:
    """What one run writes, the next leaves."""
    volfix.plan(directory, unsafe_fixes=unsafe).write()
    written = texts(directory)
    again = volfix.plan(directory, unsafe_fixes=unsafe)
    assert not again.edits
    again.write()
    assert texts(directory) == written


@pytest.mark.parametrize("select", [(), ("VF101", "VF104", "VF106")], ids=["all", "without VF110"])
@pytest.mark.parametrize("files", MEETING.values(), ids=MEETING)
def test_servers_that_meet_stay_where_they_are(files: dict[str, str], select: tuple[str, ...], tmp_path: Path) -> None:
    laid(tmp_path, files)
    plan = volfix.plan(tmp_path, unsafe_fixes=True, select=select)
    assert not plan.edits
    storage = [finding for finding in plan.findings if finding.code in ("VF101", "VF104", "VF106")]
    assert all(finding.applicability is Applicability.NONE and finding.reason for finding in storage)


@pytest.mark.parametrize("name", [name for name in MEETING if "misses" not in name and "volume" not in name])
def test_both_are_named(name: str, tmp_path: Path) -> None:
    found = [each for each in volfix.plan(laid(tmp_path, MEETING[name])).findings if each.code == "VF110"]
    assert len(found) == 2
    assert all(finding.reason for finding in found)


@pytest.mark.parametrize("files", SHARING.values(), ids=SHARING)
def test_servers_that_can_share_move(files: dict[str, str], tmp_path: Path) -> None:
    plan = volfix.plan(laid(tmp_path, files))
    assert plan.edits
    assert not [finding for finding in plan.findings if finding.code == "VF110"]


NEW_VOLUMES = {
    "nothing mounted, and two versions": {
        "compose.yaml": one("mysql:5.7", None),
        "docker-compose.prod.yml": one("mysql:8.4", None),
    },
    "nothing mounted, and two engines": {
        "compose.yaml": one("mysql:8.4", None),
        "docker-compose.prod.yml": one("mariadb:11", None),
    },
}


@pytest.mark.parametrize("files", NEW_VOLUMES.values(), ids=NEW_VOLUMES)
def test_servers_do_not_meet_in_a_new_volume(files: dict[str, str], tmp_path: Path) -> None:
    plan = volfix.plan(laid(tmp_path, files), unsafe_fixes=True, select=("VF105",))
    assert len({move.volume for finding in plan.findings if finding.fix for move in finding.fix.moves}) == 2


def test_one_service_gets_one_volume_whatever_file_upgrades_it(tmp_path: Path) -> None:
    files = {**SHARING["a file that upgrades the one service"], "compose.yaml": one("mysql:8.0", None)}
    plan = volfix.plan(laid(tmp_path, files), unsafe_fixes=True, select=("VF105",))
    plan.write()
    assert (tmp_path / "compose.yaml").read_text().count(":/var/lib/mysql") == 1


def test_a_file_that_moves_the_data_directory_keeps_the_mount(tmp_path: Path) -> None:
    files = {
        "compose.yaml": one("postgres:16", None),
        "prod.yml": "services: {db: {image: 'postgres:18'}}\n",
        "deploy.sh": "docker compose -f compose.yaml -f prod.yml up -d\n",
    }
    assert not volfix.plan(laid(tmp_path, files), unsafe_fixes=True, select=("VF105",)).edits


ALIKE = {
    "two services of one project, of one version": {
        "compose.yaml": "services:\n"
        + service("one", "mongo:7", "./rows:/data/db")
        + service("two", "mongo:7", "./rows:/data/db")
    },
}


@pytest.mark.parametrize("files", ALIKE.values(), ids=ALIKE)
def test_servers_of_one_version_move_together_and_are_reported(files: dict[str, str], tmp_path: Path) -> None:
    plan = volfix.plan(laid(tmp_path, files))
    assert plan.edits
    assert len([finding for finding in plan.findings if finding.code == "VF110"]) == 2


ALL = {**MEETING, **SHARING, **NEW_VOLUMES, **ALIKE}


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("files", ALL.values(), ids=ALL)
def test_a_second_run_changes_nothing(files: dict[str, str], unsafe: bool, tmp_path: Path) -> None:
    settles(laid(tmp_path, files), unsafe=unsafe)


def meeting(directory: Path, files: dict[str, str]) -> list[Finding]:
    return [each for each in volfix.plan(laid(directory, files)).findings if each.code == "VF110"]


ALTERNATIVES = {
    "with and without a proxy": ("compose.plain.yaml", "mysql:8.4", "db", "compose.proxy.yaml", "mysql:8.4", "sql"),
    "two engines": ("docker-compose.mysql.yml", "mysql:8.4", "db", "docker-compose.maria.yml", "mariadb:11", "db"),
    "two versions": ("docker-compose.old.yml", "mysql:5.7", "db", "docker-compose.new.yml", "mysql:8.4", "db"),
}


@pytest.mark.parametrize(("one_name", "image", "service_name", "name", "other", "second"), ALTERNATIVES.values())
def test_alternative_files_are_projects_of_their_own(
    one_name: str, image: str, service_name: str, name: str, other: str, second: str, tmp_path: Path
) -> None:
    files = {one_name: one(image, "rows:/var/lib/mysql", service_name), name: one(other, "rows:/var/lib/mysql", second)}
    assert not meeting(tmp_path, files)


@pytest.mark.parametrize("named", ["name: shop\n", ""])
@pytest.mark.parametrize("mount", ["./rows:/var/lib/mysql", "/srv/rows:/var/lib/mysql"])
def test_alternative_files_with_one_host_directory_are_a_warning(named: str, mount: str, tmp_path: Path) -> None:
    files = {
        "compose.one.yaml": named + one("mysql:8.4", mount, "one"),
        "compose.two.yaml": named + one("mysql:8.4", mount, "two"),
    }
    reported = meeting(tmp_path, files)
    assert [each.severity for each in reported] == [Severity.WARNING] * 2
    assert "two of compose.two.yaml use one data directory: if both run at once" in reported[0].danger


def test_a_name_for_the_project_makes_one_volume_of_alternative_files(tmp_path: Path) -> None:
    files = {
        f"compose.{name}.yaml": f"name: shop\n{one('mysql:8.4', 'rows:/var/lib/mysql', name)}"
        for name in ("one", "two")
    }
    assert len(meeting(tmp_path, files)) == 2


def test_two_servers_that_one_combination_merges_are_an_error(tmp_path: Path) -> None:
    files = {
        "compose.yaml": one("mysql:8.4", "rows:/var/lib/mysql"),
        "compose.two.yaml": f"services:\n{service('two', 'mysql:8.4', 'rows:/var/lib/mysql')}",
    }
    reported = meeting(tmp_path, files)
    assert {each.severity for each in reported} == {Severity.ERROR}
