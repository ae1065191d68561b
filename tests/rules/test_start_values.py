"""What code and entry points put over the environment that Compose gives, and what they give where it gives nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

IMAGE = "FROM alpine:3.20\nWORKDIR /app\nCOPY . .\n"
TOLD = "services:\n  app:\n    build: .\n    environment: [DB_PATH=/data/shop.db]\n    volumes: ['rows:/data']\nvolumes: {rows: }\n"
NOT_TOLD = "services:\n  app:\n    build: .\n    volumes: ['rows:/app/data']\nvolumes: {rows: }\n"


def findings(root: Path, compose: str, **files: str) -> list[volfix.Finding]:
    for name, text in {"compose.yaml": compose, "Dockerfile": IMAGE, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return [each for each in volfix.plan(root, select=("VF2",)).findings if each.severity != "info"]


LOADS = [
    ("main.py", "from dotenv import load_dotenv\nload_dotenv(override=True)\n"),
    ("main.py", "load_dotenv(find_dotenv(), override=True)\n"),
    ("app/main.py", "from environs import Env\nenv = Env()\nenv.read_env(override=True)\n"),
    ("settings.py", "environ.Env.read_env(BASE_DIR / '.env', overwrite=True)\n"),
    (
        "config.py",
        "class Settings(BaseSettings):\n    @classmethod\n    def settings_customise_sources(cls, settings_cls, init_settings, "
        "env_settings, dotenv_settings, file_secret_settings):\n"
        "        return init_settings, dotenv_settings, env_settings, file_secret_settings\n",
    ),
    ("index.js", "require('dotenv').config({ override: true });\n"),
    ("src/index.ts", "import dotenv from 'dotenv';\ndotenv.config({ path: '.env', override: true });\n"),
    ("config/boot.rb", "Dotenv::Rails.overload\n"),
    ("app.rb", "require 'dotenv'\nDotenv.overload\n"),
    ("public/index.php", "<?php\n$dotenv = Dotenv\\Dotenv::createMutable(__DIR__);\n"),
    ("main.go", "package main\n\nfunc main() {\n\tgodotenv.Overload()\n}\n"),
    ("src/main.rs", "fn main() {\n    dotenvy::dotenv_override().ok();\n}\n"),
]
PROJECT = {"requirements.txt": "", "package.json": "{}", "go.mod": "module shop\n"}


@pytest.mark.parametrize(("name", "text"), LOADS)
def test_an_env_file_that_the_code_loads_over_the_environment_wins(name: str, text: str, tmp_path: Path) -> None:
    (found,) = findings(tmp_path, TOLD, **PROJECT, **{name: text, ".env": "DB_PATH=/app/shop.db\n"})
    assert (found.code, found.severity, found.location.path.name) == ("VF204", "error", ".env")
    assert "/app/shop.db, not /data/shop.db" in found.danger


@pytest.mark.parametrize(
    "files",
    [
        {"main.py": "load_dotenv()\n", ".env": "DB_PATH=/app/shop.db\n"},
        {"main.py": "load_dotenv(override=False)\n", ".env": "DB_PATH=/app/shop.db\n"},
        {"main.py": "# load_dotenv(override=True)\n", ".env": "DB_PATH=/app/shop.db\n"},
        {"main.py": "load_dotenv(override=True)\n", ".env": "DB_PATH=/app/shop.db\n", ".dockerignore": "*.env\n"},
        {"main.py": "load_dotenv(override=True)\n", ".env": "DB_PATH=/data/shop.db\n"},
        {"tests/conftest.py": "load_dotenv(override=True)\n", ".env": "DB_PATH=/app/shop.db\n"},
        {"index.js": "require('dotenv').config();\n", ".env": "DB_PATH=/app/shop.db\n"},
        {"app.rb": "Dotenv.load\n", ".env": "DB_PATH=/app/shop.db\n"},
    ],
)
def test_an_env_file_that_does_not_win_is_no_conflict(files: dict[str, str], tmp_path: Path) -> None:
    assert not [each for each in findings(tmp_path, TOLD, **PROJECT, **files) if each.code == "VF204"]


def test_a_fix_of_the_value_that_loses_is_unsafe(tmp_path: Path) -> None:
    compose = TOLD.replace("/data/shop.db", "/app/old.db")
    loads = {"main.py": "load_dotenv(override=True)\n", "requirements.txt": ""}
    (found,) = findings(tmp_path, compose, **loads)
    assert (found.code, found.applicability.value) == ("VF201", "unsafe")
    assert "main.py loads an env file that is not in the repository" in (found.reason or "")


@pytest.mark.parametrize(
    "line",
    [
        'export DB_PATH="${DB_PATH:-/app/shop.db}"',
        "export DB_PATH=${DB_PATH-/app/shop.db}",
        'DB_PATH="${DB_PATH:=/app/shop.db}"',
        ': "${DB_PATH:=/app/shop.db}"',
        'if [ -z "$DB_PATH" ]; then export DB_PATH=/app/shop.db; fi',
        'if [ -z "$DB_PATH" ]; then\n  export DB_PATH=/app/shop.db\nfi',
        "export DB_PATH=/app/shop.db  # rows",
    ],
)
def test_what_an_entry_point_sets_counts_where_compose_says_nothing(line: str, tmp_path: Path) -> None:
    image = IMAGE + 'ENTRYPOINT ["/app/docker/entrypoint.sh"]\n'
    script = {"Dockerfile": image, "docker/entrypoint.sh": f"#!/bin/sh\n{line}\nexec ./shop\n"}
    (found,) = findings(tmp_path, NOT_TOLD, **script)
    assert (found.code, found.severity, found.fix) == ("VF203", "error", None)
    assert "/app/shop.db" in found.danger


def test_a_script_that_nothing_starts_says_nothing(tmp_path: Path) -> None:
    assert not findings(tmp_path, NOT_TOLD, **{"backup.sh": "export DB_PATH=${DB_PATH:-/app/shop.db}\n"})


def test_a_default_in_a_volume_is_kept(tmp_path: Path) -> None:
    script = "export DB_PATH=${DB_PATH:-/app/data/shop.db}\n"
    assert not findings(tmp_path, NOT_TOLD, Dockerfile=IMAGE + "CMD sh start.sh\n", **{"start.sh": script})


ALEMBIC = {
    "requirements.txt": "sqlalchemy==2.0.36\nalembic\n",
    "alembic.ini": "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:////app/shop.db\n",
}
TOLD_URL = TOLD.replace("DB_PATH=/data/shop.db", "'DATABASE_URL=sqlite:////data/shop.db'")


@pytest.mark.parametrize(
    "files",
    [
        {"Dockerfile": IMAGE + "CMD alembic upgrade head && python main.py\n"},
        {"Dockerfile": IMAGE + 'CMD ["sh", "-c", "alembic -c alembic.ini upgrade head && exec shop"]\n'},
        {"Dockerfile": IMAGE + 'ENTRYPOINT ["./start.sh"]\n', "start.sh": "alembic upgrade head\nexec shop\n"},
    ],
)
def test_migrations_of_another_file_are_a_conflict(files: dict[str, str], tmp_path: Path) -> None:
    env = {"migrations/env.py": "from alembic import context\nengine = engine_from_config(context.config)\n"}
    (found,) = findings(tmp_path, TOLD_URL, **ALEMBIC, **env, **files)
    assert (found.code, found.location.path.name) == ("VF204", "alembic.ini")
    assert "alembic changes /app/shop.db, but app opens /data/shop.db" in found.danger


@pytest.mark.parametrize(
    ("env", "start"),
    [
        ("config.set_main_option('sqlalchemy.url', os.environ['DATABASE_URL'])\n", "CMD alembic upgrade head\n"),
        ("from app.settings import url\n", "CMD alembic upgrade head\n"),
        ("from alembic import context\n", "CMD python main.py\n"),
    ],
)
def test_migrations_that_are_told_or_do_not_run_are_none(env: str, start: str, tmp_path: Path) -> None:
    files = {"migrations/env.py": env, "Dockerfile": IMAGE + start}
    assert not findings(tmp_path, TOLD_URL, **ALEMBIC, **files)
