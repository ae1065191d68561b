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
    """The known command among the words of one, as `manage.py migrate`; programs count by their name alone."""
    bare = [word.rpartition("/")[2] for word in words if not word.startswith("-")]
    for known in _commands():
        if any(tuple(bare[at : at + len(known)]) == known for at in range(len(bare))):
            return " ".join(known)
    return None
