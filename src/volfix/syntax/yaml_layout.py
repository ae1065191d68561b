"""Measures the layout of a YAML text: indentation, dashes, lines of an entry, parts of a flow collection."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from volfix.syntax.source import CannotEdit, Source
from volfix.syntax.yaml_edit import nodes
from volfix.syntax.yaml_tree import Document, Mapping, Node, Pair, Scalar, Sequence

LEAD = re.compile(r" *(?:- +)*")
SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
DEFAULT_STEP = 2


def last_node(node: Node) -> Node:
    """The last scalar, alias, flow collection or empty collection inside a node."""
    while isinstance(node, Mapping | Sequence) and not node.flow:
        children = [pair.value for pair in node.pairs[-1:]] if isinstance(node, Mapping) else list(node.items[-1:])
        if not children:
            break
        node = children[0]
    return node


def chomping(source: Source, node: Node) -> str | None:
    """The sign in a block scalar's header that governs the line ends after it: "+", "-" or ""; None for other nodes."""
    if not isinstance(node, Scalar) or node.style not in ("|", ">"):
        return None
    header = source.text[node.span.start : node.span.start + 3]
    return next((sign for sign in "+-" if sign in header), "")


def content_end(node: Node) -> int:
    """The end of a node's last content; for an absent last value this is the end of its key."""
    if isinstance(node, Mapping) and not node.flow and node.pairs:
        return max(content_end(node.pairs[-1].value), content_end(node.pairs[-1].key))
    if isinstance(node, Sequence) and not node.flow and node.items:
        return max(content_end(node.items[-1]), node.span.end)
    return node.span.end


def pair_end(pair: Pair) -> int:
    """The end of an entry's last content."""
    return max(content_end(pair.key), content_end(pair.value))


def line_after(source: Source, offset: int) -> int:
    """The start of the next line. Raises CannotEdit if anything but a comment follows `offset` on its line."""
    after = source.line_end(offset)
    rest = source.text[offset:after].strip()
    if rest and (not rest.startswith("#") or source.text[offset] == "#"):
        raise CannotEdit(f"line {source.place(offset)[0]} has more text after the value")
    return after


def column(source: Source, start: int) -> int:
    """The column, counted from 0, of a block collection whose first key or dash is at `start`.

    An anchor or tag may precede it. Raises CannotEdit for an indentation that volfix does not follow.
    """
    line = source.line_start(start)
    lead = LEAD.match(source.text, line, start)
    at = lead.end() if lead else line
    if at != start and source.text[at] not in "&!":
        raise CannotEdit(f"line {source.place(start)[0]} is indented in a way that volfix does not follow")
    return at - line


def dash(source: Source, sequence: Sequence, number: int) -> int:
    """The offset of the dash of item `number` of a block sequence. Raises CannotEdit if it is not found."""
    if number == 0:
        return sequence.span.start
    indent = column(source, sequence.span.start)
    at = source.line_start(sequence.items[number].span.start)
    while at > sequence.span.start:
        if re.compile(rf" {{{indent}}}-(?=\s|\Z)").match(source.text, at):
            return at + indent
        at = source.line_start(at - 1)
    raise CannotEdit("an item is written in a way that volfix does not follow")


def mapping_column(source: Source, mapping: Mapping) -> int:
    """The column, counted from 0, at which the entries of a block mapping begin."""
    return column(source, mapping.pairs[0].key.span.start)


def comment_column(line: str) -> int | None:
    """The column at which a comment line begins; None for any other line."""
    bare = line.lstrip(" \t")
    return len(line[: len(line) - len(bare)].expandtabs()) if bare.startswith("#") else None


def lines(source: Source, start: int, end: int) -> Iterator[tuple[int, str]]:
    """The lines from `start` (a line start) to `end`, each after its offset."""
    while start < end:
        after = min(source.line_end(start), end)
        yield start, source.text[start:after]
        start = after


@lru_cache(64)
def behind_comments(source: Source, start: int, end: int, indent: int, *, items_only: bool = False) -> int:
    """The end of the comment lines from `start` on that belong to entries at column `indent`.

    With `items_only` a comment exactly at that column must be a commented-out item, because the next key may be in that
    column too.
    """
    for at, line in lines(source, start, end):
        found = comment_column(line)
        if found is None or found < indent:
            return at
        if items_only and found == indent and not re.match(r"[ \t]*#+[ \t]*-", line):
            return at
    return end


@lru_cache(256)
def step(document: Document, source: Source, siblings: Mapping | None = None) -> int:
    """The indentation of nested entries, in blanks: as in `siblings`, or the most common one in the document."""
    found: Counter[int] = Counter()
    for node in [siblings] if siblings is not None else nodes(document.root):
        if isinstance(node, Mapping) and not node.flow and node.pairs:
            for pair in node.pairs:
                child = pair.value
                if isinstance(child, Mapping) and not child.flow and child.pairs:
                    found[mapping_column(source, child) - mapping_column(source, node)] += 1
    if found:
        return found.most_common(1)[0][0]
    return step(document, source) if siblings is not None else DEFAULT_STEP


@lru_cache(256)
def dash_offset(document: Document, source: Source, siblings: Mapping | None = None) -> int:
    """The indentation of dashes, in blanks: as in `siblings`, or the most common one in the document, or `step`."""
    found: Counter[int] = Counter()
    for node in [siblings] if siblings is not None else nodes(document.root):
        if isinstance(node, Mapping) and not node.flow:
            for pair in node.pairs:
                child = pair.value
                if isinstance(child, Sequence) and not child.flow:
                    found[column(source, child.span.start) - mapping_column(source, node)] += 1
    if found:
        return found.most_common(1)[0][0]
    return dash_offset(document, source) if siblings is not None else step(document, source)


@dataclass(frozen=True, slots=True)
class Part:
    """An entry or item of a flow collection: start and end with anchor and tag, and the offset of its comma."""

    start: int
    end: int
    comma: int | None


def flow_parts(source: Source, node: Mapping | Sequence) -> list[Part]:
    """The entries or items of a flow collection. Raises CannotEdit for a pair without braces: `[key: value]`."""
    text, opening, closing = source.text, node.span.start, node.span.end - 1
    children = (
        [(p.key.span.start, pair_end(p)) for p in node.pairs]
        if isinstance(node, Mapping)
        else [(item.span.start, item.span.end) for item in node.items]
    )
    if text[opening] not in "{[" or (children and children[0][0] == opening):
        raise CannotEdit("a pair without braces in a list: [key: value]")
    parts, at = [], opening + 1
    for _, end in children:
        start = _behind_space(text, at)
        after = _behind_space(text, end)
        comma = after if text[after] == "," else None
        parts.append(Part(start, end, comma))
        at = after + 1
        if comma is None and after != closing:
            raise CannotEdit(f"line {source.place(after)[0]} is written in a way that volfix does not follow")
    return parts


def _behind_space(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at
