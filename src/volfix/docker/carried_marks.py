"""The marks of the engine's volumes, for the checklist: carried from where and when, or where the rows still are.

A mark proves one moment. What was written to the source later is not in the volume.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from volfix.docker.containers import Container, Volume
from volfix.docker.deployed import Deployed
from volfix.docker.engine import Engine
from volfix.docker.history import from_history
from volfix.docker.local_files import data_root
from volfix.docker.markers import CARRIED, carried_at, is_marked
from volfix.docker.project_containers import containers_under
from volfix.docker.service_mark import moved_here
from volfix.knowledge.carry_service import MARK_SUFFIX, SOURCE, TARGET
from volfix.project.compose.mounts import VOLUME
from volfix.project.stack import Use
from volfix.rules.answers import Answer, Mark
from volfix.rules.checklist import data_mounts
from volfix.rules.evidence.held_data import held_data
from volfix.rules.evidence.left_behind import database_at, last_change


@dataclass(frozen=True, slots=True)
class Marked:
    """The answer of the checklist about one volume that keeps data."""

    use: Use
    answer: Answer


def carried_marks(engine: Engine, deployed: Deployed) -> Iterator[Marked]:
    """An answer for each volume with data that a carry filled, or that has data left where it was mounted before.

    Raises EngineProblem.
    """
    own = containers_under(engine, deployed, [deployed.project.name]).own
    is_here = data_root(engine) is not None
    for use, _ in data_mounts(deployed.context, deployed.read):
        if use.mount.kind != VOLUME:
            continue
        volume = engine.volume(deployed.project.real_name(use.mount.source))
        if volume is not None and is_marked(engine, volume.name):
            text = f"a carry into {volume.name} has not come to its end: volfix carry --write goes on with it"
            yield Marked(use, Answer(Mark.WRONG, text))
            continue
        try:
            mark = f"{deployed.project.name}_{use.mount.source}{MARK_SUFFIX}"
            moved = moved_here(engine, deployed.project.real_name(use.mount.source), mark)
        except OSError:
            text = f"whether a carry service has filled {use.mount.source} is not seen from here: volfix carry says it"
            yield Marked(use, Answer(Mark.OPEN, text))
            continue
        if volume is not None and (CARRIED in volume.labels or moved is not None):
            yield _carried(use, volume, moved, deployed, is_here=is_here)
        elif is_here and (left := _left(engine, deployed, own, use)):
            yield Marked(use, Answer(Mark.WRONG, f"NOT CARRIED: {left}: volfix carry --write"))


def _carried(use: Use, volume: Volume, moved: float | None, deployed: Deployed, *, is_here: bool) -> Marked:
    """The answer on a volume that a carry made, or that a carry service has `moved` data into, with what came later."""
    came = volume.labels.get(CARRIED) or _moved_from(deployed, use)
    noted = max((at for at in (carried_at(volume), moved) if at), default=None)
    text = f"{volume.name} was carried from {came}{f' at {_moment(noted)}' if noted else ''}"
    if noted is None:
        return Marked(use, Answer(Mark.OPEN, f"{text}; no time is noted: look whether that has changed since"))
    places = [Path(os.path.join(deployed.project.directory, place)) for place in came.split(", ")]  # noqa: PTH118
    there = [place for place in places if is_here and place.exists()]
    if later := [place for place in there if last_change(place) > noted]:
        return Marked(
            use, Answer(Mark.WRONG, f"{text}, and {later[0]} has changed since: what came later is not in it")
        )
    if not is_here:
        return Marked(use, Answer(Mark.OPEN, f"{text}; whether that has changed since is not seen from here"))
    return Marked(use, Answer(Mark.FINE, text))


def _moved_from(deployed: Deployed, use: Use) -> str:
    """What the carry service mounts as the source of a volume; where it was taken out, only that one was there."""
    for service in deployed.project.carriers.values():
        mounts = {mount.clean_target: mount for mount in service.mounts if not mount.overridden}
        if mounts[TARGET].source == use.mount.source:
            return mounts[SOURCE].raw_source
    return "what a carry service had mounted"


def _left(engine: Engine, deployed: Deployed, own: Sequence[Container], use: Use) -> str | None:
    """The place that was mounted before and still holds the database, in words; None if volfix sees none."""
    held = held_data(deployed.context, use)
    for origin in from_history(engine, deployed, None, own, use.service, use.mount):
        what = database_at(Path(origin.name), held) if held is not None and origin.kind == "bind" else None
        if what is not None:
            return f"{origin.name} holds {what} ({origin.evidence})"
    return None


def _moment(seconds: float) -> str:
    """Seconds since 1970 as a date and time in UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
