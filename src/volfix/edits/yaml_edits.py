"""Operations on nodes of a YAML file; `apply` takes a node, and its plain data without anchor and tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from volfix.edits.operation import GONE, Entries, Operation, as_data
from volfix.syntax.source import Edit, Source, Span

if TYPE_CHECKING:
    from volfix.syntax.yaml_tree import Document, Mapping, Node, Pair, Scalar
    from volfix.syntax.yaml_tree import Sequence as Items

DRIVER = {"driver": "local"}


class YamlEdit(Operation):
    """An operation on a node of a YAML file."""

    __slots__ = ()

    @staticmethod
    def meaning(source: Source, operations: Sequence[Operation]) -> Any:
        from volfix.edits.yaml_meaning import expected
        from volfix.syntax.yaml_tree import parse

        return expected(parse(source), operations)


class Addition(YamlEdit):
    """An operation that only adds to a node."""

    __slots__ = ()

    def replaced(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class SetScalar(YamlEdit):
    """A new value of a scalar; its quoting style stays where it can."""

    source: Source
    scalar: Scalar
    value: str

    @property
    def place(self) -> Span:
        return self.scalar.span

    @property
    def hides_words(self) -> bool:
        return True

    def splice(self) -> list[Edit]:
        from volfix.syntax.yaml_edit import replace_scalar

        return [replace_scalar(self.source, self.scalar, self.value)]

    def apply(self, _part: Node, _data: Any, /) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class RemoveEntry(YamlEdit):
    """An entry of a mapping goes, with its own comment."""

    source: Source
    mapping: Mapping
    pair: Pair

    @property
    def place(self) -> Span:
        return self.pair.value.span

    def splice(self) -> list[Edit]:
        from volfix.syntax.yaml_remove import remove_entry

        return [remove_entry(self.source, self.mapping, self.pair)]

    def apply(self, _part: Node, _data: Any, /) -> object:
        return GONE

    def replaced(self) -> Span:
        return Span(self.pair.key.span.start, self.pair.value.span.end)


@dataclass(frozen=True, slots=True)
class RemoveItem(YamlEdit):
    """An item of a list goes, with the comment on its line; never the only one."""

    source: Source
    sequence: Items
    item: Node

    @property
    def place(self) -> Span:
        return self.item.span

    def splice(self) -> list[Edit]:
        from volfix.syntax.yaml_remove import remove_item

        return [remove_item(self.source, self.sequence, self.item)]

    def apply(self, _part: Node, _data: Any, /) -> object:
        return GONE

    def in_commands(self) -> tuple[Span, str]:
        return self.place, ""


@dataclass(frozen=True, slots=True)
class AppendItem(Addition):
    """One more item, a text or a mapping, in the list under `key` of a mapping; a missing list is made."""

    source: Source
    document: Document
    mapping: Mapping
    key: str
    item: str | Entries

    @property
    def place(self) -> Span:
        return self.mapping.span

    @property
    def group(self) -> object:
        return id(self.mapping), self.key

    @property
    def order(self) -> int:
        return 2 if self.mapping is self.document.root else 1

    def splice(self) -> list[Edit]:
        return self.splice_with(())

    def splice_with(self, others: Sequence[AppendItem]) -> list[Edit]:
        from volfix.syntax.yaml_insert import append_items, insert_section

        items = [as_data(each.item) for each in (self, *others)]
        if self.mapping is self.document.root and self.mapping.pair(self.key) is None:
            return insert_section(self.source, self.document, self.key, items)
        return append_items(self.source, self.document, self.mapping, self.key, items)

    def apply(self, _part: Node, data: Any, /) -> dict[str, Any]:
        from volfix.edits.yaml_meaning import unwrapped, wrapped

        items = unwrapped(data.get(self.key))
        items = [*(items if isinstance(items, list) else []), as_data(self.item)]
        return {**data, self.key: wrapped(data.get(self.key), items)}


@dataclass(frozen=True, slots=True)
class AddEntries(Addition):
    """More entries of a mapping."""

    source: Source
    document: Document
    mapping: Mapping
    entries: Entries

    @property
    def place(self) -> Span:
        return self.mapping.span

    def splice(self) -> list[Edit]:
        from volfix.syntax.yaml_insert import add_to

        return add_to(self.source, self.document, self.mapping, as_data(self.entries))

    def apply(self, _part: Node, data: Any, /) -> dict[str, Any]:
        return {**data, **as_data(self.entries)}


@dataclass(frozen=True, slots=True)
class NameProject(Addition):
    """`name:` at the top of the document."""

    source: Source
    document: Document
    name: str

    @property
    def place(self) -> Span:
        return self.document.root.span

    def splice(self) -> list[Edit]:
        from volfix.syntax.yaml_first import insert_first

        return insert_first(self.source, self.document, "name", self.name)

    def apply(self, _part: Node, data: Any, /) -> dict[str, Any]:
        return {"name": self.name, **data}


@dataclass(frozen=True, slots=True)
class DeclareVolume(Addition):
    """`key` with `driver: local` in the top-level `volumes:` of a document, or the driver in its entry."""

    source: Source
    document: Document
    key: str

    @property
    def place(self) -> Span:
        return self.document.root.span

    @property
    def group(self) -> object:
        return id(self.document), "volumes"

    @property
    def order(self) -> int:
        return 3

    def splice(self) -> list[Edit]:
        return self.splice_with(())

    def splice_with(self, others: Sequence[DeclareVolume]) -> list[Edit]:
        from volfix.syntax.yaml_insert import add_entries, insert_section
        from volfix.syntax.yaml_tree import Mapping, resolved

        keys = list(dict.fromkeys(each.key for each in (self, *others)))
        root = resolved(self.document.root)
        assert isinstance(root, Mapping)
        section = root.pair("volumes")
        if section is None:
            return insert_section(self.source, self.document, "volumes", dict.fromkeys(keys, DRIVER))
        volumes = resolved(section.value)
        entries = {key: volumes.pair(key) for key in keys} if isinstance(volumes, Mapping) else {}
        edits: list[Edit] = []
        for pair in entries.values():
            if pair is not None and not _says_driver(resolved(pair.value)):
                edits += add_entries(self.source, self.document, pair, DRIVER)
        new = {key: DRIVER for key in keys if entries.get(key) is None}
        return [*edits, *(add_entries(self.source, self.document, section, new) if new else [])]

    def apply(self, _part: Node, data: Any, /) -> dict[str, Any]:
        from volfix.edits.yaml_meaning import unwrapped, wrapped

        volumes = unwrapped(data.get("volumes"))
        volumes = volumes if isinstance(volumes, dict) else {}
        entry = unwrapped(volumes.get(self.key))
        entry = {**(entry if isinstance(entry, dict) else {}), **DRIVER}
        volumes = {**volumes, self.key: wrapped(volumes.get(self.key), entry)}
        return {**data, "volumes": wrapped(data.get("volumes"), volumes)}


def _says_driver(value: Node) -> bool:
    from volfix.syntax.yaml_tree import Mapping, Scalar

    return (isinstance(value, Mapping) and value.get("driver") is not None) or not isinstance(value, Mapping | Scalar)
