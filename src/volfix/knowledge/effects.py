"""What commands do besides deleting: which only print, which end a script, which update a checkout."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from volfix.knowledge.commands import DOCKER, docker_call, skip_options
from volfix.knowledge.tables import listed, table


def is_quiet(words: Sequence[str]) -> bool:
    """Whether a command only prints, filters or lists."""
    call = docker_call(words)
    if call is not None:
        return call.program == DOCKER and call.verb in listed("effects", "lists")
    return bool(words) and posixpath.basename(words[0]) in listed("effects", "quiet")


def is_end(words: Sequence[str]) -> bool:
    """Whether a command ends the script or function."""
    return bool(words) and words[0] in listed("effects", "ends")


def updates_checkout(words: Sequence[str]) -> bool:
    """Whether a command brings a checkout to another commit: `git pull`, `git reset --hard`, `hg update`."""
    for entry in table("effects")["updates"] if words else ():
        if posixpath.basename(words[0]) == entry["program"]:
            at = skip_options(words, 1, frozenset(entry["values"]))
            for verb in entry["verbs"]:
                name, _, option = verb.partition(" ")
                if words[at : at + 1] == [name] and (not option or option in words[at + 1 :]):
                    return True
    return False
