"""Reads the words of a shell command without their quotes, character by character.

Source: POSIX, Shell Command Language, 2.2 Quoting; bash manual, 3.1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from volfix.syntax.fragment import Character, as_written
from volfix.syntax.source import Span

OPENING = {"(": ")", "{": "}"}
QUOTING = re.compile(r"['\"\\]")
SPECIAL = re.compile(r"['\"\\`$]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word at `span` of the script's text; `value` is without quotes.

    Expansions stay in the value as written: `$NAME`, `${NAME}`, `$(command)`.
    """

    span: Span
    value: str
    quoted: bool = False

    @property
    def is_static(self) -> bool:
        """Whether the value is known without running anything."""
        return "$" not in self.value and "`" not in self.value


def word_of(text: str, start: int, end: int) -> Word:
    """The word written at `text[start:end]`."""
    if not QUOTING.search(text, start, end):
        return Word(Span(start, end), text[start:end])
    value = "".join([item[0] for item in characters(text, start, end)])
    return Word(Span(start, end), value, quoted=True)


def characters(text: str, start: int, end: int) -> Iterator[Character]:
    """The characters of `text[start:end]` without quotes, each with its position; expansions stay as written."""
    quote, at = "", start
    while at < end:
        char = text[at]
        if quote == "'":
            stop = text.find("'", at, end)
            stop = end if stop < 0 else stop
            yield from as_written(text, at, stop)
            quote, at = "", stop + 1
        elif char not in "'\"\\`$":
            found = SPECIAL.search(text, at, end)
            stop = found.start() if found else end
            yield from as_written(text, at, stop)
            at = stop
        elif char == "\\" and at + 1 < end:
            following = text[at + 1]
            if following == "\n":
                pass
            elif not quote or following in '$`"\\':
                yield following, at, at + 2
            else:
                yield char, at, at + 1
                yield following, at + 1, at + 2
            at += 2
        elif char == '"':
            quote = "" if quote else '"'
            at += 1
        elif char == "'" and not quote:
            quote = "'"
            at += 1
        else:
            stop = expansion_end(text, at, end)
            yield from as_written(text, at, stop)
            at = stop


def expansion_end(text: str, at: int, end: int) -> int:
    """The end of the expansion that begins at `at`; `at + 1` if none begins there."""
    if text[at] == "`":
        stop = text.find("`", at + 1, end)
        return end if stop < 0 else stop + 1
    if text[at] != "$" or at + 1 >= end or text[at + 1] not in OPENING:
        return at + 1
    opening = text[at + 1]
    depth, quote, at = 0, "", at + 1
    while at < end:
        char = text[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == opening:
            depth += 1
        elif char == OPENING[opening]:
            depth -= 1
            if not depth:
                return at + 1
        at += 2 if char == "\\" else 1
    return end


def heredoc_characters(text: str, start: int, end: int, *, quoted: bool) -> Iterator[Character]:
    """The characters of a here-document with their positions; unless `quoted`, a backslash before `$` is dropped."""
    at = start
    while at < end:
        if not quoted and text[at] == "\\" and at + 1 < end and text[at + 1] in "$`\\":
            yield text[at + 1], at, at + 2
            at += 2
        else:
            yield text[at], at, at + 1
            at += 1
