"""The changes that a fix makes to files, in terms of the parsed tree: splices and proof follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from volfix.syntax.dotenv import Assignment
    from volfix.syntax.source import Source
    from volfix.syntax.yaml_tree import Document, Mapping, Pair, Scalar


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


Operation = SetScalar | RemoveEntry | DeclareVolume | AddMount | SetAssignment
