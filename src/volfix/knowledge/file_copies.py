"""Which commands put files into another place: copies, links, and programs that write what they read."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from volfix.knowledge.tables import table


@dataclass(frozen=True, slots=True)
class FileCopy:
    """Files that a command puts into the place `target`; `spares` says that it leaves alone what is there."""

    sources: tuple[str, ...]
    target: str
    spares: bool = False


def copy_of(words: Sequence[str]) -> FileCopy | None:
    """The files that a command copies, moves or links; None for other commands."""
    row = _copies().get(posixpath.basename(words[0])) if words else None
    if row is None:
        return None
    into = frozenset(row.get("into", ()))
    values = frozenset(row.get("values", ())) | into
    from volfix.knowledge.commands import skip_options

    paths: list[str] = []
    target, at = None, 1
    while at < len(words):
        behind = skip_options(words, at, values)
        for number in range(at, min(behind, len(words))):
            name, equals, value = words[number].partition("=")
            if name in into:
                target = value if equals else (words[number + 1] if number + 1 < len(words) else None)
        paths += words[behind : behind + 1]
        at = behind + 1
    if target is None and len(paths) > 1:
        target = paths.pop()
    spares = any(word in row.get("spares", ()) for word in words)
    return FileCopy(tuple(paths), target, spares) if target is not None and paths else None


def filtered(words: Sequence[str], read: str | None, written: str | None) -> FileCopy | None:
    """What a command writes of the files that it reads: `read` and `written` are its redirections."""
    row = _filters().get(posixpath.basename(words[0])) if words else None
    if row is None:
        return None
    paths = [word for word in words[1:] if not word.startswith("-")]
    sources, target = ([read] if read else paths), written
    if row.get("writes") and paths:
        sources, target = ([read] if read else []), paths[-1]
    for number, word in enumerate(words[:-1]):
        sources = [words[number + 1]] if word in row.get("input", ()) else sources
        target = words[number + 1] if word in row.get("output", ()) else target
    return FileCopy(tuple(sources), target) if sources and target else None


@cache
def _copies() -> Mapping[str, Mapping[str, Any]]:
    return {name: row for row in table("env_files")["copies"] for name in row["names"]}


@cache
def _filters() -> Mapping[str, Mapping[str, Any]]:
    return {name: row for row in table("env_files")["filters"] for name in row["names"]}
