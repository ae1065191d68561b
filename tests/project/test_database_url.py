"""How each library reads a database value, and how the value is written for another place."""

from __future__ import annotations

import posixpath
from pathlib import Path

import pytest

from volfix.knowledge.readers import Reader, readers
from volfix.project.code.database_url import database_file, is_in_memory, moved, other_reading, resolved_path


def of(*names: str) -> tuple[Reader, ...]:
    found = tuple(reader for reader in readers() if reader.name in names)
    assert {reader.name for reader in found} == set(names)
    return found


def one(name: str) -> tuple[Reader, ...]:
    """The newest versions of a library, with its folder found where it has one."""
    reader = of(name)[-1]
    folders = {"instance folder": "instance", "schema directory": "prisma", "application root": ""}
    if reader.relative_to in folders:
        from dataclasses import replace

        reader = replace(reader, folder=folders[reader.relative_to])
    return (reader,)


OLD_SQLALCHEMY = of("SQLAlchemy")[:1]
SQLALCHEMY = one("SQLAlchemy")
DJANGO = one("dj-database-url or django-environ")

# (readers, value, what it is from /app, what it is when moved to /app/data)
READINGS = [
    # three slashes are relative, four absolute: facts/dburl.md, sections 0 and 7
    *(
        (reader, url, path, after)
        for reader in (SQLALCHEMY, OLD_SQLALCHEMY, one("databases"), DJANGO, one("Peewee"))
        for url, path, after in (
            ("sqlite:///app.db", "/app/app.db", "sqlite:///data/app.db"),
            ("sqlite:///./app.db", "/app/app.db", "sqlite:///./data/app.db"),
            ("sqlite:///../x/app.db", "/x/app.db", "sqlite:///data/app.db"),
            ("sqlite:///sub/app.db", "/app/sub/app.db", "sqlite:///data/app.db"),
            ("sqlite:////srv/app.db", "/srv/app.db", "sqlite:////app/data/app.db"),
            ("sqlite:////app.db?timeout=9&x=1", "/app.db", "sqlite:////app/data/app.db?timeout=9&x=1"),
        )
    ),
    (SQLALCHEMY, "sqlite+aiosqlite:///app.db", "/app/app.db", "sqlite+aiosqlite:///data/app.db"),
    (SQLALCHEMY, "sqlite+pysqlite:////x.db", "/x.db", "sqlite+pysqlite:////app/data/x.db"),
    (
        SQLALCHEMY,
        "sqlite:///file:app.db?mode=rwc&uri=true",
        "/app/app.db",
        "sqlite:///file:data/app.db?mode=rwc&uri=true",
    ),
    (SQLALCHEMY, "sqlite:///file:/x/a.db?uri=true", "/x/a.db", "sqlite:///file:/app/data/a.db?uri=true"),
    (SQLALCHEMY, "sqlite:///my%20app.db", "/app/my app.db", "sqlite:///data/my%20app.db"),
    (OLD_SQLALCHEMY, "sqlite:///my%20app.db", "/app/my%20app.db", "sqlite:///data/my%20app.db"),
    (one("databases"), "sqlite:///my%20app.db", "/app/my app.db", "sqlite:///data/my%20app.db"),
    (DJANGO, "sqlite:///my%20app.db", "/app/my app.db", "sqlite:///data/my%20app.db"),
    (DJANGO, "spatialite:///geo.db", "/app/geo.db", "spatialite:///data/geo.db"),
    (one("Peewee"), "sqlite:///my%20app.db", "/app/my%20app.db", "sqlite:///data/my%20app.db"),
    (one("Flask-SQLAlchemy"), "sqlite:///app.db", "/app/instance/app.db", "sqlite:////app/data/app.db"),
    (one("Flask-SQLAlchemy"), "sqlite:////srv/app.db", "/srv/app.db", "sqlite:////app/data/app.db"),
    # three slashes are absolute, two relative
    *(
        (reader, url, path, after)
        for reader in (one("Tortoise ORM"), one("sqlx"), one("Diesel"), one("Sequelize"))
        for url, path, after in (
            ("sqlite://app.db", "/app/app.db", "sqlite://data/app.db"),
            ("sqlite://./app.db", "/app/app.db", "sqlite://./data/app.db"),
            ("sqlite:///srv/app.db", "/srv/app.db", "sqlite:///app/data/app.db"),
            ("sqlite:///srv/app.db?mode=rwc", "/srv/app.db", "sqlite:///app/data/app.db?mode=rwc"),
        )
    ),
    (one("Tortoise ORM"), "sqlite:////srv/app.db", "/srv/app.db", "sqlite:////app/data/app.db"),
    (one("Tortoise ORM"), "sqlite://my%20app.db", "/app/my%20app.db", "sqlite://data/my%20app.db"),
    (one("sqlx"), "sqlite://my%20app.db", "/app/my app.db", "sqlite://data/my%20app.db"),
    (one("sqlx"), "sqlite:app.db?mode=rwc", "/app/app.db", "sqlite:data/app.db?mode=rwc"),
    (one("sqlx"), "sqlite:/srv/app.db", "/srv/app.db", "sqlite:/app/data/app.db"),
    (one("Sequelize"), "sqlite:app.db", "/app/app.db", "sqlite:data/app.db"),
    (one("Diesel"), "file:app.db", "/app/app.db", "file:data/app.db"),
    (one("Diesel"), "app.db", "/app/app.db", "data/app.db"),
    (one("Rails"), "sqlite3:storage/x.sqlite3", "/app/storage/x.sqlite3", "sqlite3:data/x.sqlite3"),
    (one("Rails"), "sqlite3:/srv/x.sqlite3", "/srv/x.sqlite3", "sqlite3:/app/data/x.sqlite3"),
    # `file:`
    (one("Prisma"), "file:./dev.db", "/app/prisma/dev.db", "file:/app/data/dev.db"),
    (one("Prisma"), "file:../dev.db", "/app/dev.db", "file:/app/data/dev.db"),
    (one("Prisma"), "file:/srv/dev.db?connection_limit=1", "/srv/dev.db", "file:/app/data/dev.db?connection_limit=1"),
    (one("Prisma 7"), "file:./dev.db", "/app/dev.db", "file:./data/dev.db"),
    (one("libSQL"), "file:local.db", "/app/local.db", "file:data/local.db"),
    (one("libSQL"), "file:///srv/local.db", "/srv/local.db", "file:///app/data/local.db"),
    (
        one("a SQLite driver of Go"),
        "file:app.db?cache=shared&_fk=1",
        "/app/app.db",
        "file:data/app.db?cache=shared&_fk=1",
    ),
    (one("a SQLite driver of Go"), "file:my%20app.db", "/app/my app.db", "file:data/my%20app.db"),
    (one("a SQLite driver of Go"), "app.db", "/app/app.db", "data/app.db"),
    (one("a SQLite driver of Go"), "app.db?_fk=1", "/app/app.db", "data/app.db?_fk=1"),
    # paths, JDBC, data sources
    (one("better-sqlite3"), "./app.sqlite", "/app/app.sqlite", "./data/app.sqlite"),
    ((), "/srv/app.db", "/srv/app.db", "/app/data/app.db"),
    ((), "jdbc:sqlite:app.db", "/app/app.db", "jdbc:sqlite:data/app.db"),
    ((), "jdbc:sqlite:/srv/app.db?x=1", "/srv/app.db", "jdbc:sqlite:/app/data/app.db?x=1"),
    ((), "jdbc:sqlite:file:app.db", "/app/app.db", "jdbc:sqlite:file:data/app.db"),
    ((), "jdbc:sqlite://srv/app.db", "/srv/app.db", "jdbc:sqlite:/app/data/app.db"),
    ((), "jdbc:h2:./db;MODE=MySQL", "/app/db.mv.db", "jdbc:h2:./data/db;MODE=MySQL"),
    ((), "jdbc:h2:../db", "/db.mv.db", "jdbc:h2:./data/db"),
    ((), "jdbc:h2:file:/srv/db", "/srv/db.mv.db", "jdbc:h2:file:/app/data/db"),
    ((), "Data Source=app.db;Cache=Shared", "/app/app.db", "Data Source=data/app.db;Cache=Shared"),
    ((), "Cache=Shared;DataSource=/srv/app.db", "/srv/app.db", "Cache=Shared;DataSource=/app/data/app.db"),
    ((), "Filename=app.db", "/app/app.db", "Filename=data/app.db"),
    (SQLALCHEMY, "sqlite:///app.db\x85", "/app/app.db", "sqlite:///data/app.db\x85"),
    (one("Laravel"), "/srv/database.sqlite", "/srv/database.sqlite", "/app/data/database.sqlite"),
]


@pytest.mark.parametrize(("reader", "value", "path", "after"), READINGS)
def test_read_and_moved(reader: tuple[Reader, ...], value: str, path: str, after: str) -> None:
    file = database_file(value, "url", reader)
    assert file is not None
    assert not file.unproven
    assert resolved_path(file, "/app") == path
    name = posixpath.basename(path)
    assert moved(value, file, f"/app/data/{name}", "/app") == after
    again = database_file(after, "url", reader)
    assert again is not None
    assert resolved_path(again, "/app") == f"/app/data/{name}"


UNKNOWN = [
    ((), "sqlite:///app.db"),
    ((), "sqlite://app.db"),
    ((), "file:app.db"),
    (of("SQLAlchemy", "sqlx"), "sqlite:///data/app.db"),
    (SQLALCHEMY, "sqlite://data/app.db"),
    (DJANGO, "sqlite://data/x.db"),
    (DJANGO, "sqlite://x.db"),
    (one("Peewee"), "sqlite://x.db"),
    (of("SQLAlchemy"), "sqlite:///my%20app.db"),
    (SQLALCHEMY, "sqlite:///file:app.db"),
    (SQLALCHEMY, "sqlite:///C:/data/app.db"),
    (SQLALCHEMY, r"sqlite:///C:\data\app.db"),
    (one("a SQLite driver of Go"), "sqlite:///app.db"),
    (of("Flask-SQLAlchemy"), "sqlite:///app.db"),
    (of("Prisma"), "file:./dev.db"),
    (of("Prisma", "a driver adapter of Prisma"), "file:./dev.db"),
    (of("Laravel"), "database/database.sqlite"),
    (one("libSQL"), "file://app.db"),
    (one("better-sqlite3"), "file:app.db"),
    ((), "jdbc:h2:data/db"),
    ((), "jdbc:h2:file:data/db"),
    ((), "jdbc:h2:file:.data/db"),
    ((), "jdbc:h2:~/db"),
    (one("Doctrine"), "sqlite:///%kernel.project_dir%/var/data.db"),
    (one("better-sqlite3"), "app.db?x=1"),
]


@pytest.mark.parametrize(("reader", "value"), UNKNOWN)
def test_what_cannot_be_told_is_a_doubt_and_no_path(reader: tuple[Reader, ...], value: str) -> None:
    file = database_file(value, "url", reader)
    assert file is not None
    assert file.doubt
    assert resolved_path(file, "/app") is None


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (one("Doctrine"), "sqlite:////srv/app.db"),
        (one("Ecto"), "srv/app.db"),
        (one("rusqlite"), "./app.db"),
        ((), "jdbc:hsqldb:file:/srv/db"),
        (of("Flask-SQLAlchemy 2"), "sqlite:////srv/app.db"),
    ],
)
def test_readers_that_nobody_ran_change_nothing(reader: tuple[Reader, ...], value: str) -> None:
    file = database_file(value, "url", reader)
    assert file is not None
    assert file.unproven


@pytest.mark.parametrize(
    "value",
    [
        "postgres://db:5432/x",
        "postgresql+asyncpg://u:p@db/sqlite.db",
        "mysql://db/app.db",
        "redis://cache:6379/0",
        "mongodb://db/app",
        "libsql://x.turso.io",
        "http://x/app.db",
        "Server=db;Database=app.db",
        "jdbc:h2:tcp://db/x",
        "jdbc:postgresql://db/x",
        "app",
        "true",
        "",
        "a.db,b.db",
        "/run/secrets/password",
        "sqlite:///\x85",
    ],
)
def test_what_is_no_file(value: str) -> None:
    assert database_file(value, "url", SQLALCHEMY) is None


@pytest.mark.parametrize(
    "value",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite+aiosqlite:///:memory:",
        "sqlite::memory:",
        ":memory:",
        "file::memory:?cache=shared",
        "file:x?mode=memory&cache=shared",
        "jdbc:h2:mem:x",
        "jdbc:sqlite::memory:",
        "Data Source=:memory:",
        "Data Source=x;Mode=Memory",
        "jdbc:sqlite:",
        "sqlite3::memory:",
        "sqlite:////:memory:",
        "sqlite:///%3Amemory%3A",
        "file:/shop.db?vfs=memdb",
        "jdbc:p6spy:h2:mem:shop",
        "r2dbc:h2:mem:///shop",
        "jdbc:derby:memory:shop;create=true",
    ],
)
def test_in_memory(value: str) -> None:
    assert is_in_memory(value)
    assert database_file(value, "url", SQLALCHEMY) is None


@pytest.mark.parametrize(
    "value", ["sqlite:///memory.db", "file:memory.db", "postgres://db/mode=memory", "/data/mem.db", "jdbc:h2:file:/mem"]
)
def test_not_in_memory(value: str) -> None:
    assert not is_in_memory(value)


@pytest.mark.parametrize(
    ("reader", "value", "other"),
    [
        (SQLALCHEMY, "sqlite:///data/app.db", "/data/app.db"),
        (SQLALCHEMY, "sqlite:////data/app.db", "/app/data/app.db"),
        (one("sqlx"), "sqlite:///data/app.db", "/app/data/app.db"),
        (one("sqlx"), "sqlite://data/app.db", "/data/app.db"),
        (SQLALCHEMY, "sqlite:///./data/app.db", None),
        ((), "sqlite:////data/app.db", None),
        ((), "/data/app.db", None),
    ],
)
def test_the_other_reading_of_the_slashes(reader: tuple[Reader, ...], value: str, other: str | None) -> None:
    file = database_file(value, "url", reader)
    assert file is not None
    assert other_reading(file, "/app") == other


@pytest.mark.parametrize(("kind", "found"), [("url", True), ("file", True), ("directory", False), (None, False)])
def test_a_plain_path_counts_where_the_name_promises_a_file(kind: str | None, found: bool) -> None:
    assert (database_file("/data/app.db", kind, ()) is not None) == found


def test_sqlalchemy_itself_opens_the_file_that_volfix_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    minor = tuple(map(int, sqlalchemy.__version__.split(".")[:2]))
    reader = SQLALCHEMY if minor >= (2, 1) else OLD_SQLALCHEMY
    for value in (
        "sqlite:///a.db",
        "sqlite:///./data/b.db",
        f"sqlite:///{tmp_path}/c.db",
        "sqlite:///data/my%20d.db",
        "sqlite:///file:data/e.db?mode=rwc&uri=true",
    ):
        file = database_file(value, "url", reader)
        assert file is not None
        path = resolved_path(file, str(tmp_path))
        assert path is not None
        assert not Path(path).exists()
        with sqlalchemy.create_engine(value).connect() as connection:
            connection.execute(sqlalchemy.text("create table t (x int)"))
        assert Path(path).is_file()


@pytest.mark.parametrize(
    "value", ["sqlite:///a.db", "sqlite:////srv/a.db", "sqlite:///./x/a.db", "sqlite:///my%20a.db"]
)
def test_parsers_agree(value: str) -> None:
    dj_database_url = pytest.importorskip("dj_database_url")
    db_url = pytest.importorskip("playhouse.db_url")
    for reader, name in (
        (DJANGO, dj_database_url.parse(value)["NAME"]),
        (one("Peewee"), db_url.parse(value)["database"]),
    ):
        file = database_file(value, "url", reader)
        assert file is not None
        assert resolved_path(file, "/app") == posixpath.normpath(posixpath.join("/app", name))
