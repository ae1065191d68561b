"""Writes values as YAML scalars with the quotes that they need, and maps a written scalar's characters to its value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest

from volfix.syntax.source import Source
from volfix.syntax.yaml_events import block_indent
from volfix.syntax.yaml_plain import TYPED
from volfix.syntax.yaml_tree import Scalar

# Starts that mean something else; "-", "?" and ":" are harmless in front of any character but blanks and `,[]{}`.
INDICATOR = re.compile(r"[,\[\]{}#&*!|>'\"%@`]|[-?:](?=[\s,\[\]{}]|\Z)|(?:---|\.\.\.)(?=\s|\Z)")
# What ends a plain scalar; and tabs, which not every parser accepts in one.
STOP = re.compile(r":(?=\s|\Z)|\s#|\t")
# In flow context go-yaml, which Compose uses, stops at a "?" too.
FLOW_STOP = re.compile(r"[,\[\]{}?]|\A:")
SHORT_ESCAPES = {"\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e"}
ESCAPES = {short: char for char, short in SHORT_ESCAPES.items()} | {
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "\t": "\t",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


def is_printable(text: str) -> bool:
    """Whether YAML prints every character: not a line end, which quotes fold, and not a byte order mark."""
    return (text.isascii() and text.isprintable()) or not _unprintable().search(text)


@cache
def _unprintable() -> re.Pattern[str]:
    return re.compile("[^\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def is_plain(value: str, *, flow: bool, typed: bool = False) -> bool:
    """Whether a string can be written without quotes and stays a string; with `typed` it may become another type."""
    return not (
        value == ""
        or value != value.strip()
        or not is_printable(value)
        or INDICATOR.match(value)
        or STOP.search(value)
        or (flow and FLOW_STOP.search(value))
        or (not typed and TYPED.match(value))
    )


def single_quoted(value: str) -> str | None:
    """The value in single quotes; None if they cannot hold it on one line."""
    return "'" + value.replace("'", "''") + "'" if is_printable(value) else None


def double_quoted(value: str) -> str:
    """The value in double quotes, which can hold any value."""
    return f'"{escaped(value)}"'


def escaped(value: str) -> str:
    """The value escaped for double quotes, without the quotes."""

    def escape(found: re.Match[str]) -> str:
        char = found[0]
        if char in SHORT_ESCAPES:
            return "\\" + SHORT_ESCAPES[char]
        code = ord(char)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

    return _unprintable().sub(escape, re.sub(r'(["\\])', r"\\\1", value))


def written(value: str, *, flow: bool, quote: str = "", force: bool = False) -> str:
    """A string as a scalar on one line; `flow` says that it will be inside `{}` or `[]`.

    `quote` is the quote to use if quotes are needed, or always with `force`. "" means double quotes, or single quotes
    if double quotes would need escapes.
    """
    if not force and is_plain(value, flow=flow):
        return value
    if quote != '"' and (quote or '"' in value or "\\" in value):
        return single_quoted(value) or double_quoted(value)
    return double_quoted(value)


@dataclass(frozen=True, slots=True)
class Unit:
    """The characters `start` to `end` of the text stand for `value`: a character, an escape or a folded line end."""

    start: int
    end: int
    value: str


_BREAK = r"\r?\n"
_FOLD = rf"[ \t]*{_BREAK}(?P<more>(?:[ \t]*{_BREAK})*)[ \t]*"
PLAIN = re.compile(rf"(?P<fold>{_FOLD})|(?P<char>.)")
SINGLE = re.compile(rf"(?P<fold>{_FOLD})|(?P<quote>'')|(?P<char>.)")
DOUBLE = re.compile(
    rf"(?P<joined>\\{_BREAK}(?P<after>(?:[ \t]*{_BREAK})*)[ \t]*)|(?P<fold>{_FOLD})"
    r"|\\(?:x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|(?P<escape>.))|(?P<char>.)"
)


def units(source: Source, scalar: Scalar) -> list[Unit] | None:
    """The units of a written scalar, which together form its value; None if they do not.

    The line ends at the end of a block scalar have no units: its header governs them.
    """
    text, (start, end) = source.text, (scalar.span.start, scalar.span.end)
    match scalar.style:
        case "":
            found = list(_tokens(text, start, end, PLAIN))
        case "'":
            found = list(_tokens(text, start + 1, end - 1, SINGLE))
        case '"':
            found = list(_tokens(text, start + 1, end - 1, DOUBLE))
        case _:
            found = list(_block_units(source, scalar))
    value = "".join(unit.value for unit in found)
    complete = value == scalar.value
    if scalar.style in ("|", ">"):
        complete = value.rstrip("\n") == scalar.value.rstrip("\n") and len(value) <= len(scalar.value)
    return found if complete else None


def _tokens(text: str, start: int, end: int, pattern: re.Pattern[str]) -> Iterator[Unit]:
    for token in pattern.finditer(text, start, end):
        kind, value = token.lastgroup, token[0]
        if token.groupdict().get("fold") is not None:
            value = "\n" * token["more"].count("\n") or " "
        elif kind == "quote":
            value = "'"
        elif pattern is DOUBLE and token["joined"] is not None:
            value = "\n" * token["after"].count("\n")
        elif kind in ("x", "u", "long"):
            value = chr(int(token[kind], 16))
        elif kind == "escape":
            value = ESCAPES.get(token["escape"], "")
        yield Unit(token.start(), token.end(), value)


def _block_units(source: Source, scalar: Scalar) -> Iterator[Unit]:
    """The units of a literal or folded scalar; a line end and the next line's indentation form one unit."""
    text, end = source.text, scalar.span.end
    at = source.line_end(scalar.span.start)
    if at >= end:
        return
    indent = block_indent(source, scalar.span.start, end, scalar.value)
    lines: list[tuple[int, int]] = []
    while at < end:
        stop = min(source.line_end(at), end)
        last = at + len(text[at:stop].rstrip("\r\n"))
        lines.append((min(at + indent, last), last))
        at = stop
    folded = scalar.style == ">"
    filled = [number for number, (first, last) in enumerate(lines) if first < last]
    for number in range(filled[0] if filled else len(lines)):
        following = lines[number + 1][0] if number + 1 < len(lines) else end
        yield Unit(lines[number][1], following, "\n")
    for here, after in zip_longest(filled, filled[1:]):
        first, last = lines[here]
        for offset in range(first, last):
            yield Unit(offset, offset + 1, text[offset])
        if after is not None:
            breaks = after - here
            begins = (text[first], text[lines[after][0]])
            folds = folded and not any(char in " \t" for char in begins)
            value = ("\n" * (breaks - 1) or " ") if folds else "\n" * breaks
            yield Unit(last, lines[after][0], value)
