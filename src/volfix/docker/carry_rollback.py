"""After a carry that failed: the services run again as they did, where that puts no row in a place that is left behind.

They run on the old mounts, so nothing that this run filled may stay: it would lack the rows that they write from then
on. Where something has to stay, or has taken the place of a container or of data, they are left stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from volfix.docker.carry_jobs import Say, SurveyedJob, users_of
from volfix.docker.containers import Container, MountPoint
from volfix.docker.engine import Engine
from volfix.docker.helper_containers import CARRIER, INSIDE
from volfix.docker.markers import is_carried, is_mine, sweep, unmark

MADE_ANEW = ("missing", "empty", "interrupted")
"""What a volume may be that a run makes, or makes anew."""


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A container that ran before anything was stopped, with its restart policy."""

    container: Container
    policy: Mapping[str, Any]


def ran(engine: Engine, containers: Iterable[Container]) -> list[EarlierRun]:
    """The containers with what `start_again` has to know, each once."""
    return [
        EarlierRun(item, engine.restart_policy(item.id)) for item in {item.id: item for item in containers}.values()
    ]


def take_back(engine: Engine, tried: Sequence[SurveyedJob], say: Say) -> bool:
    """Remove the volumes that this run filled for these jobs, the last of which failed; whether none stays.

    Where one has to stay, none is removed. Raises EngineProblem where the engine does not answer.
    """
    new = [one for one in tried if one.state in MADE_ANEW]
    marked = [one for one in new if is_mine(engine, one.job.name)]
    filled = [one for one in new if one in marked or is_carried(engine, one.job.name)]
    filled = [one for one in filled if engine.volume(one.job.name) is not None]
    if any(one.state == "different" for one in tried) or any(_has_to_stay(engine, one) for one in filled):
        return False
    for one in marked:
        sweep(engine, one.job.name)  # the marker's volume stays until the end
    for one in filled:
        engine.remove_volume(one.job.name)
        say(f"{one.job.name} is removed again: the data is where it was")
    for one in marked:
        unmark(engine, one.job.name)
    return True


def _has_to_stay(engine: Engine, one: SurveyedJob) -> bool:
    """Whether a volume may not be removed, or cannot be because a container has it, which starts with it."""
    users = users_of(engine, MountPoint("volume", one.job.name, INSIDE))
    return one.job.external or any(CARRIER not in item.labels for item in users)


def start_again(engine: Engine, stopped: Sequence[EarlierRun], say: Say) -> bool:
    """Start the containers with the restart policies that they had; False, and none is started, where one is gone."""
    there = {item.id for item in engine.containers()}
    if any(item.container.id not in there for item in stopped):
        return False
    for item in stopped:
        if engine.is_running(item.container.id):
            say(f"{item.container.name} goes on, and may have been asked to stop")
        engine.restart_as(item.container.id, item.policy)
    return True
