"""What a container's command does beside a database: starts the server, is a client's or a job's, makes the schema."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal

from volfix.knowledge.entries import Entry
from volfix.knowledge.tables import listed, table

Deed = Literal["server", "client", "tool", "unknown"]
PROGRAMS = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/")
"""Where programs lie that everybody knows by their names alone."""
SCRIPTS = (".sh", ".bash", ".py", ".pl", ".rb", ".js")


def deed(words: Sequence[str], entry: Entry) -> Deed:
    """What a command does beside the entry's server; `unknown` where it may start the server."""
    program = posixpath.basename(words[0])
    if program in listed("processes", "clients"):
        return "client"
    calls = _servers().get(program) or _patterns(words[0])
    if calls is not None:
        return _of_server(words, calls)
    names = {entry.family, *entry.words}
    if program in names or program.removesuffix("d") in names or program.endswith("-server"):
        return _of_server(words, ((),))
    from volfix.knowledge.host_tools import host_tools

    return "tool" if program in listed("processes", "tools") or program in host_tools() else "unknown"


def own_variables(entry: Entry) -> tuple[str, ...]:
    """The variables that nobody but the engine's own image reads."""
    return tuple(table("processes")["variables"].get(entry.family, ()))


def is_entry_point(word: str) -> bool:
    """Whether a program is an image's entry point, which starts the server or runs the words that follow.

    An image names it alone or by its whole path: one that is named from the working directory is another's.
    """
    is_whole, name = word.startswith("/") or "/" not in word, posixpath.basename(word)
    return is_whole and any(fnmatchcase(name, pattern) for pattern in listed("processes", "entry_points"))


def may_start_others(word: str) -> bool:
    """Whether a program that is in no list may start a server all the same: a script, or one of a place of its own."""
    return word.startswith(("$", "`")) or word.endswith(SCRIPTS) or ("/" in word and not word.startswith(PROGRAMS))


def _of_server(words: Sequence[str], calls: Sequence[tuple[str, ...]]) -> Deed:
    """What the program of a server does, which starts with all words of one of the `calls`."""
    if set(words[1:]) & listed("processes", "ends"):
        return "client"
    if any(set(call) <= set(words[1:]) for call in calls):
        return "server"
    return "unknown" if any("$" in word for word in words) else "client"


def _patterns(program: str) -> tuple[tuple[str, ...], ...] | None:
    return ((),) if any(fnmatchcase(program, pattern) for pattern in _wildcards()) else None


@cache
def _wildcards() -> tuple[str, ...]:
    """The servers whose names are patterns."""
    return tuple(call for call in listed("processes", "servers") if "*" in call)


@cache
def _servers() -> dict[str, tuple[tuple[str, ...], ...]]:
    """The words with which each program starts a server."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for call in listed("processes", "servers"):
        program, *words = call.split()
        found[program] = (*found.get(program, ()), tuple(words))
    return found


@cache
def _commands() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(text.split()) for text in table("migrations")["commands"])


def migration_in(words: Sequence[str]) -> str | None:
    """The known command whose words are among these in its order, as `manage.py migrate`; programs count by their name.

    Options and their values may stand between them, and a word may be a script for a shell.
    """
    bare = [part.rpartition("/")[2].rstrip(",") for word in words for part in word.split()]
    for known in _commands():
        rest = iter(bare)
        if all(part in rest for part in known):
            return " ".join(known)
    return None
