"""Carries data into a volume: look, stop the writers, copy, compare. Only then may a service use the volume.

A marker exists from before the volume is made until the comparison has succeeded (markers.py). The source is only ever
read.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace

from volfix.docker import helper_containers as through
from volfix.docker.archive import Manifest
from volfix.docker.carry_jobs import CarryProblem, Job, Say, SurveyedJob, users_of
from volfix.docker.containers import MountPoint
from volfix.docker.engine import Engine
from volfix.docker.engine_problems import EngineProblem
from volfix.docker.helper_containers import INSIDE, Carriers, Progress
from volfix.docker.markers import CARRIED, CARRIED_AT, mark, sweep, unmark
from volfix.docker.service_mark import note_moved
from volfix.docker.sqlite_files import Spool
from volfix.docker.stop_containers import stop
from volfix.docker.survey import lacks, survey, volume_users, writers_of
from volfix.docker.verify import verify
from volfix.docker.volume_backups import put_aside

LOCK = "volfix-carry-lock-"
"""Beginning of the name of the container that exists while a script of `carry --script` runs; the project follows."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a volume holds after a carry, nothing where an earlier run filled it.

    `when` is the time at which its sources were read, in seconds since 1970; None where that is not known. What is
    written to the sources later is not in the volume.
    """

    there: Manifest
    when: float | None


def carry(engine: Engine, found: SurveyedJob, *, overwrite: bool, say: Say, progress: Progress | None = None) -> Filled:
    """Make the volume hold what its origins hold, compared entry by entry, or raise CarryProblem and leave it unused.

    `overwrite`: a volume that holds something else is first copied to `<volume>-before-carry-<time>`, then made anew.
    The services that write are stopped and stay so.
    """
    _check(found, overwrite=overwrite)
    job = found.job
    if any(item.name == f"{LOCK}{job.project}" and item.is_running for item in engine.containers()):
        raise CarryProblem(
            f"{job.key}: a script of volfix carry --script is at work on {job.project}: wait for its end"
        )
    if found.state == "carried":
        return Filled({}, found.when)
    for container in found.running:
        stop(engine, container, job.in_memory, say)
    if found.running and (found.late or found.target is not None):  # what they wrote at their end is not read yet
        found = replace(survey(engine, job, say, again=True, quick=True), counted=found.counted)
        _check(found, overwrite=overwrite)
    if found.state == "different":
        put_aside(engine, found, say, progress)
    sweep(engine, job.name)
    marker = mark(engine, job.name, found.image)
    try:
        _check_still(engine, found)
    except (CarryProblem, EngineProblem):
        unmark(engine, job.name, marker)
        raise
    fresh = found.state != "equal" and _prepare(engine, found)
    try:
        with Carriers(engine, found.image, job.name) as carriers:
            when = time.time() if found.state != "equal" or found.when is None else found.when
            sent = found.source if found.state == "equal" else _copy(engine, carriers, job, progress)
            verify(engine, carriers, job, sent, say, progress)
            note_moved(engine, carriers, job, sent, when)
    except CarryProblem:
        _discard(engine, job, marker, fresh)
        raise
    started = [item.name for item in (*writers_of(engine, job.origins), *volume_users(engine, job)) if item.is_running]
    unmark(engine, job.name, marker)
    if started:
        raise CarryProblem(
            f"{job.key}: {job.name} is filled and compared, but {started[0]} was started meanwhile: stop it, and look "
            f"whether {_shown(job)} has rows that came later"
        )
    return Filled(sent, when)


def _check_still(engine: Engine, found: SurveyedJob) -> None:
    """Raise CarryProblem if the volume has changed since volfix looked at it."""
    job = found.job
    if running := [item.name for item in volume_users(engine, job) if item.is_running]:
        raise CarryProblem(f"{job.key}: {running[0]} was started meanwhile, on {job.name}: stop it, and run this again")
    now = None
    if engine.volume(job.name) is not None:
        with Carriers(engine, found.image, job.name) as carriers:
            now = through.manifest_of(engine, carriers.mounting("volume", job.name), INSIDE)
    if now != found.target:
        raise CarryProblem(f"{job.key}: {job.name} changed since it was looked at: run this again")


def _copy(engine: Engine, carriers: Carriers, job: Job, progress: Progress | None) -> Manifest:
    """Copy the origins; return what the volume must then hold. Raises CarryProblem if that is no database any more."""
    with Spool(remember=False) as seen:
        sent = through.copy(engine, carriers, job.origins, ("volume", job.name), progress, seen.keep)
    if reason := lacks(job, sent, set(seen.paths)):
        raise CarryProblem(f"{job.key}: nothing is carried: {reason}")
    return sent


def _check(found: SurveyedJob, *, overwrite: bool) -> None:
    """Raise CarryProblem if the carry would stop containers of other projects, or overwrite data."""
    job = found.job
    if found.foreign:
        names = ", ".join(container.name for container in found.foreign)
        raise CarryProblem(f"{job.key}: containers of other projects use the data: stop them first ({names})")
    if found.state == "different" and not overwrite:
        raise CarryProblem(
            f"{job.key}: the volume {job.name} is not empty and holds something else than {_shown(job)} "
            f"({'; '.join(found.held)}). --replace copies it to another volume first"
        )


def _prepare(engine: Engine, found: SurveyedJob) -> bool:
    """Make the volume, empty, unless a container has it already. True if this run made it."""
    job = found.job
    if found.target is not None:
        if found.job.external or users_of(engine, MountPoint("volume", job.name, INSIDE)):
            return False
        engine.remove_volume(job.name)
    elif job.external:
        raise CarryProblem(f"{job.key}: the volume {job.name} is external and does not exist: create it first")
    labels = {**job.labels, CARRIED: _shown(job), CARRIED_AT: f"{time.time():.6f}"}
    engine.create_volume(job.name, labels, job.driver, dict(job.options))
    return True


def _discard(engine: Engine, job: Job, marker: str, fresh: bool) -> None:
    """Remove a volume that this run made and whose copy differs, so that no service starts on it."""
    if fresh:
        with suppress(EngineProblem):
            engine.remove_volume(job.name)
            unmark(engine, job.name, marker)


def _shown(job: Job) -> str:
    return ", ".join(origin.shown for origin in job.origins)
