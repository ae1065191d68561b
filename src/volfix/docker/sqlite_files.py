"""SQLite files out of an archive: their integrity, and their rows.

Source: sqlite.org, fileformat2 (the header), wal and lockingv3 (the files beside the database).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

HEADER = b"SQLite format 3\0"
BESIDE = ("-wal", "-journal")
"""Files without which the database lacks its last transactions. The -shm is made anew from the -wal."""


class NotAsked(Exception):
    """The SQLite of this Python cannot check the file; the message says why. The file may be whole."""


class Spool:
    """Keeps the SQLite files of an archive on disk, each with what belongs to it, until the end of the `with`.

    `paths` are the local copies by their path in the archive. `remember` False only notes which files they are.
    """

    def __init__(self, *, remember: bool = True) -> None:
        self.paths: dict[str, Path] = {}
        self._directory = Path(tempfile.mkdtemp(prefix="volfix-")) if remember else None

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)

    def keep(self, path: str, head: bytes) -> IO[bytes] | None:
        """Where the bytes of this file of an archive go; the files beside a database come after it."""
        local = None
        if head.startswith(HEADER):
            local = self.paths[path] = (self._directory or Path()) / f"{len(self.paths)}.db"
        for ending in BESIDE:
            main = path.removesuffix(ending)
            if main != path and main in self.paths:
                local = self.paths[main].with_name(self.paths[main].name + ending)
        return local.open("wb") if local is not None and self._directory is not None else None


@dataclass(frozen=True, slots=True)
class Count:
    """A table and its rows; `rows` is None where this Python's SQLite cannot read it, as `problem` says."""

    table: str
    rows: int | None
    problem: str | None = None


def integrity(path: Path) -> str | None:
    """The errors that `PRAGMA integrity_check` finds, None for none. SQLite may change the copy (recovery).

    Raises NotAsked where the schema needs what this SQLite does not have.
    """
    import sqlite3
    from contextlib import closing

    try:
        with closing(sqlite3.connect(path)) as database:
            lines = [str(row[0]) for row in database.execute("PRAGMA integrity_check(10)")]
    except sqlite3.DatabaseError as error:
        text = str(error)
        if text.startswith(("no such", "malformed database schema", "unsupported file format")):
            raise NotAsked(text) from error
        return text
    return None if lines == ["ok"] else "; ".join(lines[:3])


def counts(path: Path) -> Iterator[Count]:
    """The rows of each table. Raises sqlite3.DatabaseError where the file cannot be read at all."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path)) as database:
        database.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
        query = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"
        )
        for (table,) in database.execute(query).fetchall():
            quoted = '"' + table.replace('"', '""') + '"'
            try:
                yield Count(table, int(database.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0]))  # noqa: S608
            except sqlite3.OperationalError as error:
                yield Count(table, None, str(error))
