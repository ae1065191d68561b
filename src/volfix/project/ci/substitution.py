"""Replaces `${...}` in a pipeline's text as the CI server does before anything else reads the text.

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
    """The commands as the shell runs them, after the server replaced variables whose names begin with `known`.

    `known` is None for a system whose server replaces nothing.
    """
    texts = (scalar_fragment(source, scalar) for scalar in scalars)
    return tuple(text if known is None else text.inner(substituted(text.text, known)) for text in texts)


def substituted(text: str, known: tuple[str, ...]) -> Iterator[Character]:
    """The characters of the text after the server's substitution, each with its start and end in `text`.

    A name that begins with one of `known` stays `${NAME}`, because only the server knows its value. Any other name is
    replaced by its default, or by nothing. `$${` becomes a literal `${`.
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
