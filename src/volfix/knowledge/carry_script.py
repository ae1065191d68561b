"""The part that every script of `volfix carry --script` has: its functions, and how it cleans up."""

from __future__ import annotations

from functools import cache

from volfix.knowledge.tables import HERE


@cache
def prelude() -> str:
    """The beginning of each script, as text. It deletes only what the script itself has made."""
    return (HERE / "carry.sh").read_text(encoding="utf-8")
