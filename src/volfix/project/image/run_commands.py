"""What the commands of a Dockerfile's RUN do: paths at which they may put files, and databases that they create."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from volfix.knowledge.processes import migration_in
from volfix.project.image.written_values import place
from volfix.syntax.dockerfile import expanded

HARMLESS = frozenset({"cd", "mkdir", "chown", "chmod", "chgrp"})
"""Commands that create directories, change their owner or enter them, but put no files into them."""
CONTROL = frozenset({"if", "then", "else", "elif", "while", "until", "do", "!", "{", "set", "exec", "sudo", "time"})
BEFORE = re.compile(r"\d{0,3}[<>]{1,3}|--?[a-zA-Z][\w-]{0,40}=")
"""A redirection or option directly before a path, without a blank."""
REDIRECTED = re.compile(r"(?<=[^<>&\d])(?=[<>])")
"""The start of a redirection inside a word."""


def named_paths(
    commands: Iterable[Sequence[str]], known: Mapping[str, str | None], workdir: str | None
) -> Iterator[str]:
    """The absolute paths that a RUN's commands name, without commands that create no files.

    `known` are the values of variables. A word without a slash counts as a file in the current directory, which is
    `workdir` at first.
    """
    directory = workdir
    for words in commands:
        command, *rest = _without_keywords(words)
        values = [expanded(_without_prefix(part), known) for word in rest for part in REDIRECTED.split(word)]
        if command == "cd":
            directory = place(values[0], directory) if values else None
        elif command not in HARMLESS and not (command == "install" and "-d" in rest):
            found = (place(value, directory) for value in values if value and not value.startswith("-"))
            yield from (path for path in found if path is not None and "://" not in path)


def _without_prefix(word: str) -> str:
    """The word without a redirection or `--option=` before it."""
    before = BEFORE.match(word)
    return word[before.end() :] if before else word


def _without_keywords(words: Sequence[str]) -> Sequence[str]:
    """The words of a command without shell keywords (`if`, `exec` ...) before it."""
    for number, word in enumerate(words):
        if word not in CONTROL:
            return words[number:]
    return words[-1:]


def migration(commands: Iterable[Sequence[str]]) -> str | None:
    """The first command of a RUN that gives a database its schema."""
    return next(filter(None, map(migration_in, commands)), None)
