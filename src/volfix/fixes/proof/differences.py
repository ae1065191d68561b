"""What two models differ in, as DeepDiff tells it: asked only where a proof fails, for its import costs time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

Model = dict[str, Any]


class Difference(NamedTuple):
    """A place that differs, its keys from the outermost to the innermost, and what is there before and after."""

    path: tuple[Any, ...]
    before: Any
    after: Any

    @property
    def place(self) -> str:
        """The place without its value, which may be a credential."""
        return "".join(f"[{part!r}]" for part in self.path) or "the whole"


class Absent:
    """What stands for a value where there is none."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = Absent()


def differences(before: Any, after: Any) -> list[Difference]:
    """Every difference between two models of plain data, in the order of places; none where they are equal.

    A mapping that comes or goes is told as empty, then entry by entry. DeepDiff sees the parts alone that are not
    equal: its price is that of the differences, not of the models.
    """
    if before == after:
        return []
    from deepdiff import DeepDiff
    from deepdiff.helper import notpresent

    found = DeepDiff(*_unequal(before, after), view="tree", ignore_private_variables=False, threshold_to_diff_deeper=0)
    levels = (level for group in found.values() for level in group)
    told: list[Difference] = []
    for level in levels:
        sides = (ABSENT if value is notpresent else value for value in (level.t1, level.t2))
        told += _entries(tuple(level.path(output_format="list")), *sides)
    return sorted(told, key=lambda each: ([*map(repr, each.path)], repr(each)))


def _unequal(before: Any, after: Any) -> tuple[Any, Any]:
    """Both models without the entries of their mappings that are equal."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return before, after
    both = [key for key in before if key in after and before[key] != after[key]]
    parts = {key: _unequal(before[key], after[key]) for key in both}
    old, new = ({key: pair[side] for key, pair in parts.items()} for side in (0, 1))
    gone = {key: value for key, value in before.items() if key not in after}
    come = {key: value for key, value in after.items() if key not in before}
    return {**old, **gone}, {**new, **come}


def _entries(path: tuple[Any, ...], before: Any, after: Any) -> Iterator[Difference]:
    whole = after if before is ABSENT else before
    if ABSENT not in (before, after) or not isinstance(whole, dict):
        yield Difference(path, before, after)
        return
    yield Difference(path, *((ABSENT, {}) if before is ABSENT else ({}, ABSENT)))
    for key, value in whole.items():
        yield from _entries((*path, key), *((ABSENT, value) if before is ABSENT else (value, ABSENT)))
