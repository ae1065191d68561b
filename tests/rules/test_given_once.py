"""Databases that Python code names through parameters, attributes and names within functions."""

from __future__ import annotations

from pathlib import Path

import pytest

import volfix

DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
VOLUME = "services:\n  app:\n    build: .\n    volumes: ['rows:/app/data']\nvolumes: {rows: }\n"
BIND = "services:\n  app:\n    build: .\n    volumes: ['./data:/app/data']\n"


def findings(root: Path, code: str, compose: str = VOLUME) -> list[volfix.Finding]:
    for name, text in {"compose.yaml": compose, "Dockerfile": DOCKERFILE, "main.py": code}.items():
        (root / name).write_text(text)
    return [each for each in volfix.plan(root, select=("VF101", "VF2")).findings if each.severity != "info"]


@pytest.mark.parametrize(
    ("code", "applicability"),
    [
        ("def run():\n    name = 'shop.db'\n    return sqlite3.connect(name)\n", "safe"),
        ("def run():\n    name = 'shop.db'\n    return create_engine(f'sqlite:///{name}')\n", "safe"),
        (
            "class Shop:\n    def __init__(self):\n        self.path = 'shop.db'\n        sqlite3.connect(self.path)\n",
            "safe",
        ),
        ("def run(path='shop.db'):\n    return sqlite3.connect(path)\n", "unsafe"),
        ("async def run(path: str = 'shop.db'):\n    return await aiosqlite.connect(path)\n", "unsafe"),
        (
            "class Shop:\n    def __init__(self, path='shop.db'):\n        self.path = path\n"
            "        self.rows = sqlite3.connect(self.path)\n",
            "unsafe",
        ),
    ],
)
def test_a_database_beside_the_mount(code: str, applicability: str, tmp_path: Path) -> None:
    (found,) = findings(tmp_path, code)
    assert (found.code, found.severity, found.applicability.value) == ("VF203", "error", applicability)
    assert "/app/shop.db" in found.danger


@pytest.mark.parametrize(
    "code",
    [
        "def run(path='data/shop.db'):\n    return sqlite3.connect(path)\n",
        "HERE = Path(__file__).parent / 'data'\ndef run(path=HERE / 'shop.db'):\n    return sqlite3.connect(path)\n",
        "class Shop:\n    path = 'data/shop.db'\n    def run(self):\n        return sqlite3.connect(self.path)\n",
    ],
)
def test_a_database_under_a_bind_mount(code: str, tmp_path: Path) -> None:
    (found,) = findings(tmp_path, code, BIND)
    assert (found.code, found.severity) == ("VF101", "error")


@pytest.mark.parametrize(
    "code",
    [
        "def run(path):\n    return sqlite3.connect(path)\n",
        "def run(path='shop.db'):\n    path = find()\n    return sqlite3.connect(path)\n",
        "def run(path='shop.db'):\n    return sqlite3.connect(path)\ndef other(path):\n    pass\n",
        "class Shop:\n    def a(self):\n        self.p = 'a.db'\n    def b(self):\n        self.p = 'b.db'\n"
        "        sqlite3.connect(self.p)\n",
    ],
)
def test_a_name_that_may_be_more_than_one_thing_says_nothing(code: str, tmp_path: Path) -> None:
    assert not findings(tmp_path, code)
