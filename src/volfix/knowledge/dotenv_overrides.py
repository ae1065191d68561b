"""Calls of libraries that put an env file's variables over those that the process has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from volfix.knowledge.tables import table


@cache
def override_patterns() -> Mapping[str, re.Pattern[bytes]]:
    """What such calls look like, by the ending of the files that have them."""
    found: dict[str, list[str]] = {}
    for row in table("dotenv_overrides")["override"]:
        for ending in row["files"]:
            found.setdefault(ending, []).append(f"(?:{row['pattern']})")
    return {ending: re.compile("|".join(patterns).encode()) for ending, patterns in found.items()}
