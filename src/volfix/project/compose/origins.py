"""Where the value of a variable is written: in a Compose file or an env file, or elsewhere (see outer_origins)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from volfix.project.compose.interpolation import VISIBLE, Piece
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Scalar

if TYPE_CHECKING:
    from volfix.project.compose.outer_origins import InCode, InDockerfile, InFlow
    from volfix.syntax.dotenv import Assignment


@dataclass(frozen=True, slots=True)
class InCompose:
    """The value is written in a Compose file as scalar.value[start:end]: all of it, after `NAME=`, or as a default."""

    file: Source
    scalar: Scalar
    start: int
    end: int

    @property
    def place(self) -> int:
        """Where in the file it is written, which tells it from all others."""
        return self.scalar.span.start

    @property
    def text(self) -> str:
        """What is written there, to be interpolated."""
        return self.scalar.value[self.start : self.end]


@dataclass(frozen=True, slots=True)
class InEnvFile:
    """The value is written literally in an assignment of an env file."""

    file: Source
    assignment: Assignment

    @property
    def place(self) -> int:
        """Where in the file it is written, which tells it from all others."""
        return self.assignment.span.start

    @property
    def text(self) -> str:
        """What is written there, to be interpolated."""
        return self.assignment.value


@dataclass(frozen=True, slots=True)
class PutTogether:
    """The value is the interpolated text at `written`; `pieces` are the parts of that text."""

    written: InCompose | InEnvFile
    pieces: tuple[Piece, ...]

    @property
    def file(self) -> Source:
        """The file that contains the text."""
        return self.written.file

    @property
    def place(self) -> int:
        """The offset of the text, which identifies it in the file."""
        return self.written.place

    @property
    def unknown(self) -> str | None:
        """The first variable in the value that is unknown; None if all are known."""
        return next((name for piece in self.pieces if piece.name for name in VISIBLE.findall(piece.value)), None)

    def saying(self, value: str) -> str | None:
        """The text with one literal part changed so that the value becomes `value`; None if no single change does it.

        Text around variables is tried before defaults, because a default counts only while nothing sets the variable.
        """
        text = self.written.text
        order = sorted(range(len(self.pieces)), key=lambda number: self.pieces[number].instead_of is not None)
        for number in order:
            piece = self.pieces[number]
            before = "".join(other.value for other in self.pieces[:number])
            after = "".join(other.value for other in self.pieces[number + 1 :])
            middle = value.removeprefix(before).removesuffix(after)
            if piece.name is None and before + middle + after == value:
                return text[: piece.start] + middle.replace("$", "$$") + text[piece.end :]
        return None


Origin: TypeAlias = "InCompose | InEnvFile | PutTogether | InDockerfile | InCode | InFlow | None"
"""Where a value is written; None if it comes from outside or that is unknown."""


def env_assignment(origin: Origin) -> InEnvFile | None:
    """The env file assignment that a value comes from, literally or interpolated; None if it has another origin."""
    written = origin.written if isinstance(origin, PutTogether) else origin
    return written if isinstance(written, InEnvFile) else None


def compose_scalar(origin: Origin) -> InCompose | None:
    """The Compose file scalar that a value comes from, literally or interpolated; None if it has another origin."""
    written = origin.written if isinstance(origin, PutTogether) else origin
    return written if isinstance(written, InCompose) else None


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a service. `value` is None if it comes from outside; unknown parts appear as `${NAME}`."""

    name: str
    value: str | None
    origin: Origin
    inherited: bool = False
    """Only the name is written: the variable is set only if the machine that deploys sets it."""
