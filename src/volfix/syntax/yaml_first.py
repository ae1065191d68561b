"""A new entry at the top of a YAML document, before all others but the version."""

from __future__ import annotations

import re

from volfix.syntax import yaml_layout as layout
from volfix.syntax.source import CannotEdit, Edit, Source, Span
from volfix.syntax.yaml_insert import add_entries
from volfix.syntax.yaml_scalar import written
from volfix.syntax.yaml_tree import Document, Mapping

BLANK_LINE = re.compile(r"\n[ \t]*\r?\n")


def insert_first(source: Source, document: Document, key: str, value: str) -> list[Edit]:
    """`key: value` as the document's first entry, below `version:` where that is the first, with blank lines as usual.

    Comments above the first entry stay where they are. Raises CannotEdit where the document is no mapping, has the
    key, or begins in the middle of a line.
    """
    root = document.root
    if not isinstance(root, Mapping) or root.pair(key):
        raise CannotEdit(f"the document is no mapping, or has {key} already")
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
    """Whether a blank line stands between the first two entries; where there is one only, there shall be one."""
    if len(root.pairs) < 2:
        return True
    between = source.text[layout.pair_end(root.pairs[0]) : root.pairs[1].key.span.start]
    return BLANK_LINE.search(between) is not None
