"""Inserts parts into YAML's flow collections, `{...}` and `[...]`, in the style of their other parts."""

from __future__ import annotations

import re
from collections.abc import Sequence as Items

from volfix.syntax import yaml_layout as layout
from volfix.syntax.source import CannotEdit, Edit, Source, Span
from volfix.syntax.yaml_tree import Document, Mapping, Pair, Scalar, Sequence


def is_json(document: Document) -> bool:
    """Whether the document is written as JSON: braces, and every key in double quotes."""
    root = document.root
    keys = [pair.key for pair in root.pairs] if isinstance(root, Mapping) and root.flow else []
    return bool(keys) and all(isinstance(key, Scalar) and key.style == '"' for key in keys)


def instead_of_null(source: Source, owner: Pair, text: str) -> Edit:
    """The edit that puts the flow collection `text` in the place of an absent or null value."""
    span = owner.value.span
    if span.start == span.end:
        bare = source.text[owner.key.span.end : span.end].strip() == ""
        text = (": " if bare else " ") + text
    return Edit(source.path, span, text)


def append_parts(source: Source, document: Document, node: Mapping | Sequence, texts: Items[str]) -> list[Edit]:
    """The edits that append parts to a flow collection: on their own lines if its last part has its own line.

    Raises CannotEdit if the brackets are written in a form that volfix does not follow.
    """
    text, newline, closing = source.text, source.newline, node.span.end - 1
    parts = layout.flow_parts(source, node)
    if not parts:
        return [_into_empty(source, document, node, texts)]
    last = parts[-1]
    line = source.line_start(last.start)
    lead = text[line : last.start]
    pad = " " if text[last.end - 1] == ":" else ""  # go-yaml reads `key:,` as a scalar
    if lead.strip() or line <= node.span.start:
        between = text[parts[0].comma : parts[1].start] if len(parts) > 1 and parts[0].comma is not None else ""
        comma = between if re.fullmatch(r",[ \t]*", between) else ", "
        at = last.end + 1 if pad and text[last.end] == " " else last.end
        pad = "" if at > last.end else pad
        return [Edit(source.path, Span(at, at), pad + "".join(comma + part for part in texts))]
    end = source.line_end(last.end if last.comma is None else last.comma)
    if closing < end:
        added = "".join(f",{newline}{lead}{part}" for part in texts)
        return [Edit(source.path, Span(last.end, last.end), pad + added)]
    added = f",{newline}".join(lead + part for part in texts)
    if last.comma is not None:
        return [Edit(source.path, Span(end, end), f"{added},{newline}")]
    return [
        Edit(source.path, Span(last.end, last.end), pad + ","),
        Edit(source.path, Span(end, end), added + newline),
    ]


def _into_empty(source: Source, document: Document, node: Mapping | Sequence, texts: Items[str]) -> Edit:
    opening, closing = node.span.start, node.span.end - 1
    inner = source.text[opening + 1 : closing]
    line = source.line_start(closing)
    if "\n" not in inner:
        return Edit(source.path, Span(opening + 1, closing), inner + ", ".join(texts) + inner)
    if source.text[line:closing].strip():
        raise CannotEdit("the empty brackets are written in a way that volfix does not follow")
    lead = source.text[line:closing] + " " * layout.step(document, source)
    added = f",{source.newline}".join(lead + part for part in texts) + source.newline
    return Edit(source.path, Span(line, line), added)
