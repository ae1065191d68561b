"""Commands that drop, empty or replace the rows of a database, whatever the database is kept in."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

from volfix.knowledge.purposes import FOR_A_WHILE, purposes
from volfix.knowledge.tables import table


@dataclass(frozen=True, slots=True)
class Wipe:
    """A kind of command that wipes rows; `says` completes "the command ...", `source` is where that is written.

    Each of `words` is the set of what may stand there; of `flags` one must be given, unless there are none.
    """

    words: tuple[frozenset[str], ...]
    flags: frozenset[str]
    spares: frozenset[str]
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that wipes rows, given to one of `clients`."""

    clients: frozenset[str]
    pattern: re.Pattern[str]
    says: str
    source: str


def wipe_of(words: Sequence[str]) -> Wipe | Statement | None:
    """What the command with these words wipes; None for nothing. Answers are remembered: scripts repeat commands."""
    return _wipe_of(tuple(words))


@lru_cache(maxsize=4096)
def _wipe_of(words: tuple[str, ...]) -> Wipe | Statement | None:
    """What the command with these words wipes, also where another program runs it (`docker compose exec app ...`).

    None where it wipes nothing, and where a word says that it is for tests or for development.
    """
    plain = [word for word in words if not word.startswith("-")]
    names = [posixpath.basename(word) for word in plain]
    if _table().needed.isdisjoint((*plain, *names)) or names[0] in _table().prints:
        return None
    if any(purposes(posixpath.basename(word)) & FOR_A_WHILE for word in words):
        return None
    given = {word.partition("=")[0] for word in words if word.startswith("-")}
    for wipe in _table().commands:
        if given & wipe.spares or (wipe.flags and not given & wipe.flags):
            continue
        left = iter(zip(plain, names, strict=True))
        if all(any(word in known or name in known for word, name in left) for known in wipe.words):
            return wipe
    asked = (each for each in _table().statements if each.clients & set(names))
    return next((each for each in asked if any(map(each.pattern.search, words))), None)


@dataclass(frozen=True)
class _Table:
    prints: frozenset[str]
    commands: tuple[Wipe, ...]
    statements: tuple[Statement, ...]

    @cached_property
    def needed(self) -> frozenset[str]:
        """The words one of which every command that wipes rows has, alone or at the end of a path."""
        clients = (each.clients for each in self.statements)
        return frozenset().union(*(wipe.words[0] for wipe in self.commands), *clients)


@cache
def _table() -> _Table:
    data = table("wipes")
    everywhere = frozenset(data["spares"])
    return _Table(
        frozenset(data["prints"]),
        tuple(_wipe(item, everywhere) for item in data["commands"]),
        tuple(
            Statement(
                frozenset(item["clients"]), re.compile(item["pattern"], re.IGNORECASE), item["says"], item["source"]
            )
            for item in data["statements"]
        ),
    )


def _wipe(item: dict[str, Any], everywhere: frozenset[str]) -> Wipe:
    words = tuple(frozenset((word,) if isinstance(word, str) else word) for word in item["words"])
    flags, spares = frozenset(item.get("flags", ())), everywhere | frozenset(item.get("spares", ()))
    return Wipe(words, flags, spares, item["says"], item["source"])
