"""A repository with a file in every role that volfix reads, and what a file there may be instead of a file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from volfix.syntax import disk

DATA = "volumes: ['./pgdata:/var/lib/postgresql/data']"
FILES = {
    "compose.yaml": "include: [part.yaml]\n"
    f"services:\n  db:\n    image: postgres:16\n    {DATA}\n"
    "  app:\n    build: ./app\n    env_file: app.env\n    extends: {file: base.yaml, service: app}\n"
    "    environment:\n      DATABASE_URL: sqlite:///./app.db\n    volumes: ['app-data:/app/data']\n"
    "volumes:\n  app-data:\n    driver: local\n",
    "compose.override.yaml": "services:\n  db:\n    restart: always\n",
    "compose.prod.yaml": "services:\n  db:\n    restart: always\n",
    "part.yaml": "services:\n  cache:\n    image: redis:7\n",
    "base.yaml": "services:\n  app:\n    restart: always\n",
    ".env": "A=b\n",
    "app.env": "C=d\n",
    ".env.prod": "DATABASE_URL=sqlite:///./prod.db\n",
    ".gitignore": "pgdata/\n",
    ".drone.yml": "kind: pipeline\ntype: exec\nsteps:\n- name: up\n  commands: [sh deploy.sh, docker compose up -d]\n",
    ".gitlab-ci.yml": "deploy:\n  script: [docker compose up -d]\n",
    ".github/workflows/deploy.yml": "on: push\njobs:\n  up:\n    runs-on: here\n    steps: [{run: make deploy}]\n",
    "Jenkinsfile": "pipeline { stages { stage('up') { steps { sh 'docker compose up -d' } } } }\n",
    "Makefile": "include more.mk\ndeploy:\n\tdocker compose up -d\nclean:\n\tdocker compose down -v\n",
    "more.mk": "more:\n\tdocker compose pull\n",
    "deploy.sh": "#!/bin/sh\n. ./lib/common\ntools/up\ndocker compose down -v\ndocker compose up -d\n",
    "lib/common": "NAME=x\n",
    "tools/up": "#!/bin/sh\ndocker compose up -d\n",
    "Taskfile.yml": "version: '3'\ntasks:\n  up:\n    cmds: [docker compose up -d]\n",
    "justfile": "up:\n    docker compose up -d\n",
    "crontab": "0 3 * * * tar c pgdata\n",
    "package.json": '{"scripts": {"up": "docker compose up -d"}}\n',
    "README.md": "docker compose -f compose.yaml -f compose.prod.yaml up -d\n",
    "app/Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\nENTRYPOINT ['/app/start.sh']\n",
    "app/.dockerignore": "tests\n",
    "app/requirements.txt": "sqlalchemy==2.0.0\nalembic\n",
    "app/main.py": "import sqlalchemy\nengine = sqlalchemy.create_engine('sqlite:///./other.db')\n",
    "app/alembic.ini": "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///./app.db\n",
    "app/migrations/env.py": "config.get_main_option('sqlalchemy.url')\n",
    "app/start.sh": "#!/bin/sh\ncd /app\nexec python main.py app.db\n",
    "app/config/database.yml": "production:\n  adapter: sqlite3\n  database: db/app.sqlite3\n",
}


def laid(directory: Path) -> Path:
    for name, text in FILES.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def pipe(path: Path, outside: Path) -> str:
    del outside
    os.mkfifo(path)
    return "not a regular file"


def endless(path: Path, outside: Path) -> str:
    del outside
    path.symlink_to("/dev/zero")
    return "not a regular file"


def of_system(path: Path, outside: Path) -> str:
    del outside
    path.symlink_to("/proc/self/environ")
    return "leads to /proc/"


def huge(path: Path, outside: Path) -> str:
    del outside
    with path.open("wb") as file:
        file.truncate(disk.LARGEST + 1)
    return "larger than volfix reads"


def link_out(path: Path, outside: Path) -> str:
    path.symlink_to(outside)
    return "leads out of the repository"


def listening(path: Path, outside: Path) -> str:
    del outside
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(path.parent)  # the address of a socket is short
        try:
            server.bind(path.name)
        finally:
            os.chdir(here)
    return "not a regular file"


HOSTILE = [pipe, endless, of_system, huge, link_out, listening]
