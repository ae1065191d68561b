"""The changes that a fix makes to files, in terms of the parsed tree: splices and proof follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from volfix.syntax.dotenv import Assignment
    from volfix.syntax.source import Source, Span
    from volfix.syntax.yaml_tree import Document, Mapping, Node, Pair, Scalar, Sequence

Entries: TypeAlias = "tuple[tuple[str, str | Entries], ...]"
"""New entries of a mapping, which may hold mappings in their turn."""


def as_data(entries: Entries) -> dict[str, Any]:
    """The entries as the plain mapping that they say."""
    return {key: value if isinstance(value, str) else as_data(value) for key, value in entries}


@dataclass(frozen=True, slots=True)
class SetScalar:
    """A scalar gets another value; its quoting style stays where it can."""

    source: Source
    scalar: Scalar
    value: str


@dataclass(frozen=True, slots=True)
class RemoveEntry:
    """An entry of a mapping goes, with its own comment."""

    source: Source
    mapping: Mapping
    pair: Pair


@dataclass(frozen=True, slots=True)
class RemoveItem:
    """An item of a list goes, with the comment on its line; never the only one."""

    source: Source
    sequence: Sequence
    item: Node

    @property
    def span(self) -> Span:
        return self.item.span


@dataclass(frozen=True, slots=True)
class DeclareVolume:
    """The top-level `volumes:` of a document gets `key` with `driver: local`, or the entry gets the driver."""

    source: Source
    document: Document
    key: str


@dataclass(frozen=True, slots=True)
class AddMount:
    """A service's own `volumes:` gets one more short mount."""

    source: Source
    document: Document
    service: Mapping
    text: str


@dataclass(frozen=True, slots=True)
class SetAssignment:
    """A variable in an env file gets another value; its quotes, `export` and comment stay."""

    source: Source
    assignment: Assignment
    value: str


@dataclass(frozen=True, slots=True)
class AppendItem:
    """The list under `key` of a mapping gets one more item, a mapping with these entries; a missing list is made."""

    source: Source
    document: Document
    mapping: Mapping
    key: str
    entries: Entries


@dataclass(frozen=True, slots=True)
class AddEntries:
    """A mapping gets more entries."""

    source: Source
    document: Document
    mapping: Mapping
    entries: Entries


@dataclass(frozen=True, slots=True)
class NameProject:
    """The document gets `name:` at its top."""

    source: Source
    document: Document
    name: str


@dataclass(frozen=True, slots=True)
class SetText:
    """Some characters of a file with shell commands are replaced; in YAML they lie inside one scalar."""

    source: Source
    span: Span
    replacement: str = ""


@dataclass(frozen=True, slots=True)
class SetLiteral:
    """A string in code gets another content: of an ENV, a Python literal, an option of an ini file.

    `span` is what stands between the quotes, `replacement` what shall stand there, which needs no escape.
    """

    source: Source
    span: Span
    replacement: str


@dataclass(frozen=True, slots=True)
class AddInstruction:
    """A Dockerfile gets one more instruction, on a line of its own at `place`, where another one begins."""

    source: Source
    place: int
    text: str


Operation = (
    SetScalar
    | RemoveEntry
    | RemoveItem
    | DeclareVolume
    | AddMount
    | SetAssignment
    | AppendItem
    | AddEntries
    | NameProject
    | SetText
    | SetLiteral
    | AddInstruction
)
