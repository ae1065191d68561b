"""Builds a tree of YAML nodes with exact positions from ruamel.yaml's events. The tree is never written back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from volfix.syntax.source import FileProblem, Source, Span
from volfix.syntax.yaml_events import block_end, read_events

LINE_ENDS = frozenset("\r\n\x85\u2028\u2029")
NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")

# Nothing changes a node. They are not declared frozen because a frozen instance takes several times as long to make,
# and a file has thousands.


@dataclass(slots=True, eq=False)
class Scalar:
    """A scalar; `span` includes quotes and block header but not anchor and tag, and is empty for an absent value.

    The span of a block scalar ends with the last line of its value; with `+` the blank lines after it belong to it.
    """

    span: Span
    value: str
    style: str
    """"" plain, "'" single, '"' double, "|" literal, ">" folded."""
    tag: str | None = None
    anchor: str | None = None

    @property
    def is_null(self) -> bool:
        """Whether the scalar is null or absent."""
        return self.style == "" and self.tag in (None, "tag:yaml.org,2002:null") and NULL.match(self.value) is not None


@dataclass(slots=True, eq=False)
class Pair:
    """An entry of a mapping; `name` is its key as text, None for a merge key and for a key that is no scalar."""

    key: Node
    value: Node
    name: str | None


@dataclass(slots=True, eq=False)
class Mapping:
    """A mapping; `span` is from `{` to `}` (flow), or from the first key to the end of the last value (block).

    The one-entry mapping of `[key: value]` counts as flow, but its span begins with its key.
    """

    span: Span
    pairs: tuple[Pair, ...]
    flow: bool
    tag: str | None = None
    anchor: str | None = None
    first: dict[str, Pair] = field(init=False, repr=False)
    """The first entry of each key, in their order, without merge keys; kept because each mapping is asked some twenty
    times.
    """
    merged: tuple[Mapping, ...] = field(init=False, repr=False)
    """The mappings that merge keys bring in; the first one wins."""

    def __post_init__(self) -> None:
        named: dict[str, Pair] = {}
        merged: list[Mapping] = []
        for pair in self.pairs:
            if pair.name is not None:
                named.setdefault(pair.name, pair)
            elif is_merge_key(pair.key):
                merged += _mappings_in(pair.value)
        self.first, self.merged = named, tuple(merged)

    def pair(self, key: str) -> Pair | None:
        """The entry written here under `key`; None without one. Merge keys are not followed."""
        return self.first.get(key)

    def get(self, key: str) -> Scalar | Mapping | Sequence | None:
        """The value under `key`, with merge keys followed and aliases resolved; None without one."""
        if found := self.first.get(key):
            return resolved(found.value) if isinstance(found.value, Alias) else found.value
        return self.inherited(key) if self.merged else None

    def inherited(self, key: str) -> Scalar | Mapping | Sequence | None:
        """The value that merge keys bring in under `key`, even if an entry here overrides it; None without one."""
        return next((resolved(found.value) for each in _inherited(self) if (found := each.pair(key))), None)

    def items(self) -> Iterator[tuple[str, Pair]]:
        """The effective entries with their keys; those of merge keys come last, unless they are overridden."""
        found = dict(self.first)
        for mapping in _inherited(self):
            for name, pair in mapping.first.items():
                found.setdefault(name, pair)
        return iter(found.items())


@dataclass(slots=True, eq=False)
class Sequence:
    """A sequence; `span` is from `[` to `]` (flow), or from the first dash to the end of the last item (block)."""

    span: Span
    items: tuple[Node, ...]
    flow: bool
    tag: str | None = None
    anchor: str | None = None


@dataclass(slots=True, eq=False)
class Alias:
    """An alias `*name`, and the node that it refers to."""

    span: Span
    name: str
    target: Node


Node = Scalar | Mapping | Sequence | Alias


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One document of a file; `span` is from its first content to its end in the text."""

    root: Node
    span: Span


def resolved(node: Node) -> Scalar | Mapping | Sequence:
    """The node that an alias refers to; any other node unchanged."""
    while isinstance(node, Alias):
        node = node.target
    return node


def is_merge_key(key: Node) -> bool:
    """Whether a key is `<<`, which brings in the entries of other mappings."""
    return isinstance(key, Scalar) and key.value == "<<" and key.style == ""


def _mappings_in(value: Node) -> list[Mapping]:
    """The mappings that the value of a merge key names: itself, or the items of a list."""
    value = resolved(value)
    nodes = map(resolved, value.items if isinstance(value, Sequence) else (value,))
    return [node for node in nodes if isinstance(node, Mapping)]


def _inherited(mapping: Mapping) -> Iterator[Mapping]:
    """Every mapping that `<<` brings in, directly or through others, each once (merges could multiply without end)."""
    seen = {id(mapping)}
    waiting = list(mapping.merged[::-1])
    while waiting:
        merged = waiting.pop()
        if id(merged) not in seen:
            seen.add(id(merged))
            yield merged
            waiting += merged.merged[::-1]


def parse(source: Source, *, repeats: bool = False) -> list[Document]:
    """The documents of a YAML file. Raises FileProblem with line and column if volfix cannot read it as YAML.

    `repeats` allows a key to occur several times in a mapping if its values are mappings.
    """
    return _Composer(source, read_events(source), repeats).documents()


PROPERTY = re.compile(r"(?:[&!]\S*)(?:[ \t]+|(?=[\r\n])|\Z)|[ \t\r\n]+|#[^\n]*")
# Between a node's properties and its content there may be blanks, line ends and comments.
COLON = re.compile(r"(?:[ \t\r\n]+(?:#[^\n]*)?)*:")


class _Composer:
    """Builds nodes from events; an anchor is valid only in its document."""

    def __init__(self, source: Source, events: list[Any], repeats: bool) -> None:
        self.source, self.events, self.repeats = source, iter(events), repeats
        self.anchors: dict[str, Node | None] = {}

    def documents(self) -> list[Document]:
        found = []
        for event in self.events:
            if type(event).__name__ == "DocumentStartEvent":
                self.anchors = {}
                root = self._node(next(self.events))
                end = next(self.events).start_mark.index
                found.append(Document(root, Span(root.span.start, max(root.span.end, end))))
        return found

    def _problem(self, offset: int, message: str) -> FileProblem:
        return FileProblem(self.source.path, message, *self.source.place(offset))

    def _node(self, event: Any) -> Node:
        """The node that begins with the event."""
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event)
        tag = None if event.ctag is None else str(event.ctag)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if kind == "ScalarEvent":
            node: Node = self._scalar(event, tag)
        elif kind == "MappingStartEvent":
            node = self._mapping(event, tag)
        else:
            node = self._sequence(event, tag)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Alias:
        start, name = event.start_mark.index, event.anchor
        if name not in self.anchors:
            raise self._problem(start, "an alias has no anchor before it")
        target = self.anchors[name]
        if target is None:
            raise self._problem(start, f"alias *{name} is inside its own anchor")
        return Alias(Span(start, start + 1 + len(name)), name, target)

    def _content(self, event: Any, tag: str | None) -> int:
        """The offset at which a node's own text begins, after its anchor and tag."""
        start: int = event.start_mark.index
        if event.anchor is None and tag is None:
            return start
        text = self.source.text
        properties = (event.anchor is not None) + (tag is not None)
        while found := PROPERTY.match(text, start):
            if found[0][0] in "&!":
                if not properties:
                    break
                properties -= 1
            start = found.end()
        return start

    def _scalar(self, event: Any, tag: str | None) -> Scalar:
        style, value = event.style or "", event.value
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor is not None or tag is not None:
            start = min(self._content(event, tag), end)
        if style in ("|", ">"):
            value = value.replace("\a", "")  # the Python parser's mark for a fold, a character that YAML text never has
            end = block_end(self.source, start, end, value)
        elif style == "" and (written := self.source.text[start:end]) not in ("", value):
            value = written if LINE_ENDS.isdisjoint(written) else value
        return Scalar(Span(start, end), value, style, tag, event.anchor)

    def _mapping(self, event: Any, tag: str | None) -> Mapping:
        pairs: list[Pair] = []
        keys: dict[str, Pair] = {}
        while type(last := next(self.events)).__name__ != "MappingEndEvent":
            key = self._node(last)
            name = key.value if isinstance(key, Scalar) and not is_merge_key(key) else None
            pair = Pair(key, self._value_of(key, self._node(next(self.events))), name)
            pairs.append(pair)
            if name is None or (other := keys.setdefault(name, pair)) is pair:
                continue
            if not (self.repeats and isinstance(other.value, Mapping) and isinstance(pair.value, Mapping)):
                raise self._problem(key.span.start, f'the key "{name}" is twice in this mapping: keep one of them')
        flow = bool(event.flow_style)
        if flow or not pairs:
            span = Span(self._content(event, tag), last.end_mark.index)
        else:
            span = Span(pairs[0].key.span.start, max(pairs[-1].value.span.end, pairs[-1].key.span.end))
        return Mapping(span, tuple(pairs), flow, tag, event.anchor)

    def _value_of(self, key: Node, value: Node) -> Node:
        """The value; an absent value is placed after the colon, wherever the parser puts it."""
        if isinstance(value, Scalar) and value.span.start == value.span.end and value.tag is value.anchor is None:
            colon = COLON.match(self.source.text, key.span.end)
            place = colon.end() if colon else key.span.end
            return Scalar(Span(place, place), value.value, value.style)
        return value

    def _sequence(self, event: Any, tag: str | None) -> Sequence:
        items: list[Node] = []
        while type(last := next(self.events)).__name__ != "SequenceEndEvent":
            items.append(self._node(last))
        flow = bool(event.flow_style)
        start = self._content(event, tag)
        end = last.end_mark.index if flow or not items else max(items[-1].span.end, start + 1)
        return Sequence(Span(start, end), tuple(items), flow, tag, event.anchor)
