"""Writes a new value into a YAML scalar and changes only the characters that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from volfix.syntax.source import CannotEdit, Edit, Source, Span
from volfix.syntax.yaml_events import block_indent
from volfix.syntax.yaml_scalar import Unit, escaped, is_plain, is_printable, units, written
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, Sequence, parse


@lru_cache(1024)  # each fix of a value that many services share has the same edit
def replace_scalar(source: Source, scalar: Scalar, value: str) -> Edit:
    """The edit that gives the scalar a new value; quoting style, anchor, tag and block header stay.

    A plain scalar is quoted if the value needs quotes. Raises CannotEdit if the style cannot hold the value.
    """
    old, start = scalar.value, 0
    shorter = min(len(old), len(value))
    while start < shorter and old[start] == value[start]:
        start += 1
    end = 0
    while end < shorter - start and old[-1 - end] == value[-1 - end]:
        end += 1
    text = value[start : len(value) - end]
    return _partial(source, scalar, start, len(old) - end, text) or _whole(source, scalar, value)


def _partial(source: Source, scalar: Scalar, start: int, end: int, text: str) -> Edit | None:
    """The edit that replaces `scalar.value[start:end]` by `text`; None if that part cannot be changed alone."""
    found = units(source, scalar)
    value = scalar.value[:start] + text + scalar.value[end:]
    if not found or not _style_allows(source, scalar, value):
        return None
    part = _part(found, start, end)
    if part is None:
        return None
    before, span, after = part
    new = _encoded(scalar.style, before + text + after)
    if new is None:
        return None
    edit = Edit(source.path, span, new)
    return edit if _reads_back(source, scalar, edit, value) else None


def _part(found: list[Unit], start: int, end: int) -> tuple[str, Span, str] | None:
    """The position of the units that hold the value's characters `start` to `end`, between the text that the first and
    last unit hold outside them; None if there is no such part.
    """
    at, first, last = 0, None, None
    before = after = ""
    for unit in found:
        stop = at + len(unit.value)
        if first is None and (start < stop or start == end == at):
            first, before = unit.start, unit.value[: start - at]
            last, after = (unit.start, "") if start == end == at else (unit.end, unit.value[end - at :])
        elif at < end:
            last, after = unit.end, unit.value[end - at :]
        at = stop
    if first is None and start == at:
        first = last = found[-1].end
    if first is None or last is None or end > at:
        return None
    return before, Span(first, last), after


def _encoded(style: str, text: str) -> str | None:
    if style == '"':
        return escaped(text)
    if not is_printable(text):
        return None
    return text.replace("'", "''") if style == "'" else text


def _style_allows(source: Source, scalar: Scalar, value: str) -> bool:
    """Whether the scalar's style can hold the value in this place."""
    if scalar.style == "":
        line = value.replace("\n", " ")
        return is_plain(line, flow=False) and (is_plain(line, flow=True) or not in_flow(source, scalar))
    return scalar.style not in ("|", ">") or _fits_header(source, scalar, value)


def _fits_header(source: Source, scalar: Scalar, value: str) -> bool:
    """Whether a block scalar's header allows the line ends at the value's end and the blanks at its start."""
    start = scalar.span.start
    indicator = re.search(r"\d", source.text[start : start + 3])
    if not scalar.value.strip(" \n"):  # its indentation is unknown
        return False
    if indicator is None and value.lstrip("\n").startswith((" ", "\t")):
        return False
    kept = len(scalar.value) - len(scalar.value.rstrip("\n"))
    return value.strip("\n") != "" and len(value) - len(value.rstrip("\n")) == kept


def _reads_back(source: Source, scalar: Scalar, edit: Edit, value: str) -> bool:
    """Whether the edited text, read again, has the value."""
    after = source.splice([edit])
    end = scalar.span.end + len(edit.replacement) - (edit.span.end - edit.span.start)
    if units(after, Scalar(Span(scalar.span.start, end), value, scalar.style)) is None:
        return False
    start = scalar.span.start
    return scalar.style not in ("|", ">") or (
        block_indent(after, start, end, value) == block_indent(source, start, scalar.span.end, scalar.value)
    )


def _whole(source: Source, scalar: Scalar, value: str) -> Edit:
    """The edit that writes the whole scalar anew, without unchanged characters at its start and end."""
    text = source.text[scalar.span.start : scalar.span.end]
    if scalar.style in ("|", ">"):
        new = _block(source, scalar, value)
    elif scalar.style:
        new = written(value, flow=False, quote=scalar.style, force=True)
    else:
        new = written(value, flow=not is_plain(value, flow=True) and in_flow(source, scalar))
        if not text:
            new = _gap(source, scalar) + new
    start = 0
    while start < min(len(text), len(new)) and text[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(text), len(new)) - start and text[-1 - end] == new[-1 - end]:
        end += 1
    span = Span(scalar.span.start + start, scalar.span.end - end)
    return Edit(source.path, span, new[start : len(new) - end])


def _gap(source: Source, scalar: Scalar) -> str:
    """The blank to put before a value that is still absent. Raises CannotEdit if there is no colon before it."""
    at = scalar.span.start
    before = source.text[at - 1] if at else "\n"
    if before in ":-" or scalar.anchor is not None or scalar.tag is not None:
        return " "
    raise CannotEdit("the key has neither a colon nor a value")


def _block(source: Source, scalar: Scalar, value: str) -> str:
    """The block scalar with a new value, its header and its indentation. Raises CannotEdit if they do not fit."""
    start, end = scalar.span.start, scalar.span.end
    if not _fits_header(source, scalar, value):
        raise CannotEdit("the block scalar is empty, or its header does not allow the value's first or last characters")
    if not is_printable(value.replace("\n", "")):
        raise CannotEdit("a block scalar cannot hold control characters")
    header = source.text[start : source.line_end(start)]
    indent = " " * block_indent(source, start, end, scalar.value)
    body = value.rstrip("\n")
    if scalar.style == ">":
        if re.search(r"^[ \t]", body, re.MULTILINE):
            raise CannotEdit("a folded scalar cannot hold this indented line")
        body = re.sub(r"\n+", lambda ends: ends[0] + "\n", body.lstrip("\n"))
        body = "\n" * (len(value) - len(value.lstrip("\n"))) + body
    lines = [indent + line if line else "" for line in body.split("\n")]
    kept = len(re.findall("\n", source.text[len(source.text[:end].rstrip()) : end]))
    new = header + source.newline.join(lines) + source.newline * kept
    edit = Edit(source.path, scalar.span, new)
    if not _reads_back(source, scalar, edit, value):
        raise CannotEdit("the block scalar cannot hold the value in its own style")
    return new


def in_flow(source: Source, scalar: Scalar) -> bool:
    """Whether the scalar is inside `{}` or `[]`. Raises FileProblem if the text is not valid YAML."""
    return any(
        isinstance(node, Mapping | Sequence) and node.flow and scalar.span in node.span
        for document in parse(source)
        for node in nodes(document.root)
    )


def nodes(root: Node) -> Iterator[Node]:
    """The node and every node written inside it; aliases are not followed."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Mapping):
            waiting += [part for pair in node.pairs[::-1] for part in (pair.value, pair.key)]
        elif isinstance(node, Sequence):
            waiting += node.items[::-1]
