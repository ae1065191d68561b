"""Where a container really keeps its data, and what a mount there holds."""

from __future__ import annotations

import pytest

from volfix.knowledge.images import Image
from volfix.knowledge.lookup import entries_for
from volfix.knowledge.storage import DataDirectories, Relation, data_directories, holds

PG15, PG18 = "postgres:15", "postgres:18"


def where(image: str, environment: dict[str, str | None] | None = None, *command: str) -> DataDirectories:
    (known,) = entries_for(Image.parse(image))
    return data_directories(known, environment or {}, command)


@pytest.mark.parametrize(
    ("image", "environment", "command", "paths"),
    [
        (PG15, {}, (), ("/var/lib/postgresql/data",)),
        (PG15, {"PGDATA": "/var/lib/postgresql/data/pgdata"}, (), ("/var/lib/postgresql/data/pgdata",)),
        (PG15, {"PGDATA": "/pg/15/"}, (), ("/pg/15",)),
        (PG15, {"PGDATA": ""}, (), ("/var/lib/postgresql/data",)),
        (PG15, {"pgdata": "/other"}, (), ("/var/lib/postgresql/data",)),
        (PG15, {"PGDATA": "/a"}, ("postgres", "-D", "/b"), ("/b",)),
        (PG15, {}, ("postgres", "-c", "data_directory=/c"), ("/c",)),
        (PG15, {}, ("postgres", "-c", "shared_buffers=256MB"), ("/var/lib/postgresql/data",)),
        (PG18, {}, (), ("/var/lib/postgresql",)),
        (PG18, {"PGDATA": "/var/lib/postgresql/18/docker"}, (), ("/var/lib/postgresql/18/docker",)),
        ("mysql:8", {}, ("--datadir=/mysql",), ("/mysql",)),
        ("mysql:8", {}, ("mysqld", "--datadir", "/mysql"), ("/mysql",)),
        ("mysql:8", {}, ("mysqld", "--datadir=/a", "--datadir=/b"), ("/b",)),
        ("mysql:8", {"DATADIR": "/x"}, (), ("/var/lib/mysql",)),
        ("mysql:8", {}, ("--datadir-not=/x",), ("/var/lib/mysql",)),
        ("mongo:7", {}, ("mongod", "--dbpath", "/mongo"), ("/mongo",)),
        ("mongo:7", {}, ("--dbpath=/mongo",), ("/mongo",)),
        ("bitnami/postgresql:15", {"POSTGRESQL_VOLUME_DIR": "/pg"}, (), ("/pg",)),
        ("n8nio/n8n", {"N8N_USER_FOLDER": "/home/n8n"}, (), ("/home/n8n/.n8n",)),
        ("jenkins/jenkins", {"JENKINS_HOME": "/jenkins"}, (), ("/jenkins",)),
        ("gladysassistant/gladys", {"SQLITE_FILE_PATH": "/g/gladys.db"}, (), ("/g",)),
        ("binwiederhier/ntfy", {"NTFY_CACHE_FILE": "/c/cache.db"}, ("serve",), ("/var/lib/ntfy", "/c")),
        ("filebrowser/filebrowser", {}, ("--database", "/db/fb.db"), ("/db",)),
    ],
)
def test_settings_move_the_data(
    image: str, environment: dict[str, str | None], command: tuple[str, ...], paths: tuple[str, ...]
) -> None:
    assert where(image, environment, *command).paths[:2] == paths


@pytest.mark.parametrize("value", [None, "${DATA}", "/pg/$VERSION"])
def test_a_value_that_comes_from_outside_leaves_the_defaults_and_says_so(value: str | None) -> None:
    found = where(PG15, {"PGDATA": value})
    assert found.paths == ("/var/lib/postgresql/data",)
    assert found.unknown
    assert found.moved_by is not None


def test_a_path_with_a_blank_is_not_guessed() -> None:
    assert where("mysql:8", {}, "mysqld", "--datadir", "/my sql").unknown


def test_a_setting_that_repeats_the_default_moves_nothing() -> None:
    found = where(PG15, {"PGDATA": "/var/lib/postgresql/data/"})
    assert found.moved_by is None
    assert not found.unknown


def test_a_relative_path_needs_a_working_directory() -> None:
    assert where(PG15, {"PGDATA": "data"}).unknown
    assert where("redis:7", {}, "redis-server", "--dir", "./sub").paths == ("/data/sub",)


@pytest.mark.parametrize(
    ("command", "keeps_nothing"),
    [
        ((), False),
        (("redis-server",), False),
        (("redis-server", "--save", "60", "1"), False),
        (("redis-server", "--appendonly", "no"), False),
        (("redis-server", "--save", "", "--appendonly", "no"), True),
        (("redis-server", "--appendonly", "no", "--save", ""), True),
        (("redis-server", "--save", ""), True),
        (("redis-server", "--save", "", "--appendonly", "yes"), False),
        (("redis-server", "/usr/local/etc/redis/redis.conf", "--save", ""), False),
    ],
)
def test_redis_without_persistence_keeps_nothing(command: tuple[str, ...], keeps_nothing: bool) -> None:
    assert where("redis:7", {}, *command).keeps_nothing is keeps_nothing


@pytest.mark.parametrize(
    ("image", "command", "keeps_nothing"),
    [
        ("memcached", (), True),
        ("nginx", (), True),
        ("traefik:v3", ("--api",), True),
        ("hashicorp/consul", (), True),  # its own command is a development agent
        ("hashicorp/consul", ("agent", "-server"), False),
        ("hashicorp/vault", (), True),
        ("hashicorp/vault", ("server",), False),
        ("surrealdb/surrealdb", ("start",), True),
        ("surrealdb/surrealdb", ("start", "memory"), True),
        ("surrealdb/surrealdb", ("start", "--user", "root", "rocksdb:/mydata/my.db"), False),
        ("surrealdb/surrealdb", ("start", "--pass", "/no/path"), True),
        ("apache/rocketmq:5.3", ("sh", "mqnamesrv"), True),
        ("apache/rocketmq:5.3", ("sh", "mqbroker", "-n", "namesrv:9876"), False),
        ("apache/rocketmq:5.3", ("sh", "-c", "./mqbroker -n namesrv:9876"), False),
    ],
)
def test_what_is_kept_in_memory_is_not_kept(image: str, command: tuple[str, ...], keeps_nothing: bool) -> None:
    assert where(image, {}, *command).keeps_nothing is keeps_nothing


@pytest.mark.parametrize(
    ("image", "environment", "target", "relation"),
    [
        (PG15, {}, "/var/lib/postgresql/data", "holds"),
        (PG15, {}, "/var/lib/postgresql/data/", "holds"),
        (PG15, {}, "/var/lib/postgresql/./data", "holds"),
        (PG15, {}, "/var/lib/postgresql", "shadowed"),  # the image's own volume lies between
        (PG15, {}, "/var/lib/postgresql/data/pgdata", "inside"),
        (PG15, {"PGDATA": "/var/lib/postgresql/data/pgdata"}, "/var/lib/postgresql/data", "holds"),
        (PG15, {"PGDATA": "/var/lib/postgresql/data/pgdata"}, "/var/lib/postgresql/data/pgdata", "holds"),
        (PG15, {"PGDATA": "/pg"}, "/var/lib/postgresql/data", "elsewhere"),
        (PG15, {"PGDATA": "/pg/data"}, "/pg", "holds"),
        (PG15, {}, "/var/lib/postgresql/database", "elsewhere"),
        (PG15, {}, "/data", "elsewhere"),
        (PG18, {}, "/var/lib/postgresql", "holds"),
        (PG18, {}, "/var/lib/postgresql/18", "holds"),
        (PG18, {}, "/var/lib/postgresql/18/docker", "holds"),
        (PG18, {}, "/var/lib/postgresql/data", "inside"),
        ("mysql:8", {}, "/var/lib/mysql", "holds"),
        ("mysql:8", {}, "/var/lib/mysql-files", "elsewhere"),
        ("bitnami/postgresql:15", {}, "/var/lib/postgresql/data", "elsewhere"),
        ("bitnami/postgresql:15", {}, "/bitnami/postgresql/data", "holds"),
        ("bitnami/postgresql:15", {}, "/bitnami", "shadowed"),
        ("linuxserver/mariadb", {}, "/config/databases", "holds"),
        ("linuxserver/mariadb", {}, "/config/log", "inside"),
        ("linuxserver/sonarr", {}, "/downloads", "elsewhere"),
        ("nextcloud:31", {}, "/var/www/html/data", "holds"),
        ("nextcloud:31", {}, "/var/www/html/apps", "inside"),
        ("nginx", {}, "/var/lib/mysql", "elsewhere"),
    ],
)
def test_what_a_mount_does_for_the_data(
    image: str, environment: dict[str, str | None], target: str, relation: Relation
) -> None:
    assert holds(target, where(image, environment)) == relation


def test_a_directory_in_many_parts_is_held_where_each_part_is() -> None:
    drives = where("minio/minio", {}, "server", "/data{1...4}")
    assert drives.paths == ("/data1", "/data2", "/data3", "/data4")
    assert holds("/data3", drives) == "holds"
    assert holds("/data5", drives) == "elsewhere"
