"""What the commands of a Dockerfile's RUN name: paths at which the build may put files, and schemas that it makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from volfix.knowledge.processes import migration_in
from volfix.project.image.written_values import place
from volfix.syntax.dockerfile import Instruction, commands, expanded

HARMLESS = frozenset({"cd", "mkdir", "chown", "chmod", "chgrp"})
"""They make, give away or enter directories, and put nothing into them."""
CONTROL = frozenset({"if", "then", "else", "elif", "while", "until", "do", "!", "{", "set", "exec", "sudo", "time"})
BEFORE = re.compile(r"\d{0,3}[<>]{1,3}|--?[a-zA-Z][\w-]{0,40}=")
"""A redirection or an option that a path follows without a blank."""
REDIRECTED = re.compile(r"(?<=[^<>&\d])(?=[<>])")
"""Where a redirection begins in the middle of a word."""


def named_paths(item: Instruction, known: Mapping[str, str | None], workdir: str | None) -> Iterator[str]:
    """The absolute paths among the words of a RUN's commands, but of those that put nothing anywhere.

    A word without a slash counts as a file of the directory that the command runs in.
    """
    directory = workdir
    for words in commands(item, maybe=True):
        command, *rest = _simple(words)
        values = [expanded(_bare(part), known) for word in rest for part in REDIRECTED.split(word)]
        if command == "cd":
            directory = place(values[0], directory) if values else None
        elif command not in HARMLESS and not (command == "install" and "-d" in rest):
            found = (place(value, directory) for value in values if value and not value.startswith("-"))
            yield from (path for path in found if path is not None and "://" not in path)


def _bare(word: str) -> str:
    """What follows a redirection or an option's `=`."""
    before = BEFORE.match(word)
    return word[before.end() :] if before else word


def _simple(words: list[str]) -> list[str]:
    """The words of a command, the shell's own before it left out."""
    for number, word in enumerate(words):
        if word not in CONTROL:
            return words[number:]
    return words[-1:]


def migration(items: Iterable[Instruction]) -> tuple[Instruction, str] | None:
    """The first RUN that gives a database its schema, and the command that does it."""
    for item in items:
        for words in commands(item, maybe=True):
            if (found := migration_in(words)) is not None:
                return item, found
    return None
