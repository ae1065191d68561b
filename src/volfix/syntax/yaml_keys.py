"""Turns a list of names into a mapping with these names as keys, and back into the list.

`[web, db]` becomes `{first: ..., web: ..., db: ...}`; in a block list each dash becomes a blank. Names, quotes and
comments stay in place. The new entries come first; by them the former list is recognised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Entries
from collections.abc import Sequence as Items

from volfix.syntax import yaml_layout as layout
from volfix.syntax.source import CannotEdit, Edit, Source, Span
from volfix.syntax.yaml_insert_flow import is_json
from volfix.syntax.yaml_tree import Document, Mapping, Scalar, Sequence
from volfix.syntax.yaml_write import Value, flow_entries, flow_value, indented


def items_to_keys(
    source: Source, document: Document, sequence: Sequence, first: Entries[str, Value], value: Value
) -> list[Edit]:
    """The edits that turn the list into a mapping: the entries `first`, then each item as a key with `value`.

    Raises CannotEdit if the list is empty or holds anything but names on their own lines or between commas.
    """
    items = [item for item in sequence.items if isinstance(item, Scalar) and not item.tag and not item.anchor]
    if not items or len(items) < len(sequence.items) or any(item.style in ("|", ">") for item in items):
        raise CannotEdit("the list is empty or has items that are not names")
    json = is_json(document)
    said, new = f": {flow_value(value, json=json)}", flow_entries(first, json=json)
    path = source.path
    values = [Edit(path, Span(item.span.end, item.span.end), said) for item in items]
    if sequence.flow:
        opening, closing = sequence.span.start, sequence.span.end - 1
        gap = "" if source.text[opening + 1] in "\r\n" else " "
        brackets = ((opening, "{" + ", ".join(new) + "," + gap), (closing, "}"))
        return [*(Edit(path, Span(at, at + 1), text) for at, text in brackets), *values]
    dashes = [layout.dash(source, sequence, number) for number in range(len(items))]
    if any(item.span.start != at + 2 for item, at in zip(items, dashes, strict=True)):
        raise CannotEdit("the list is written in a way that volfix does not follow")
    line = source.line_start(dashes[0])
    if source.text[line : dashes[0]].strip(" "):
        raise CannotEdit("the list is not on its own lines")
    lines = "".join(entry + source.newline for entry in indented(new, dashes[0] - line + 2))
    return [Edit(path, Span(line, line), lines), *(Edit(path, Span(at, at + 1), " ") for at in dashes), *values]


def keys_to_items(
    source: Source, document: Document, mapping: Mapping, first: Items[str], value: Value
) -> list[Edit] | None:
    """The edits that turn the mapping back into the list given to `items_to_keys`; None if it was not made by it.

    `first` are the keys of its first entries; all other entries must have `value`, written as `items_to_keys` does.
    """
    number = len(first)
    names = [pair.key.value for pair in mapping.pairs if isinstance(pair.key, Scalar)]
    others = mapping.pairs[number:]
    said = f": {flow_value(value, json=is_json(document))}"
    if not others or len(names) < len(mapping.pairs) or set(names[:number]) != set(first):
        return None
    if any(source.text[pair.key.span.end : pair.value.span.end] != said for pair in others):
        return None
    path = source.path
    values = [Edit(path, Span(pair.key.span.end, pair.value.span.end), "") for pair in others]
    if mapping.flow:
        opening, closing, behind = mapping.span.start, mapping.span.end - 1, mapping.pairs[number - 1].value.span.end
        gap = re.compile(r", ?").match(source.text, behind)
        start = gap.end() if gap else behind
        return [
            Edit(path, Span(opening, start), "["),
            *values,
            Edit(path, Span(closing, closing + 1), "]"),
        ]
    keys = [pair.key.span.start for pair in others]
    if any(source.text[at - 2 : at] != "  " for at in keys):
        return None
    line = source.line_start(mapping.pairs[0].key.span.start)
    end = layout.line_after(source, layout.pair_end(mapping.pairs[number - 1]))
    return [Edit(path, Span(line, end), ""), *(Edit(path, Span(at - 2, at - 1), "-") for at in keys), *values]
