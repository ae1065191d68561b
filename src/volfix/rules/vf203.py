"""VF203: the code itself names a database file that no mount holds."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from volfix.project.compose.origins import InCode
from volfix.rules.context import Context
from volfix.rules.evidence.code_databases import environment_names_database
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.databases import proposals
from volfix.rules.evidence.proposal import Proposal
from volfix.rules.findings import Finding, Severity
from volfix.rules.remedies.database_moves import database_finding
from volfix.rules.rule import Example, Outcome, Rule

MAKES_DIRECTORY = re.compile(r"\bmkdir\b|\bmakedirs\(")


def check(context: Context) -> Iterator[Finding]:
    """Every literal in code that names a database file outside each mount of the service, and is what counts."""
    for proposal in proposals(context):
        database = proposal.database
        if database.is_inside or not isinstance(database.origin, InCode):
            continue
        evidence = _evidence(proposal, database.origin)
        yield database_finding(context, "VF203", proposal, _severity(database), _message(database), evidence)


def _severity(database: Database) -> Severity:
    is_sure = database.has_no_mount or (database.path is not None and not database.by_mount)
    return Severity.ERROR if is_sure else Severity.WARNING


def _message(database: Database) -> str:
    name = database.service.name
    if database.has_no_mount:
        return f"{name} mounts nothing: the database file that the code names dies with the container, wherever it lies"
    if database.path is None:
        return f"volfix cannot tell where the code's database file is: maybe no mount of {name} holds it"
    return f"the code names {database.path}, which no mount of {name} holds: {database.loss}"


def _evidence(proposal: Proposal, origin: InCode) -> Iterator[str]:
    database = proposal.database
    if environment_names_database(database.service):
        yield f"{database.variable}: {database.shown}; {database.service.name} is told to open the same file"
    else:
        yield f"{database.variable}: {database.shown}; no variable of {database.service.name} says another database"
    if proposal.trap:
        yield f"its slashes make it {database.path}, not {proposal.path_in_mount}"
    directory = posixpath.dirname(proposal.path_in_mount)
    if proposal.new_value is not None and not MAKES_DIRECTORY.search(origin.file.text):
        yield f"the code does not make {directory}: outside the container it has to be made (mkdir -p)"


COMPOSE = "services:\n  app:\n    build: .\n    volumes:\n      - app-db:{target}\nvolumes:\n  app-db:\n"
BASE = {
    "compose.yaml": COMPOSE.format(target="/app/data"),
    "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
    "requirements.txt": "fastapi\nsqlalchemy==2.0.36\n",
}
ELSEWHERE = {**BASE, "compose.yaml": COMPOSE.format(target="/data")}
COMPILED = (
    "FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /shop .\n"
    "FROM alpine:3.20\nWORKDIR /app\nCOPY --from=build /shop ./shop\n"
)
ENGINE = "from sqlalchemy import create_engine\n\n"
DJANGO = """\
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

DATABASES = {{
    'default': {{
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': {name},  # rows
    }}
}}
"""
RAILS = {
    "compose.yaml": "services:\n  app:\n    build: .\n",
    "Dockerfile": "FROM ruby:3.3-slim\nWORKDIR /rails\nENV RAILS_ENV=production\nCOPY . .\n",
    "config/database.yml": "default: &default\n  adapter: sqlite3\n  pool: <%= ENV.fetch('RAILS_MAX_THREADS') { 5 } %>\n"
    "production:\n  primary:\n    <<: *default\n    database: storage/production.sqlite3\n",
}


def _fixed(title: str, name: str, text: str, before: str, after: str, files: dict[str, str] = BASE) -> Example:
    return Example(title, {**files, name: text}, Outcome.FIXED, {name: text.replace(before, after)})


RULE = Rule(
    code="VF203",
    name="hard-coded-database-path",
    summary="The code itself names a database file that no mount holds.",
    why=(
        "A path in the code counts where no variable replaces it, whatever the mounts say. The file lies in the "
        "container's own layer, which every deployment that recreates the container throws away."
    ),
    fix=(
        "The literal, and nothing else of the module, names a file in the service's one mount for data. Safe where "
        "nothing overrides it; what the code reads from a variable that is set, or may be, is no finding. Modules are "
        "those in Python, Go, JavaScript and TypeScript. Entry points, Rails' database.yml, Laravel's database.php and "
        "Prisma's schema are read and never edited."
    ),
    sources=(
        "sqlalchemy/sqlalchemy: pysqlite dialect",
        "pydantic/pydantic-settings: README",
        "django/django: docs/ref/settings.txt (DATABASES)",
        "rails/rails: guides/source/configuring.md",
        "laravel/framework: config/database.php",
        "WiseLibs/better-sqlite3; typeorm/typeorm; knex/knex; sequelize/sequelize; mattn/go-sqlite3",
        "prisma/docs: orm/overview/databases/sqlite",
    ),
    examples=(
        _fixed(
            "a literal of Go, compiled in another stage",
            "main.go",
            'package main\n\nfunc main() {\n\tdb, err := sql.Open("sqlite3", "var/shop.db?_fk=1") // rows\n}\n',
            "var/shop.db",
            "data/shop.db",
            {**BASE, "Dockerfile": COMPILED, "go.mod": "module shop\n"},
        ),
        _fixed(
            "a literal of JavaScript",
            "server.js",
            "const Database = require('better-sqlite3');\nconst db = new Database('shop.db'); // rows\n",
            "shop.db",
            "data/shop.db",
            {**BASE, "package.json": "{}"},
        ),
        _fixed(
            "a setting of TypeORM in TypeScript",
            "src/data.ts",
            "export const rows = new DataSource({ type: 'better-sqlite3', database: './shop.sqlite' });\n",
            "./shop.sqlite",
            "./data/shop.sqlite",
            {**BASE, "package.json": "{}"},
        ),
        _fixed(
            "create_engine",
            "db.py",
            ENGINE + "engine = create_engine('sqlite:///./app.db', echo=True)  # rows\n",
            "./app.db",
            "./data/app.db",
        ),
        _fixed(
            "the default of a variable that nothing sets",
            "app/config.py",
            'import os\n\nDATABASE_URL = os.getenv("DATABASE_URL", "sqlite:///./app.db")\n',
            "./app.db",
            "./data/app.db",
        ),
        _fixed(
            "pydantic's settings",
            "app/settings.py",
            "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n"
            '    database_url: str = Field(default="sqlite+aiosqlite:///app.db?timeout=9")\n',
            "///app.db",
            "///data/app.db",
        ),
        _fixed(
            "a constant that an f-string takes",
            "db.py",
            ENGINE + 'NAME = "database.db"\nurl = f"sqlite:///{NAME}"\nengine = create_engine(url)\n',
            '"database.db"',
            '"data/database.db"',
        ),
        _fixed(
            "Django",
            "site/settings.py",
            DJANGO.format(name="BASE_DIR / 'db.sqlite3'"),
            "db.sqlite3'",
            "data/db.sqlite3'",
        ),
        _fixed(
            "Django, and a mount elsewhere",
            "site/settings.py",
            DJANGO.format(name="os.path.join(BASE_DIR, 'db.sqlite3')"),
            "'db.sqlite3'",
            "'/data/db.sqlite3'",
            ELSEWHERE,
        ),
        _fixed(
            "alembic.ini",
            "alembic.ini",
            "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///app.db\n",
            "///app.db",
            "////data/app.db",
            {**ELSEWHERE, "migrations/env.py": "engine_from_config(config.get_section('alembic'))\n"},
        ),
        Example(
            "two files: which of them the deployment opens is not known",
            {
                **BASE,
                "a.py": ENGINE + "engine = create_engine('sqlite:///a.db')\n",
                "b.py": ENGINE + "engine = create_engine('sqlite:///b.db')\n",
            },
            Outcome.FIXED_UNSAFE,
            {
                "a.py": ENGINE + "engine = create_engine('sqlite:///data/a.db')\n",
                "b.py": ENGINE + "engine = create_engine('sqlite:///data/b.db')\n",
            },
        ),
        Example(
            "no mount for data",
            {
                **BASE,
                "compose.yaml": "services:\n  app:\n    build: .\n",
                "db.py": ENGINE + "engine = create_engine('sqlite:///a.db')\n",
            },
            Outcome.FIXED_UNSAFE,
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    volumes:\n      - app-db:/app/data\n"
                "\nvolumes:\n  app-db:\n    driver: local\n",
                "db.py": ENGINE + "engine = create_engine('sqlite:///data/a.db')\n",
            },
        ),
        Example(
            "Rails' database.yml, and no mount for its directory",
            RAILS,
            Outcome.FIXED_UNSAFE,
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    volumes:\n      - app-db:/rails/storage\n"
                "\nvolumes:\n  app-db:\n    driver: local\n"
            },
        ),
        Example(
            "Rails' database.yml, and a volume for its directory",
            {**RAILS, "compose.yaml": COMPOSE.format(target="/rails/storage")},
            Outcome.UNTOUCHED,
        ),
        Example(
            "Prisma's schema, which nothing edits",
            {
                **BASE,
                "Dockerfile": "FROM node:22-slim\nWORKDIR /app\nCOPY . .\n",
                "prisma/schema.prisma": 'datasource db {\n  provider = "sqlite"\n  url      = "file:./dev.db"\n}\n',
            },
            Outcome.REPORTED,
        ),
        Example(
            "the variable is set: the default does not count",
            {
                **BASE,
                "compose.yaml": COMPOSE.format(target="/app/data").replace(
                    "    volumes", "    environment: ['DATABASE_URL=sqlite:////app/data/app.db']\n    volumes", 1
                ),
                "db.py": 'import os\n\nURL = os.getenv("DATABASE_URL", "sqlite:///./app.db")\n',
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "an env file of the deployment may set it",
            {
                **BASE,
                ".env.example": "DATABASE_URL=\n",
                "db.py": 'import os\n\nDATABASE_URL = os.getenv("DATABASE_URL", "sqlite:///./app.db")\n',
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "a file whose name the code puts behind the directory of the mount",
            {
                **BASE,
                "db.py": "import os, sqlite3\n\nDB_PATH = 'app.db'\nconnection = sqlite3.connect(os.path.join('/app/data', DB_PATH))\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "a value without a default: the environment has to say it",
            {
                **BASE,
                "db.py": ENGINE
                + "# sqlite:///./app.db on a developer's machine\nengine = create_engine(os.environ['APP_DB'])\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "code that the image does not have",
            {
                **BASE,
                "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY app app\n",
                "app/main.py": "print('hello')\n",
                "local.py": ENGINE + "engine = create_engine('sqlite:///./app.db')\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "tests, and a file inside the mount",
            {
                **BASE,
                "tests/test_db.py": ENGINE + "engine = create_engine('sqlite:///test.db')\n",
                "conftest.py": ENGINE + "engine = create_engine('sqlite:///test.db')\n",
                "db.py": ENGINE + "engine = create_engine('sqlite:///data/app.db')\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "a server, a database in memory, a value that comes from somewhere else",
            {
                **BASE,
                "db.py": ENGINE + "a = create_engine('postgresql://db/x')\nb = create_engine('sqlite://')\n"
                "c = create_engine(load('sqlite:///app.db'))\n",
            },
            Outcome.UNTOUCHED,
        ),
    ),
    check=check,
)
