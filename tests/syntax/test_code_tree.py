"""Modules of all languages compared: a replaced string is seen, and every other change too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from volfix.syntax import code_tree, python_source
from volfix.syntax.source import FileProblem, Source, Span

MODULES = {
    "db.js": "const u = 'ü'\nconst db = open('./a.db', { wait: 1 }) // rows\n",
    "db.tsx": 'const v = <b>ü</b>\nconst db: Db = open("./a.db")\n',
    "db.mts": "export const db = open(`./a.db`, 1)\n",
    "db.go": 'package db\n\nvar u = "ü"\nvar db = open("./a.db", 1)\n',
    "raw.go": "package db\n\nvar db = open(`./a.db`)\n",
    "db.py": "u = 'ü'\ndb = open('./a.db', 1)  # rows\n",
}


def described(name: str, text: str, replaced: Mapping[Span, str] | None = None) -> object:
    source = Source.of(Path(name), text.encode())
    return (python_source if name.endswith(".py") else code_tree).dump(source, replaced or {})


@pytest.mark.parametrize(("name", "text"), MODULES.items(), ids=MODULES)
def test_of_two_modules_only_the_replaced_string_may_differ(name: str, text: str) -> None:
    at = text.index("./a.db")
    expected = described(name, text, {Span(at, at + 6): "/data/a.db"})
    after = text.replace("./a.db", "/data/a.db")
    assert described(name, after) == expected
    assert described(name, text) != expected
    for other in (
        after.replace("db = ", "dc = "),
        after.replace("open(", "open(2, "),
        after.replace("/data/a.db", "/data/b.db"),
        after.replace("db: Db", "db: Dc").replace("ü", "u").replace("1", "2"),
        after + after.splitlines(keepends=True)[-1].replace("db", "other"),
    ):
        if other != after:
            assert described(name, other) != expected, other


@pytest.mark.parametrize(("name", "text"), MODULES.items(), ids=MODULES)
def test_what_cannot_be_compared_is_a_problem(name: str, text: str) -> None:
    with pytest.raises(FileProblem):
        described(name, text, {Span(0, 2): "x"})
    with pytest.raises(FileProblem):
        described(name, text + "((\n")
