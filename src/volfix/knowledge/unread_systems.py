"""The deployment systems that volfix recognises and does not read: unread_systems.toml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from volfix.knowledge.tables import table


@cache
def unread_files() -> Mapping[str, str]:
    """What each system is, by the names of its files."""
    return {name: row["what"] for row in table("unread_systems")["system"] for name in row["files"]}
