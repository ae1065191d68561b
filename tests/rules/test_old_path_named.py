"""Given a database that a fix would move, when something else names the old place, then the fix is not safe."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix
from volfix.rules.findings import Applicability, Finding

COMPOSE = """\
services:
  app:
    build: .
    env_file: .env.prod
    volumes:
      - rows:/app/data
volumes:
  rows:
"""
FILES = {
    "compose.yaml": COMPOSE,
    "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
    "requirements.txt": "sqlalchemy==2.0.36\n",
    ".env.prod": "DATABASE_URL=sqlite:////app/app.db\n",
}
SAYING = COMPOSE.replace("    volumes:", "    {}\n    volumes:", 1)
RUN = FILES["Dockerfile"] + "RUN {}\n"


def moved(root: Path, files: dict[str, str]) -> Finding:
    for name, text in {**FILES, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = [each for each in volfix.plan(root, unsafe_fixes=True).findings if each.code in ("VF201", "VF203")]
    assert len(found) == 1
    assert found[0].fix is not None
    return found[0]


NAMED = {
    "Python asks whether it is there": (
        {"seed.py": 'import os\nif not os.path.exists("app.db"):\n    seed()\n'},
        "seed.py also names /app/app.db",
    ),
    "Python asks a path": (
        {"seed.py": "from pathlib import Path\nif Path('./app.db').is_file():\n    pass\n"},
        "seed.py also names /app/app.db",
    ),
    "Python copies it": (
        {"backup.py": "import shutil\nshutil.copy2('/app/app.db', '/backup/app.db')\n"},
        "backup.py also names /app/app.db",
    ),
    "Python calls a program": (
        {"backup.py": "import subprocess\nsubprocess.run(['cp', 'app.db', '/backup'])\n"},
        "backup.py also names /app/app.db",
    ),
    "Python calls over several lines": (
        {"backup.py": "import shutil\nshutil.copy2(\n    'app.db',\n    '/backup/app.db',\n)\n"},
        "backup.py also names /app/app.db",
    ),
    "Python puts the path together in the call": (
        {"seed.py": "import os\nif os.path.exists(os.path.join(os.path.dirname(__file__), 'app.db')):\n    pass\n"},
        "seed.py also names /app/app.db",
    ),
    "Python asks a path below a directory": (
        {"seed.py": "from pathlib import Path\nif (Path(__file__).parent / 'app.db').exists():\n    pass\n"},
        "seed.py also names /app/app.db",
    ),
    "JavaScript asks whether it is there": (
        {"seed.js": "const fs = require('fs');\nif (!fs.existsSync(`./app.db`)) seed();\n"},
        "seed.js also names /app/app.db",
    ),
    "Go opens it": (
        {"cmd/seed.go": 'package main\nfunc main() { f, err := os.Open("/app/app.db") }\n'},
        "cmd/seed.go also names /app/app.db",
    ),
    "PHP": ({"seed.php": "<?php if (!file_exists('app.db')) { seed(); }\n"}, "seed.php also names /app/app.db"),
    "a script that starts the service": (
        {"start.sh": "[ -f app.db ] || python seed.py\n"},
        "start.sh also names /app/app.db",
    ),
    "an entry point without a suffix": (
        {"bin/docker-entrypoint": "#!/bin/sh\n[ -f /app/app.db ] || bin/setup\n"},
        "bin/docker-entrypoint also names /app/app.db",
    ),
    "a program that replicates it": (
        {"litestream.yml": "dbs:\n  - path: /app/app.db\n"},
        "litestream.yml also names /app/app.db",
    ),
    "make": ({"Makefile": "backup:\n\tdocker compose exec app cat /app/app.db >b\n"}, "Makefile also names"),
    "the build makes the file": (
        {"Dockerfile": RUN.format("sqlite3 app.db < schema.sql")},
        "a RUN of Dockerfile also names /app/app.db",
    ),
    "the build makes the file by its URL": (
        {"Dockerfile": RUN.format("DATABASE_URL=sqlite:////app/app.db python init_db.py")},
        "a RUN of Dockerfile also names /app/app.db",
    ),
    "a redirection without a blank": (
        {"Dockerfile": RUN.format("zcat seed.gz>app.db")},
        "a RUN of Dockerfile also names /app/app.db",
    ),
    "another stage brings the file": (
        {"Dockerfile": FILES["Dockerfile"] + "COPY --from=acme/seed /x/app.db /app/app.db\n"},
        "Dockerfile copies /app/app.db into the image",
    ),
    "a variable of another tool": (
        {".env.prod": "DATABASE_URL=sqlite:////app/app.db\nLITESTREAM_SOURCE=/app/app.db\n"},
        "LITESTREAM_SOURCE of app also names /app/app.db",
    ),
    "a URL in the image's command": (
        {"Dockerfile": FILES["Dockerfile"] + 'CMD ["serve", "--url", "sqlite:////app/app.db"]\n'},
        "the command of app also names /app/app.db",
    ),
    "a migration with options in between": (
        {"Dockerfile": RUN.format("alembic -c alembic.ini upgrade head")},
        "Dockerfile, line 4, runs `alembic upgrade`",
    ),
    "the build makes the schema": (
        {"Dockerfile": RUN.format("pip install django && python manage.py migrate --noinput")},
        "Dockerfile, line 4, runs `manage.py migrate`: its schema stays in the image",
    ),
    "the command": (
        {
            "compose.yaml": COMPOSE.replace(
                "    volumes:", "    command: sqlite_web --port 80 ./app.db\n    volumes:", 1
            )
        },
        "the command of app also names ./app.db",
    ),
    "a health check": (
        {"compose.yaml": SAYING.format("healthcheck:\n      test: [CMD, sqlite3, app.db, SELECT 1]")},
        "healthcheck of app also names app.db",
    ),
    "a health check of the shell": (
        {"compose.yaml": SAYING.format("healthcheck:\n      test: sqlite3 $$PWD/app.db 'SELECT 1'")},
        "healthcheck of app also names app.db",
    ),
    "a health check by a variable of .env": (
        {"compose.yaml": SAYING.format("healthcheck:\n      test: test -s ${ROWS}"), ".env": "ROWS=/app/app.db\n"},
        "healthcheck of app also names app.db",
    ),
    "a label": (
        {"compose.yaml": SAYING.format("labels:\n      - backup.file=data/../app.db")},
        "labels of app also names app.db",
    ),
    "a hook": (
        {"compose.yaml": SAYING.format("post_start:\n      - command: chown app ./app.db")},
        "post_start of app also names app.db",
    ),
    "the image's health check": (
        {"Dockerfile": FILES["Dockerfile"] + "HEALTHCHECK --interval=9s CMD sqlite3 app.db 'SELECT 1'\n"},
        "HEALTHCHECK of Dockerfile also names app.db",
    ),
    "the image's label": (
        {"Dockerfile": FILES["Dockerfile"] + 'LABEL backup.file="/app/app.db"\n'},
        "LABEL of Dockerfile also names app.db",
    ),
    "the image's command": (
        {"Dockerfile": FILES["Dockerfile"] + 'CMD ["sh", "-c", "exec serve --db=app.db"]\n'},
        "the command of app also names app.db",
    ),
}


@pytest.mark.parametrize(("files", "reason"), NAMED.values(), ids=NAMED)
def test_a_second_mention_of_the_old_place(files: dict[str, str], reason: str, tmp_path: Path) -> None:
    found = moved(tmp_path, files)
    assert found.fix is not None
    assert found.fix.applicability is Applicability.UNSAFE
    assert reason in (found.reason or "")


@pytest.mark.parametrize(("files", "reason"), NAMED.values(), ids=NAMED)
def test_a_volume_of_its_own_says_the_mention_too(files: dict[str, str], reason: str, tmp_path: Path) -> None:
    compose = files.get("compose.yaml", COMPOSE).partition("    volumes:")[0]
    found = moved(tmp_path, {**files, "compose.yaml": compose})
    assert reason in (found.reason or "")


def test_a_literal_in_code_and_code_that_asks_for_the_same_file(tmp_path: Path) -> None:
    code = 'import os\nfrom sqlalchemy import create_engine\nif os.path.exists("app.db"):\n    os.remove("app.db")\n'
    code += 'engine = create_engine("sqlite:///app.db")\n'
    found = moved(tmp_path, {".env.prod": "", "db.py": code})
    assert found.code == "VF203"
    assert found.reason == "db.py also names /app/app.db"


SILENT = {
    "a default that a variable replaces": {
        "db.py": 'import os\nurl = os.getenv("DATABASE_URL", "sqlite:////app/app.db")\n'
    },
    "another file of that name": {"backup.py": "import shutil\nshutil.copy('/backup/app.db', '/other/app.db')\n"},
    "a health check that asks another file of that name": {
        "compose.yaml": SAYING.format("healthcheck:\n      test: test -s /backup/app.db")
    },
    "code that asks something else before it": {"db.py": "import os\nif os.path.exists(path):\n    log('app.db')\n"},
    "a comment": {"seed.py": '# os.path.exists("app.db")\n', "Makefile": "# /app/app.db\n"},
    "a default in JavaScript": {"db.js": "new Database(process.env.DATABASE_PATH || './app.db') // open('app.db')\n"},
    "tests of other languages": {"seed.test.ts": "existsSync('app.db')\n", "db_test.go": 'os.Open("app.db")\n'},
    "a test": {"tests/test_seed.py": 'import os\nassert os.path.exists("app.db")\n'},
    "a directory that the build makes": {"Dockerfile": RUN.format("mkdir -p /app/data && chown 0:0 /app")},
    "a mount of another service, at that path": {
        "compose.yaml": COMPOSE.replace(
            "volumes:\n  rows:", "  jobs:\n    build: .\n    volumes: ['./app.db:/app/app.db']\nvolumes:\n  rows:"
        )
    },
    "another Compose file, with its own value": {
        "docker-compose.dev.yml": "services:\n  web:\n    image: example.org/a\n    volumes: ['w:/app/app.db.d']\nvolumes: {w: }\n"
    },
}


@pytest.mark.parametrize("files", SILENT.values(), ids=SILENT)
def test_what_does_not_look_at_the_file_leaves_the_fix_safe(files: dict[str, str], tmp_path: Path) -> None:
    found = moved(tmp_path, files)
    assert found.fix is not None
    assert found.reason is None
    assert found.fix.applicability is Applicability.SAFE


OUTSIDE = {
    "a workflow asks for it": (
        ".github/workflows/a.yml",
        "on: push\njobs:\n  a:\n    steps:\n      - run: docker compose exec -T app test -f /app/app.db || exit 1\n",
        5,
    ),
    "a script copies it": ("ops/seed.sh", "#!/bin/sh\ndocker compose cp seed.db app:/app/app.db\n", 2),
    "a script over several lines": ("ops/dump", "#!/bin/sh\ndocker exec app \\\n  sqlite3 /app/app.db .dump\n", 3),
    "a target": ("Makefile", "rows:\n\tdocker compose exec app sqlite3 /app/app.db .dump\n", 2),
}


@pytest.mark.parametrize(("name", "text", "line"), OUTSIDE.values(), ids=OUTSIDE)
def test_a_command_beside_the_code_reaches_into_the_container(name: str, text: str, line: int, tmp_path: Path) -> None:
    inside = {f"code/{each}": FILES[each] for each in ("Dockerfile", "requirements.txt")}
    compose = COMPOSE.replace("build: .", "build: ./code")
    found = moved(tmp_path, {"Dockerfile": "", "requirements.txt": "", "compose.yaml": compose, **inside, name: text})
    assert found.fix is not None
    assert found.fix.applicability is Applicability.UNSAFE
    assert found.reason == f"{name}, line {line}, names /app/app.db in the container"


def test_a_relative_path_in_an_unknown_directory_may_be_the_same_file(tmp_path: Path) -> None:
    values = "{JOBS_DATABASE_URL: 'sqlite:////app/app.db', DATABASE_URL: 'sqlite:///./app.db'}"
    compose = "services:\n  app:\n    image: example.org/acme/app:1\n    environment: {}\n    volumes: ['rows:/data']\nvolumes:\n  rows:\n"
    (tmp_path / "compose.yaml").write_text(compose.replace("{}", values))
    found = {each.location.column: each for each in volfix.plan(tmp_path).findings if each.code == "VF201"}
    absolute, relative = (found[column] for column in sorted(found))
    assert relative.fix is None
    assert absolute.applicability is Applicability.UNSAFE
    assert absolute.reason == "DATABASE_URL of app may name /app/app.db too, in a directory that volfix does not know"
