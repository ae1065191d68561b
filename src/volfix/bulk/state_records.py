"""The rows of a run's state as records, and text as SQLite keeps it."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from volfix.bulk.records import RepositoryRecord, Status
from volfix.bulk.sources import Source


class Records:
    """The records of a run, read anew at each iteration, never all in memory."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM repositories WHERE current").fetchone()[0])

    def __iter__(self) -> Iterator[RepositoryRecord]:
        with closing(self._database.cursor()) as cursor:
            cursor.execute(
                "SELECT source, place, is_url, status, reason, head, branch, commit_id, seconds, links, result "
                "FROM repositories WHERE current AND status IS NOT NULL ORDER BY id"
            )
            for row in cursor:
                yield _record(row)


def _record(row: tuple[Any, ...]) -> RepositoryRecord:
    source, place, is_url, status, reason, head, branch, commit, seconds, links, result = row
    return RepositoryRecord(
        source=text_of(source),
        name=Source(text_of(source), text_of(place), "" if is_url else None).name,
        status=Status(status),
        reason=reason,
        head=head,
        branch=branch,
        commit=commit,
        seconds=seconds or 0.0,
        links=tuple(json.loads(links or "[]")),
        result=json.loads(zlib.decompress(result)) if result else {},
    )


def stored(text: str) -> str | bytes:
    """Text as SQLite takes it: a path that is not UTF-8 as its bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text)
    return text


def stored_or_none(text: str | None) -> str | bytes | None:
    """As `stored`; None stays None."""
    return None if text is None else stored(text)


def text_of(stored: str | bytes) -> str:
    """The text that was stored."""
    return os.fsdecode(stored) if isinstance(stored, bytes) else stored
