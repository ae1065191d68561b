"""Finds where the values of a Dockerfile's ENV and ARG are written.

Source: moby/buildkit, frontend/dockerfile/instructions (both forms of ENV).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from volfix.project.compose.mounts import clean
from volfix.syntax.dockerfile import Instruction
from volfix.syntax.source import Source, Span

REPEATED = re.compile(r"[\"']?\$\{?([A-Za-z_]\w*)\}?[\"']?")
"""A value that is only a reference to another variable."""


@dataclass(frozen=True, slots=True)
class WrittenValue:
    """The position of an ENV's literal value, or of the default of the ARG that it repeats, without quotes.

    `shared` says that other stages use the value too.
    """

    span: Span
    shared: bool = False


def pairs(item: Instruction) -> list[tuple[str, str]]:
    """The names and values of ENV (both forms) or ARG; names without a value are left out."""
    words = item.words
    if item.keyword == "ENV" and words and "=" not in words[0]:
        name, _, rest = item.text.replace("\t", " ").partition(" ")
        return [(name, rest.strip())] if rest.strip() else []
    return [(name, value) for name, equals, value in (word.partition("=") for word in words) if equals]


def literal(source: Source, item: Instruction, name: str, text: str, value: str | None) -> Span | None:
    """The position of a variable's value without quotes; None unless the written `text` is literally the `value`."""
    inner = text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
    if not inner or inner != value:
        return None
    pattern = re.compile(rf"(?<![\w]){re.escape(name)}(?:=|[ \t]+){re.escape(text)}(?=\s|\Z)")
    found = list(pattern.finditer(source.text, item.span.start, item.span.end))
    if len(found) != 1:
        return None
    quote = (len(text) - len(inner)) // 2
    return Span(found[0].end() - quote - len(inner), found[0].end() - quote)


def place(path: str | None, directory: str | None) -> str | None:
    """`path` made absolute from `directory`; None if either is unknown."""
    if not path or (not path.startswith("/") and directory is None):
        return None
    return clean(posixpath.join(directory or "/", path))
