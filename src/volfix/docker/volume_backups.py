"""Before a volume is replaced: says what it holds, and copies it to another volume, so that no row is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from volfix.docker import helper_containers as through
from volfix.docker.archive import differences
from volfix.docker.carry_jobs import CarryProblem, Job, Origin, Say, SurveyedJob, users_of
from volfix.docker.containers import Container, MountPoint
from volfix.docker.engine import Engine
from volfix.docker.helper_containers import CARRIER, INSIDE, Carriers, Progress
from volfix.docker.sqlite_files import Spool
from volfix.docker.stop_containers import ASIDE, stamp
from volfix.docker.verify import shown
from volfix.docker.volume_contents import held
from volfix.syntax.pasted import word


def held_in(engine: Engine, carriers: Carriers, job: Job) -> Iterator[str]:
    """What the volume holds, a clause for each database. The rows are counted in copies of the files: rows that a
    running server has only in memory are not counted.
    """
    with Spool() as spool:
        manifest = through.manifest_of(engine, carriers.mounting("volume", job.name), INSIDE, "", spool.keep)
        yield from held(manifest, spool, job.clients)


def put_aside(engine: Engine, found: SurveyedJob, say: Say, progress: Progress | None) -> None:
    """Copy the volume to another volume and compare both; then remove the containers that have it, so that it can go.

    An image keeps the own layer of each removed container. Raises CarryProblem.
    """
    job, time = found.job, stamp()
    users = users_of(engine, MountPoint("volume", job.name, INSIDE))
    for container in users:
        if layers := [origin for origin in job.origins if (origin.kind, origin.name) == ("container", container.id)]:
            raise CarryProblem(_copied_first(job, container, layers))
        if not job.owns(container) and CARRIER not in container.labels:
            raise CarryProblem(
                f"{job.key}: nothing is replaced: {container.name}, which is not known to be this project's, mounts "
                f"{job.name}. Once nobody needs that container: docker rm {container.name}"
            )
    name = f"{job.name}{ASIDE}{time}"
    say(f"copying {job.name}, which is not empty, to {name}")
    engine.create_volume(name, {})
    with Carriers(engine, found.image, name) as carriers, Spool() as spool:
        origin = volume_of(job)
        sent = through.copy(engine, carriers, [origin], ("volume", name), progress, spool.keep)
        for line in (*found.counted, *held(sent, spool, job.clients)):
            say(f"{job.key}: {name} keeps {line}")
        there = through.manifest_of(engine, carriers.mounting("volume", name), INSIDE)
        if wrong := differences(sent, there):
            raise CarryProblem(f"{job.key}: the copy of {job.name} differs: {shown(wrong)}")
    for container in users:
        if CARRIER not in container.labels:
            repository = f"{container.name.lower()}{ASIDE.rstrip('-')}"
            engine.commit(container.id, repository, time)
            say(
                f"{job.key}: {container.name} mounts the replaced volume and is removed; the image {repository}:{time} "
                "keeps what was in it"
            )
        engine.remove_container(container.id)


def _copied_first(job: Job, container: Container, layers: Sequence[Origin]) -> str:
    """Why a volume is not replaced whose container, which would be removed, has the data to carry in itself."""
    paths = [origin.path if origin.below else f"{origin.path.rstrip('/')}/." for origin in layers]
    copies = " && ".join(f"docker cp -a {word(f'{container.name}:{path}')} rows/" for path in paths)
    return (
        f"{job.key}: nothing is replaced: {container.name} mounts {job.name}, and the data to carry is in "
        f"{container.name} itself. Copy the data out first (mkdir rows && {copies}), then: "
        f"volfix carry --write --replace --map {word(f'./rows={job.key}')}"
    )


def volume_of(job: Job) -> Origin:
    """The job's volume, to be read."""
    return Origin("volume", job.name, f"volume:{job.name}", "")
