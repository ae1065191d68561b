"""Compose's interpolation: `$NAME`, `${NAME:-default}` and their kin, each part knowing where it is written.

Source: compose-spec/compose-go, template/template.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

Lookup = Callable[[str], "str | None"]
"""A variable's value, which shows what is unknown in it as `${NAME}`; None where nothing known sets it, Unset where it
is set to a variable that nothing known sets.
"""

# Go's case-insensitive [a-z] takes the long s and the Kelvin sign too.
NAME = "[_a-zA-Z\u017f\u212a][_a-zA-Z0-9\u017f\u212a]*"
START = re.compile(
    rf"\$(?:(?P<escaped>\$)|(?P<named>{NAME})|\{{(?P<braced>{NAME})(?P<operator>:?[-+?]|\}})|(?P<open>\{{))"
)
VISIBLE = re.compile(rf"\$\{{({NAME})\}}")
REFERENCE = re.compile(rf"\$\{{?({NAME})")
"""A variable that a text refers to, in a default too."""
DEPTH = 100
"""How deep defaults may nest: far deeper than anybody writes, and no deeper than a call stack takes."""
LENGTH = 128 * 1024
"""Characters: how long variables may make a value. Linux gives no process a longer one (execve(2), MAX_ARG_STRLEN)."""


class Unset(str):
    """The `${NAME}` of a variable that is set to another variable, which nothing known sets.

    The other is taken for unset, so this variable is taken for empty. Any other `${NAME}` that a lookup gives is an
    unknown value that something sets: it wins over a default.
    """

    __slots__ = ()


class InterpolationError(ValueError):
    """Compose refuses the text. The message says why and where, never what the text holds: it may be a credential."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a value, and the characters `start` to `end` of the text that give it.

    Literal text has no `name`: the characters themselves, a `$` written as `$$`, or those of a default that is used,
    which then stands `instead_of` a variable. A variable's are its whole expression; `found` says that its value is
    known, else `value` is `${NAME}`.
    """

    start: int
    end: int
    value: str
    name: str | None = None
    found: bool = True
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Interpolated:
    """`text` after interpolation: `value` shows each variable of `unknown` value as `${NAME}`, `resolved` leaves it
    out, as Compose would.
    """

    text: str
    value: str
    resolved: str
    unknown: tuple[str, ...]
    pieces: tuple[Piece, ...]


def interpolate(text: str, lookup: Lookup) -> Interpolated:
    """The value of `text` as Compose makes it; raises InterpolationError where Compose refuses it.

    A variable of unknown value takes its default; without one it stays visible. `${V:?text}` is no error then, since
    the deployment may know V. A known value that shows an unknown variable is unknown to that extent.
    """
    if "$" not in text:
        return Interpolated(text, text, text, (), (Piece(0, len(text), text),) if text else ())
    pieces = tuple(_pieces(text, 0, len(text), lookup, 0))
    if sum(len(piece.value) for piece in pieces) > max(LENGTH, len(text)):
        raise InterpolationError(f"its variables make it longer than {LENGTH} characters")
    unknown = dict.fromkeys(name for piece in pieces if piece.name for name in VISIBLE.findall(piece.value))
    resolved = (VISIBLE.sub("", piece.value) if piece.name else piece.value for piece in pieces)
    return Interpolated(text, "".join(piece.value for piece in pieces), "".join(resolved), tuple(unknown), pieces)


def _pieces(text: str, start: int, end: int, lookup: Lookup, depth: int) -> Iterator[Piece]:
    if depth > DEPTH:
        raise InterpolationError(f"defaults nest more than {DEPTH} deep")
    literal: list[str] = []
    begin = at = start
    while found := START.search(text, at, end):
        literal.append(text[at : found.start()])
        at = found.end()
        if found["escaped"]:
            literal.append("$")
            continue
        if found.start() > begin:
            yield Piece(begin, found.start(), "".join(literal))
        literal = []
        if found["open"]:
            raise _invalid(found.start())
        if found["operator"] in (None, "}"):
            yield _variable(found["named"] or found["braced"], found.start(), at, lookup)
        else:
            close = _closing(text, found, end)
            yield from _conditional(text, found, close, lookup, depth)
            at = close + 1
        begin = at
    literal.append(text[at:end])
    if end > begin:
        yield Piece(begin, end, "".join(literal))


def _invalid(place: int) -> InterpolationError:
    return InterpolationError(f"invalid interpolation format: the ${{ at character {place + 1} is no ${{NAME}}")


def _variable(name: str, start: int, end: int, lookup: Lookup) -> Piece:
    value = lookup(name)
    found = value is not None and not isinstance(value, Unset)
    return Piece(start, end, f"${{{name}}}" if value is None else value, name, found)


def _closing(text: str, found: re.Match[str], end: int) -> int:
    """Where the expression ends: at the brace that closes it, all braces counted, else at the last one of the line."""
    stop = text.find("\n", found.end(), end)
    stop = end if stop < 0 else stop
    braces, at = 0, found.start()
    while at < stop:
        if text[at] == "}":
            braces -= 1
            if braces == 0:
                return at
        elif text[at] == "{":
            braces += 1
            at += 1
        at += 1
    last = text.rfind("}", found.end(), stop)
    if last < 0:
        raise _invalid(found.start())
    return last


def _conditional(text: str, found: re.Match[str], close: int, lookup: Lookup, depth: int) -> Iterator[Piece]:
    """`${NAME` with an operator: its value, or the pieces of what stands behind the operator."""
    variable = _variable(found["braced"], found.start(), close + 1, lookup)
    operator = found["operator"]
    value = lookup(found["braced"])
    is_empty = value == "" or isinstance(value, Unset)
    is_set = value is not None and not (is_empty and ":" in operator)
    if operator.endswith("-"):
        takes_word = not is_set
    elif operator.endswith("+"):
        takes_word = is_set
    elif variable.found and not is_set:
        raise InterpolationError(f"required variable {variable.name} is missing a value")
    else:
        takes_word = False
    if takes_word:
        for piece in _pieces(text, found.end(), close, lookup, depth + 1):
            yield replace(piece, instead_of=piece.instead_of or variable.name)
    else:
        yield variable
