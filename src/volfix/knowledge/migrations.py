"""The commands that give a database its schema."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from volfix.knowledge.entries import HERE, parsed


@cache
def _commands() -> tuple[tuple[str, ...], ...]:
    found = parsed((HERE / "migrations.toml").read_text(encoding="utf-8"))["commands"]
    return tuple(tuple(text.split()) for text in found)


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
