"""Which calls and settings of Go, JavaScript and TypeScript open a database file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from volfix.knowledge.entries import HERE, parsed


@dataclass(frozen=True, slots=True)
class GoOpener:
    """Functions of Go that open a file; `driver` are the arguments of which one stands before its address, if any."""

    call: tuple[str, ...]
    source: str
    driver: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScriptOpener:
    """What opens a file in JavaScript: constructors and functions of `modules`, with the address first or under `key`
    of an object; without modules, each object with this key and one of the values `beside` it.
    """

    reader: str
    source: str
    modules: tuple[str, ...] = ()
    key: str = ""
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@cache
def go_openers() -> tuple[GoOpener, ...]:
    """Those of Go."""
    return tuple(GoOpener(tuple(row["call"]), row["source"], tuple(row.get("driver", ()))) for row in _table()["go"])


@cache
def script_openers() -> tuple[ScriptOpener, ...]:
    """Those of JavaScript and TypeScript."""
    return tuple(
        ScriptOpener(
            row["reader"],
            row["source"],
            tuple(row.get("modules", ())),
            row.get("key", ""),
            {name: tuple(values) for name, values in row.get("beside", {}).items()},
        )
        for row in _table()["script"]
    )


@cache
def _table() -> Mapping[str, list[dict[str, Any]]]:
    table: Mapping[str, list[dict[str, Any]]] = parsed((HERE / "openers.toml").read_text(encoding="utf-8"))
    return table
