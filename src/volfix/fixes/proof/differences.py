"""What two models differ in: the one comparison of the proof."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

Model = dict[str, Any]
FEW = 100
"""Items of a list that are looked for one by one."""


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

    A mapping that comes or goes is told as empty, then entry by entry. What has moved in a list DeepDiff tells, which
    takes long to import; all else stands at the same key or place before and after.
    """
    return sorted(_told((), before, after), key=lambda each: ([*map(repr, each.path)], repr(each)))


def _told(path: tuple[Any, ...], before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            yield from _told((*path, key), before.get(key, ABSENT), after.get(key, ABSENT))
    elif not isinstance(before, list) or not isinstance(after, list):
        yield from _entries(path, before, after)
    elif _stay(before, after):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _told((*path, place), old, new)
    else:
        yield from _told_of_lists(path, before, after)


def _stay(before: list[Any], after: list[Any]) -> bool:
    """Whether each item of a list has the place that it had: no item that differs is elsewhere in the other list."""
    if len(before) != len(after) or len(before) > FEW:
        return False
    if any(isinstance(item, list | dict) for item in (*before, *after)):
        return True
    changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    return not any(old in after or new in before for old, new in changed)


def _told_of_lists(path: tuple[Any, ...], before: list[Any], after: list[Any]) -> Iterator[Difference]:
    from deepdiff import DeepDiff
    from deepdiff.helper import notpresent

    found = DeepDiff(before, after, view="tree", ignore_private_variables=False, threshold_to_diff_deeper=0)
    for level in (level for group in found.values() for level in group):
        sides = (ABSENT if value is notpresent else value for value in (level.t1, level.t2))
        yield from _entries((*path, *level.path(output_format="list")), *sides)


def _entries(path: tuple[Any, ...], before: Any, after: Any) -> Iterator[Difference]:
    whole = after if before is ABSENT else before
    if ABSENT not in (before, after) or not isinstance(whole, dict):
        yield Difference(path, before, after)
        return
    yield Difference(path, *((ABSENT, {}) if before is ABSENT else ({}, ABSENT)))
    for key, value in whole.items():
        yield from _entries((*path, key), *((ABSENT, value) if before is ABSENT else (value, ABSENT)))
