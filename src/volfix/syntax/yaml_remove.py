"""Removes entries and items from a YAML text, together with their comma or their lines."""

from __future__ import annotations

import re
from collections.abc import Iterable

from volfix.syntax import yaml_layout as layout
from volfix.syntax.source import CannotEdit, Edit, Source, Span
from volfix.syntax.yaml_edit import nodes
from volfix.syntax.yaml_tree import Alias, Mapping, Node, Pair, Sequence, parse

__all__ = ["CannotEdit", "remove_entries", "remove_entry", "remove_item"]

PROPERTIES = re.compile(r"[ \t]*:(?:[ \t]+[&!]\S+)*")
BLANKS = re.compile(r"[ \t]*")
LINE_REST = re.compile(r"[ \t]*(?:#[^\n]*)?\r?\n[ \t]*")


def remove_entry(source: Source, mapping: Mapping, pair: Pair) -> Edit:
    """The edit that removes the entry and the comment on its line; comment lines above it stay.

    If it is the only entry, `{}` remains. Raises CannotEdit if the rest of the file needs what would be removed.
    """
    return remove_entries(source, mapping, [pair])[0]


def remove_entries(source: Source, mapping: Mapping, pairs: Iterable[Pair]) -> list[Edit]:
    """The edits that remove several entries, as `remove_entry` removes one; one edit for each run of neighbours."""
    wanted = set(map(id, pairs))
    numbers = [number for number, entry in enumerate(mapping.pairs) if id(entry) in wanted]
    if len(numbers) < len(wanted):
        raise CannotEdit("the mapping does not have this entry")
    _check_anchors(source, [part for number in numbers for part in _parts(mapping.pairs[number])])
    runs: list[tuple[int, int]] = []
    for number in numbers:
        joins = runs and runs[-1][1] == number - 1
        runs[-1:] = [(runs[-1][0], number)] if joins else [*runs[-1:], (number, number)]
    if mapping.flow:
        return [_from_flow(source, mapping, *run) for run in runs]
    indent = layout.mapping_column(source, mapping)
    starts = [source.line_start(entry.key.span.start) + indent for entry in mapping.pairs]
    ends = [layout.pair_end(entry) for entry in mapping.pairs]
    return [_from_block(source, mapping, *run, starts, ends) for run in runs]


def _parts(pair: Pair) -> tuple[Node, Node]:
    return pair.key, pair.value


def remove_item(source: Source, sequence: Sequence, item: Node) -> Edit:
    """The edit that removes the item and the comment on its line; comment lines above it stay.

    If it is the only item, `[]` remains. Raises CannotEdit if the rest of the file needs what would be removed.
    """
    number = next((number for number, other in enumerate(sequence.items) if other is item), None)
    if number is None:
        raise CannotEdit("the list does not have this item")
    _check_anchors(source, [item])
    if sequence.flow:
        return _from_flow(source, sequence, number, number)
    starts = [layout.dash(source, sequence, other) for other in range(len(sequence.items))]
    ends = [max(layout.content_end(other), start + 1) for other, start in zip(sequence.items, starts, strict=True)]
    return _from_block(source, sequence, number, number, starts, ends)


def _check_anchors(source: Source, removed: list[Node]) -> None:
    """Raise CannotEdit if an alias elsewhere refers to a node that would be removed."""
    named = (node for part in removed for node in nodes(part) if not isinstance(node, Alias) and node.anchor)
    inside = {(node.span, node.anchor) for node in named}
    if not inside:
        return
    spans = [part.span for part in removed]
    for document in parse(source):
        for node in nodes(document.root):
            if isinstance(node, Alias) and not any(node.span in span for span in spans):
                target = node.target
                if not isinstance(target, Alias) and (target.span, target.anchor) in inside:
                    raise CannotEdit(f"*{node.name} refers to it elsewhere")


def _from_block(
    source: Source, node: Mapping | Sequence, number: int, last: int, starts: list[int], ends: list[int]
) -> Edit:
    start, end = starts[number], ends[last]
    after = layout.line_after(source, end)
    if len(starts) == last - number + 1:
        return _emptied(source, node, start, end, after)
    line = source.line_start(start)
    if source.text[line:start].strip(" "):  # on the line of a dash: the next entry moves up to it
        following = LINE_REST.match(source.text, end)
        if following is None:
            raise CannotEdit("the entry is written in a way that volfix does not follow")
        return Edit(source.path, Span(start, following.end()), "")
    previous = None
    if number > 0:
        children = [pair.value for pair in node.pairs] if isinstance(node, Mapping) else node.items
        previous = layout.chomping(source, layout.last_node(children[number - 1]))
    if previous is not None and _would_join(source, after, start - line, keeps=previous == "+"):
        raise CannotEdit("the lines after it would become part of the value before it")
    if after == len(source.text) and not source.text.endswith("\n") and previous is None:
        line -= 2 if source.text[line - 2 : line] == "\r\n" else 1  # the file still ends without a line end
    return Edit(source.path, Span(line, after), "")


def _would_join(source: Source, at: int, indent: int, *, keeps: bool) -> bool:
    """Whether blank and comment lines at `at` would become part of a block scalar directly above them."""
    for _, line in layout.lines(source, at, len(source.text)):
        found = layout.comment_column(line)
        if found is None and line.strip():
            return False
        if found is not None:
            return found > indent
        if keeps or len(line.rstrip("\r\n")) > indent:
            return True
    return False


def _emptied(source: Source, node: Mapping | Sequence, start: int, end: int, after: int) -> Edit:
    """The edit that replaces the only entry or item by `{}` or `[]`, after the owner's key if there is one."""
    empty = "{}" if isinstance(node, Mapping) else "[]"
    owner = _owner(source, node)
    text = source.text
    line = source.line_start(start)
    if owner is None or text[line:start].strip():
        return Edit(source.path, Span(start, end), empty)
    found = PROPERTIES.match(text, owner.key.span.end, start)
    if found is None or source.line_start(found.end()) == line:
        raise CannotEdit("the value is not directly after its key")
    between = text[found.end() : line]
    if after == len(text) and not text.endswith("\n"):
        between = between.removesuffix("\n").removesuffix("\r")
    return Edit(source.path, Span(found.end(), after), f" {empty}{between}")


def _owner(source: Source, wanted: Mapping | Sequence) -> Pair | None:
    """The entry whose value is the collection; None for an item of a list or a document's root."""
    for document in parse(source):
        for node in nodes(document.root):
            if isinstance(node, Mapping):
                for pair in node.pairs:
                    if type(pair.value) is type(wanted) and pair.value.span == wanted.span:
                        return pair
    return None


def _from_flow(source: Source, node: Mapping | Sequence, number: int, last: int) -> Edit:
    parts, text, path = layout.flow_parts(source, node), source.text, source.path
    part = layout.Part(parts[number].start, parts[last].end, parts[last].comma)
    parts[number : last + 1] = [part]
    if len(parts) == 1:
        return Edit(path, Span(node.span.start + 1, node.span.end - 1), "")
    own_line = text[source.line_start(part.start) : part.start].strip() == ""
    if number + 1 < len(parts):
        behind = (part.end if part.comma is None else part.comma) + 1
        rest = LINE_REST.match(text, behind)
        if rest and (own_line or "#" not in rest[0]):
            return Edit(path, Span(part.start, rest.end()), "")
        end = _behind_blanks(text, behind)
        if text[end] == "#" and text[part.start - 1] in "{[":
            end = behind  # a comment needs a blank in front of it
        return Edit(path, Span(part.start, end), "")
    before = parts[number - 1]
    comma = before.end if before.comma is None else before.comma
    between = text[comma + 1 : part.start]
    if "#" not in between:
        between = ""
    elif between.startswith("#"):
        between = " " + between
    rest = LINE_REST.match(text, part.end if part.comma is None else part.comma + 1)
    if part.comma is not None:
        if own_line and rest:
            return Edit(path, Span(source.line_start(part.start), source.line_end(part.comma)), "")
        return Edit(path, Span(comma + 1, part.comma + 1), between)
    if own_line and rest:
        return Edit(path, Span(comma, part.end + len(rest[0].rstrip())), between.rstrip())
    return Edit(path, Span(comma, part.end), between)


def _behind_blanks(text: str, at: int) -> int:
    found = BLANKS.match(text, at)
    return found.end() if found else at
