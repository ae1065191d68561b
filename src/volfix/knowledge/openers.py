"""Which calls and settings of Go, JavaScript and TypeScript open a database file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from volfix.knowledge.tables import record, table


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
    beside: Mapping[str, Sequence[str]] = field(default_factory=dict)


@cache
def go_openers() -> tuple[GoOpener, ...]:
    """The functions of Go that open a database file."""
    return tuple(record(GoOpener, row) for row in table("openers")["go"])


@cache
def script_openers() -> tuple[ScriptOpener, ...]:
    """The constructors and functions of JavaScript and TypeScript that open a database file."""
    return tuple(record(ScriptOpener, row) for row in table("openers")["script"])
