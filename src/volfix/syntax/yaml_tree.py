"""YAML as a tree of nodes with exact places, from ruamel.yaml's events: read here, never dumped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from volfix.syntax.source import FileProblem, Source, Span

DEPTH_LIMIT = 60
"""Collections inside collections: Compose files stay under 15; a deeper one is hostile or not Compose."""

NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
# What go-yaml, which Compose uses, resolves to something other than a string.
TYPED = re.compile(
    r"(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|<<|="
    r"|[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)"
    r"|[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|\d{4}-\d\d?-\d\d?(?:[Tt \t].*)?)\Z"
)


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """`span` is what is written, quotes and block header included, anchor and tag excluded; empty for an absent value."""

    span: Span
    value: str
    style: str
    """"" plain, "'" single, '"' double, "|" literal, ">" folded."""
    tag: str | None = None
    anchor: str | None = None

    @property
    def is_null(self) -> bool:
        return self.style == "" and self.tag in (None, "tag:yaml.org,2002:null") and NULL.match(self.value) is not None


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    key: Node
    value: Node


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """`span` of a flow mapping is `{` to `}`; of a block mapping its first key to the end of its last entry's content."""

    span: Span
    pairs: tuple[Pair, ...]
    flow: bool
    tag: str | None = None
    anchor: str | None = None

    def pair(self, key: str) -> Pair | None:
        """The entry that is written under this key here: merge keys are not followed."""
        return next((pair for pair in self.pairs if isinstance(pair.key, Scalar) and pair.key.value == key), None)

    def get(self, key: str) -> Node | None:
        """The value under `key`, merge keys followed, aliases resolved; None where there is none."""
        if found := self.pair(key):
            return resolved(found.value)
        for merged in merged_mappings(self):
            if (value := merged.get(key)) is not None:
                return value
        return None

    def items(self) -> Iterator[tuple[str, Pair]]:
        """The effective entries by key, those of merge keys last and only where nothing overrides them."""
        seen = set()
        for pair in self.pairs:
            if isinstance(pair.key, Scalar) and not is_merge_key(pair.key) and pair.key.value not in seen:
                seen.add(pair.key.value)
                yield pair.key.value, pair
        for merged in merged_mappings(self):
            for key, pair in merged.items():
                if key not in seen:
                    seen.add(key)
                    yield key, pair


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """`span` of a flow sequence is `[` to `]`; of a block sequence its first dash to the end of its last item's content."""

    span: Span
    items: tuple[Node, ...]
    flow: bool
    tag: str | None = None
    anchor: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Alias:
    span: Span
    name: str
    target: Node


Node = Scalar | Mapping | Sequence | Alias


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One document of a file; `span` runs from its first content to the end of the document in the text."""

    root: Node
    span: Span


def resolved(node: Node) -> Scalar | Mapping | Sequence:
    """What an alias stands for; any other node itself."""
    while isinstance(node, Alias):
        node = node.target
    return node


def is_merge_key(key: Node) -> bool:
    return isinstance(key, Scalar) and key.value == "<<" and key.style == ""


def merged_mappings(mapping: Mapping) -> Iterator[Mapping]:
    """The mappings that `<<` brings in, the one that wins first."""
    for pair in mapping.pairs:
        if is_merge_key(pair.key):
            value = resolved(pair.value)
            for node in value.items if isinstance(value, Sequence) else (value,):
                node = resolved(node)
                if isinstance(node, Mapping):
                    yield node


def parse(source: Source) -> list[Document]:
    """The documents of a YAML file; raises FileProblem with line and column where it is not YAML that volfix takes."""
    try:
        events = list(_fast_events(source.text))
    except Exception:  # ruamel.yaml's pure parser takes more (a tab before a comment) and explains what it does not
        events = _pure_events(source)
    return _Composer(source, events).documents()


def _fast_events(text: str) -> Iterator[Any]:
    from _ruamel_yaml import CParser  # the optional C extension, ruamel.yaml.clib

    parser = CParser(text)
    while parser.check_event():
        yield parser.get_event()


def _pure_events(source: Source) -> list[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return list(YAML(pure=True).parse(source.text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"not valid YAML: {error.problem or error.context}"
        if mark is None:
            raise FileProblem(source.path, message) from error
        raise FileProblem(source.path, message, mark.line + 1, mark.column + 1) from error
    except YAMLError as error:
        first = str(error).splitlines()[0]
        position = getattr(error, "position", None)
        line, column = source.place(position) if isinstance(position, int) else (None, None)
        raise FileProblem(source.path, f"not valid YAML: {first}", line, column) from error
    except (ValueError, RecursionError) as error:
        raise FileProblem(source.path, f"not valid YAML: {error}") from error


PROPERTY = re.compile(r"(?:[&!]\S*)(?:[ \t]+|(?=[\r\n])|\Z)|[ \t\r\n]+|#[^\n]*")
# Between a node's properties and its content there may be blanks, line ends and comments.


class _Composer:
    """Builds nodes from events; anchors are known in one document only."""

    def __init__(self, source: Source, events: list[Any]) -> None:
        self.source, self.events, self.at = source, events, 0
        self.anchors: dict[str, Node | None] = {}

    def documents(self) -> list[Document]:
        found = []
        while self.at < len(self.events):
            event = self._next()
            if type(event).__name__ == "DocumentStartEvent":
                self.anchors = {}
                root = self._node(0)
                end = self._next().start_mark.index
                found.append(Document(root, Span(root.span.start, max(root.span.end, end))))
        return found

    def _next(self) -> Any:
        self.at += 1
        return self.events[self.at - 1]

    def _problem(self, offset: int, message: str) -> FileProblem:
        return FileProblem(self.source.path, message, *self.source.place(offset))

    def _node(self, depth: int) -> Node:
        event = self._next()
        kind = type(event).__name__
        start = event.start_mark.index
        if depth > DEPTH_LIMIT:
            raise self._problem(start, f"nested deeper than {DEPTH_LIMIT} levels")
        if kind == "AliasEvent":
            if event.anchor not in self.anchors:
                raise self._problem(start, f"alias *{event.anchor} has no anchor before it")
            target = self.anchors[event.anchor]
            if target is None:
                raise self._problem(start, f"alias *{event.anchor} stands inside its own anchor")
            return Alias(Span(start, start + 1 + len(event.anchor)), event.anchor, target)
        tag = event.ctag if hasattr(event, "ctag") else event.tag
        tag = None if tag is None else str(tag)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if kind == "ScalarEvent":
            node: Node = self._scalar(event, tag)
        elif kind == "MappingStartEvent":
            node = self._mapping(event, tag, depth)
        else:
            node = self._sequence(event, tag, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _content(self, event: Any, tag: str | None) -> int:
        """Where a node's own text begins, behind its anchor and tag."""
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
        style = event.style or ""
        start, end = self._content(event, tag), event.end_mark.index
        if style in ("|", ">"):
            while end > start and self.source.text[end - 1] in "\r\n \t":
                end -= 1  # the mark lies behind the line ends that follow
        return Scalar(Span(min(start, end), end), event.value, style, tag, event.anchor)

    def _mapping(self, event: Any, tag: str | None, depth: int) -> Mapping:
        pairs: list[Pair] = []
        keys: set[str] = set()
        while type(self.events[self.at]).__name__ != "MappingEndEvent":
            key = self._node(depth + 1)
            if isinstance(key, Scalar) and not is_merge_key(key):
                if key.value in keys:
                    raise self._problem(key.span.start, f'the key "{key.value}" stands twice in one mapping')
                keys.add(key.value)
            pairs.append(Pair(key, self._node(depth + 1)))
        end = self._next()
        flow = bool(event.flow_style)
        if flow or not pairs:
            span = Span(self._content(event, tag), end.end_mark.index)
        else:
            span = Span(pairs[0].key.span.start, max(pairs[-1].value.span.end, pairs[-1].key.span.end))
        return Mapping(span, tuple(pairs), flow, tag, event.anchor)

    def _sequence(self, event: Any, tag: str | None, depth: int) -> Sequence:
        items: list[Node] = []
        while type(self.events[self.at]).__name__ != "SequenceEndEvent":
            items.append(self._node(depth + 1))
        end = self._next()
        flow = bool(event.flow_style)
        start = self._content(event, tag)
        if flow or not items:
            span = Span(start, end.end_mark.index)
        else:
            span = Span(start, items[-1].span.end)
        return Sequence(span, tuple(items), flow, tag, event.anchor)


def plain(node: Node) -> object:
    """The node as plain data for a comparison: nothing expanded, so that an alias stays an alias.

    A mapping becomes a dict, a sequence a list, a string a str; what YAML resolves to another type becomes
    ("typed", text), an alias ("alias", name); anchors and tags become part of the value.
    """
    match node:
        case Scalar():
            typed = node.style == "" and node.tag is None and TYPED.match(node.value) is not None
            value: object = ("typed", node.value) if typed or node.is_null else node.value
        case Mapping():
            value = {_plain_key(pair.key): plain(pair.value) for pair in node.pairs}
        case Sequence():
            value = [plain(item) for item in node.items]
        case Alias():
            return ("alias", node.name)
    if node.anchor is not None:
        value = ("anchor", node.anchor, value)
    return value if node.tag is None else ("tag", node.tag, value)


def _plain_key(key: Node) -> str:
    return key.value if isinstance(key, Scalar) else repr(plain(key))
