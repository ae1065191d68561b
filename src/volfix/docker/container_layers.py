"""Data that carry took from a container's own layer: no new container has it where the earlier files look for it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from volfix.docker.carry_jobs import Job
from volfix.docker.containers import VOLUME_KEY
from volfix.docker.find_moves import MoveSearch
from volfix.docker.helper_containers import INSIDE, Carriers
from volfix.docker.markers import CARRIED
from volfix.docker.sqlite_files import BESIDE
from volfix.docker.survey import image_for
from volfix.project.compose.mounts import VOLUME
from volfix.rules.evidence.databases import databases_in

LAYER = "container:"
"""Beginning of a place in a container's own layer, as carry writes it in the label of the volume."""


@dataclass(frozen=True, slots=True)
class LayerPath:
    """A path of a container's own layer, `old`; in the volume it is `below`, empty for all of it, and where the volume
    or the directory of before is mounted, `new`.
    """

    key: str
    volume: str
    old: str
    below: str
    new: str


def from_layers(search: MoveSearch, jobs: Sequence[Job]) -> Iterator[LayerPath]:
    """What carry took out of a container's own layer, unless the files name its new place already.

    Asks the engine alone: the volume's label says where its data came from.
    """
    project = search.deployed.project
    mounted = [mount for service in project.services.values() for mount in service.mounts if mount.kind == VOLUME]
    places = {project.real_name(mount.source): (mount.source, mount.clean_target) for mount in mounted}
    are_back = {job.name for job in jobs} - places.keys()
    places |= {job.name: (job.key, job.targets[0]) for job in jobs}
    for container in search.found.own:
        for mount in container.mounts:
            volume = search.engine.volume(mount.source) if mount.kind == "volume" else None
            if volume and VOLUME_KEY in volume.labels and volume.name not in places:
                places[volume.name] = (volume.labels[VOLUME_KEY], mount.target)
                are_back.add(volume.name)
    for name, (key, target) in places.items():
        found = search.engine.volume(name)
        came = found.labels.get(CARRIED, "").split(", ") if found else []
        olds = [text.removeprefix(LAYER) for text in came if text.startswith(LAYER) and not text.endswith(BESIDE)]
        named = set(_named(search))
        for old in olds:
            below = _below(search, name, key, target, old, named)
            new = posixpath.join(target, below) if below else target
            if name not in are_back or new not in named:
                yield LayerPath(key, name, old, below, new)


def _named(search: MoveSearch) -> Iterator[str]:
    """The database files that today's files name."""
    for service in search.deployed.read.services.values():
        for database in databases_in(search.deployed.context, search.deployed.read, service):
            if database.path:
                yield database.path


def _below(search: MoveSearch, name: str, key: str, target: str, old: str, named: Iterable[str]) -> str:
    """The place of a file in the volume, where it is known; empty for a directory."""
    base = posixpath.basename(old)
    inner = (posixpath.relpath(path, target) for path in named if posixpath.basename(path) == base)
    job = Job(search.deployed.project.name, key, name, (), (), ())
    with Carriers(search.engine, image_for(search.engine, job), name) as carriers:
        carrier = carriers.mounting("volume", name)
        candidates = (base, *(item for item in inner if not item.startswith("..")))
        paths = (item for item in candidates if search.engine.kind_of(carrier, posixpath.join(INSIDE, item)) == "file")
        return next(paths, "")
