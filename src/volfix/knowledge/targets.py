"""Mount targets whose path alone says what they are: never a database, or most likely state."""

from __future__ import annotations

from functools import lru_cache

from volfix.knowledge.entries import Entry
from volfix.knowledge.paths import cleaned, is_below, matches
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
        if _any(target, entry.never_convert):
            return True
    if _any(target, listed("targets", "never")):
        return True
    return any(matches(target, pattern) for pattern in listed("targets", "code"))


def state_like(target: str) -> bool:
    """Does an image that volfix does not know most likely keep its state at `target`?"""
    target = cleaned(target)
    return any(matches(target, pattern) for pattern in listed("targets", "state")) and not never_converted(None, target)


def is_beside_program(path: str) -> bool:
    """Does the file at `path` lie in a directory of programs?"""
    return cleaned(path).rpartition("/")[0] in listed("targets", "programs")


def is_application_root(path: str) -> bool:
    """Is `path` a customary place for a user's own application in an image?"""
    return any(matches(cleaned(path), pattern) for pattern in listed("targets", "application_roots"))


@lru_cache(4096)
def _any(target: str, patterns: frozenset[str] | tuple[str, ...]) -> bool:
    """Does a pattern match `target`, or is `target` below the path that it names?"""
    return any(matches(target, pattern) or ("/" in pattern and is_below(target, pattern)) for pattern in patterns)
