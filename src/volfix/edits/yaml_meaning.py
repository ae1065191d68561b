"""What YAML documents mean after operations: `plain` (see yaml_tree) with each of them applied to its node's data."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

from volfix.edits.operation import GONE, Operation
from volfix.syntax.source import Span
from volfix.syntax.yaml_plain import plain
from volfix.syntax.yaml_tree import Alias, Document, Mapping, Node, Pair, Scalar
from volfix.syntax.yaml_tree import Sequence as Items


def expected(documents: Iterable[Document], operations: Sequence[Operation]) -> list[Any]:
    """The documents of one file as plain data, as they shall be after the operations on it."""
    tree = _Tree(operations)
    return [tree.data(document.root) for document in documents]


class _Tree:
    """Nodes are found again by their places, so that a file may be parsed once more."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = sorted(operations, key=lambda item: item.place.start)
        self.starts = [item.place.start for item in self.operations]

    def data(self, node: Node) -> Any:
        inside = self._inside(node.span)
        if not inside:
            return plain(node)
        match node:
            case Alias():
                value: Any = plain(node)
            case Scalar():
                value = node.value
            case Mapping():
                entries = ((key_of(pair), self.data(pair.value)) for pair in node.pairs)
                value = {key: entry for key, entry in entries if entry is not GONE}
            case Items():
                value = [item for item in map(self.data, node.items) if item is not GONE]
        own = [item for item in inside if isinstance(node, Scalar) or item.place == node.span]
        for operation in sorted(own, key=lambda item: item.place, reverse=True):  # from the last edit to the first
            value = operation.apply(node, value)
        if value is GONE or isinstance(node, Alias):
            return value
        value = value if node.anchor is None else ("anchor", node.anchor, value)
        return value if node.tag is None else ("tag", node.tag, value)

    def _inside(self, span: Span) -> list[Operation]:
        first, last = bisect_left(self.starts, span.start), bisect_right(self.starts, span.end)
        return [item for item in self.operations[first:last] if item.place in span]


def key_of(pair: Pair) -> str:
    """The entry's key as plain data has it."""
    return pair.key.value if isinstance(pair.key, Scalar) else repr(plain(pair.key))


def unwrapped(value: Any) -> Any:
    """The data behind its anchor and tag."""
    return unwrapped(value[2]) if _is_wrapped(value) else value


def wrapped(old: Any, value: Any) -> Any:
    """Another value behind the anchor and tag of the old data."""
    return (*old[:2], wrapped(old[2], value)) if _is_wrapped(old) else value


def _is_wrapped(value: Any) -> bool:
    return isinstance(value, tuple) and value[0] in ("anchor", "tag")
