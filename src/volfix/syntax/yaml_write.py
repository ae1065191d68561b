"""New YAML entries as text: block lines and flow collections, each string quoted where it needs quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from volfix.syntax.yaml_scalar import double_quoted, written

Value: TypeAlias = "str | Mapping[str, Value] | Sequence[Value] | None"
"""A new value: a string, None for an empty value, a mapping, or a list; lists within lists are written as flow."""


def block_entries(entries: Mapping[str, Value], step: int, dashes: int) -> list[str]:
    """The lines of block entries at column 0: nested ones `step` blanks deeper, dashes `dashes` below their key."""
    lines = []
    for key, value in entries.items():
        name = written(key, flow=False)
        if value is None:
            lines.append(f"{name}:")
        elif isinstance(value, str):
            lines.append(f"{name}: {written(value, flow=False)}")
        elif not value:
            lines.append(f"{name}: {flow_value(value, json=False)}")
        else:
            if isinstance(value, Mapping):
                inner = indented(block_entries(value, step, dashes), step)
            else:
                inner = indented(block_items(value, step=step, dashes=dashes), dashes)
            lines += [f"{name}:", *inner]
    return lines


def block_items(
    items: Sequence[Value], gap: str = " ", quote: str = "", *, force: bool = False, step: int = 2, dashes: int = 0
) -> list[str]:
    """The lines of block items with the dash at column 0; `quote` and `force` as `written` takes them."""
    lines: list[str] = []
    for item in items:
        if isinstance(item, str):
            lines.append(f"-{gap}{written(item, flow=False, quote=quote, force=force)}")
        elif isinstance(item, Mapping) and item:
            first, *others = block_entries(item, step, dashes)
            lines += [f"-{gap}{first}", *indented(others, 1 + len(gap))]
        else:
            lines.append(f"-{gap}{flow_value(item, json=False)}")
    return lines


def indented(lines: Sequence[str], columns: int) -> list[str]:
    """The lines, each `columns` blanks further to the right."""
    return [" " * columns + line for line in lines]


def flow_entries(entries: Mapping[str, Value], *, json: bool) -> list[str]:
    """Each entry as it stands between `{` and `}`."""
    return [f"{flow_value(key, json=json)}: {flow_value(value, json=json)}" for key, value in entries.items()]


def flow_value(value: Value, *, json: bool) -> str:
    """A value as it stands in a flow collection; with `json` as JSON writes it."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return double_quoted(value) if json else written(value, flow=True)
    if isinstance(value, Mapping):
        return "{" + ", ".join(flow_entries(value, json=json)) + "}"
    return "[" + ", ".join(flow_value(item, json=json) for item in value) + "]"
