"""What the CI server does to a pipeline's text before anything else reads it: `${...}` is replaced.

Source: drone-runners/drone-runner-docker and drone/runner-go, pipeline/runtime/runner.go; drone/envsubst.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from volfix.project.ci.nodes import scalar_fragment
from volfix.syntax.fragment import Character, Fragment
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Scalar

EXPANSION = re.compile(r"\$\$\{|\$\{(\w+)([^{}]*)\}")
DEFAULT = re.compile(r":?[-=](.*)\Z", re.DOTALL)


def commands(source: Source, scalars: Iterable[Scalar], known: tuple[str, ...] | None) -> tuple[Fragment, ...]:
    """Commands as the shell runs them, after a server that knows such names has put its variables in."""
    texts = (scalar_fragment(source, scalar) for scalar in scalars)
    return tuple(text if known is None else text.inner(substituted(text.text, known)) for text in texts)


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
