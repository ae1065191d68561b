"""Code in which something else than the literal may say the database: no literal is changed without a word of doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

COMPOSE = "services:\n  app:\n    build: .\n{keys}    volumes: ['rows:/app/data']\nvolumes: {{rows: }}\n"
BASE = {
    "compose.yaml": COMPOSE.format(keys=""),
    "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
    "requirements.txt": "sqlalchemy==2.0.36\n",
}
DJANGO = (
    "from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent\n"
    "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'a.db'}}\n"
)
ENGINE = "from sqlalchemy import create_engine\nengine = create_engine('sqlite:///a.db')\n"
GETENV = "import os\nDATABASE_URL = os.getenv('DATABASE_URL', 'sqlite:///a.db')\n"
SETTINGS = "class Settings(BaseSettings):\n    database_url: str = 'sqlite:///a.db'\n"
FLASK = "app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:////srv/a.db'\n"
POSTGRES = "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': 'db'}}\n"


def plan(root: Path, files: dict[str, str | bytes]) -> volfix.Plan:
    for name, text in {**BASE, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return volfix.plan(root, select=("VF201", "VF203"))


DOUBTED = {
    "another settings module": ({"site/settings/base.py": DJANGO, "site/settings/prod.py": POSTGRES}, "prod.py"),
    "the setting again": ({"site/settings.py": DJANGO + POSTGRES}, "sets DATABASES in more than one place"),
    "a part of the setting again": ({"site/settings.py": DJANGO + "DATABASES['default'] = other()\n"}, "more than one"),
    "an update": ({"site/settings.py": DJANGO + "DATABASES['default'].update(other())\n"}, "more than one place"),
    "settings of this host": ({"site/settings.py": DJANGO + "from .local import *\n"}, "line 4"),
    "under a condition": ({"site/settings.py": "if DEBUG:\n    DATABASES = {'default': {'ENGINE': 'x.sqlite3', 'NAME': '/srv/a.db'}}\n"}, "condition"),
    "an attribute": ({"config.py": "class Config:\n    DATABASE_URL = 'sqlite:///a.db'\n", "main.py": "Config.DATABASE_URL = secret()\n"}, "main.py"),
    "an argument": ({"config.py": "@dataclass\nclass Config:\n    database_url: str = 'sqlite:///a.db'\n", "main.py": "c = Config(database_url=secret())\n"}, "main.py"),
    "setattr": ({"config.py": "DATABASE_URL = 'sqlite:///a.db'\n", "main.py": "setattr(config, 'DATABASE_URL', x)\n"}, "main.py"),
    "the environment, set by code": ({"db.py": GETENV, "main.py": "os.environ['DATABASE_URL'] = x\n"}, "main.py"),
    "the environment, set by default": ({"db.py": GETENV, "main.py": "os.environ.setdefault('DATABASE_URL', x)\n"}, "main.py"),
    "the environment, set by a script": ({"db.py": GETENV, "start.sh": "export DATABASE_URL=postgres://db/x\n"}, "start.sh"),
    "the environment, set by supervisor": ({"db.py": GETENV, "app.conf": "environment=DATABASE_URL=\"x\"\n"}, "app.conf"),
    "dotenv": ({"db.py": "load_dotenv()\n" + GETENV}, "reads an env file"),
    "pydantic's env file": ({"db.py": SETTINGS + "    model_config = SettingsConfigDict(env_file='.env')\n"}, "reads an env file"),
    "secrets": ({"db.py": SETTINGS + "    class Config:\n        secrets_dir = '/run/secrets'\n"}, "reads an env file"),
    "Flask's variables": ({"app.py": FLASK + "app.config.from_prefixed_env()\n"}, "app.py"),
    "Flask's file": ({"app.py": FLASK + "app.config.from_pyfile('config.py', silent=True)\n"}, "app.py"),
    "Flask's object": ({"app.py": FLASK + "app.config.from_object('config.Prod')\n"}, "line 2"),
    "a server's database too": ({"db.py": ENGINE, "other.py": "URL = 'postgresql://db/x'\n"}, "other.py"),
    "a file that comes with the image": ({"db.py": "import sqlite3\nsqlite3.connect('a.db')\n", "a.db": "rows"}, "the image contains a.db from the repository"),
    "another variant of the stack": (
        {"db.py": GETENV, "docker-compose.prod.yml": COMPOSE.format(keys="    environment: ['DATABASE_URL=postgres://db.example.org/x']\n")},
        "docker-compose.prod.yml",
    ),
    "a name that another module takes": ({"db.py": "NAME = 'a.db'\n" + ENGINE.replace("'sqlite:///a.db'", "f'sqlite:///{NAME}'"), "b.py": "from db import NAME\n"}, "b.py"),
}  # fmt: skip


@pytest.mark.parametrize(("files", "reason"), DOUBTED.values(), ids=DOUBTED)
def test_what_may_replace_the_literal_makes_its_fix_unsafe(files: dict[str, str], reason: str, tmp_path: Path) -> None:
    found = plan(tmp_path, {**files})
    assert [finding.applicability.value for finding in found.findings] == ["unsafe"]
    assert reason in (found.findings[0].reason or "")
    assert not found.edits


REFUSED = {
    "another working directory, of the code": ({"db.py": ENGINE, "main.py": "os.chdir('/srv')\n"}, "working directory"),
    "another working directory, of a script": (
        {"db.py": ENGINE, "Dockerfile": BASE["Dockerfile"] + 'ENTRYPOINT ["./start.sh"]\n', "start.sh": "cd src\nexec python db.py\n"},
        "working directory",
    ),
    "another working directory, of CMD": (
        {"db.py": ENGINE, "Dockerfile": BASE["Dockerfile"] + "CMD cd src && python db.py\n"},
        "working directory",
    ),
    "another encoding": ({"db.py": b"# coding: latin-1\n# gr\xfc\xdfe\n" + ENGINE.encode()}, "iso-8859-1"),
    "a path of Windows": ({"db.py": ENGINE.replace("a.db", "C:/data/a.db")}, "Windows"),
    "no literal that could be changed alone": (
        {"db.py": "from sqlalchemy import create_engine\nengine = create_engine('sqlite:////s' + 'rv/a.db')\n"},
        "no single literal",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_reported_and_not_changed(files: dict[str, str | bytes], reason: str, tmp_path: Path) -> None:
    found = plan(tmp_path, files)
    assert [finding.applicability.value for finding in found.findings] == ["none"]
    assert reason in (found.findings[0].reason or "")


SILENT = {
    "a parameter of the same name": {"db.py": "URL = 'sqlite:///a.db'\ndef make(URL):\n    return create_engine(URL)\n"},
    "an import of the same name": {"db.py": "URL = 'sqlite:///a.db'\nfrom x import URL\nengine = create_engine(URL)\n"},
    "a name that is put behind a directory": {"db.py": "DB_PATH = 'a.db'\nc = sqlite3.connect(os.path.join('/app/data', DB_PATH))\n"},
    "a name that another module puts behind one": {"config.py": "DB_PATH = 'a.db'\n", "db.py": "p = Path('/app/data') / config.DB_PATH\n"},
    "a command that sets the variable": {"db.py": GETENV, "compose.yaml": COMPOSE.format(keys="    command: sh -c 'DATABASE_URL=x python db.py'\n")},
    "a module that is not copied": {"db.py": ENGINE, ".dockerignore": "*.py\n!main.py\n"},
    "a module of another part": {"db.py": ENGINE, "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY app app\n"},
    "expressions too deep to read": {"db.py": f"x = {'[' * 190}'sqlite'{']' * 190}\n{ENGINE}"},
    "parentheses without an end": {"db.py": f"x = {'(' * 5000}'sqlite'\n"},
    "a chain without an end": {"db.py": f"x = {' + '.join(['1'] * 5000)}\n{ENGINE}"},
    "an escape in the literal": {"db.py": ENGINE.replace("a.db", r"\\x61.db")},
    "an unknown encoding": {"db.py": "# coding: klingon\n" + ENGINE},
}  # fmt: skip


@pytest.mark.parametrize("files", SILENT.values(), ids=SILENT)
def test_what_names_no_database(files: dict[str, str], tmp_path: Path) -> None:
    found = plan(tmp_path, {**files})
    assert not found.findings
    assert not found.result.errors


@pytest.mark.parametrize(
    "cookie",
    ["# -*- coding: utf-8-unix -*-\n", "#!/usr/bin/python\n# vim: set fileencoding=utf-8 :\n", "# coding: latin-1\n"],
)
def test_an_encoding_that_is_utf_8_all_the_same(cookie: str, tmp_path: Path) -> None:
    umlaut = "" if "latin" in cookie else "# größe\n"
    plan(tmp_path, {"db.py": cookie + umlaut + ENGINE}).write()
    assert (tmp_path / "db.py").read_text() == cookie + umlaut + ENGINE.replace("a.db", "data/a.db")


def test_what_comments_say_replaces_nothing(tmp_path: Path) -> None:
    code = (
        "URL = 'sqlite:///a.db'\n# URL = 'postgresql://user:password@host/db'\nengine = create_engine(URL)  # URL = x\n"
    )
    found = plan(tmp_path, {"db.py": code})
    assert [finding.applicability.value for finding in found.findings] == ["safe"]


def test_a_bind_mount_that_doubtful_code_names_is_no_safe_fix(tmp_path: Path) -> None:
    compose = "services:\n  app:\n    build: .\n    volumes: ['./data:/app/data']\n"
    code = "if DEBUG:\n    engine = create_engine('sqlite:///data/a.db')\n"
    plan(tmp_path, {"compose.yaml": compose, "db.py": code})
    found = volfix.plan(tmp_path, select=("VF101",))
    assert [(finding.applicability.value, finding.reason) for finding in found.findings] == [
        ("unsafe", "the code uses this value only under a condition")
    ]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"start.sh": "export DATABASE_URL=sqlite:////app/data/a.db\n"}, "start.sh sets DATABASE_URL"),
        ({"main.py": "os.environ['DATABASE_URL'] = 'sqlite:////app/data/a.db'\n"}, "main.py sets DATABASE_URL"),
        ({"Dockerfile": BASE["Dockerfile"] + "CMD DATABASE_URL=x python db.py\n"}, "the command of app sets"),
    ],
)
def test_a_variable_that_the_start_sets_again_is_no_safe_fix(
    files: dict[str, str], reason: str, tmp_path: Path
) -> None:
    found = plan(tmp_path, {"compose.yaml": COMPOSE.format(keys=ENVIRONMENT), **files})
    reasons = {finding.code: finding.reason or "" for finding in found.findings}
    assert reason in reasons["VF201"]
    assert not found.edits


def test_two_urls_of_one_file_move_together(tmp_path: Path) -> None:
    urls = "DATABASE_URL = 'sqlite+aiosqlite:///a.db?timeout=9'\nSYNC_DATABASE_URL = 'sqlite:///a.db'\n"
    plan(tmp_path, {"db.py": urls}).write()
    assert (tmp_path / "db.py").read_text() == urls.replace("a.db", "data/a.db")


ENVIRONMENT = "    environment: ['DATABASE_URL=sqlite:///a.db']\n"
MIGRATIONS = {
    "alembic.ini": "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///%(here)s/a.db\n",
    "migrations/env.py": "engine_from_config(config.get_section('alembic'))\n",
}


def test_alembic_s_url_moves_with_the_variable_that_names_the_same_file(tmp_path: Path) -> None:
    found = plan(tmp_path, {"compose.yaml": COMPOSE.format(keys=ENVIRONMENT), **MIGRATIONS})
    assert {finding.applicability.value for finding in found.findings} == {"safe"}
    found.write()
    assert "sqlite:///data/a.db" in (tmp_path / "compose.yaml").read_text()
    assert "sqlite:///%(here)s/data/a.db" in (tmp_path / "alembic.ini").read_text()
    assert [move.source for project in found.projects for move in project.moves] == ["container:/app/a.db"]


def test_a_variable_does_not_move_away_from_code_that_stays(tmp_path: Path) -> None:
    code = "import sqlite3\nif BACKUP:\n    sqlite3.connect('a.db').backup(x)\n"
    found = plan(tmp_path, {"compose.yaml": COMPOSE.format(keys=ENVIRONMENT), "backup.py": code})
    assert not found.edits
    reasons = {finding.code: finding.reason for finding in found.findings}
    assert "backup.py, line 3, names /app/a.db too" in (reasons["VF201"] or "")
