"""Carrying data into a volume: look, stop the writers, copy, compare, and only then let anybody use it.

A marker exists from before the volume is made until the comparison has succeeded (markers.py). The source is only ever
read.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace

from volfix.docker import helper_containers as through
from volfix.docker.archive import Manifest, differences
from volfix.docker.carry_jobs import MAPPED, CarryProblem, Job, Origin, Say, State, SurveyedJob, users_of
from volfix.docker.containers import Container, MountPoint, Volume
from volfix.docker.engine import Engine
from volfix.docker.engine_problems import EngineProblem
from volfix.docker.helper_containers import CARRIER, INSIDE, Carriers, Progress
from volfix.docker.interrupted_copy import is_part
from volfix.docker.local_files import data_root, listing, uncarried
from volfix.docker.markers import CARRIED, is_carried, is_marked, mark, sweep, unmark, used_since
from volfix.docker.service_mark import is_moved, note_moved
from volfix.docker.sqlite_files import Spool
from volfix.docker.stop import stop
from volfix.docker.verify import verify
from volfix.docker.volume_backups import held_in, put_aside, volume_of

LOCK = "volfix-carry-lock-"
"""How the container is called that is there while such a script runs, before the project's name."""


def survey(engine: Engine, job: Job, say: Say, *, again: bool = False, quick: bool = False) -> SurveyedJob:
    """Look at a job's data and its volume. Raises CarryProblem where there is nothing that could be carried.

    A volume that an earlier run filled is not compared, unless it is to be filled `again`: it is in use since.
    `quick`: where there is nothing to compare with, files are listed and not read, as the copy reads them next.
    """
    when = time.time()
    image = image_for(engine, job)
    marked = is_marked(engine, job.name)
    volume = engine.volume(job.name)
    with Carriers(engine, image, job.name) as carriers:
        _check_named(carriers, job)
        target = through.manifest_of(engine, carriers.mounting("volume", job.name), INSIDE) if volume else None
        is_filled = is_carried(engine, job.name) or is_moved(engine, carriers, job)
        filled = any(target or ()) and is_filled and not _is_of_another(job, volume, target)
        if filled and not again and not _written_since(engine, job):
            return SurveyedJob(job, {}, target, "carried", (), (), image, when)
        late = _saves_at_stop(engine, job)
        listed = quick and not marked and not any(target or ()) and data_root(engine) is not None
        source, kept = _sources(engine, carriers, job, say, late=late, listed=listed)
        complete = through.with_top(source, kept)
        users = _users(engine, job) if volume else []
        is_ours = marked and target is not None and not used_since(engine, job.name, users)
        ours = is_ours and is_part(engine, carriers, (complete, kept), (target or {}, volume_of(job)))
        state = _state(complete, target, is_part=ours)
        there = tuple(held_in(engine, carriers, job)) if state == "different" else ()
        lost = uncarried(engine, carriers, kept)
    writers = (*_writers(engine, job.origins), *users)
    running = {container.id: container for container in writers if container.is_running}.values()
    own = tuple(item for item in running if job.owns(item))
    foreign = tuple(item for item in running if not job.owns(item))
    return SurveyedJob(
        replace(job, origins=kept), complete, target, state, own, foreign, image, when, late, there, uncarried=lost
    )


def _is_of_another(job: Job, volume: Volume | None, target: Manifest | None) -> bool:
    """Whether a filled volume has none of the project's databases and came from elsewhere: others share its name."""
    came = volume.labels.get(CARRIED, "") if volume else ""
    is_named = any(place and place in came for origin in job.origins for place in (origin.shown, origin.name))
    return bool(job.expected) and not is_named and not set(job.expected) & set(target or ())


def _check_named(carriers: Carriers, job: Job) -> None:
    """What a person named has to be there, even where an earlier run filled the volume."""
    for origin in job.origins:
        if origin.evidence == MAPPED:
            try:
                carriers.source_of(origin)
            except EngineProblem as problem:
                raise CarryProblem(
                    f"{job.key}: nothing is carried: --map {origin.shown} cannot be read: {problem}"
                ) from problem


def _written_since(engine: Engine, job: Job) -> bool:
    """Whether the origins may have rows that came after the volume was filled: somebody went back to them."""
    writers = _writers(engine, job.origins)
    if any(item.is_running for item in writers):
        return True
    return bool(writers) and not users_of(engine, MountPoint("volume", job.name, INSIDE))


def _saves_at_stop(engine: Engine, job: Job) -> bool:
    """Whether an engine that runs on the origins may hold rows that are in no file before it is stopped."""
    in_memory = any(client.saves_at_stop for client in job.clients)
    return in_memory and any(container.is_running for container in _writers(engine, job.origins))


def _sources(
    engine: Engine, carriers: Carriers, job: Job, say: Say, *, late: bool, listed: bool
) -> tuple[Manifest, tuple[Origin, ...]]:
    """The manifest of all origins together; one that is missing is told, and fatal unless the data is elsewhere.

    `late`: that there are no files of the database is no failure yet; `listed`: without digests, where that is quicker.
    """
    parts, missing = [], []
    with Spool(remember=False) as found:
        for origin in job.origins:
            try:
                container, path = carriers.source_of(origin)
                manifest = listing(origin, None if job.clients or not job.expected else found.keep) if listed else None
                if manifest is None:
                    manifest = through.manifest_of(engine, container, path, origin.below, found.keep)
                parts.append((origin, manifest))
            except EngineProblem as problem:
                missing.append(f"{origin.shown} cannot be read: {problem}")
        manifest = through.united(parts)
    reason = None if late else _lacks(job, manifest, set(found.paths))
    if reason or (missing and not job.expected):
        reasons = "; ".join([*missing, *([reason] if reason else [])])
        raise CarryProblem(f"{job.key}: nothing is carried: {reasons}")
    for line in missing:
        say(f"{job.key}: {line}; the database is found all the same")
    return manifest, tuple(origin for origin, _ in parts)


def _lacks(job: Job, manifest: Manifest, databases: set[str]) -> str | None:
    """Why these files are not the database's; None where they may be."""
    files = [path for path, entry in manifest.items() if entry.kind == "file"]
    shown = ", ".join(origin.shown for origin in job.origins)
    if not files:
        return f"{shown} holds no files"
    lacking = [item for item in job.clients if not any(map(item.is_data_file, files))]
    if job.clients and len(lacking) == len(job.clients):
        return f"{shown} holds none of the files of {lacking[0].name} ({', '.join(lacking[0].files)})"
    if not job.clients and job.expected and not databases and not set(job.expected) & set(files):
        return f"{shown} does not hold {', '.join(job.expected)}"
    return None


def _state(source: Manifest, target: Manifest | None, *, is_part: bool) -> State:
    if target is None:
        return "missing"
    if is_part:
        return "interrupted"
    if not any(target):
        return "empty"
    return "different" if differences(source, target) else "equal"


@dataclass(frozen=True, slots=True)
class Filled:
    """What a volume holds after a carry, nothing where an earlier run filled it; and `when` its sources were read, in
    seconds since 1970: what is written to them later is not in it.
    """

    there: Manifest
    when: float


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
        volume = engine.volume(job.name)
        return Filled({}, volume.made if volume else 0)
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
            when = found.when if found.state == "equal" else time.time()
            sent = found.source if found.state == "equal" else _copy(engine, carriers, job, progress)
            verify(engine, carriers, job, sent, say, progress)
            note_moved(engine, carriers, job, sent)
    except CarryProblem:
        _discard(engine, job, marker, fresh)
        raise
    started = [item.name for item in (*_writers(engine, job.origins), *_users(engine, job)) if item.is_running]
    unmark(engine, job.name, marker)
    if started:
        raise CarryProblem(
            f"{job.key}: {job.name} is filled and compared, but {started[0]} was started meanwhile: stop it, and look "
            f"whether {_shown(job)} has rows that came later"
        )
    return Filled(sent, when)


def _check_still(engine: Engine, found: SurveyedJob) -> None:
    """Raise CarryProblem where the volume is not any more what it was when it was looked at."""
    job = found.job
    if running := [item.name for item in _users(engine, job) if item.is_running]:
        raise CarryProblem(f"{job.key}: {running[0]} was started meanwhile, on {job.name}: stop it, and run this again")
    now = None
    if engine.volume(job.name) is not None:
        with Carriers(engine, found.image, job.name) as carriers:
            now = through.manifest_of(engine, carriers.mounting("volume", job.name), INSIDE)
    if now != found.target:
        raise CarryProblem(f"{job.key}: {job.name} changed since it was looked at: run this again")


def _users(engine: Engine, job: Job) -> list[Container]:
    """The containers that mount the volume, carriers apart."""
    used = users_of(engine, MountPoint("volume", job.name, INSIDE))
    return [item for item in used if CARRIER not in item.labels]


def _copy(engine: Engine, carriers: Carriers, job: Job, progress: Progress | None) -> Manifest:
    """Copy the origins; what is then to be there. Raises CarryProblem where that is not the database any more."""
    with Spool(remember=False) as seen:
        sent = through.copy(engine, carriers, job.origins, ("volume", job.name), progress, seen.keep)
    if reason := _lacks(job, sent, set(seen.paths)):
        raise CarryProblem(f"{job.key}: nothing is carried: {reason}")
    return sent


def _check(found: SurveyedJob, *, overwrite: bool) -> None:
    """Raise CarryProblem where carrying would disturb what is not the project's, or write over data."""
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
    """See to it that there is an empty volume; whether this run made it."""
    job = found.job
    if found.target is not None:
        if found.job.external or users_of(engine, MountPoint("volume", job.name, INSIDE)):
            return False
        engine.remove_volume(job.name)
    elif job.external:
        raise CarryProblem(f"{job.key}: the volume {job.name} is external and does not exist: create it first")
    engine.create_volume(job.name, {**job.labels, CARRIED: _shown(job)}, job.driver, dict(job.options))
    return True


def _discard(engine: Engine, job: Job, marker: str, fresh: bool) -> None:
    """A copy that differs is not left for anybody to use."""
    if fresh:
        with suppress(EngineProblem):
            engine.remove_volume(job.name)
            unmark(engine, job.name, marker)


def _writers(engine: Engine, origins: tuple[Origin, ...]) -> list[Container]:
    """The containers that can write to the origins."""
    found = []
    containers = {container.id: container for container in engine.containers()}
    for origin in origins:
        if origin.kind == "container":
            found += [containers[origin.name]] if origin.name in containers else []
        else:
            place = MountPoint(origin.kind, origin.name, INSIDE)
            users = users_of(engine, place, writable=True)
            found += [item for item in users if CARRIER not in item.labels]
    return found


def image_for(engine: Engine, job: Job) -> str:
    """An image that carriers can be made of: the service's own, else any."""
    own = {item.image for item in engine.containers() if job.owns(item) and item.service in job.services}
    image = next(iter(sorted(own)), None) or engine.any_image()
    if image is None:
        raise CarryProblem(
            "the engine has no image yet: pull or build the project's first (docker compose pull, build)"
        )
    return image


def _shown(job: Job) -> str:
    return ", ".join(origin.shown for origin in job.origins)
