"""Which of many changes a proof rejects: all are proven together, and taken apart by halves where it rejects them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from volfix.syntax.source import Source

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")

PROOFS, FEWEST, READ = 64, 12, 500_000
"""The most proofs of one stack, the fewest, and the characters of files that all may read: telling changes apart has a
price. What is not proven then is refused. Twelve proofs find the one change of some hundred that is wrong.
"""


def proofs_of(sources: Iterable[Source], most: int = PROOFS) -> int:
    """How many proofs may be made that read these files, at most so many."""
    characters = sum(len(source.text) for source in sources)
    return min(most, max(FEWEST, READ // max(1, characters)))


def rejected(items: Mapping[Key, Item], rejection: Callable[[Sequence[Item]], str | None], most: int) -> dict[Key, str]:
    """The keys of the items that the proof rejects, each with its reason; or those that `most` proofs left unproven.

    `rejection` says why some of the items cannot be made together; None where they can.
    """
    found: dict[Key, str] = {}
    groups = [list(items)] if items else []
    while groups:
        group, most = groups.pop(), most - 1
        reason = rejection([items[key] for key in group])
        middle = len(group) // 2
        if reason is not None and middle and most > 0:
            groups += [group[middle:], group[:middle]]
        elif reason is not None:
            found |= dict.fromkeys(group, reason)
    return found
