"""The operation on an assignment of an env file; `apply` takes the assignment and its value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volfix.edits.operation import Operation
from volfix.syntax.source import Edit, Source, Span

if TYPE_CHECKING:
    from volfix.syntax.dotenv import Assignment


@dataclass(frozen=True, slots=True)
class SetAssignment(Operation):
    """Sets a variable in an env file; its quotes, `export` and comment stay."""

    source: Source
    assignment: Assignment
    value: str

    @property
    def place(self) -> Span:
        return self.assignment.span

    def splice(self) -> list[Edit]:
        from volfix.syntax.dotenv import replace_value

        return [replace_value(self.source, self.assignment, self.value)]

    def apply(self, _part: Assignment, _data: str, /) -> str:
        return self.value

    @staticmethod
    def meaning(source: Source, operations: Sequence[Operation]) -> list[tuple[str, str]]:
        """Every assignment with its value."""
        from volfix.syntax import dotenv

        own = {operation.place.start: operation for operation in operations}
        return [
            (item.name, own[item.span.start].apply(item, item.value) if item.span.start in own else item.value)
            for item in dotenv.read(source)
        ]
