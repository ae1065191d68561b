"""The rows before and after a carry, counted in the services that it stops and starts."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from volfix.cli.carry_shown import say
from volfix.cli.outputs import tell
from volfix.cli.rows_shown import ALL_THERE, not_counted, table_of

if TYPE_CHECKING:
    from volfix.docker.find_moves import MoveSearch
    from volfix.docker.row_counts import Counted

PATIENCE = 60
"""Seconds in which a server that was started has to answer."""
MOMENT = 0.5
"""Seconds between two questions."""
REPLACED = (
    "`before` counts the rows of what was replaced: the copy named above keeps them, the services do not have them"
)


def rows_before(search: MoveSearch, services: Collection[str]) -> list[Counted]:
    """The rows of these services as they run now."""
    from volfix.docker.rows import count

    tell("counting the rows")
    return count(search.engine, search.deployed, under=search.found, services=services)


def rows_after(search: MoveSearch, services: Collection[str], before: list[Counted], *, replaced: bool) -> bool:
    """Print the rows now beside the rows before. True if no counted row is missing.

    Where a volume was `replaced`, the rows before are those that its copy keeps: more rows now do not have them.
    """
    from volfix.docker.row_counts import losses, same_as

    now = _answered(search, services, before)
    counts = []
    for one in now:
        old = same_as(one, before)
        was = old.tables if old else {}
        for table in dict.fromkeys((*was, *one.tables)):
            numbers = tuple("-" if table not in each else f"{each[table]}" for each in (was, one.tables))
            counts.append((one, table, numbers))
    for line in table_of(("before", "after"), counts):
        tell(line)
    for one in now:
        if one.problem:
            say(not_counted(one))
    lost = losses(before, now)
    for loss in lost:
        tell(f"missing: {loss}")
    if replaced:
        tell(REPLACED)
    elif any(one.tables for one in before) and not lost and not any(one.problem for one in now):
        tell(ALL_THERE)
    return not lost


def _answered(search: MoveSearch, services: Collection[str], before: list[Counted]) -> list[Counted]:
    """Count again once each service that was counted before answers, at the latest after `PATIENCE`."""
    from volfix.docker.rows import count

    end = time.monotonic() + PATIENCE
    answered = {(one.service, one.engine) for one in before if not one.problem}
    while True:
        now = count(search.engine, search.deployed, services=services)
        waiting = [one for one in now if one.is_unknown and (one.service, one.engine) in answered]
        if not waiting or time.monotonic() > end:
            return now
        time.sleep(MOMENT)
