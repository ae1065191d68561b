"""A text that is put together from pieces, some of which are written literally somewhere."""

from __future__ import annotations

from dataclasses import dataclass

from volfix.syntax.source import Span


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
