"""What to carry: where the data is now, and the volume that it belongs in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from volfix.docker.archive import Manifest
from volfix.docker.containers import PROJECT, VOLUME_KEY, Container, MountPoint
from volfix.docker.engine import Engine
from volfix.knowledge.carry_service import MARK_SUFFIX
from volfix.knowledge.clients import Client
from volfix.knowledge.paths import meet

Say = Callable[[str], None]
"""Called with a line for each thing that volfix does."""
MAPPED = "--map"
"""The evidence of an origin that a person named with --map."""


class CarryProblem(Exception):
    """Nothing is carried, or the copy must not be used; the message says why, and what to do."""


class NotRead(CarryProblem):
    """The project cannot be read; the message names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where data is now. `kind` bind: `name` is a path on the daemon's host; volume: a name; container: an id.

    `path` is the place in that container, or below that directory or volume; `below` the file's place in the volume
    that is filled, empty for a whole directory; `shown` is how a person writes the source, `evidence` says how volfix
    knows.
    """

    kind: Literal["bind", "volume", "container"]
    name: str
    shown: str
    evidence: str
    path: str = ""
    below: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        """Two origins with the same place are the same."""
        return (self.kind, self.name, self.path)


@dataclass(frozen=True, slots=True)
class Job:
    """One volume to be filled: `key` in the Compose file, `name` on the engine, `targets` where services mount it.

    `clients` are the engines that keep their data in it, `in_memory` the services whose engine may have rows that are
    in no file until it is stopped, `expected` the database files that the services are told to open there, by their
    path in the volume. `former` is the project's earlier name, `strangers` are the ids of containers that run under the
    project's names and are not its own. `driver`, `options` and `labels` are what the volume is made with; `doubtful`
    says that only the files' history speaks for the origins, while containers use the volume already; `external`
    volumes are never made; `has_service` says that a carry service of the project fills the volume too.
    """

    project: str
    key: str
    name: str
    services: tuple[str, ...]
    targets: tuple[str, ...]
    origins: tuple[Origin, ...]
    former: str | None = None
    strangers: frozenset[str] = frozenset()
    doubtful: bool = False
    clients: tuple[Client, ...] = ()
    in_memory: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    external: bool = False
    driver: str = "local"
    options: tuple[tuple[str, str], ...] = ()
    has_service: bool = False

    @property
    def mark(self) -> str:
        """The volume in which a carry service notes what it has moved."""
        return f"{self.project}_{self.key}{MARK_SUFFIX}"

    def owns(self, container: Container) -> bool:
        """Whether a container is the project's own, which may be read and stopped."""
        return container.project in (self.project, self.former or self.project) and container.id not in self.strangers

    @property
    def labels(self) -> dict[str, str]:
        """Compose's own labels, so that it neither warns nor makes the volume anew; no hash, which it would compare."""
        return {PROJECT: self.project, VOLUME_KEY: self.key}


State = Literal["missing", "empty", "equal", "different", "carried", "interrupted"]
"""What a volume is before its data is carried: `carried` was filled by an earlier run, `interrupted` in part."""


@dataclass(frozen=True, slots=True)
class SurveyedJob:
    """A job with what the engine says now: the data's manifest, and the volume's, None where there is no volume.

    `when` is the time of this look, in seconds since 1970; of a volume that is `carried`, the time at which its sources
    were read, None where that is not known. `late` says that the engine may write its rows to files only when it is
    stopped: then the data is looked at again. `held` says what the volume holds that would be replaced, `counted` what
    the servers that run on it said of their rows, `uncarried` what the sources have that no copy keeps.
    """

    job: Job
    source: Manifest
    target: Manifest | None
    state: State
    running: tuple[Container, ...]
    foreign: tuple[Container, ...]
    image: str
    when: float | None
    late: bool = False
    held: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    uncarried: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(entry.size for entry in self.source.values())

    @property
    def target_bytes(self) -> int:
        return sum(entry.size for entry in (self.target or {}).values())


def users_of(engine: Engine, place: MountPoint, *, writable: bool = False) -> list[Container]:
    """The containers that mount this host directory, one above or one below it, or this volume; or may write there."""
    return [item for item in engine.containers() if is_user(item, place, writable=writable)]


def is_user(container: Container, place: MountPoint, *, writable: bool = False) -> bool:
    """Whether a container mounts this host directory, one above or one below it, or this volume; or may write there."""
    return any(
        mount.kind == place.kind and (mount.writable or not writable) and _meets(mount, place)
        for mount in container.mounts
    )


def _meets(mount: MountPoint, place: MountPoint) -> bool:
    if place.kind == "volume":
        return mount.source == place.source
    return meet(place.source, mount.source)
