"""VF203's examples: the code itself names a database file that no mount holds."""

from __future__ import annotations

from volfix.rules.rule import Example, fixed, fixed_unsafe, reported, untouched

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
    return fixed(title, {**files, name: text}, {name: text.replace(before, after)})


EXAMPLES = (
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
        "a constant in an f-string",
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
    fixed_unsafe(
        "two files: volfix cannot tell which of them the deployment opens",
        {
            **BASE,
            "a.py": ENGINE + "engine = create_engine('sqlite:///a.db')\n",
            "b.py": ENGINE + "engine = create_engine('sqlite:///b.db')\n",
        },
        {
            "a.py": ENGINE + "engine = create_engine('sqlite:///data/a.db')\n",
            "b.py": ENGINE + "engine = create_engine('sqlite:///data/b.db')\n",
        },
    ),
    fixed_unsafe(
        "no mount for data",
        {
            **BASE,
            "compose.yaml": "services:\n  app:\n    build: .\n",
            "db.py": ENGINE + "engine = create_engine('sqlite:///a.db')\n",
        },
        {
            "compose.yaml": "services:\n  app:\n    build: .\n    volumes:\n      - app-db:/app/data\n"
            "\nvolumes:\n  app-db:\n    driver: local\n",
            "db.py": ENGINE + "engine = create_engine('sqlite:///data/a.db')\n",
        },
    ),
    fixed_unsafe(
        "Rails' database.yml, and no mount for its directory",
        RAILS,
        {
            "compose.yaml": "services:\n  app:\n    build: .\n    volumes:\n      - app-db:/rails/storage\n"
            "\nvolumes:\n  app-db:\n    driver: local\n"
        },
    ),
    untouched(
        "Rails' database.yml, and a volume for its directory",
        {**RAILS, "compose.yaml": COMPOSE.format(target="/rails/storage")},
    ),
    reported(
        "Prisma's schema, which volfix does not edit",
        {
            **BASE,
            "Dockerfile": "FROM node:22-slim\nWORKDIR /app\nCOPY . .\n",
            "prisma/schema.prisma": 'datasource db {\n  provider = "sqlite"\n  url      = "file:./dev.db"\n}\n',
        },
    ),
    untouched(
        "the variable is set: the default has no effect",
        {
            **BASE,
            "compose.yaml": COMPOSE.format(target="/app/data").replace(
                "    volumes", "    environment: ['DATABASE_URL=sqlite:////app/data/app.db']\n    volumes", 1
            ),
            "db.py": 'import os\n\nURL = os.getenv("DATABASE_URL", "sqlite:///./app.db")\n',
        },
    ),
    untouched(
        "an env file of the deployment may set it",
        {
            **BASE,
            ".env.example": "DATABASE_URL=\n",
            "db.py": 'import os\n\nDATABASE_URL = os.getenv("DATABASE_URL", "sqlite:///./app.db")\n',
        },
    ),
    untouched(
        "the code joins the file's name to the directory of the mount",
        {
            **BASE,
            "db.py": "import os, sqlite3\n\nDB_PATH = 'app.db'\nconnection = sqlite3.connect(os.path.join('/app/data', DB_PATH))\n",
        },
    ),
    untouched(
        "a variable without a default",
        {
            **BASE,
            "db.py": ENGINE
            + "# sqlite:///./app.db on a developer's machine\nengine = create_engine(os.environ['APP_DB'])\n",
        },
    ),
    untouched(
        "code that the image does not have",
        {
            **BASE,
            "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY app app\n",
            "app/main.py": "print('hello')\n",
            "local.py": ENGINE + "engine = create_engine('sqlite:///./app.db')\n",
        },
    ),
    untouched(
        "tests, and a file inside the mount",
        {
            **BASE,
            "tests/test_db.py": ENGINE + "engine = create_engine('sqlite:///test.db')\n",
            "conftest.py": ENGINE + "engine = create_engine('sqlite:///test.db')\n",
            "db.py": ENGINE + "engine = create_engine('sqlite:///data/app.db')\n",
        },
    ),
    untouched(
        "a server, a database in memory, a value that comes from somewhere else",
        {
            **BASE,
            "db.py": ENGINE + "a = create_engine('postgresql://db/x')\nb = create_engine('sqlite://')\n"
            "c = create_engine(load('sqlite:///app.db'))\n",
        },
    ),
)
