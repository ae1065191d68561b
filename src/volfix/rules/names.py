"""How a new volume is called."""

from __future__ import annotations

import re

from volfix.knowledge.entries import index
from volfix.rules.context import Context

DATABASE_WORDS = frozenset({"db", "database", "databases", "sql", "rdb", "pg", "psql", "postgresql", "mongodb", "data"})


def volume_key(context: Context, service: str, target: str, host: str) -> str:
    """The key of the volume that takes the place of the host directory `host` (an identity, any text).

    `app` gives `app-db`, `db` or `postgres` give `db-data`, `postgres-data`; a second volume of one service adds the
    last part of its target; a key that is in use for something else gets the next free number. The same host directory
    gets the same key however often it is asked for.
    """
    given: dict[str, str] = context.memory.setdefault("volume keys", {})
    if host in given:
        return given[host]
    words = {word.rstrip("0123456789") for word in re.split(r"[-_.]", service.lower())}
    base = f"{service}-data" if words & DATABASE_WORDS or words & index().words.keys() else f"{service}-db"
    taken = context.stack.volume_keys | set(given.values())
    targets: dict[str, str] = context.memory.setdefault("first targets", {})
    first_target = targets.setdefault(base, target)
    last = re.sub(r"[^a-zA-Z0-9._-]", "", target.rstrip("/").rpartition("/")[2])
    if first_target != target and last and not base.endswith(f"-{last}"):
        base = f"{base}-{last}"
    key, number = base, 2
    while key in taken:
        key, number = f"{base}-{number}", number + 1
    given[host] = key
    return key
