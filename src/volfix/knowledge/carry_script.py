"""What is the same in every script of `volfix carry --script`: the functions, and how it cleans up."""

from __future__ import annotations

from functools import cache

from volfix.knowledge.tables import HERE


@cache
def prelude() -> str:
    """The text that each of these scripts begins with. It deletes nothing but what the script itself has made."""
    return (HERE / "carry.sh").read_text(encoding="utf-8")
