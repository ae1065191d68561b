"""Where the value of a variable is written: in a Compose file, an env file, a Dockerfile, code or a deploying flow."""

from __future__ import annotations

from dataclasses import dataclass

from volfix.project.compose.interpolation import VISIBLE, Piece
from volfix.syntax.dotenv import Assignment
from volfix.syntax.source import Source, Span
from volfix.syntax.yaml_tree import Scalar


@dataclass(frozen=True, slots=True)
class InCompose:
    """The value is scalar.value[start:end], literally: all of it, what follows `NAME=`, or a variable's default."""

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
    """The value is that of an assignment, literally."""

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
    """The value is what interpolation makes of the text at `written`; `pieces` are the parts of that text."""

    written: InCompose | InEnvFile
    pieces: tuple[Piece, ...]

    @property
    def file(self) -> Source:
        return self.written.file

    @property
    def place(self) -> int:
        return self.written.place

    @property
    def unknown(self) -> str | None:
        """A variable whose value nobody knows here; None where all are known."""
        return next((name for piece in self.pieces if piece.name for name in VISIBLE.findall(piece.value)), None)

    def saying(self, value: str) -> str | None:
        """The text that makes it `value` with another literal part; None where no literal part alone makes it so.

        The text around the variables is tried before their defaults, which count only while nothing sets them.
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


@dataclass(frozen=True, slots=True)
class InDockerfile:
    """The value is that of an ENV, or of the ARG that it repeats; `shared` with a stage that is not built."""

    file: Source
    span: Span
    shared: bool = False

    @property
    def place(self) -> int:
        """Where in the file it is written, which tells it from all others."""
        return self.span.start


@dataclass(frozen=True, slots=True)
class InCode:
    """The value is put together in code; `span` is the literal in it that would change, `before` and `after` what
    stands around it, `base` the end of `before` that an absolute path would replace.
    """

    file: Source
    span: Span
    before: str = ""
    after: str = ""
    base: str = ""

    @property
    def place(self) -> int:
        """Where in the file it is written, which tells it from all others."""
        return self.span.start

    def literal(self, value: str) -> str | None:
        """What the literal has to be so that the whole is `value`; None where it alone cannot make it so."""
        if value.startswith(self.before) and value.endswith(self.after):
            return value[len(self.before) : len(value) - len(self.after)]
        before = self.before.removesuffix(self.base)
        literal = value.removeprefix(before).removesuffix(self.after) if self.base and value.startswith(before) else ""
        return literal if literal.startswith("/") else None


@dataclass(frozen=True, slots=True)
class InFlow:
    """A deploying flow gives the value, at `place`: a step's `environment:`, `export`, a line that it writes into an
    env file. `span` are the characters that say it literally, None where it is not written so.
    """

    file: Source
    place: int
    span: Span | None


Origin = InCompose | InEnvFile | PutTogether | InDockerfile | InCode | InFlow | None
"""Where one value is written; None where it comes from outside, or the files do not tell."""


def env_assignment(origin: Origin) -> InEnvFile | None:
    """The assignment that a value comes from, as it is or put together; None where it comes from elsewhere."""
    written = origin.written if isinstance(origin, PutTogether) else origin
    return written if isinstance(written, InEnvFile) else None


def compose_scalar(origin: Origin) -> InCompose | None:
    """The scalar of a Compose file that a value comes from; None where it comes from elsewhere."""
    written = origin.written if isinstance(origin, PutTogether) else origin
    return written if isinstance(written, InCompose) else None


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a service; `value` is None where it comes from outside, and shows unknown parts as `${NAME}`."""

    name: str
    value: str | None
    origin: Origin
    inherited: bool = False
    """Only the name is written: it is set where something outside sets it, and else not at all."""
