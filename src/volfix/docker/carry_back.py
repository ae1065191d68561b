"""`volfix carry --back`: copies a volume to the host directory that was mounted before it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from volfix.docker import helper_containers as through
from volfix.docker.archive import differences
from volfix.docker.carry_jobs import CarryProblem, Job, Say, users_of
from volfix.docker.containers import VOLUME_KEY, Container, MountPoint, Volume
from volfix.docker.deployed import earlier
from volfix.docker.engine import Engine
from volfix.docker.engine_problems import EngineProblem
from volfix.docker.find_moves import MoveSearch
from volfix.docker.helper_containers import CARRIER, INSIDE, Carriers, Progress
from volfix.docker.history import binds, check_one, former_name
from volfix.docker.interrupted_copy import is_part
from volfix.docker.map_option import mapped
from volfix.docker.service_mark import note_moved
from volfix.docker.sqlite_files import Spool
from volfix.docker.stop_containers import stamp, stop
from volfix.docker.survey import image_for
from volfix.docker.tar_stream import BrokenArchive
from volfix.docker.verify import shown
from volfix.docker.volume_backups import volume_of
from volfix.docker.volume_contents import held
from volfix.project.compose.mounts import BIND, VOLUME, Mount
from volfix.project.compose.service import Service
from volfix.syntax.pasted import pasted

BEFORE_BACK = "-before-back-"
"""Part of the new name of a directory that makes room for the copy of a volume; the time follows."""
Held = Literal["missing", "empty", "equal", "interrupted"]
"""How a directory compares with the volume: `interrupted` holds a part of it, from a copy that did not end."""


def back_jobs(search: MoveSearch) -> list[Job]:
    """Each volume with the host directory whose place it took: known by --map, the containers, or the files' history.

    Raises CarryProblem if several directories are possible.
    """
    found = []
    for job in search.jobs():
        origins = tuple(origin for origin in job.origins if origin.kind == "bind" and not origin.below)
        if len(origins) == 1:
            found.append(replace(job, origins=origins))
    named = {mount.source for service in search.deployed.project.services.values() for mount in service.mounts}
    put_back: dict[tuple[str, str], Job] = {}
    for job in _put_back(search):
        same = put_back.get((job.name, job.origins[0].name))
        services = tuple(dict.fromkeys((*(same.services if same else ()), *job.services)))
        put_back[job.name, job.origins[0].name] = replace(job, services=services)
    search.check_maps({*named, *(job.key for job in put_back.values())})
    return [*found, *put_back.values()]


def _put_back(search: MoveSearch) -> Iterator[Job]:
    """A job for each volume whose place a directory has in today's files, as after a revert."""
    project = search.deployed.project
    for service in project.services.values():
        for mount in service.mounts:
            if mount.kind != BIND or mount.overridden:
                continue
            for volume, key in _volumes(search, service, mount):
                given = [source for source, name in search.maps.pairs if name == key]
                places = [
                    *(item for source in given for item in mapped(search.engine, project.directory, (), source)),
                    *(() if given else binds(search.deployed, search.witnesses(service), mount, "today's files")),
                ]
                check_one(key, places)
                for origin in places:
                    yield Job(
                        *(project.name, key, volume.name, (service.name,), (mount.clean_target,), (origin,)),
                        former=search.maps.former,
                        strangers=search.found.strangers,
                        in_memory=search.in_memory,
                    )


def _volumes(search: MoveSearch, service: Service, mount: Mount) -> Iterator[tuple[Volume, str]]:
    """The volumes, with their keys, that the containers have where the files mount a directory; where these mount it
    too, the one of the newest files that mounted a volume there: they were put back and deployed before their rows.
    """
    seen = False
    for container in search.containers_of(service):
        there = container.mount_at(mount.clean_target)
        volume = search.engine.volume(there.source) if there and there.kind == "volume" else None
        if volume is not None and VOLUME_KEY in volume.labels:
            seen = True
            yield volume, volume.labels[VOLUME_KEY]
    for version in () if seen else earlier(search.deployed):
        old = version.project.services.get(service.name)
        for was in old.mounts if old else ():
            if was.kind == VOLUME and was.clean_target == mount.clean_target and was.source_is_known:
                volume = search.engine.volume(former_name(version.project, search.maps.former, was.source))
                if volume is not None and VOLUME_KEY in volume.labels:
                    yield volume, was.source
                return


@dataclass(slots=True)
class Return:
    """A job with what the engine says of it: `running` are the project's containers that run on the volume or the
    directory, `writing` says that one of them has the volume, `state` what the directory holds. `begun` says that this
    run may have written to the directory.
    """

    job: Job
    running: tuple[Container, ...]
    writing: bool
    state: Held
    begun: bool = False


def look(engine: Engine, job: Job) -> Return:
    """Look at a job before the copy. Raises CarryProblem if others use the data, or the directory holds other data."""
    users = [item for item in users_of(engine, MountPoint("volume", job.name, INSIDE)) if CARRIER not in item.labels]
    writing = any(item.is_running for item in users)
    users += users_of(engine, MountPoint("bind", job.origins[0].name, INSIDE), writable=True)
    running = {item.id: item for item in users if item.is_running}.values()
    if foreign := [item.name for item in running if not job.owns(item)]:
        raise CarryProblem(
            f"{job.key}: containers of other projects use the data: stop them first ({', '.join(foreign)})"
        )
    with Carriers(engine, image_for(engine, job), job.name) as carriers:
        return Return(job, tuple(running), writing, _state(engine, carriers, job))


def stopped(engine: Engine, found: Return, say: Say) -> Return:
    """Stop the job's containers and look at it again: they may have written while they stopped. Raises CarryProblem."""
    if not found.running or (found.state == "equal" and not found.writing):
        return found
    for container in found.running:
        stop(engine, container, found.job.in_memory, say)
    again = look(engine, found.job)
    if again.running:
        raise CarryProblem(f"{found.job.key}: {again.running[0].name} was started meanwhile: stop it")
    return again


def give_back(engine: Engine, found: Return, progress: Progress | None = None) -> bool:
    """Copy the volume to the directory and compare both. False if they were equal before. Raises CarryProblem."""
    job = found.job
    place = job.origins[0]
    if found.state == "equal":
        return False
    with Carriers(engine, image_for(engine, job), job.name) as carriers:
        if found.state == "missing":
            carriers.making(place.name)
        found.begun = True
        sent = through.copy(engine, carriers, [volume_of(job)], ("bind", place.name), progress)
        there = through.manifest_of(engine, *carriers.source_of(place), progress=progress)
        if wrong := differences(sent, there):
            raise CarryProblem(f"{place.shown}: the copy differs from the volume: {shown(wrong)}")
        note_moved(engine, carriers, job, sent, time.time())
    return True


def left(engine: Engine, found: Iterable[Return]) -> list[Return]:
    """The jobs whose directories hold, or may hold, a part of what this run copied.

    Rows that a service writes to the volume from now on are missing in these directories.
    """
    return [item for item in found if item.begun and not _is_empty(engine, item.job)]


def _is_empty(engine: Engine, job: Job) -> bool:
    with Carriers(engine, image_for(engine, job), job.name) as carriers:
        try:
            return not any(through.manifest_of(engine, *carriers.source_of(job.origins[0])))
        except (EngineProblem, BrokenArchive):
            return False


def _state(engine: Engine, carriers: Carriers, job: Job) -> Held:
    """How the directory compares with the volume. Raises CarryProblem if it holds other data."""
    volume, place = volume_of(job), job.origins[0]
    wanted = through.manifest_of(engine, *carriers.source_of(volume))
    try:
        there = through.manifest_of(engine, *carriers.source_of(place))
    except EngineProblem:
        return "missing"
    if not any(there):
        return "empty"
    if not differences(wanted, there):
        return "equal"
    if is_part(engine, carriers, (wanted, (volume,)), (there, place)):
        return "interrupted"
    with Spool() as spool:
        there = through.manifest_of(engine, *carriers.source_of(place), keep=spool.keep)
        lines = "; ".join(held(there, spool, job.clients))
    aside = pasted(["mv", place.name, f"{place.name}{BEFORE_BACK}{stamp()}"])
    raise CarryProblem(
        f"{place.shown} is not empty and holds something else than {volume.name} ({lines}). Nothing is copied; do not "
        f"deploy yet. To have there what the volume holds: {aside}, then run this again"
    )
