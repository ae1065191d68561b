"""Where the value of a variable is written outside of Compose and env files: in a Dockerfile, code or a deployment."""

from __future__ import annotations

from dataclasses import dataclass

from volfix.syntax.source import Source, Span


@dataclass(frozen=True, slots=True)
class InDockerfile:
    """The value is written in an ENV of a Dockerfile, or in the ARG that the ENV repeats.

    `shared` says that a stage which the service does not build uses it too.
    """

    file: Source
    span: Span
    shared: bool = False

    @property
    def place(self) -> int:
        """Where in the file it is written, which tells it from all others."""
        return self.span.start


@dataclass(frozen=True, slots=True)
class InCode:
    """The value is built in code. `span` is the literal to change, `before` and `after` are the values around it.

    `base` is the end of `before` that an absolute path in the literal replaces.
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
        """The literal that makes the whole value `value`; None if changing the literal is not enough."""
        if value.startswith(self.before) and value.endswith(self.after):
            return value[len(self.before) : len(value) - len(self.after)]
        before = self.before.removesuffix(self.base)
        literal = value.removeprefix(before).removesuffix(self.after) if self.base and value.startswith(before) else ""
        return literal if literal.startswith("/") else None


@dataclass(frozen=True, slots=True)
class InFlow:
    """A deployment sets the value at offset `place`: a step's `environment:`, `export`, a line written to an env file.

    `span` is the position of the literal value; None if it is not written literally.
    """

    file: Source
    place: int
    span: Span | None
