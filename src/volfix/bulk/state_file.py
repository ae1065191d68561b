"""The SQLite file of a bulk run's state: its tables, its lock, its transactions.

Source: sqlite.org, wal.html; flock(2).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

FORMAT = "1"
MAGIC = b"SQLite format 3\0"
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE repositories (
    id INTEGER PRIMARY KEY, source NOT NULL, place NOT NULL UNIQUE, is_url INTEGER NOT NULL, current INTEGER NOT NULL,
    todo INTEGER NOT NULL, status TEXT, reason TEXT, head TEXT, branch TEXT, commit_id TEXT, seconds REAL, links TEXT,
    result BLOB, identity TEXT, options TEXT, finished REAL);
CREATE INDEX repositories_todo ON repositories (todo, id) WHERE todo > 0;
CREATE TABLE causes (repository INTEGER NOT NULL, code TEXT NOT NULL, found INTEGER NOT NULL, fixed INTEGER NOT NULL,
    open INTEGER NOT NULL, PRIMARY KEY (repository, code)) WITHOUT ROWID;
CREATE TABLE facts (repository INTEGER NOT NULL, kind TEXT NOT NULL, key, after, host TEXT NOT NULL);
CREATE INDEX facts_of ON facts (repository);
INSERT INTO meta VALUES ('format', '1');
"""


class StateProblem(Exception):
    """A state file that cannot be used; the message is one line."""


def open_locked(path: Path) -> tuple[int, sqlite3.Connection]:
    """The file's lock, held until it is closed, and its database. Raises StateProblem where another run holds the lock,
    or the file is no state of volfix.
    """
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateProblem(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        database = _connected(path, lock)
    except BlockingIOError:
        os.close(lock)
        raise StateProblem(f"{path} is in use by another volfix: wait for it, or name another --state") from None
    except sqlite3.DatabaseError as error:
        os.close(lock)
        raise StateProblem(f"{path}: {error}: it is not the state of a volfix bulk run, or damaged") from error
    return lock, database


def _connected(path: Path, lock: int) -> sqlite3.Connection:
    if os.pread(lock, len(MAGIC), 0) not in (b"", MAGIC):  # SQLite would overwrite a small file
        raise sqlite3.DatabaseError("not an SQLite file")
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        database.executescript(f"BEGIN; {SCHEMA} COMMIT;")
    if meta(database, "format") != FORMAT:
        raise sqlite3.DatabaseError("written by another version of volfix")
    return database


def meta(database: sqlite3.Connection, key: str) -> str | None:
    """The value of a key in the state's own table; None where it has none."""
    found = database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if found is None else str(found[0])


class transaction:  # noqa: N801 - used as a function
    """All changes within, or none."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database

    def __enter__(self) -> None:
        self.database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        self.database.execute("COMMIT" if kind is None else "ROLLBACK")
