"""What every operation can say: the text that it changes, what the file means after it, and what it replaces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from volfix.syntax.source import Edit, Source, Span

Entries: TypeAlias = "tuple[tuple[str, str | Entries], ...]"
"""New entries of a mapping, which may hold mappings too."""

GONE = object()
"""The meaning of a removed part."""


class Operation(ABC):
    """One change that a fix makes to one file. Render and proof know nothing of its kind but what is said here."""

    __slots__ = ()
    source: Source

    @property
    @abstractmethod
    def place(self) -> Span:
        """The part of the text that it is about: what it replaces, or the node or the point of an addition."""

    @abstractmethod
    def splice(self) -> list[Edit]:
        """Its edits; raises CannotEdit where the text has no place for them."""

    def splice_with(self, others: Sequence[Any]) -> list[Edit]:
        """Its edits together with those of others of its `group`; raises CannotEdit as splice() does."""
        return [edit for operation in (self, *others) for edit in operation.splice()]

    @abstractmethod
    def apply(self, part: Any, data: Any, /) -> Any:
        """What `part` of the file means after the operation, which means `data` before it.

        A part is a YAML node, an assignment, an instruction or an option: see `meaning`.
        """

    def replaced(self) -> Span | None:
        """The characters that it replaces; None for an operation that only adds some."""
        return self.place

    @staticmethod
    @abstractmethod
    def meaning(source: Source, operations: Sequence[Operation]) -> Any:
        """What a file of this notation means after the operations, as plain data; what it means now with none.

        Raises FileProblem where the file cannot be read.
        """

    @property
    def group(self) -> object:
        """What the operations have in common that add to one place, and so make their edits together; None: nothing."""
        return None

    @property
    def order(self) -> int:
        """Where several add text at one point, the lower number comes first: what stands deeper."""
        return 0

    def in_commands(self) -> tuple[Span, str] | None:
        """The characters of commands that it replaces, and the text for them; None where it edits no command."""
        return None

    @property
    def hides_words(self) -> bool:
        """Whether words of commands may change that in_commands() does not name."""
        return False


def as_data(value: str | Entries) -> Any:
    """Entries as the plain mapping that they say, a text as itself."""
    return value if isinstance(value, str) else {key: as_data(item) for key, item in value}


def splices(operations: Sequence[Operation]) -> list[Edit]:
    """The edits of one file's operations: those that add to one place make theirs together."""
    groups: dict[object, list[Operation]] = {}
    for operation in sorted(operations, key=lambda item: item.order):
        groups.setdefault(operation.group or id(operation), []).append(operation)
    return [edit for first, *others in groups.values() for edit in first.splice_with(others)]
