"""Counts of rows: saved as JSON, and compared with a later count."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

VERSION = 1
SQLITE = "SQLite"
GONE = ("there is no such file in the container", "the file is not a SQLite database")
"""Problems that mean that the rows are gone. Any other problem means that they were not counted."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One database: rows by table, or why it could not be counted. SQLite's `database` is the file's path."""

    service: str
    engine: str
    database: str
    tables: Mapping[str, int] = field(default_factory=dict)
    problem: str | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether nothing was counted, so that volfix cannot tell whether the rows are there."""
        return bool(self.problem) and not self.tables and self.problem not in GONE


@dataclass(frozen=True, slots=True)
class Loss:
    """A table that has fewer rows than before; `after` is None where it is not there, or cannot be read."""

    service: str
    engine: str
    database: str
    table: str
    before: int
    after: int | None

    def __str__(self) -> str:
        now = "it is not there any more" if self.after is None else f"{self.after} now"
        return f"{self.service}, {self.engine} {self.database}, {self.table}: {self.before} rows before, {now}"


def losses(before: Sequence[Counted], now: Sequence[Counted]) -> list[Loss]:
    """The tables that have fewer rows than before, or are not there; never those of a database that was not counted.

    A SQLite file may have moved in its container.
    """
    found = []
    for old in before:
        if old.problem and not old.tables:
            continue
        same = same_as(old, now)
        if any(one.is_unknown for one in ([same] if same else _near(old, now))):
            continue
        for table, rows in old.tables.items():
            after = same.tables.get(table) if same else None
            if after is None or after < rows:
                found.append(Loss(old.service, old.engine, old.database, table, rows, after))
    return found


def _near(old: Counted, now: Sequence[Counted]) -> list[Counted]:
    return [one for one in now if (one.service, one.engine) == (old.service, old.engine)]


def same_as(old: Counted, now: Sequence[Counted]) -> Counted | None:
    """The count of the same database; a SQLite file may have moved in its container."""
    near = _near(old, now)
    exact = [one for one in near if one.database == old.database]
    moved = [one for one in near if posixpath.basename(one.database) == posixpath.basename(old.database)]
    return next(iter(exact or (moved if old.engine == SQLITE else [])), None)


def text_of(project: str, found: Sequence[Counted], lost: Sequence[Loss]) -> str:
    """The count as JSON, which `read` reads."""
    import json

    content = {
        "version": VERSION,
        "project": project,
        "databases": [asdict(one) for one in found],
        "missing": [asdict(one) for one in lost],
    }
    return json.dumps(content, indent=2) + "\n"


def read(text: str) -> list[Counted]:
    """A count that was saved. Raises ValueError, KeyError or TypeError for anything else."""
    import json

    content: dict[str, Any] = json.loads(text)
    if content["version"] != VERSION:
        raise ValueError(f"version {content['version']}")
    return [
        Counted(
            str(item["service"]),
            str(item["engine"]),
            str(item["database"]),
            {str(table): int(rows) for table, rows in item["tables"].items()},
            item["problem"],
        )
        for item in content["databases"]
    ]
