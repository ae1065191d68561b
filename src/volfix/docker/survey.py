"""Looks before a carry: at the data, the volume, and the containers that use them."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from volfix.docker import helper_containers as through
from volfix.docker.archive import Manifest, differences
from volfix.docker.carry_jobs import MAPPED, CarryProblem, Job, Origin, Say, State, SurveyedJob, users_of
from volfix.docker.containers import Container, MountPoint, Volume
from volfix.docker.engine import Engine
from volfix.docker.engine_problems import EngineProblem
from volfix.docker.helper_containers import CARRIER, INSIDE, Carriers
from volfix.docker.interrupted_copy import is_part
from volfix.docker.local_files import data_root, first_of, listing, uncarried
from volfix.docker.markers import CARRIED, carried_at, is_carried, is_marked, used_since
from volfix.docker.service_mark import moved_at
from volfix.docker.sqlite_files import Spool
from volfix.docker.volume_backups import held_in, volume_of
from volfix.rules.evidence.left_behind import last_change


def survey(engine: Engine, job: Job, say: Say, *, again: bool = False, quick: bool = False) -> SurveyedJob:
    """Look at a job's data and its volume. Raises CarryProblem if there is nothing to carry.

    A volume that an earlier run filled is in use since. It is compared only if it is to be filled `again`, or if its
    sources have changed. With `quick`, files are listed and not read if there is nothing to compare with: the copy
    reads them next.
    """
    when = time.time()
    image = image_for(engine, job)
    marked = is_marked(engine, job.name)
    volume = engine.volume(job.name)
    with Carriers(engine, image, job.name) as carriers:
        _check_named(carriers, job)
        target = through.manifest_of(engine, carriers.mounting("volume", job.name), INSIDE) if volume else None
        moved = moved_at(engine, carriers, job)
        is_filled = is_carried(engine, job.name) or moved is not None
        filled = any(target or ()) and is_filled and not _is_of_another(job, volume, target)
        noted = max((at for at in (volume and carried_at(volume), moved) if at), default=None)
        if filled and not again and not _written_since(engine, job, noted):
            return SurveyedJob(job, {}, target, "carried", (), (), image, noted)
        late = _saves_at_stop(engine, job)
        listed = quick and not marked and not any(target or ()) and data_root(engine) is not None
        source, kept, lost = _sources(engine, carriers, job, say, late=late, listed=listed)
        complete = through.with_top(source, kept)
        users = volume_users(engine, job) if volume else []
        is_ours = marked and target is not None and not used_since(engine, job.name, users)
        ours = is_ours and is_part(engine, carriers, (complete, kept), (target or {}, volume_of(job)))
        state = _state(complete, target, is_part=ours)
        there = tuple(held_in(engine, carriers, job)) if state == "different" else ()
    writers = (*writers_of(engine, job.origins), *users)
    running = {container.id: container for container in writers if container.is_running}.values()
    own = tuple(item for item in running if job.owns(item))
    foreign = tuple(item for item in running if not job.owns(item))
    return SurveyedJob(
        replace(job, origins=kept), complete, target, state, own, foreign, image, when, late, there, uncarried=lost
    )


def _is_of_another(job: Job, volume: Volume | None, target: Manifest | None) -> bool:
    """Whether a filled volume is that of another project of the same name: it has none of this project's databases."""
    came = volume.labels.get(CARRIED, "") if volume else ""
    is_named = any(place and place in came for origin in job.origins for place in (origin.shown, origin.name))
    return bool(job.expected) and not is_named and not set(job.expected) & set(target or ())


def _check_named(carriers: Carriers, job: Job) -> None:
    """Raise CarryProblem if a source that a person named does not exist, also if an earlier run filled the volume."""
    for origin in job.origins:
        if origin.evidence == MAPPED:
            try:
                carriers.source_of(origin)
            except EngineProblem as problem:
                raise CarryProblem(
                    f"{job.key}: nothing is carried: --map {origin.shown} cannot be read: {problem}"
                ) from problem


def _written_since(engine: Engine, job: Job, noted: float | None) -> bool:
    """Whether the origins may have rows that came after the volume was filled at the noted time: the services ran on
    them again, or a directory on this machine has changed.
    """
    writers = writers_of(engine, job.origins)
    if any(item.is_running for item in writers):
        return True
    if writers and not users_of(engine, MountPoint("volume", job.name, INSIDE)):
        return True
    places = [Path(item.name, item.path) for item in job.origins if item.kind == "bind"]
    is_seen = noted is not None and data_root(engine) is not None
    return is_seen and any(last_change(place) > (noted or 0) for place in places)


def _saves_at_stop(engine: Engine, job: Job) -> bool:
    """Whether an engine that runs on the origins may hold rows that are in no file before it is stopped."""
    in_memory = any(client.saves_at_stop for client in job.clients)
    return in_memory and any(container.is_running for container in writers_of(engine, job.origins))


def _sources(
    engine: Engine, carriers: Carriers, job: Job, say: Say, *, late: bool, listed: bool
) -> tuple[Manifest, tuple[Origin, ...], tuple[str, ...]]:
    """The manifest of all origins together, those that are there, and what of them no copy has; an origin that is
    missing is told, and fatal unless the data is elsewhere.

    `late`: that there are no files of the database is no failure yet; `listed`: without digests, where that is quicker.
    """
    parts, missing = [], []
    lost: list[str] = []
    with Spool(remember=False) as found:
        for origin in job.origins:
            try:
                container, path = carriers.source_of(origin)
                here = listing(origin, None if job.clients or not job.expected else found.keep) if listed else None
                if here is not None:
                    parts.append((origin, here.manifest))
                    lost += here.uncarried
                    continue
                parts.append((origin, through.manifest_of(engine, container, path, origin.below, found.keep)))
                lost += uncarried(engine, origin, container)
            except EngineProblem as problem:
                missing.append(f"{origin.shown} cannot be read: {problem}")
        manifest = through.united(parts)
    reason = None if late else lacks(job, manifest, set(found.paths))
    if reason or (missing and not job.expected):
        reasons = "; ".join([*missing, *([reason] if reason else [])])
        raise CarryProblem(f"{job.key}: nothing is carried: {reasons}")
    for line in missing:
        say(f"{job.key}: {line}; the database is found all the same")
    return manifest, tuple(origin for origin, _ in parts), first_of(lost)


def lacks(job: Job, manifest: Manifest, databases: set[str]) -> str | None:
    """Why these files cannot be those of the database, in words; None if they may be."""
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


def volume_users(engine: Engine, job: Job) -> list[Container]:
    """The containers that mount the volume, carriers apart."""
    used = users_of(engine, MountPoint("volume", job.name, INSIDE))
    return [item for item in used if CARRIER not in item.labels]


def writers_of(engine: Engine, origins: tuple[Origin, ...]) -> list[Container]:
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
    """The image of the carriers: that of a service of the volume, else any. Raises CarryProblem if there is none."""
    own = {item.image for item in engine.containers() if job.owns(item) and item.service in job.services}
    image = next(iter(sorted(own)), None) or engine.any_image()
    if image is None:
        raise CarryProblem(
            "the engine has no image yet: pull or build the project's first (docker compose pull, build)"
        )
    return image
