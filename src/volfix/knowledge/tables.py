"""The tables of the knowledge base as they are written, each read once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

HERE = Path(__file__).parent

Record = TypeVar("Record")


def parsed(text: str) -> dict[str, Any]:
    """The TOML document `text` (tomllib came with Python 3.11)."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]
    document: dict[str, Any] = tomllib.loads(text)
    return document


@cache
def table(name: str) -> Mapping[str, Any]:
    """The table `name`.toml."""
    return parsed((HERE / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def listed(name: str, key: str) -> frozenset[str]:
    """The words of the list `key` in a table."""
    return frozenset(table(name)[key])


def record(kind: Callable[..., Record], row: Mapping[str, Any]) -> Record:
    """A row of a table as a record, its lists as tuples; raises TypeError for a key that no record of the kind has."""
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()})
