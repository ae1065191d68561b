"""How to ask each engine for its rows, and which files every data directory of it has."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from volfix.knowledge.tables import record, table


@dataclass(frozen=True, slots=True)
class Client:
    """`count` is a shell script that writes `database TAB table TAB rows`; `files` are globs below a data directory.

    `saves_at_stop` says that a running engine may have rows that are in no file yet.
    """

    name: str
    families: tuple[str, ...]
    files: tuple[str, ...]
    count: str
    source: str
    password_flags: tuple[str, ...] = ()
    saves_at_stop: bool = False

    def is_data_file(self, path: str) -> bool:
        """Whether a path below a data directory is one of the files that the engine's data always has."""
        return any(fnmatchcase(path, glob) and path.count("/") == glob.count("/") for glob in self.files)


@cache
def clients() -> tuple[Client, ...]:
    """Every client of the knowledge base."""
    return tuple(record(Client, row) for row in table("clients")["client"])


def client_of(family: str) -> Client | None:
    """The client that asks engines of a family; None if volfix knows none."""
    return next((client for client in clients() if family in client.families), None)
