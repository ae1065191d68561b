"""The programs that people run on the host over a database's files."""

from __future__ import annotations

from functools import cache

from volfix.knowledge.entries import HERE, parsed


@cache
def host_tools() -> frozenset[str]:
    """Their names: beside one of them in a command, a bare word is a path."""
    return frozenset(parsed((HERE / "host_tools.toml").read_text(encoding="utf-8"))["tools"])
