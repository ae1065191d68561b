"""Environment variables that by convention carry a database URL, a database file, or the directory of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal, cast

from volfix.knowledge.tables import table

MAY_BE_FILE = re.compile(r"sqlite|jdbc:|file:|\.s?db|\.sq|data ?source|filename", re.IGNORECASE)
"""Texts of which every value that names a database file has one, and few other values do."""
VariableKind = Literal["url", "file", "directory"]


@cache
def database_variables() -> Mapping[str, VariableKind]:
    """Each known variable name or glob (`ConnectionStrings__*`) with what its value is.

    A name says what to expect, not what is there: `DB_NAME` is a file for one application and a database's name for
    the next, so the value has to be looked at.
    """
    groups = table("variables")["variables"]
    return {name: cast(VariableKind, group["kind"]) for group in groups for name in group["names"]}


def variable_kind(name: str) -> VariableKind | None:
    """What the variable `name` carries; None if no convention says it."""
    known = database_variables()
    if name in known:
        return known[name]
    starts, ends = _globs()
    if not name.startswith(starts) and not name.endswith(ends):  # nearly every variable: thousands are asked about
        return None
    return next(kind for pattern, kind in known.items() if "*" in pattern and fnmatchcase(name, pattern))


@cache
def _globs() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The beginnings and the endings that the globs match: each glob has one star, at one of its ends."""
    globs = [pattern for pattern in database_variables() if "*" in pattern]
    starts = tuple(pattern.removesuffix("*") for pattern in globs if pattern.endswith("*"))
    return starts, tuple(pattern.removeprefix("*") for pattern in globs if pattern.startswith("*"))
