"""Prints counts of rows as a table, and says what could not be counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from volfix.syntax.visible import one_line

if TYPE_CHECKING:
    from volfix.docker.row_counts import Counted

ALL_THERE = "every row that was there is there"
ABOUT = ("service", "engine", "database", "table")


def table_of(headings: Sequence[str], rows: Sequence[tuple[Counted, str, tuple[str, ...]]]) -> Iterator[str]:
    """A line for each table of a database, below the headings of its numbers; nothing where there are no rows."""
    if not rows:
        return
    lines = [(*ABOUT, *headings)]
    lines += [
        tuple(map(one_line, (one.service, one.engine, one.database, table, *numbers))) for one, table, numbers in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        names = [cell.ljust(width) for cell, width in zip(line[: len(ABOUT)], widths, strict=False)]
        numbers = [cell.rjust(width) for cell, width in zip(line[len(ABOUT) :], widths[len(ABOUT) :], strict=True)]
        yield "  ".join([*names, *numbers])


def not_counted(one: Counted) -> str:
    """Why a database is not counted."""
    return one_line(f"{one.service}, {one.engine} {one.database}: {one.problem}".replace(" :", ":"))
