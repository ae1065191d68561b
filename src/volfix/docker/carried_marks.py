"""What the marks of an engine's volumes say to the checklist: carried from where and when, or what holds the rows.

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
from volfix.docker.markers import CARRIED, is_marked
from volfix.docker.project_containers import containers_under
from volfix.project.compose.mounts import VOLUME
from volfix.project.stack import Use
from volfix.rules.answers import Answer, Mark
from volfix.rules.checklist import data_mounts
from volfix.rules.evidence.held_data import held_data
from volfix.rules.evidence.left_behind import database_at, last_change


@dataclass(frozen=True, slots=True)
class Marked:
    """What is known of a volume that keeps data."""

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
        elif volume is not None and CARRIED in volume.labels:
            yield _carried(use, volume, deployed, is_here=is_here)
        elif is_here and (left := _left(engine, deployed, own, use)):
            yield Marked(use, Answer(Mark.WRONG, f"NOT CARRIED: {left}: volfix carry --write"))


def _carried(use: Use, volume: Volume, deployed: Deployed, *, is_here: bool) -> Marked:
    came = volume.labels[CARRIED]
    text = f"{volume.name} was carried from {came} at {_moment(volume.made)}"
    places = [Path(os.path.join(deployed.project.directory, place)) for place in came.split(", ")]  # noqa: PTH118
    there = [place for place in places if is_here and place.exists()]
    if later := [place for place in there if last_change(place) > volume.made]:
        return Marked(
            use, Answer(Mark.WRONG, f"{text}, and {later[0]} has changed since: what came later is not in it")
        )
    if not is_here:
        return Marked(use, Answer(Mark.OPEN, f"{text}; whether that has changed since is not seen from here"))
    return Marked(use, Answer(Mark.FINE, text))


def _left(engine: Engine, deployed: Deployed, own: Sequence[Container], use: Use) -> str | None:
    """What still holds the database where it was mounted before; None for nothing that is seen."""
    held = held_data(deployed.context, use)
    for origin in from_history(engine, deployed, None, own, use.service, use.mount):
        what = database_at(Path(origin.name), held) if held is not None and origin.kind == "bind" else None
        if what is not None:
            return f"{origin.name} holds {what} ({origin.evidence})"
    return None


def _moment(seconds: float) -> str:
    """A time for people."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
