"""Mount targets whose path alone says what they are: never a database, or most likely state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from volfix.knowledge.entries import Entry
from volfix.knowledge.paths import cleaned, matches
from volfix.knowledge.tables import listed


def never_converted(entry: Entry | None, target: str) -> bool:
    """Is `target` something other than data, whatever is mounted there: configuration, an init script, a socket, a
    certificate, a log, a media library, the place of the code? `entry` is the image's; its own data directories are
    always data.
    """
    target = cleaned(target)
    if entry is not None:
        if target in entry.data_directories or any(matches(target, inner) for inner in entry.inner):
            return False
        if _is_one(target, entry.never_convert, below=True):
            return True
    return _is_one(target, listed("targets", "never"), below=True) or _is_one(target, listed("targets", "code"))


def state_like(target: str) -> bool:
    """Does an image that volfix does not know most likely keep its state at `target`?"""
    target = cleaned(target)
    return _is_one(target, listed("targets", "state")) and not never_converted(None, target)


def is_beside_program(path: str) -> bool:
    """Does the file at `path` lie in a directory of programs?"""
    return cleaned(path).rpartition("/")[0] in listed("targets", "programs")


def is_application_root(path: str) -> bool:
    """Is `path` a customary place for a user's own application in an image?"""
    return _is_one(cleaned(path), listed("targets", "application_roots"))


Patterns = frozenset[str] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Patterns by how they are looked for: last `names`, whole `paths`, `ends` of names, and by their number of slashes
    those that take a comparison.
    """

    names: frozenset[str]
    paths: frozenset[str]
    ends: tuple[str, ...]
    others: Mapping[int, list[str]]


@lru_cache(256)
def _sorted(patterns: Patterns) -> _Sorted:
    plain = {pattern for pattern in patterns if not ("*" in pattern or "?" in pattern or "[" in pattern)}
    names = {pattern for pattern in plain if "/" not in pattern}
    ends = {each for each in patterns if each[:1] == "*" and "/" not in each and not set(each[1:]) & set("*?[")}
    others: dict[int, list[str]] = {}
    for pattern in patterns:
        if pattern not in plain and pattern not in ends:
            others.setdefault(pattern.count("/"), []).append(pattern)
    return _Sorted(frozenset(names), frozenset(plain - names), tuple([end[1:] for end in ends]), others)


@lru_cache(4096)
def _is_one(target: str, patterns: Patterns, *, below: bool = False) -> bool:
    """Does a pattern match `target`, or, with `below`, is `target` below the path that it names?"""
    known, name = _sorted(patterns), target.rpartition("/")[2]
    if name in known.names or target in known.paths or name.endswith(known.ends):
        return True
    at = target.rfind("/") if below else -1
    while at >= 0:
        if (target[:at] or "/") in known.paths and target != "/":
            return True
        at = target.rfind("/", 0, at)
    others = {*known.others.get(0, ()), *known.others.get(target.count("/"), ())}
    return any(matches(target, pattern) for pattern in others)
