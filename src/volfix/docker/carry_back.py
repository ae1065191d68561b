"""`volfix carry --back`: what a volume holds goes to the host directory that was mounted before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from volfix.docker import helper_containers as through
from volfix.docker.archive import differences
from volfix.docker.aside import volume_of
from volfix.docker.carry import image_for
from volfix.docker.containers import VOLUME_KEY, MountPoint
from volfix.docker.engine import Engine, EngineProblem
from volfix.docker.find_moves import Search
from volfix.docker.held import held
from volfix.docker.helper_containers import CARRIER, INSIDE, Carriers, Progress
from volfix.docker.interrupted_copy import is_part
from volfix.docker.jobs import CarryProblem, Job, Origin, Say, users_of
from volfix.docker.sqlite_files import Spool
from volfix.docker.stop import stop
from volfix.docker.verify import shown
from volfix.project.compose.host_directories import host_directory
from volfix.project.compose.mounts import BIND


def back_jobs(search: Search) -> Iterator[Job]:
    """Each volume with the one host directory that it stands for: by --map, by the containers, by the history."""
    for job in search.jobs():
        origins = tuple(origin for origin in job.origins if origin.kind == "bind" and not origin.below)
        if len(origins) == 1:
            yield replace(job, origins=origins)
    project = search.deployed.project
    for service in project.services.values():
        for mount in service.mounts:
            path = host_directory(mount, project.root).path if mount.kind == BIND and not mount.overridden else None
            for container in search.containers_of(service) if path else ():
                there = container.mount_at(mount.clean_target)
                volume = search.engine.volume(there.source) if there and there.kind == "volume" else None
                if volume and (key := volume.labels.get(VOLUME_KEY)):
                    origin = Origin("bind", str(path), mount.raw_source, f"{container.name} has the volume")
                    yield Job(
                        *(project.name, key, volume.name, (service.name,), (mount.clean_target,), (origin,)),
                        former=search.maps.former,
                        strangers=search.found.strangers,
                        in_memory=search.in_memory,
                    )


def give_back(engine: Engine, job: Job, say: Say, progress: Progress | None = None) -> bool:
    """Copy the volume to the directory, compared; False where that equals it already.

    Raises CarryProblem where the directory holds other data.
    """
    place, volume = job.origins[0], volume_of(job)
    users = [item for item in users_of(engine, MountPoint("volume", job.name, INSIDE)) if CARRIER not in item.labels]
    writing = [item for item in users if item.is_running]
    users += users_of(engine, MountPoint("bind", place.name, INSIDE), writable=True)
    running = {item.id: item for item in users if item.is_running}.values()
    if foreign := [item.name for item in running if not job.owns(item)]:
        raise CarryProblem(
            f"{job.key}: containers of other projects use the data: stop them first ({', '.join(foreign)})"
        )
    with Carriers(engine, image_for(engine, job), job.name) as carriers:
        state = _state(engine, carriers, job, volume, place)
        if state != "equal" or writing:
            for container in running:
                stop(engine, container, job.in_memory, say)
            if running:  # which may have written their last when they were stopped
                state = _state(engine, carriers, job, volume, place)
        if state == "equal":
            return False
        if state == "missing":
            carriers.making(place.name)
        sent = through.copy(engine, carriers, [volume], ("bind", place.name), progress)
        there = through.manifest_of(engine, *carriers.source_of(place), progress=progress)
        if wrong := differences(sent, there):
            raise CarryProblem(f"{place.shown}: the copy differs from the volume: {shown(wrong)}")
    return True


def _state(
    engine: Engine, carriers: Carriers, job: Job, volume: Origin, place: Origin
) -> Literal["missing", "empty", "equal", "interrupted"]:
    """What the directory is beside the volume. Raises CarryProblem where it holds something else."""
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
    raise CarryProblem(
        f"{place.shown} is not empty and holds something else than {volume.name} ({lines}): move it away first"
    )
