"""What the name of an env file says, and which calls load an env file over values that are set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from volfix.knowledge.tables import listed, table


def is_example(path: str) -> bool:
    """Whether an env file at this path, relative to its project, is an example or a template, by its names."""
    *folders, name = path.lower().split("/")
    words = set(re.split(r"[^a-z0-9]+", name))
    return bool(words & listed("env_files", "examples") or set(folders) & listed("env_files", "folders"))


@cache
def override_patterns() -> Mapping[str, re.Pattern[bytes]]:
    """What such calls look like, by the ending of the files that have them."""
    found: dict[str, list[str]] = {}
    for row in table("dotenv_overrides")["override"]:
        for ending in row["files"]:
            found.setdefault(ending, []).append(f"(?:{row['pattern']})")
    return {ending: re.compile("|".join(patterns).encode()) for ending, patterns in found.items()}
