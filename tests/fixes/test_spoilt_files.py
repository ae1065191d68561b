"""Given a changed file of any kind in which something else changed too, when it is proven, then nothing is written.

The spoilt part is seen by no other check: no project's model has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import volfix
from volfix.fixes.proof import proof
from volfix.syntax.source import Source

BIND = "x-note: kept\nservices:\n  db:\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n"
NAMED = (
    "services:\n  db:\n    image: postgres:16\n    volumes: ['rows:/var/lib/postgresql/data']\n"
    "volumes:\n  rows: {driver: local}\n"
)
APP = "services:\n  app:\n    build: .\n    volumes: ['rows:/app/data']\n{}volumes:\n  rows: {{driver: local}}\n"
DRONE = (
    "kind: pipeline\ntype: docker\nname: ship\nsteps:\n- name: up\n  image: docker:27\n  commands:\n"
    "  - docker compose down -v\n  - docker compose up -d\n"
)
BUILT = {"compose.yaml": APP.format(""), "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD python main.py\n"}
NODE = BUILT | {"Dockerfile": "FROM node:22\nWORKDIR /app\nCOPY . .\nCMD node db.js\n", "package.json": "{}"}
GO = BUILT | {"Dockerfile": "FROM golang:1.23\nWORKDIR /app\nCOPY . .\nRUN go build -o app .\nCMD ./app\n"}

SPOILT: dict[str, tuple[dict[str, str], str, str, str]] = {
    "a Compose file": ({"compose.yaml": BIND}, "compose.yaml", "x-note: kept", "x-note: lost"),
    "a Compose file that nobody can read": ({"compose.yaml": BIND}, "compose.yaml", "x-note: kept", "x-note: [kept"),
    "a pipeline": ({"compose.yaml": NAMED, ".drone.yml": DRONE}, ".drone.yml", "docker:27", "docker:26"),
    "a pipeline's kind": ({"compose.yaml": NAMED, ".drone.yml": DRONE}, ".drone.yml", "name: ship", "name: shop"),
    "a script": (
        {"compose.yaml": NAMED, "deploy.sh": "docker compose down -v\ndocker compose up -d\necho kept\n"},
        "deploy.sh",
        "echo kept",
        "echo lost",
    ),
    "an env file": (
        {"compose.yaml": APP.format(""), ".env": "DATABASE_URL=sqlite:////app/shop.db\nOTHER=kept\n"},
        ".env",
        "OTHER=kept",
        "OTHER=lost",
    ),
    "a Dockerfile": (
        BUILT | {"Dockerfile": BUILT["Dockerfile"] + "ENV DATABASE_URL=sqlite:////app/shop.db\nEXPOSE 80\n"},
        "Dockerfile",
        "EXPOSE 80",
        "EXPOSE 81",
    ),
    "a module in Python": (
        BUILT | {"main.py": "import sqlite3\nNOTE = 'kept'\ndb = sqlite3.connect('/app/shop.db')\n"},
        "main.py",
        "NOTE = 'kept'",
        "NOTE = 'lost'",
    ),
    "a module in JavaScript": (
        NODE | {"db.js": "const D = require('better-sqlite3')\nconst n = 'kept'\nconst db = new D('/app/shop.db')\n"},
        "db.js",
        "'kept'",
        "'lost'",
    ),
    "a module in Go": (
        GO
        | {
            "go.mod": "module shop\n",
            "main.go": 'package main\n\nimport (\n\t"database/sql"\n\t_ "modernc.org/sqlite"\n)\n\n'
            'const note = "kept"\n\nfunc main() {\n\tsql.Open("sqlite", "/app/shop.db")\n}\n',
        },
        "main.go",
        '"kept"',
        '"lost"',
    ),
}


@pytest.mark.parametrize(("files", "name", "old", "new"), SPOILT.values(), ids=SPOILT)
def test_a_change_that_no_operation_says_is_refused(
    files: dict[str, str], name: str, old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each, text in files.items():
        (tmp_path / each).write_text(text)
    path, honest = tmp_path / name, proof.prove
    assert path in {edit.path for edit in volfix.plan(tmp_path, unsafe_fixes=True).edits}, "else nothing is shown here"

    def spoilt(stack: Any, operations: Any, changes: Any, after: Mapping[Path, Source], loader: Any) -> object:
        assert old in after[path].text
        own = Source.of(path, after[path].text.replace(old, new).encode())
        return honest(stack, operations, changes, {**after, path: own}, loader)

    monkeypatch.setattr(proof, "prove", spoilt)
    plan = volfix.plan(tmp_path, unsafe_fixes=True)
    assert path not in {edit.path for edit in plan.edits}
    assert any(project.failure for project in plan.projects)
