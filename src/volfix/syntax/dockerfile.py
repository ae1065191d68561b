"""A Dockerfile as instructions with places: continuation lines, comments between them, heredocs, both forms.

Source: moby/buildkit, frontend/dockerfile/parser; docker/docs, Dockerfile reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from volfix.syntax.source import Source, Span

DIRECTIVE = re.compile(r"#\s*(?P<name>[a-zA-Z]+)\s*=\s*(?P<value>\S+)\s*\Z")
HEREDOC = re.compile(r"<<-?\s*([\"']?)(?P<name>[A-Za-z_][A-Za-z0-9_]*)\1")
WORD = re.compile(r"\s*([A-Za-z]+)(?:\s+|\Z)")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: `keyword` in upper case, `text` its arguments on one line, `span` all of it.

    `heredoc` holds the lines of its here-documents.
    """

    keyword: str
    text: str
    span: Span
    heredoc: str = ""


def read(source: Source) -> tuple[Instruction, ...]:
    """The instructions of a Dockerfile, in order; lines that are none are passed over, as a build would refuse them."""
    return tuple(_instructions(source.text))


def _instructions(text: str) -> Iterator[Instruction]:
    lines = _lines(text)
    escape = _escape(lines)
    at = 0
    while at < len(lines):
        start, line = lines[at]
        at += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        joined, end = line.rstrip(), start + len(line)
        while joined.endswith(escape) and at < len(lines):
            joined = joined[: -len(escape)]
            start_next, following = lines[at]
            at += 1
            if not following.strip() or following.lstrip().startswith("#"):
                joined += escape
                continue
            joined += following.rstrip()
            end = start_next + len(following)
        body: list[str] = []
        for found in HEREDOC.finditer(joined):
            while at < len(lines):
                start_next, following = lines[at]
                at += 1
                end = start_next + len(following)
                if following.strip() == found["name"]:
                    break
                body.append(following)
        keyword = WORD.match(joined)
        if keyword:
            yield Instruction(keyword[1].upper(), joined[keyword.end() :].strip(), Span(start, end), "\n".join(body))


def _lines(text: str) -> list[tuple[int, str]]:
    """Each line without its line end, and where it starts."""
    found, start = [], 0
    for line in text.split("\n"):
        found.append((start, line.removesuffix("\r")))
        start += len(line) + 1
    return found


def _escape(lines: list[tuple[int, str]]) -> str:
    """The character that continues a line: a backslash, unless a directive at the very top says otherwise."""
    for _, line in lines:
        directive = DIRECTIVE.match(line.strip())
        if directive is None:
            break
        if directive["name"].lower() == "escape":
            return directive["value"]
    return "\\"
