"""The hunks of a change: which lines differ, and which lines are shown around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from volfix.fixes.changes import FileChange
from volfix.syntax.source import ordered

MANY = 1_000
"""Lines from which on only the lines of the edits are compared: to compare all takes quadratic time, and of lines that
are often the same it finds none.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a hunk: its sign and its number, from 0, in the text before (for `-` and ` `) or after."""

    sign: str
    number: int


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines `start` (from 0) to `end` (excluded) before, which are `new_start` to `new_end` after."""

    start: int
    end: int
    new_start: int
    new_end: int


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changed lines that lie near each other, and all lines that are shown of them."""

    changed: tuple[Lines, ...]
    whole: Lines

    @property
    def header(self) -> str:
        whole = self.whole
        return f"@@ -{_range(whole.start, whole.end)} +{_range(whole.new_start, whole.new_end)} @@\n"

    def rows(self) -> Iterator[Row]:
        at = self.whole.start
        for lines in self.changed:
            yield from (Row(" ", number) for number in range(at, lines.start))
            yield from (Row("-", number) for number in range(lines.start, lines.end))
            yield from (Row("+", number) for number in range(lines.new_start, lines.new_end))
            at = lines.end
        yield from (Row(" ", number) for number in range(at, self.whole.end))


def hunks(
    change: FileChange, before: Sequence[str] | Sequence[bytes], after: Sequence[str] | Sequence[bytes], context: int
) -> list[Hunk]:
    """The hunks with `context` lines around what changes; `before` and `after` are the lines of the change's texts."""
    groups: list[list[Lines]] = []
    for lines in _changed(_edited(change, len(before), len(after)), before, after):
        if groups and lines.start - groups[-1][-1].end <= 2 * context:
            groups[-1].append(lines)
        else:
            groups.append([lines])
    return [_hunk(group, len(before), context) for group in groups]


def _hunk(group: Sequence[Lines], count: int, context: int) -> Hunk:
    first, last = group[0], group[-1]
    above, below = min(context, first.start), min(context, count - last.end)
    return Hunk(
        tuple(group), Lines(first.start - above, last.end + below, first.new_start - above, last.new_end + below)
    )


def _edited(change: FileChange, count: int, new_count: int) -> list[Lines]:
    """The lines that may differ: all lines, or of many those that the edits touch."""
    if count < MANY or not change.edits:
        return [Lines(0, count, 0, new_count)]
    found: list[Lines] = []
    shift = 0
    for edit in ordered(change.edits):
        start, end = (change.before.place(offset)[0] - 1 for offset in (edit.span.start, edit.span.end))
        new_start = start + shift
        shift += edit.replacement.count("\n") - (end - start)
        if found and start <= found[-1].end:
            start, new_start = found[-1].start, found.pop().new_start
        found.append(Lines(start, min(end + 1, count), new_start, min(end + 1 + shift, new_count)))
    return found


def _changed(
    edited: Iterable[Lines], before: Sequence[str] | Sequence[bytes], after: Sequence[str] | Sequence[bytes]
) -> Iterator[Lines]:
    """The lines that differ within those that edits touch."""
    import difflib

    for lines in edited:
        own, new = before[lines.start : lines.end], after[lines.new_start : lines.new_end]
        for tag, start, end, new_start, new_end in difflib.SequenceMatcher(None, own, new).get_opcodes():
            if tag != "equal":
                yield Lines(
                    lines.start + start, lines.start + end, lines.new_start + new_start, lines.new_start + new_end
                )


def _range(start: int, end: int) -> str:
    length = end - start
    return f"{start + 1}" if length == 1 else f"{start + 1 if length else start},{length}"
