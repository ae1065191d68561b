"""How the libraries that open a database read its address: slashes, and where a relative path starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from volfix.knowledge.entries import HERE, parsed


@dataclass(frozen=True, slots=True)
class Reader:
    """One library; `three_slashes` says what `sqlite:///x` is, `over` which readers it stands on and replaces."""

    name: str
    packages: tuple[str, ...]
    three_slashes: Literal["relative", "absolute"]
    relative_to: Literal["working directory", "instance folder", "schema directory"]
    source: str
    schemes: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    verified: bool = False


@cache
def readers() -> tuple[Reader, ...]:
    """Every reader of the knowledge base."""
    rows = parsed((HERE / "readers.toml").read_text(encoding="utf-8"))["reader"]
    return tuple(_reader(row) for row in rows)


def _reader(row: Mapping[str, Any]) -> Reader:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Reader(**values)


def reader_of_scheme(scheme: str) -> Reader | None:
    """The reader that alone takes URLs of this scheme (`sqlite+aiosqlite`)."""
    return next((reader for reader in readers() if scheme in reader.schemes), None)
