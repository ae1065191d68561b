"""What programs on the host do with the paths in their arguments: see host_tools.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from volfix.knowledge.tables import record, table

Deed = Literal["reads", "last", "writes", "to", "owns", "sql", "tests"]


@dataclass(frozen=True, slots=True)
class Tool:
    """One program: what it does with paths, by which flags, and which of its options take a value."""

    does: Deed
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    bare: bool = True


def host_tools() -> Mapping[str, Tool]:
    """The programs by name; beside one that is `bare`, a word of a line without a slash is a path too."""
    return _table()[0]


def writes_rows(statements: str) -> bool:
    """Whether statements, or commands of SQLite's shell, change the database that they run in."""
    return _table()[1].search(statements) is not None


@cache
def _table() -> tuple[Mapping[str, Tool], re.Pattern[str]]:
    tools: dict[str, Tool] = {}
    for row in table("host_tools")["tools"]:
        tool = record(Tool, {key: value for key, value in row.items() if key != "names"})
        tools.update(dict.fromkeys(row["names"], tool))
    words = "|".join(re.escape(word) for word in table("host_tools")["sql"]["writes"])
    return tools, re.compile(rf"(?<![\w.])(?:{words})\b", re.IGNORECASE)
