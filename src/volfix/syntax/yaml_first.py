"""Inserts a new entry at the top of a YAML document, before all other entries except `version:`."""

from __future__ import annotations

import re

from volfix.syntax import yaml_layout as layout
from volfix.syntax.source import CannotEdit, Edit, Source, Span
from volfix.syntax.yaml_insert import add_entries
from volfix.syntax.yaml_scalar import written
from volfix.syntax.yaml_tree import Document, Mapping

BLANK_LINE = re.compile(r"\n[ \t]*\r?\n")


def insert_first(source: Source, document: Document, key: str, value: str) -> list[Edit]:
    """The edits that insert `key: value` as the first entry, or below `version:` if that is first.

    Comments above the first entry stay; blank lines follow the document's style. Raises CannotEdit if the document is
    not a mapping, already has the key, or begins in the middle of a line.
    """
    root = document.root
    if not isinstance(root, Mapping) or root.pair(key):
        raise CannotEdit(f"the document is not a mapping, or already has {key}")
    if root.flow or not root.pairs:
        return add_entries(source, document, None, {key: value})
    version = root.pair("version")
    first = root.pairs[0]
    line = f"{written(key, flow=False)}: {written(value, flow=False)}{source.newline}"
    if version is not None and first is version and len(root.pairs) > 1:
        at = layout.line_after(source, layout.pair_end(version))
    else:
        at = source.line_start(first.key.span.start)
        if _has_gap(source, root):
            line += source.newline
    indent = source.text[source.line_start(first.key.span.start) : first.key.span.start]
    if indent.strip(" "):
        raise CannotEdit("the document begins in the middle of a line")
    return [Edit(source.path, Span(at, at), indent + line)]


def _has_gap(source: Source, root: Mapping) -> bool:
    """Whether a blank line separates the first two entries; True if there is only one entry."""
    if len(root.pairs) < 2:
        return True
    between = source.text[layout.pair_end(root.pairs[0]) : root.pairs[1].key.span.start]
    return BLANK_LINE.search(between) is not None
