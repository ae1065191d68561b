"""Inserts entries, items and sections into a YAML text, in the style of the text around them."""

from __future__ import annotations

import re
from collections.abc import Mapping as Entries
from collections.abc import Sequence as Items

from volfix.syntax import yaml_insert_flow as flow
from volfix.syntax import yaml_layout as layout
from volfix.syntax.source import CannotEdit, Edit, Source, Span
from volfix.syntax.yaml_edit import nodes
from volfix.syntax.yaml_scalar import written
from volfix.syntax.yaml_tree import Alias, Document, Mapping, Node, Pair, Scalar, Sequence, is_merge_key
from volfix.syntax.yaml_write import Value, block_entries, block_items, flow_entries, flow_value, indented

__all__ = ["Value", "add_entries", "add_to", "append_items", "has_blank_lines", "insert_section"]

COLLECTION_TAGS = (None, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!override")
BLANK_LINE = re.compile(r"\n[ \t]*\r?\n")
SECTIONS = ("version", "name", "include", "services", "networks", "volumes", "configs", "secrets")
"""The usual order of a Compose file's sections (compose-spec/compose-spec: 00-overview.md)."""


def add_entries(source: Source, document: Document, owner: Pair | None, entries: Entries[str, Value]) -> list[Edit]:
    """The edits that append entries to the mapping under `owner`, or to the document's root for None.

    An absent or null value becomes a mapping. All entries for one mapping must be passed in one call. Raises CannotEdit
    if the value is not a mapping, is an alias, has only merge keys, or already has one of the keys.
    """
    node = document.root if owner is None else owner.value
    if isinstance(node, Mapping):
        if node.pairs and all(is_merge_key(pair.key) for pair in node.pairs):
            raise CannotEdit("the mapping comes from a merge key")
        for key in entries:
            if node.pair(key):
                raise CannotEdit(f"the mapping already has the key {key}")
        return _into_mapping(source, document, node, entries)
    if owner is None or not _is_absent(node):
        raise CannotEdit(_kind(node) + ", not a mapping")
    if _holder(document, owner).flow:
        return [flow.instead_of_null(source, owner, flow_value(entries, json=flow.is_json(document)))]
    holder = _holder(document, owner)
    step = layout.step(document, source, holder)
    lines = block_entries(entries, step, layout.dash_offset(document, source))
    return _lines_instead_of_null(source, document, owner, indented(lines, step))


def add_to(
    source: Source,
    document: Document,
    mapping: Mapping,
    entries: Entries[str, Value],
    comments: Entries[str, str] | None = None,
    *,
    overrides: bool = False,
) -> list[Edit]:
    """The edits that append entries to any mapping. Raises CannotEdit if it already has one of the keys.

    `comments` are written after keys, unless it is a flow mapping. With `overrides` a merge key may have the keys.
    """
    for key in entries:
        if (mapping.get(key) is not None and not overrides) or mapping.pair(key):
            raise CannotEdit(f"the mapping already has the key {key}")
    return _into_mapping(source, document, mapping, entries, comments)


def append_items(source: Source, document: Document, mapping: Mapping, key: str, items: Items[Value]) -> list[Edit]:
    """The edits that append items to the list under `key` of the mapping; the list may be absent, null, block or flow.

    Raises CannotEdit if the value is an alias or not a list, or if a merge key brings it in.
    """
    pair = mapping.pair(key)
    if pair is None:
        if mapping.get(key) is not None:
            raise CannotEdit(f"{key} comes from a merge key")
        return _into_mapping(source, document, mapping, {key: items})
    node = pair.value
    if isinstance(node, Sequence):
        _check_tag(node)
        quote = _common_quote(node)
        if node.flow:
            json = flow.is_json(document)
            texts = [
                written(item, flow=True, quote='"' if json else quote, force=json or bool(quote))
                if isinstance(item, str)
                else flow_value(item, json=json)
                for item in items
            ]
            return flow.append_parts(source, document, node, texts)
        return [_into_block_sequence(source, document, mapping, node, items, quote)]
    if not _is_absent(node):
        raise CannotEdit(_kind(node) + ", not a list")
    if mapping.flow:
        return [flow.instead_of_null(source, pair, flow_value(items, json=flow.is_json(document)))]
    dashes = layout.dash_offset(document, source, mapping)
    lines = indented(block_items(items, step=layout.step(document, source, mapping), dashes=dashes), dashes)
    return _lines_instead_of_null(source, document, pair, lines)


def _kind(node: Node) -> str:
    if isinstance(node, Alias):
        return f"the value is the alias *{node.name}"
    kinds = {Mapping: "mapping", Sequence: "list", Scalar: "scalar"}
    return f"the value is a {kinds[type(node)]}"


def _is_absent(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null and node.tag is None


def _check_tag(node: Mapping | Sequence) -> None:
    if node.tag not in COLLECTION_TAGS:
        raise CannotEdit(f"the value has the tag {node.tag}")


def _holder(document: Document, pair: Pair) -> Mapping:
    """The mapping that contains the entry. Raises CannotEdit if the document does not have the entry."""
    for node in nodes(document.root):
        if isinstance(node, Mapping) and any(entry is pair for entry in node.pairs):
            return node
    raise CannotEdit("the document does not have this entry")


def _common_quote(sequence: Sequence) -> str:
    """The quote that all items have; "" if they differ, have no quotes, or if there are no items."""
    styles = {item.style for item in sequence.items if isinstance(item, Scalar)}
    return styles.pop() if len(styles) == 1 and styles <= {"'", '"'} else ""


def _into_mapping(
    source: Source,
    document: Document,
    mapping: Mapping,
    entries: Entries[str, Value],
    comments: Entries[str, str] | None = None,
) -> list[Edit]:
    _check_tag(mapping)
    if mapping.flow:
        return flow.append_parts(source, document, mapping, flow_entries(entries, json=flow.is_json(document)))
    indent = layout.mapping_column(source, mapping)
    step, dashes = layout.step(document, source, mapping), layout.dash_offset(document, source, mapping)
    at = _end_with_comments(source, document, mapping, indent)
    if _would_finish(source, at):
        at = _above(source, mapping.pairs[-1].key.span.start) or at
    return [_lines_at(source, at, indented(block_entries(entries, step, dashes, comments), indent))]


def _into_block_sequence(
    source: Source, document: Document, mapping: Mapping, node: Sequence, items: Items[Value], quote: str
) -> Edit:
    indent = layout.column(source, node.span.start)
    at = _end_with_comments(source, document, node, indent, items_only=indent == layout.mapping_column(source, mapping))
    dash = layout.dash(source, node, len(node.items) - 1)
    gap = re.compile(r" +(?=[^\s#])|").match(source.text, dash + 1)
    gap_text = (gap and gap[0]) or " "
    if node.items and all(isinstance(item, Mapping) and item.flow for item in node.items):
        lines = [f"-{gap_text}{flow_value(item, json=False)}" for item in items]
    else:
        step, dashes = layout.step(document, source, mapping), layout.dash_offset(document, source)
        lines = block_items(items, gap_text, quote, force=bool(quote), step=step, dashes=dashes)
    return _lines_at(source, at, indented(lines, indent))


def _end_with_comments(source: Source, document: Document, node: Node, indent: int, *, items_only: bool = False) -> int:
    """The start of the line after a block collection's last content and after the comments of its entries."""
    end = layout.content_end(node)
    at = layout.line_after(source, end)
    if at == end and layout.chomping(source, layout.last_node(node)) in ("", "+"):
        raise CannotEdit("the block scalar at the end of the file has no line end: another line would change it")
    return layout.behind_comments(source, at, document.span.end, indent, items_only=items_only)


def _would_finish(source: Source, at: int) -> bool:
    """Whether lines inserted at `at` would follow a last line without a line end in a file with CR LF line ends.

    That line would then end with a CR and so change.
    """
    return at == len(source.text) and source.newline == "\r\n" and not source.text.endswith("\n")


def _above(source: Source, start: int) -> int | None:
    """The start of the line above an entry and its comments; None if other text precedes the entry on its line."""
    line = source.line_start(start)
    if source.text[line:start].strip():
        return None
    while line and source.text[source.line_start(line - 1) : line].lstrip().startswith("#"):
        line = source.line_start(line - 1)
    return line


def _lines_at(source: Source, at: int, lines: Items[str]) -> Edit:
    """The edit that inserts lines at a line start, or at the end of a text without a line end, which it still lacks."""
    text = source.newline.join(lines)
    unfinished = at == len(source.text) and not source.text.endswith("\n")
    return Edit(source.path, Span(at, at), source.newline + text if unfinished else text + source.newline)


def _lines_instead_of_null(source: Source, document: Document, owner: Pair, lines: Items[str]) -> list[Edit]:
    """The edits that put lines (indented relative to the key) under a key whose value is absent or null."""
    indent = layout.mapping_column(source, _holder(document, owner))
    key, value, text = owner.key.span, owner.value.span, source.text
    line = source.line_start(key.start)
    if line != source.line_start(value.end) or re.match(r"[ \t]*:", text[key.end : value.end]) is None:
        raise CannotEdit("the value is not directly after its key")
    edits = []
    if value.start < value.end:
        start = value.start
        while text[start - 1] in " \t":
            start -= 1
        edits.append(Edit(source.path, Span(start, value.end), ""))
    at = layout.behind_comments(source, layout.line_after(source, value.end), document.span.end, indent + 1)
    return [*edits, _lines_at(source, at, indented(lines, indent))]


def insert_section(source: Source, document: Document, key: str, value: Value) -> list[Edit]:
    """The edits that insert a top-level section in the usual place, with blank lines in the document's style.

    `volumes` goes after services and networks, before configs and secrets. Raises CannotEdit if the document is not a
    mapping or already has the section.
    """
    root = document.root
    if not isinstance(root, Mapping):
        raise CannotEdit("the document is not a mapping")
    if root.flow or not root.pairs:
        return add_entries(source, document, None, {key: value})
    if root.pair(key):
        raise CannotEdit(f"the document already has the section {key}")
    _check_tag(root)
    number = _place(root, key)
    indent = layout.mapping_column(source, root)
    at, limit = _section_end(source, document, root, number, indent)
    step, dashes = layout.step(document, source, root), layout.dash_offset(document, source)
    lines = indented(block_entries({key: value}, step, dashes), indent)
    below = source.text[at : document.span.end]
    blank_below = re.match(r"[ \t]*\r?\n", below) is not None
    above = _above(source, root.pairs[-1].key.span.start) if _would_finish(source, at) else None
    spaced = has_blank_lines(source, root) or (blank_below and source.text[at:limit] != below)
    if above is not None:
        return [_lines_at(source, above, [*lines, ""] if spaced else lines)]
    if spaced and layout.chomping(source, layout.last_node(root.pairs[number].value)) != "+":
        lines.insert(0, "")
    if spaced and below.strip() and not blank_below:
        lines.append("")
    return [_lines_at(source, at, lines)]


def _place(root: Mapping, key: str) -> int:
    """The index of the section after which the new section belongs."""
    names = [pair.key.value if isinstance(pair.key, Scalar) else "" for pair in root.pairs]
    if key not in SECTIONS:
        return len(names) - 1
    rank = SECTIONS.index(key)
    before = [number for number, name in enumerate(names) if name in SECTIONS[3:rank]]
    behind = [number for number, name in enumerate(names) if name in SECTIONS[rank + 1 :]]
    fitting = [number for number in before if any(number < later for later in behind)]
    return (fitting or before or [len(names) - 1])[-1]


def _section_end(source: Source, document: Document, root: Mapping, number: int, indent: int) -> tuple[int, int]:
    """The end of a section including its comments, and the start of the next section or the document's end."""
    at = _end_with_comments(source, document, root.pairs[number].value, indent + 1)
    followed = number + 1 < len(root.pairs)
    limit = source.line_start(root.pairs[number + 1].key.span.start) if followed else document.span.end
    for start, line in layout.lines(source, at, limit):
        found = layout.comment_column(line)
        if found is not None and found > indent:
            at = start + len(line)
        elif line.strip():
            break
    behind = layout.behind_comments(source, at, limit, 0)
    return (at if followed and behind == limit else behind), limit


def has_blank_lines(source: Source, root: Mapping) -> bool:
    """Whether at least half of the entries are separated by blank lines; True if there is only one entry."""
    gaps = []
    for pair, following in zip(root.pairs, root.pairs[1:], strict=False):
        end = layout.pair_end(pair)
        if source.line_start(pair.key.span.start) != source.line_start(end):
            gaps.append(BLANK_LINE.search(source.text, source.line_end(end) - 1, following.key.span.start) is not None)
    return 2 * sum(gaps) >= len(gaps)
