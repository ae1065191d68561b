"""The commands that give a database its schema."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from volfix.knowledge.tables import table


@cache
def _commands() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(text.split()) for text in table("migrations")["commands"])


def migration_in(words: Sequence[str]) -> str | None:
    """The known command whose words are among these in its order, as `manage.py migrate`; programs count by their name.

    Options and their values may stand between them, and a word may be a script for a shell.
    """
    bare = [part.rpartition("/")[2].rstrip(",") for word in words for part in word.split()]
    for known in _commands():
        rest = iter(bare)
        if all(part in rest for part in known):
            return " ".join(known)
    return None
