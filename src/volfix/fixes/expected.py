"""The tree that a YAML file shall have after its operations: the old one with each of them applied to plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from volfix.rules.operations import (
    AddEntries,
    AddMount,
    AppendItem,
    DeclareVolume,
    NameProject,
    Operation,
    RemoveEntry,
    RemoveItem,
    SetScalar,
    SetText,
    as_data,
)
from volfix.syntax.yaml_scalar import units
from volfix.syntax.yaml_tree import Alias, Document, Mapping, Node, Pair, Scalar, plain, resolved
from volfix.syntax.yaml_tree import Sequence as Items

LOCAL = {"driver": "local"}


def expected_tree(document: Document, operations: Sequence[Operation]) -> Any:
    """The document as plain data (see yaml_tree.plain), as it shall be after the operations on it."""
    tree = _Expected(operations).tree(document.root)
    for operation in operations:
        if isinstance(operation, DeclareVolume) and operation.document is document:
            tree = _inside(tree, partial(_declared, key=operation.key))
        elif isinstance(operation, NameProject) and operation.document is document:
            tree = _inside(tree, partial(_named, name=operation.name))
    return tree


class _Expected:
    """`plain` with the operations on single nodes made on the way; the nodes are told apart by identity."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.values = {id(item.scalar): item.value for item in operations if isinstance(item, SetScalar)}
        self.removed = {id(item.pair) for item in operations if isinstance(item, RemoveEntry)}
        self.without = {item.span for item in operations if isinstance(item, RemoveItem)}
        self.texts = [item for item in operations if isinstance(item, SetText)]
        self.added: dict[int, dict[str, list[Any]]] = {}
        self.entries: dict[int, dict[str, Any]] = {}
        for item in operations:
            if isinstance(item, AddMount):
                self.added.setdefault(id(item.service), {}).setdefault("volumes", []).append(item.text)
            elif isinstance(item, AppendItem):
                self.added.setdefault(id(item.mapping), {}).setdefault(item.key, []).append(as_data(item.entries))
            elif isinstance(item, AddEntries):
                self.entries.setdefault(id(item.mapping), {}).update(as_data(item.entries))

    def tree(self, node: Node) -> Any:
        match node:
            case Alias():
                return plain(node)
            case Scalar():
                texts = [item for item in self.texts if item.span in node.span]
                if id(node) not in self.values and not texts:
                    return plain(node)
                value: Any = _replaced(node, texts) if texts else self.values[id(node)]
            case Mapping():
                value = {self._key(pair): self.tree(pair.value) for pair in node.pairs if id(pair) not in self.removed}
                for key, added in self.added.get(id(node), {}).items():
                    value[key] = _inside(value.get(key, []), partial(_extended, added=added))
                value.update(self.entries.get(id(node), {}))
            case Items():
                value = [self.tree(item) for item in node.items if item.span not in self.without]
        if node.anchor is not None:
            value = ("anchor", node.anchor, value)
        return value if node.tag is None else ("tag", node.tag, value)

    def _key(self, pair: Pair) -> str:
        return pair.key.value if isinstance(pair.key, Scalar) else repr(plain(pair.key))


def _replaced(scalar: Scalar, operations: Sequence[SetText]) -> str:
    """The scalar's value with the characters replaced that the operations replace in its text."""
    value = scalar.value
    for operation in sorted(operations, key=lambda item: item.span, reverse=True):
        at, start, end = 0, None, None
        for unit in units(operation.source, scalar) or ():
            if operation.span.start <= unit.start and unit.end <= operation.span.end and unit.end > unit.start:
                start, end = at if start is None else start, at + len(unit.value)
            at += len(unit.value)
        if start is not None:
            value = value[:start] + operation.replacement + value[end:]
    return value


def _inside(value: Any, change: Callable[[Any], Any]) -> Any:
    """The change made to the data behind an anchor or tag."""
    if isinstance(value, tuple) and value[0] in ("anchor", "tag"):
        return (value[0], value[1], _inside(value[2], change))
    return change(value)


def _extended(value: Any, added: list[Any]) -> list[Any]:
    return [*(value if isinstance(value, list) else []), *added]


def _named(root: dict[str, Any], name: str) -> dict[str, Any]:
    return {"name": name, **root}


def _declared(root: dict[str, Any], key: str) -> dict[str, Any]:
    def with_entry(volumes: Any) -> dict[str, Any]:
        entries = volumes if isinstance(volumes, dict) else {}
        return {**entries, key: _inside(entries.get(key), with_driver)}

    def with_driver(entry: Any) -> dict[str, Any]:
        return {**(entry if isinstance(entry, dict) else {}), **LOCAL}

    return {**root, "volumes": _inside(root.get("volumes"), with_entry)}


def is_empty(document: Document) -> bool:
    """Whether a document says nothing, as one between two `---` does."""
    root = resolved(document.root)
    return isinstance(root, Scalar) and root.is_null
