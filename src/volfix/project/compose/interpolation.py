"""Interpolates `$NAME`, `${NAME:-default}` and the other forms as Compose does, and keeps each part's position.

Source: compose-spec/compose-go, template/template.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

Lookup = Callable[[str], "str | None"]
"""Returns a variable's value, with unknown parts as `${NAME}`; None if nothing known sets the variable, Unset if it is
set to another variable that nothing known sets.
"""

# Go's case-insensitive [a-z] matches the long s and the Kelvin sign too.
NAME = "[_a-zA-Z\u017f\u212a][_a-zA-Z0-9\u017f\u212a]*"
VISIBLE = re.compile(rf"\$\{{({NAME})\}}")
DEPTH = 100
"""How deep defaults may nest: deeper than people write, and not too deep for Python's stack."""
LENGTH = 128 * 1024
"""The longest interpolated value, in characters: Linux allows no longer variable (execve(2), MAX_ARG_STRLEN)."""


class Unset(str):
    """The value `${NAME}` of a variable that is set to the variable NAME, which nothing known sets.

    NAME is taken to be unset, and this variable to be empty, so a default replaces it. Any other `${NAME}` that a
    lookup returns is an unknown value that something sets: it wins over a default.
    """

    __slots__ = ()


class InterpolationError(ValueError):
    """Compose refuses the text. The message says why and where but never quotes the text: it may be a credential."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a value; it comes from text[start:end].

    Literal text has no `name`; `$$` in it stands for `$`. A default that is used is literal text with the variable's
    name in `instead_of`. For a variable the position is its whole expression, `found` says that its value is known;
    otherwise `value` is `${NAME}`.
    """

    start: int
    end: int
    value: str
    name: str | None = None
    found: bool = True
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Interpolated:
    """`text` after interpolation: `value` shows each unknown variable as `${NAME}`, `resolved` leaves it out.

    Compose leaves it out too. `unknown` are the names of these variables.
    """

    text: str
    value: str
    resolved: str
    unknown: tuple[str, ...]
    pieces: tuple[Piece, ...]


def interpolate(text: str, lookup: Lookup) -> Interpolated:
    """`text` interpolated as Compose does. Raises InterpolationError if Compose refuses the text.

    An unset variable is replaced by its default; without a default it appears as `${NAME}`. `${V:?text}` with an unset
    V is not an error, because the machine that deploys may set V. A known value may contain unknown variables.
    """
    if "$" not in text:
        return Interpolated(text, text, text, (), (Piece(0, len(text), text),) if text else ())
    pieces = tuple(_pieces(text, 0, len(text), lookup, 0))
    if sum(len(piece.value) for piece in pieces) > max(LENGTH, len(text)):
        raise InterpolationError(f"with its variables the value is longer than {LENGTH} characters")
    unknown = dict.fromkeys(name for piece in pieces if piece.name for name in VISIBLE.findall(piece.value))
    resolved = (VISIBLE.sub("", piece.value) if piece.name else piece.value for piece in pieces)
    return Interpolated(text, "".join(piece.value for piece in pieces), "".join(resolved), tuple(unknown), pieces)


def _pieces(text: str, start: int, end: int, lookup: Lookup, depth: int) -> Iterator[Piece]:
    if depth > DEPTH:
        raise InterpolationError(f"its defaults nest more than {DEPTH} deep")
    literal: list[str] = []
    begin = at = start
    while found := _start().search(text, at, end):
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


@cache
def _start() -> re.Pattern[str]:
    """A `$` and what follows, up to the text of a default; compiled where a text has one."""
    return re.compile(
        rf"\$(?:(?P<escaped>\$)|(?P<named>{NAME})|\{{(?P<braced>{NAME})(?P<operator>:?[-+?]|\}})|(?P<open>\{{))"
    )


def _invalid(place: int) -> InterpolationError:
    return InterpolationError(f"invalid interpolation format: the ${{ at character {place + 1} is not ${{NAME}}")


def _variable(name: str, start: int, end: int, lookup: Lookup) -> Piece:
    value = lookup(name)
    found = value is not None and not isinstance(value, Unset)
    return Piece(start, end, f"${{{name}}}" if value is None else value, name, found)


def _closing(text: str, found: re.Match[str], end: int) -> int:
    """The offset of the expression's closing brace; if braces are unbalanced, of the last `}` on the line."""
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
    """The pieces of `${NAME` with an operator: the variable's value, or the text after the operator."""
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
