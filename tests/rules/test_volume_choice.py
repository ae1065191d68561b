"""In which of a service's mounts its database belongs: what names say, what is a guess, and what is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.knowledge.purposes import content_of
from volfix.rules.findings import Applicability, Finding

COMPOSE = """\
services:
  web:
    build: .
    environment: [DATABASE_URL=sqlite:////app/shop.db]
    volumes: {mounts}
{rest}"""
DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"


def found(root: Path, mounts: list[str], rest: str | None = None, code: str = "VF201") -> Finding:
    """The one finding about the database; volumes are declared where `rest` does not say how."""
    keys = [mount.partition(":")[0] for mount in mounts if mount[0] not in "./"]
    declared = "volumes: {" + ", ".join(f"{key}: " for key in keys) + "}\n" if keys else ""
    text = COMPOSE.format(mounts=f"[{', '.join(mounts)}]", rest=declared if rest is None else rest)
    (root / "compose.yaml").write_text(text)
    (root / "Dockerfile").write_text(DOCKERFILE)
    plan = volfix.plan(root, unsafe_fixes=True)
    assert not plan.result.errors
    (finding,) = [finding for finding in plan.findings if finding.code == code]
    return finding


def is_safe(finding: Finding) -> bool:
    return finding.fix is not None and finding.fix.applicability is Applicability.SAFE


@pytest.mark.parametrize(
    ("name", "kind", "word"),
    [
        ("sqlite-data", "database", "sqlite"),
        ("web_db", "database", "db"),
        ("webdb", "database", "webdb"),
        ("media-db", "database", "db"),
        ("DBData", "database", "dbdata"),
        ("db2", "database", "db"),
        ("appDataVolume", "data", "data"),
        ("userdata", "data", "userdata"),
        ("prod-storage", "data", "storage"),
        ("uploads", "other", "uploads"),
        ("uploads-data", "other", "uploads"),
        ("app_uploads_prod", "other", "uploads"),
        ("db-backups", "other", "backups"),
        ("sqliteCache", "other", "cache"),
        ("redis-data", "other", "redis"),
        ("pgdata", "other", "pgdata"),
        ("mongodb", "other", "mongodb"),
        ("test-db", "database", "db"),
    ],
)
def test_what_a_name_says(name: str, kind: str, word: str) -> None:
    content = content_of(name)
    assert content is not None
    assert (content.kind, content.word) == (kind, word)


@pytest.mark.parametrize("name", ["metrics", "web", "one", "media-server", "v1", "prod", ""])
def test_a_name_that_says_nothing(name: str) -> None:
    assert content_of(name) is None


@pytest.mark.parametrize(
    "mount",
    [
        "sqlite-data:/app/var",
        "web-db:/app/db-data",
        "appDataVolume:/opt/things",
        "rows:/srv/web",
        "web:/app/user_data",
        "./sqlite:/app/var",
        "./var:/app/db",
        "web-uploads-db:/app/x",
        "web-data:/app/things",
    ],
)
def test_a_name_decides(mount: str, tmp_path: Path) -> None:
    finding = found(tmp_path, [mount])
    assert is_safe(finding)
    assert finding.target == mount.partition(":")[2]


@pytest.mark.parametrize("mount", ["metrics:/var/lib/metrics", "web:/srv/web", "one:/app/one", "./shop:/var/lib/shop"])
def test_the_only_volume_without_another_purpose_is_a_guess(mount: str, tmp_path: Path) -> None:
    finding = found(tmp_path, [mount, "uploads:/app/uploads", "./settings:/app/settings:ro"])
    assert finding.target == mount.partition(":")[2]
    assert not is_safe(finding)
    assert (finding.reason or "").startswith(f"a guess: {mount} is the only mount without another known purpose")


@pytest.mark.parametrize(
    "others", [["uploads:/app/uploads"], ["cache:/app/cache", "log:/app/journal"], ["media:/app/m"]]
)
def test_a_name_that_says_data_wins_over_other_purposes(others: list[str], tmp_path: Path) -> None:
    finding = found(tmp_path, [*others, "rows:/app/state"])
    assert finding.target == "/app/state"
    assert is_safe(finding)


@pytest.mark.parametrize(
    ("mounts", "said"),
    [
        (["one:/srv/one", "two:/srv/two"], "(/srv/one, /srv/two): no name says data"),
        (["a-data:/app/a", "b-data:/app/b"], "(/app/a, /app/b): several names say data"),
        (["a-db:/app/a", "b-db:/app/b", "c:/app/data"], "(/app/a, /app/b): several names say data"),
    ],
)
def test_of_several_none_is_chosen(mounts: list[str], said: str, tmp_path: Path) -> None:
    finding = found(tmp_path, mounts)
    assert finding.fix is None
    assert said in (finding.reason or "")


@pytest.mark.parametrize("mounts", [["data:/app/data", "app-db:/app/more"], ["one:/app/sqlite", "storage:/app/y"]])
def test_a_database_wins_over_data_and_a_person_decides(mounts: list[str], tmp_path: Path) -> None:
    finding = found(tmp_path, mounts)
    assert finding.target in ("/app/more", "/app/sqlite")
    assert not is_safe(finding)
    assert "because of its name: check the choice" in (finding.reason or "")


@pytest.mark.parametrize(
    ("mount", "word"),
    [
        ("data:/app/uploads", "uploads"),
        ("uploads:/app/data", "uploads"),
        ("static-data:/app/state", "static"),
        ("db:/app/public", "public"),
        ("app_media:/app/x", "media"),
        ("certs:/app/y", "certs"),
        ("config:/app/z", "config"),
        ("logs:/app/w", "logs"),
        ("redis-data:/app/v", "redis"),
        ("data:/srv/uploads/2024", "uploads"),
    ],
)
def test_a_volume_for_something_else_gets_no_database(mount: str, word: str, tmp_path: Path) -> None:
    finding = found(tmp_path, [mount])
    assert finding.target != mount.partition(":")[2]
    assert not is_safe(finding)
    assert f"{mount} is for something else (its name says `{word}`)" in (finding.reason or "")


@pytest.mark.parametrize(
    ("mount", "declared", "said"),
    [
        ("rows:/app/state:ro", "{}", "rows:/app/state is read-only"),
        ("rows:/app/state", "{driver_opts: {type: tmpfs, device: tmpfs}}", "is on a tmpfs file system"),
        ("rows:/app/state", "{driver_opts: {type: nfs, o: addr=nas, device: ':/x'}}", "is on a nfs file system"),
        ("rows:/app/state", "{driver_opts: {type: cifs, device: //nas/x}}", "is on a cifs file system"),
        ("rows:/app/state", "{driver: rclone}", "uses the driver rclone"),
    ],
)
def test_a_volume_that_cannot_keep_a_database(mount: str, declared: str, said: str, tmp_path: Path) -> None:
    finding = found(tmp_path, [mount], f"volumes: {{rows: {declared}}}\n")
    assert finding.target != "/app/state"
    assert not is_safe(finding)
    assert said in (finding.reason or "")


@pytest.mark.parametrize("declared", ["{external: true}", "{external: {name: rows}}", "{external: true, name: shared}"])
def test_other_projects_may_write_in_an_external_volume(declared: str, tmp_path: Path) -> None:
    finding = found(tmp_path, ["rows:/app/state"], f"volumes: {{rows: {declared}}}\n")
    assert finding.target == "/app/state"
    assert not is_safe(finding)
    assert "other projects may write to it" in (finding.reason or "")


def test_the_volumes_name_on_the_host_counts_too(tmp_path: Path) -> None:
    finding = found(tmp_path, ["v1:/app/state"], "volumes: {v1: {name: shop-uploads}}\n")
    assert finding.target != "/app/state"
    assert "its name says `uploads`" in (finding.reason or "")


@pytest.mark.parametrize("mode", ["", ":ro"])
def test_another_service_that_mounts_the_volume_makes_it_unsafe(mode: str, tmp_path: Path) -> None:
    other = f"  feed:\n    image: example.org/acme/feed:1\n    volumes: ['rows:/rows{mode}']\n"
    finding = found(tmp_path, ["rows:/app/state"], f"{other}volumes: {{rows: }}\n")
    assert finding.target == "/app/state"
    assert not is_safe(finding)
    assert "feed mounts rows too" in (finding.reason or "")


def test_memory_is_not_chosen(tmp_path: Path) -> None:
    finding = found(tmp_path, ["uploads:/app/uploads"], "    tmpfs: [/app/state]\nvolumes: {uploads: }\n")
    assert finding.target is None


@pytest.mark.parametrize(
    ("outer", "inner", "target"),
    [
        ("rows:/app/state", "cache:/app/state/cache", "/app/state"),
        ("rows:/app/state", "./more:/app/state/uploads", "/app/state"),
        ("things:/srv/things", "rows:/srv/things/db", "/srv/things/db"),
    ],
)
def test_mounts_in_each_other(outer: str, inner: str, target: str, tmp_path: Path) -> None:
    finding = found(tmp_path, [outer, inner])
    assert finding.target == target
    assert is_safe(finding)


def test_a_directory_of_a_volume_keeps_a_database(tmp_path: Path) -> None:
    mount = "{type: volume, source: rows, target: /app/state, volume: {subpath: web}}"
    text = COMPOSE.format(mounts=f"[{mount}]", rest="volumes: {rows: }\n")
    (tmp_path / "compose.yaml").write_text(text)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (finding,) = [finding for finding in volfix.plan(tmp_path).findings if finding.code == "VF201"]
    assert finding.target == "/app/state"


@pytest.mark.parametrize(
    ("service", "volume"), [("media", "media-data"), ("search", "search_data"), ("cache", "cache-rows")]
)
def test_the_services_own_name_says_nothing(service: str, volume: str, tmp_path: Path) -> None:
    text = COMPOSE.format(mounts=f"['{volume}:/app/x']", rest=f"volumes: {{{volume}: }}\n").replace(
        "web:", f"{service}:"
    )
    (tmp_path / "compose.yaml").write_text(text)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (finding,) = [finding for finding in volfix.plan(tmp_path).findings if finding.code == "VF201"]
    assert is_safe(finding)


@pytest.mark.parametrize("mounts", [["worker-db:/app/data", "rows:/data"], ["rows:/data", "api-db-2:/app/storage"]])
def test_the_volume_of_another_services_database_decides_nothing_that_its_target_leaves_open(
    mounts: list[str], tmp_path: Path
) -> None:
    finding = found(tmp_path, mounts)
    assert finding.fix is None
    assert "several names say data" in (finding.reason or "")


def test_the_volume_of_its_own_database_decides(tmp_path: Path) -> None:
    assert found(tmp_path, ["rows:/data", "web-db:/app/storage"]).target == "/app/storage"


def test_the_volume_of_another_services_database_is_for_a_database_to_a_service_db_too(tmp_path: Path) -> None:
    mounts = "['app-db:/app/db', 'worker-db:/var/lib/app']"
    text = COMPOSE.format(mounts=mounts, rest="volumes: {app-db: , worker-db: }\n").replace("web:", "db:")
    (tmp_path / "compose.yaml").write_text(text)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (finding,) = [finding for finding in volfix.plan(tmp_path, unsafe_fixes=True).findings if finding.code == "VF201"]
    assert finding.fix is None
    assert "several names say data" in (finding.reason or "")
