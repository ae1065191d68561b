"""Every entry of the knowledge base, which volfix itself parses one at a time."""

from __future__ import annotations

from volfix.knowledge.entries import Entry, entry, index


def all_entries() -> tuple[Entry, ...]:
    return tuple(entry(number) for number in range(len(index().tables)))
