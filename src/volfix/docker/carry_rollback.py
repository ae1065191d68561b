"""After a carry that failed: the services run again as they did, where that puts no row in a place that is left behind.

The services run on the old mounts again, so every volume that this run filled has to go: it would lack the rows that
they write from then on. If a volume has to stay, or a container or data was replaced, the services stay stopped.
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
"""The states of a volume that a run makes, or makes anew."""


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A container that ran before anything was stopped, with its restart policy."""

    container: Container
    policy: Mapping[str, Any]


def ran(engine: Engine, containers: Iterable[Container]) -> list[EarlierRun]:
    """Each container once, with its restart policy, for `start_again`. Raises EngineProblem."""
    return [
        EarlierRun(item, engine.restart_policy(item.id)) for item in {item.id: item for item in containers}.values()
    ]


def take_back(engine: Engine, tried: Sequence[SurveyedJob], say: Say) -> bool:
    """Remove the volumes that this run filled for these jobs, the last of which failed. True if none of them stays.

    If one has to stay, none is removed, and the result is False. Raises EngineProblem.
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
    """Whether a volume has to stay: it is external, or a container has it and would start on it."""
    users = users_of(engine, MountPoint("volume", one.job.name, INSIDE))
    return one.job.external or any(CARRIER not in item.labels for item in users)


def start_again(engine: Engine, stopped: Sequence[EarlierRun], say: Say) -> bool:
    """Start the containers with the restart policies that they had. False, and none is started, if one is gone."""
    there = {item.id for item in engine.containers()}
    if any(item.container.id not in there for item in stopped):
        return False
    for item in stopped:
        if engine.is_running(item.container.id):
            say(f"{item.container.name} goes on, and may have been asked to stop")
        engine.restart_as(item.container.id, item.policy)
    return True
