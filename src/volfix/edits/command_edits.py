"""The operation on the text of commands: in a script, or in a scalar of a YAML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import YamlEdit
from volfix.syntax.source import Edit, Source, Span

if TYPE_CHECKING:
    from volfix.syntax.yaml_tree import Node


@dataclass(frozen=True, slots=True)
class SetText(Operation):
    """Replaces characters of a file with shell commands; in YAML they lie inside one scalar."""

    source: Source
    span: Span
    replacement: str = ""

    @property
    def place(self) -> Span:
        return self.span

    def splice(self) -> list[Edit]:
        return [Edit(self.source.path, self.span, self.replacement)]

    def apply(self, part: Node, data: Any, /) -> Any:
        """A scalar's value with another text for what the characters say; those behind them are replaced already."""
        from volfix.syntax.yaml_scalar import units
        from volfix.syntax.yaml_tree import Scalar

        if not isinstance(part, Scalar):
            return data
        at, start, end = 0, None, None
        for unit in units(self.source, part) or ():
            if self.span.start <= unit.start and unit.end <= self.span.end and unit.end > unit.start:
                start, end = at if start is None else start, at + len(unit.value)
            at += len(unit.value)
        return data if start is None else data[:start] + self.replacement + data[end:]

    def in_commands(self) -> tuple[Span, str]:
        return self.span, self.replacement

    @staticmethod
    def meaning(source: Source, operations: Sequence[Operation]) -> Any:
        """The trees of YAML; of any other file the commands say all that is known (see in_commands)."""
        return YamlEdit.meaning(source, operations) if source.path.suffix in (".yml", ".yaml") else []
