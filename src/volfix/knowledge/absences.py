"""When an engine is told to keep no data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Absence:
    """When an engine keeps nothing: each word sequence of `all` is in the command, none of `none` is, and with
    `unmoved` no setting says where to keep data. Words may be globs.
    """

    all: tuple[tuple[str, ...], ...] = ()
    none: tuple[tuple[str, ...], ...] = ()
    unmoved: bool = False


def absence_of(row: Mapping[str, Any]) -> Absence:
    """The rule that a parsed row describes; raises TypeError for a key that no rule has."""
    values: dict[str, Any] = {
        key: tuple(map(tuple, value)) if isinstance(value, list) else value for key, value in row.items()
    }
    return Absence(**values)
