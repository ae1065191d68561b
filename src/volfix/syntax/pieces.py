"""A text that is put together from pieces, some of which are written literally somewhere."""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from volfix.syntax.source import Span

Expression = TypeVar("Expression")
DEEPEST = 12
"""So many expressions within each other are followed."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; `span` is where it is written literally, in the constant `name` if it is in one; `replaces` how
    many pieces before it are left out where it is an absolute path: those that it is joined to.
    """

    text: str
    span: Span | None = None
    replaces: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A text in pieces; `variables` are those of the environment that would replace it, or a part of it."""

    pieces: tuple[Piece, ...]
    variables: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


@dataclass
class Evaluation(ABC, Generic[Expression]):
    """What the expressions of a module are worth as text; each language has its own."""

    depth: int = field(default=0, init=False)
    doubts: dict[str, str] = field(default_factory=dict, init=False)
    """By a name that values have in `names`, why another value than the known one may count."""

    def value(self, node: Expression | None) -> Value | None:
        """The text of an expression; None where a part of it is not known here."""
        if node is None or self.depth > DEEPEST:
            return None
        self.depth += 1
        try:
            return self._value(node)
        finally:
            self.depth -= 1

    def doubt(self, value: Value) -> str | None:
        """Why another value than this may count."""
        return next((self.doubts[name] for name in sorted(value.names) if name in self.doubts), None)

    @abstractmethod
    def _value(self, node: Expression) -> Value | None:
        """The text of an expression, whose parts `value` gives."""


def joined(*values: Value | None) -> Value | None:
    """The texts one behind the other; None where one is not known."""
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
    """The texts with a slash between each two of them; None where one is not known."""
    slash = Value((Piece("/"),))
    return joined(*[part for value in values for part in (slash, value)][1:])


def path_of(values: Iterable[Value | None]) -> Value | None:
    """The paths joined as `os.path.join` and `/` do it: an absolute one leaves out all before it."""
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
    """The directory of an absolute path; None for another one."""
    if value is None or not value.text.startswith("/"):
        return None
    return Value((Piece(posixpath.dirname(posixpath.normpath(value.text))),), value.variables, value.names)


def known_by(value: Value, variables: Iterable[str] = (), names: Iterable[str] = ()) -> Value:
    """The value, which these variables of the environment would replace, and which these names of the code give."""
    return Value(value.pieces, value.variables | set(variables), value.names | set(names))
