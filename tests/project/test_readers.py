"""Which library reads a service's database value, by what its build context says."""

from __future__ import annotations

from pathlib import Path

import pytest

from volfix.knowledge.readers import Reader, readers
from volfix.project.code.package_versions import Versions, versions_of
from volfix.project.code.readers import reader_of
from volfix.project.discovery import directories
from volfix.project.loader import Loader
from volfix.project.stacks import read_stacks


def found(root: Path, files: dict[str, str]) -> tuple[Reader, ...]:
    for name, text in {"compose.yaml": "services: {app: {build: .}}\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    loader = Loader([], [])
    stack = next(iter(read_stacks(directories([root], []), loader)))
    return reader_of(stack.projects[0].services["app"])


def names(root: Path, files: dict[str, str]) -> set[str]:
    return {reader.name for reader in found(root, files)}


PACKAGE_LOCK = '{"packages": {"node_modules/prisma": {\n      "version": "7.1.0"}}}'
POETRY_LOCK = '[[package]]\nname = "flask-sqlalchemy"\nversion = "2.5.1"\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"requirements.txt": "sqlalchemy==2.0.36\n"}, {"SQLAlchemy"}),
        ({"requirements/base.txt": "SQLModel\n"}, {"SQLAlchemy"}),
        ({"pyproject.toml": '[project]\ndependencies = ["sqlmodel>=0.0.22"]\n'}, {"SQLAlchemy"}),
        ({"Pipfile": '[packages]\ndj-database-url = "*"\n'}, {"dj-database-url or django-environ"}),
        ({"requirements.txt": "dj_database_url\n"}, {"dj-database-url or django-environ"}),
        ({"requirements.txt": "tortoise-orm[asyncpg]==1.1\n"}, {"Tortoise ORM"}),
        ({"requirements.txt": "peewee\n"}, {"Peewee"}),
        ({"requirements.txt": "flask-sqlalchemy\nsqlalchemy\n"}, {"Flask-SQLAlchemy"}),
        ({"requirements.txt": "Flask-SQLAlchemy==3.1.1\n"}, {"Flask-SQLAlchemy"}),
        ({"requirements.txt": "Flask_SQLAlchemy==2.5.1\n"}, {"Flask-SQLAlchemy 2"}),
        ({"requirements.txt": "Flask-SQLAlchemy<3\n"}, {"Flask-SQLAlchemy 2"}),
        ({"requirements.txt": "Flask-SQLAlchemy>=2.5\n"}, {"Flask-SQLAlchemy", "Flask-SQLAlchemy 2"}),
        ({"pyproject.toml": 'flask-sqlalchemy = "*"\n', "poetry.lock": POETRY_LOCK}, {"Flask-SQLAlchemy 2"}),
        ({"poetry.lock": POETRY_LOCK}, {"Flask-SQLAlchemy 2"}),
        ({"package.json": '{"dependencies": {"prisma": "^6.1.0"}}'}, {"Prisma"}),
        ({"package.json": '{"dependencies": {"prisma": "^7.0.0"}}'}, {"Prisma 7"}),
        ({"package.json": '{"dependencies": {"prisma": ">=6"}}'}, {"Prisma", "Prisma 7"}),
        ({"package.json": '{"dependencies": {"prisma": ">=6"}}', "package-lock.json": PACKAGE_LOCK}, {"Prisma 7"}),
        ({"package.json": '{"dependencies": {"@libsql/client": "0.14.0", "drizzle-orm": "0.38.0"}}'}, {"libSQL"}),
        ({"package.json": '{"dependencies": {"sequelize": "6.37.8"}}'}, {"Sequelize"}),
        ({"package.json": '{"dependencies": {"knex": "3.1.0"}}'}, {"better-sqlite3"}),
        ({"go.mod": "module x\nrequire modernc.org/sqlite v1.29.0\n"}, {"a SQLite driver of Go"}),
        ({"go.mod": "module x\nrequire modernc.org/sqlite v1.29.0 // indirect\n"}, set()),
        ({"Cargo.toml": '[dependencies]\nsqlx = { version = "0.8" }\n'}, {"sqlx"}),
        ({"Cargo.toml": '[dependencies]\ndiesel = "2.2"\n'}, {"Diesel"}),
        ({"Gemfile": "gem 'rails', '~> 8.0'\n"}, {"Rails"}),
        ({"composer.json": '{"require": {"laravel/framework": "^11.0"}}'}, {"Laravel"}),
        ({"composer.json": '{"require": {"doctrine/orm": "^3"}}'}, {"Doctrine"}),
        ({"pom.xml": "<artifactId>sqlite-jdbc</artifactId>"}, {"sqlite-jdbc"}),
        ({"build.gradle": "implementation 'org.xerial:sqlite-jdbc:3.46.0'\n"}, {"sqlite-jdbc"}),
        (
            {"App.csproj": '<PackageReference Include="Microsoft.Data.Sqlite" Version="8.0" />'},
            {"Microsoft.Data.Sqlite"},
        ),
        ({"mix.exs": '{:ecto_sqlite3, "~> 0.17"}'}, {"Ecto"}),
        ({"main.py": "import sqlite3\nfrom sqlmodel import create_engine\n"}, {"SQLAlchemy"}),
        ({"src/db.ts": "import { createClient } from '@libsql/client'\n"}, {"libSQL"}),
        # what must not be taken for a reader
        ({"requirements.txt": "# sqlalchemy was here\nfastapi\n"}, set()),
        ({"requirements.txt": "pytest-sqlalchemy\nsqlalchemy-utils\nmy.sqlalchemy\n"}, set()),
        ({"package.json": '{"dependencies": {"databases": "1.0.0", "eslint-plugin-prisma": "1"}}'}, set()),
        ({"venv/lib/x.py": "import sqlalchemy\n", "a.py": "import os\n"}, set()),
        ({"node_modules/x/index.js": "require('sequelize')\n"}, set()),
        ({"main.py": "# import sqlalchemy\n"}, set()),
        ({}, set()),
    ],
)
def test_the_readers_that_a_build_context_names(files: dict[str, str], expected: set[str], tmp_path: Path) -> None:
    assert names(tmp_path, files) == expected


FLASK = {"requirements.txt": "flask-sqlalchemy==3.1.1\n"}
MAKES = "from flask import Flask\napp = Flask(__name__)\n"


@pytest.mark.parametrize(
    ("files", "folder"),
    [
        ({**FLASK, "app.py": MAKES}, "instance"),
        ({**FLASK, "shop/__init__.py": MAKES}, "instance"),
        ({**FLASK, "src/app.py": MAKES}, None),
        ({**FLASK, "src/shop/__init__.py": MAKES}, None),
        ({**FLASK, "app.py": "app = Flask(__name__, instance_path='/data')\n"}, None),
        ({**FLASK, "app.py": "app = Flask(name)\n"}, None),
        (FLASK, None),
        ({"package.json": '{"dependencies": {"prisma": "6.1.0"}}', "prisma/schema.prisma": ""}, "prisma"),
        ({"package.json": '{"dependencies": {"prisma": "6.1.0"}, "prisma": {"schema": "db/schema.prisma"}}'}, "db"),
        ({"package.json": '{"dependencies": {"prisma": "6.1.0"}}'}, None),
        ({"Gemfile": "gem 'rails'\n", "config/application.rb": ""}, ""),
        ({"Gemfile": "gem 'rails'\n"}, None),
        ({"composer.json": '{"require": {"laravel/framework": "^11.0"}}'}, None),
    ],
)
def test_where_relative_paths_start(files: dict[str, str], folder: str | None, tmp_path: Path) -> None:
    assert [reader.folder for reader in found(tmp_path, files)] == [folder]


@pytest.mark.parametrize(
    ("specifier", "low", "high"),
    [
        ("==2.0.36", (2, 0, 36), (2, 0, 36, 0)),
        (">=2.0,<2.1", (2, 0), (2, 1)),
        ("~=3.1", (3, 1), (4,)),
        ("<3", (), (3,)),
        (">=3", (3,), None),
    ],
)
def test_versions(specifier: str, low: tuple[int, ...], high: tuple[int, ...] | None, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(f"x\nsqlalchemy{specifier}\ny==1\n")
    assert versions_of(tmp_path, "python", "sqlalchemy") == Versions(low, high, is_pinned=True)


def test_without_a_version_a_build_takes_the_newest() -> None:
    assert Versions().may_be("3", "")
    assert not Versions().may_be("", "3")


def test_every_reader_has_a_source_and_a_form() -> None:
    assert all(reader.source and reader.forms for reader in readers())
