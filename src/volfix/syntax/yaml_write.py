"""Writes new YAML entries as text: block lines and flow collections, with quotes where strings need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from volfix.syntax.yaml_scalar import double_quoted, written


@dataclass(frozen=True, slots=True)
class Typed:
    """A number, boolean or null as written in another place, without quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Lines:
    """A text of whole lines, written as a literal block where possible; the first line must not begin with a blank."""

    text: str


@dataclass(frozen=True, slots=True)
class Short:
    """A list or mapping that is written on one line."""

    value: Mapping[str, Value] | Sequence[Value]


Value: TypeAlias = "str | Typed | Lines | Short | Mapping[str, Value] | Sequence[Value] | None"
"""A new value: a string, None for an empty value, a mapping or a list; lists inside lists are written as flow."""


def block_entries(
    entries: Mapping[str, Value], step: int, dashes: int, comments: Mapping[str, str] | None = None
) -> list[str]:
    """The lines of block entries at column 0.

    Nested entries are indented by `step` blanks, dashes by `dashes` blanks. `comments` are written after the keys of
    entries whose values are collections.
    """
    lines = []
    for key, value in entries.items():
        name = written(key, flow=False)
        if value is None:
            lines.append(f"{name}:")
        elif isinstance(value, str):
            lines.append(f"{name}: {written(value, flow=False)}")
        elif isinstance(value, Lines):
            lines += [f"{name}: |", *indented(value.text.splitlines(), step)]
        elif isinstance(value, Typed | Short) or not value:
            lines.append(f"{name}: {flow_value(value, json=False)}")
        else:
            if isinstance(value, Mapping):
                inner = indented(block_entries(value, step, dashes), step)
            else:
                inner = indented(block_items(value, step=step, dashes=dashes), dashes)
            comment = (comments or {}).get(key)
            lines += [f"{name}:{f'  # {comment}' if comment else ''}", *inner]
    return lines


def block_items(
    items: Sequence[Value], gap: str = " ", quote: str = "", *, force: bool = False, step: int = 2, dashes: int = 0
) -> list[str]:
    """The lines of block items with their dashes at column 0; `quote` and `force` are those of `written`."""
    lines: list[str] = []
    for item in items:
        if isinstance(item, str):
            lines.append(f"-{gap}{written(item, flow=False, quote=quote, force=force)}")
        elif isinstance(item, Lines):
            lines += [f"-{gap}|", *indented(item.text.splitlines(), 1 + len(gap))]
        elif isinstance(item, Mapping) and item:
            first, *others = block_entries(item, step, dashes)
            lines += [f"-{gap}{first}", *indented(others, 1 + len(gap))]
        else:
            lines.append(f"-{gap}{flow_value(item, json=False)}")
    return lines


def indented(lines: Sequence[str], columns: int) -> list[str]:
    """The lines indented by `columns` blanks; an empty line stays empty."""
    return [" " * columns + line if line else "" for line in lines]


def flow_entries(entries: Mapping[str, Value], *, json: bool) -> list[str]:
    """Each entry as a text between `{` and `}`."""
    return [f"{flow_value(key, json=json)}: {flow_value(value, json=json)}" for key, value in entries.items()]


def flow_value(value: Value, *, json: bool) -> str:
    """A value as text in a flow collection; with `json` in JSON's notation."""
    if value is None:
        return "null"
    if isinstance(value, Typed):
        return value.text
    if isinstance(value, Short):
        value = value.value
    if isinstance(value, Lines):
        return double_quoted(value.text)
    if isinstance(value, str):
        return double_quoted(value) if json else written(value, flow=True)
    if isinstance(value, Mapping):
        return "{" + ", ".join(flow_entries(value, json=json)) + "}"
    return "[" + ", ".join(flow_value(item, json=json) for item in value) + "]"
