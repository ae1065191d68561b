"""Parses a YAML text into ruamel.yaml's events: with libyaml if it is there and accepts the text, else in Python."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from volfix.syntax.disk import LARGEST_SETTINGS
from volfix.syntax.source import FileProblem, Source, too_much

DEPTH_LIMIT = 60
"""How deep collections may nest. Compose files stay below 15; a deeper file is hostile or not Compose."""
MOST = 15_000
"""Values, beginnings and ends of collections: four times as many as the largest Compose file in public use has."""

LONGEST = 32_768
"""Characters of a value: a longer command or address is none that a person wrote."""


def read_events(source: Source) -> list[Any]:
    """All events of the text. Raises FileProblem with line and column if it is not valid YAML or nests too deeply."""
    events = fast_events(source)
    return pure_events(source) if events is None else events


def fast_events(source: Source) -> list[Any] | None:
    """libyaml's events; None if it is not installed or rejects the text (the Python parser accepts `[a:b]`, too)."""
    try:
        from _ruamel_yaml import CParser  # ruamel.yaml.clib, which has no wheel for some machines
        from ruamel.yaml.error import YAMLError
    except ImportError:
        return None

    try:
        return _within_limits(source, iter(CParser(source.text).get_event, None))
    except (YAMLError, ValueError):
        return None


def _within_limits(source: Source, events: Iterable[Any]) -> list[Any]:
    """The events; stops at DEPTH_LIMIT, as parsers take quadratic time in the depth, and where there is too much."""
    found, depth, length = [], 0, 0
    for number, event in enumerate(events, 1):
        found.append(event)
        if number > MOST:
            raise too_much(source.path, f"more than {MOST} values and collections: volfix does not read it")
        kind = type(event).__name__
        if kind == "ScalarEvent":
            own = len(event.value)
            if own > LONGEST:
                raise too_much(source.path, f"a value of more than {LONGEST} characters: volfix does not read the file")
            length += own
            if length > LARGEST_SETTINGS:  # commands and addresses, which are read as those of a script
                reason = f"values of more than {LARGEST_SETTINGS} characters in all: volfix does not read it"
                raise too_much(source.path, reason)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            depth += 1
            if depth > DEPTH_LIMIT:
                place = source.place(event.start_mark.index)
                raise FileProblem(source.path, f"nested deeper than {DEPTH_LIMIT} levels", *place)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            depth -= 1
    return found


INNER_TAB = re.compile(r"(?<=[^\s-]) *\t[ \t]*")
# Blanks with a tab after other text of a line.


def pure_events(source: Source) -> list[Any]:
    """The Python parser's events; tabs between and after tokens count as blanks, as for libyaml and Compose.

    Raises FileProblem as `read_events` does.
    """
    try:
        return _events_of(source, source.text)
    except FileProblem as problem:
        spaced = INNER_TAB.sub(lambda blanks: " " * len(blanks[0]), source.text)
        if "'\\t'" not in problem.message or spaced == source.text:
            raise
    parts: list[str] = []
    at = 0
    for event in _events_of(source, spaced):
        start, end = event.start_mark.index, event.end_mark.index
        if type(event).__name__ == "ScalarEvent" and source.text[start:end] != spaced[start:end]:
            if event.style:  # tabs in quotes or a block are content; a plain scalar is read from the text later
                parts += (spaced[at:start], source.text[start:end])
                at = end
            elif "\n" in event.value or "\n" in source.text[start:end].strip():
                raise FileProblem(source.path, "a tab inside a value of several lines", *source.place(start))
    return _events_of(source, "".join((*parts, spaced[at:])))


def _events_of(source: Source, text: str) -> list[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return _within_limits(source, YAML(pure=True).parse(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"not valid YAML: {_without_values(error.problem or error.context)}"
        if mark is None:
            raise FileProblem(source.path, message) from error
        raise FileProblem(source.path, message, *source.place(mark.index)) from error
    except YAMLError as error:
        first = str(error).splitlines()[0]
        position = getattr(error, "position", None)
        line, column = source.place(position) if isinstance(position, int) else (None, None)
        raise FileProblem(source.path, f"not valid YAML: {_without_values(first)}", line, column) from error
    except (ValueError, RecursionError) as error:
        raise FileProblem(source.path, f"not valid YAML: {error}") from error


def _without_values(message: str) -> str:
    """The library's message without what it quotes from the file; single characters and `'<...>'` stay."""
    return re.sub(r"""(['"])(?!<)(?!\\?.\1).*\1""", r"\1***\1", message)


def block_indent(source: Source, start: int, end: int, value: str) -> int:
    """The indentation of a block scalar's lines, in blanks; `start` is in its header, `end` its end."""
    written = source.text[source.line_end(start) : end].split("\n")
    lines = value.split("\n")
    first = next((line for line in written if line.strip()), None)
    if first is None:  # only blanks
        return max(len(line.rstrip("\r")) for line in written) - max(map(len, lines))
    first_line = next((line for line in lines if line.strip()), "")
    return (len(first) - len(first.lstrip(" "))) - (len(first_line) - len(first_line.lstrip(" ")))


def block_end(source: Source, start: int, mark: int, value: str) -> int:
    """The end of a block scalar's last line that belongs to its value; the parser's `mark` includes blank lines."""
    text, body = source.text, source.line_end(start)
    if mark <= body:
        return start + len(text[start:mark].rstrip())
    if text[mark - 1] != "\n" and mark < len(text):
        mark = text.rfind("\n", 0, mark) + 1
    indent = block_indent(source, start, mark, value)
    keep = "+" in text[start : start + 3]
    end = mark
    while end > body:
        line = text.rfind("\n", 0, end - 1) + 1
        content = text[line:end].rstrip("\r\n")
        if keep or content.strip(" ") or len(content) > indent:
            return line + len(content)
        end = line
    return start + len(text[start:body].rstrip("\r\n"))
