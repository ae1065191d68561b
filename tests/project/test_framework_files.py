"""Given the file in which a framework names its database, then the file that it opens is known, or nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from volfix.project.code.framework_files import framework_databases

DEFAULT = (
    'default: &default\n  adapter: sqlite3\n  pool: <%= ENV.fetch("RAILS_MAX_THREADS") { 5 } %>\n  timeout: 5000\n'
)
PRODUCTION = DEFAULT + "production:\n  <<: *default\n  database: storage/production.sqlite3\n"
DATASOURCE = 'datasource db {\n  provider = "sqlite"\n  url      = "file:./dev.db?connection_limit=1" // rows\n}\n'
CONNECTION = "'driver' => 'sqlite',\n'database' => env('DB_DATABASE', database_path('database.sqlite')),\n"
RAILS, LARAVEL, PRISMA = "config/database.yml", "config/database.php", "prisma/schema.prisma"
FILE = "storage/production.sqlite3"
ENVIRONMENT = {"RAILS_ENV": "production", "DB_CONNECTION": "sqlite"}

KNOWN = {
    "one database": (RAILS, PRODUCTION, "/app/storage/production.sqlite3"),
    "several, of which the first is the primary one": (
        RAILS,
        DEFAULT + "production:\n  primary:\n    <<: *default\n    database: storage/p.sqlite3\n"
        "  queue:\n    <<: *default\n    database: storage/q.sqlite3\n",
        "/app/storage/p.sqlite3",
    ),
    "an absolute path in quotes": (
        RAILS,
        PRODUCTION.replace("storage/production.sqlite3", "'/data/p.db'"),
        "/data/p.db",
    ),
    "a schema": (PRISMA, DATASOURCE, "/app/prisma/dev.db"),
    "a schema with an absolute path": (PRISMA, DATASOURCE.replace("./dev.db", "/data/dev.db"), "/data/dev.db"),
}


@pytest.mark.parametrize(("name", "text", "database"), KNOWN.values(), ids=KNOWN)
def test_the_file_that_is_opened(name: str, text: str, database: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text(text)
    (found,) = framework_databases(path, f"/app/{name}", ENVIRONMENT)
    assert found.value.text == database
    span = found.value.pieces[-1].span
    assert span is not None
    assert database.endswith(found.source.text[span.start : span.end])
    assert found.refusal


SILENT = {
    "another environment": (RAILS, PRODUCTION.replace("production:", "development:")),
    "a value that Ruby makes": (RAILS, PRODUCTION.replace("storage/", "<%= ENV['DIR'] %>/")),
    "a server": (RAILS, PRODUCTION.replace("sqlite3\n  pool", "postgresql\n  pool")),
    "in memory": (RAILS, PRODUCTION.replace("storage/production.sqlite3", '":memory:"')),
    "Ruby that makes more than values": (RAILS, PRODUCTION + "<% if true %>\n  x: [\n<% end %>\n"),
    "no text": (RAILS, "\0"),
    "an empty file": (RAILS, ""),
    "a list": (RAILS, "- production\n"),
    "Laravel with a path of its own": (LARAVEL, CONNECTION.replace("database_path('database.sqlite')", "'/data/a.db'")),
    "a variable": (PRISMA, DATASOURCE.replace('"file:./dev.db?connection_limit=1"', 'env("DATABASE_URL")')),
    "a server's schema": (PRISMA, DATASOURCE.replace('"sqlite"', '"postgresql"')),
    "a driver adapter": (PRISMA, 'generator client {\n  previewFeatures = ["driverAdapters"]\n}\n' + DATASOURCE),
    "a schema in comments": (PRISMA, "".join(f"// {line}\n" for line in DATASOURCE.splitlines())),
}


@pytest.mark.parametrize(("name", "text"), SILENT.values(), ids=SILENT)
def test_what_says_nothing(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text(text)
    assert not list(framework_databases(path, f"/app/{name}", ENVIRONMENT))
    assert not list(framework_databases(path, None, ENVIRONMENT))


def test_laravel_without_a_word_on_its_connection(tmp_path: Path) -> None:
    path = tmp_path / "database.php"
    path.write_text(CONNECTION)
    assert not list(framework_databases(path, "/app/config/database.php", {"DB_CONNECTION": "mysql"}))
    assert not list(framework_databases(path, "/app/config/database.php", {}))
