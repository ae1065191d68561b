"""The model of a text that code builds from pieces; some pieces are literals with a known position."""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from volfix.syntax.source import Span

Expression = TypeVar("Expression")
DEEPEST = 12
"""How deep nested expressions are followed."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text. `span` is its position if it is a literal; `name` is the constant that holds the literal.

    `replaces` is the number of pieces before it that an absolute path here would replace (joined paths).
    """

    text: str
    span: Span | None = None
    replaces: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A text in pieces.

    `variables` are environment variables that replace the text or a part of it. `names` are the names in the code
    through which it is known.
    """

    pieces: tuple[Piece, ...]
    variables: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(piece.text for piece in self.pieces)


@dataclass
class Evaluation(ABC, Generic[Expression]):
    """Evaluates the expressions of a module as texts; each language has a subclass."""

    depth: int = field(default=0, init=False)
    doubts: dict[str, str] = field(default_factory=dict, init=False)
    """By name (see Value.names): why the code may use another value than the known value."""

    def value(self, node: Expression | None) -> Value | None:
        """The text of an expression; None if a part of it is unknown."""
        if node is None or self.depth > DEEPEST:
            return None
        self.depth += 1
        try:
            return self._value(node)
        finally:
            self.depth -= 1

    def doubt(self, value: Value) -> str | None:
        """Why the code may use another value than `value`; None if there is no reason."""
        return next((self.doubts[name] for name in sorted(value.names) if name in self.doubts), None)

    @abstractmethod
    def _value(self, node: Expression) -> Value | None:
        """The text of an expression; for its parts call `value`."""


def joined(*values: Value | None) -> Value | None:
    """The texts one after the other; None if one of them is unknown."""
    pieces: list[Piece] = []
    variables: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    for value in values:
        if value is None:
            return None
        pieces += value.pieces
        variables, names = variables | value.variables, names | value.names
    return Value(tuple(pieces), variables, names)


def with_slashes(values: Iterable[Value | None]) -> Value | None:
    """The texts joined by slashes; None if one of them is unknown."""
    slash = Value((Piece("/"),))
    return joined(*[part for value in values for part in (slash, value)][1:])


def path_of(values: Iterable[Value | None]) -> Value | None:
    """The paths joined as `os.path.join` does: an absolute path replaces all before it. None if one is unknown."""
    found: Value | None = None
    for value in values:
        if value is None:
            return None
        if found is None or value.text.startswith("/"):
            found = known_by(value, variables=found.variables, names=found.names) if found else value
            continue
        slash = () if found.text.endswith("/") else (Piece("/"),)
        before = (*found.pieces, *slash)
        first, *rest = value.pieces
        found = joined(
            Value(before, found.variables, found.names),
            Value((replace(first, replaces=len(before)), *rest), value.variables, value.names),
        )
    return found


def parent_of(value: Value | None) -> Value | None:
    """The parent directory of an absolute path; None for a relative or unknown path."""
    if value is None or not value.text.startswith("/"):
        return None
    return Value((Piece(posixpath.dirname(posixpath.normpath(value.text))),), value.variables, value.names)


def known_by(value: Value, variables: Iterable[str] = (), names: Iterable[str] = ()) -> Value:
    """The value with these environment variables and names in the code added to its own."""
    return Value(value.pieces, value.variables | set(variables), value.names | set(names))
