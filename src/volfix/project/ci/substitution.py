"""What the CI server does to a pipeline's text before anything else reads it: `${...}` is replaced.

Source: drone-runners/drone-runner-docker and drone/runner-go, pipeline/runtime/runner.go; drone/envsubst.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from volfix.syntax.fragment import Character

EXPANSION = re.compile(r"\$\$\{|\$\{(\w+)([^{}]*)\}")
DEFAULT = re.compile(r":?[-=](.*)\Z", re.DOTALL)


def substituted(text: str, known: tuple[str, ...]) -> Iterator[Character]:
    """The text after the server's substitution, each character with those of the text that say it.

    A name that begins as those which the server knows keeps its `${NAME}`, since its value is not known here; of any
    other the default takes the place, or nothing. `$${` stands for a literal `${`.
    """
    at = 0
    for found in EXPANSION.finditer(text):
        yield from _as_written(text, at, found.start())
        if found[1] is None:
            yield from _as_written(text, found.start() + 1, found.end())
        elif found[1].startswith(known):
            yield from ((char, found.start(), found.end()) for char in f"${{{found[1]}}}")
        elif default := DEFAULT.match(found[2]):
            yield from _as_written(text, found.start(2) + default.start(1), found.start(2) + default.end(1))
        at = found.end()
    yield from _as_written(text, at, len(text))


def _as_written(text: str, start: int, end: int) -> Iterator[Character]:
    return ((text[at], at, at + 1) for at in range(start, end))
