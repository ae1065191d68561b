"""What became which volume: told by `--map`, by the mounts of the containers that exist, else by the files' history."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from volfix.docker.containers import DIRECTORY, Container, MountPoint, Process
from volfix.docker.deployed import Deployed, earlier
from volfix.docker.engine import Engine
from volfix.docker.jobs import MAPPED, CarryProblem, Job, Origin
from volfix.docker.sqlite_files import BESIDE
from volfix.knowledge.clients import Client, client_of
from volfix.knowledge.lookup import derived_entry, entries_for
from volfix.knowledge.variables import variable_kind
from volfix.project.compose_file import strings
from volfix.project.database_url import database_file, resolved_path
from volfix.project.hosts import host_directory
from volfix.project.images import images_of
from volfix.project.model import Project, Service
from volfix.project.mounts import BIND, VOLUME, Mount
from volfix.project.readers import reader_of
from volfix.rules.databases import databases_in
from volfix.rules.holdings import directories_in
from volfix.syntax.yaml_tree import Mapping, Scalar, resolved


@dataclass(frozen=True, slots=True)
class Maps:
    """What a person said: pairs of a source and a volume's key; the name under which the project ran before."""

    pairs: tuple[tuple[str, str], ...] = ()
    former: str | None = None


@dataclass
class Search:
    """The jobs of one project; `notes` say what is not carried, and why."""

    engine: Engine
    deployed: Deployed
    maps: Maps
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        everything = self.engine.containers()
        self._names = {self.deployed.project.name, self.maps.former or self.deployed.project.name}
        self._containers = [item for item in everything if item.project in self._names]
        self._everything = everything

    def jobs(self) -> list[Job]:
        """One for each named volume that is known to have been something else.

        Raises CarryProblem where it is not clear which containers are the project's.
        """
        self._check_names()
        uses: dict[str, list[tuple[Service, Mount]]] = {}
        for service in self.deployed.project.services.values():
            for mount in service.mounts:
                if mount.kind == VOLUME and not mount.overridden and not mount.problem and mount.source_is_known:
                    uses.setdefault(mount.source, []).append((service, mount))
        if unknown := [key for _, key in self.maps.pairs if key not in uses]:
            raise CarryProblem(f"--map: no service of {self.deployed.project.name} mounts a volume {unknown[0]}")
        found = (self._job(key, places) for key, places in uses.items())
        return [job for job in found if job is not None]

    def _job(self, key: str, uses: Sequence[tuple[Service, Mount]]) -> Job | None:
        origins: dict[tuple[str, str, str], Origin] = {}
        for source in (source for source, volume in self.maps.pairs if volume == key):
            for origin in self._mapped(source, uses):
                origins.setdefault(origin.place, origin)
        if not origins:
            for service, mount in uses:
                for origin in self._from_containers(service, mount):
                    origins.setdefault(origin.place, origin)
        doubtful = False
        if not origins:
            doubtful = any(self.containers_of(service) for service, _ in uses)
            for service, mount in uses:
                for origin in self._from_history(service, mount):
                    origins.setdefault(origin.place, origin)
        return self._made(key, uses, tuple(origins.values()), doubtful=doubtful) if origins else None

    def _made(
        self, key: str, uses: Sequence[tuple[Service, Mount]], origins: tuple[Origin, ...], *, doubtful: bool
    ) -> Job:
        project = self.deployed.project
        entry = project.declared.get(key)
        entry = resolved(entry) if entry is not None else None
        clients = [(service.name, client) for service, mount in uses for client in clients_at(service, mount)]
        return Job(
            project.name,
            key,
            project.real_name(key),
            tuple(dict.fromkeys(service.name for service, _ in uses)),
            tuple(dict.fromkeys(mount.clean_target for _, mount in uses)),
            origins,
            former=self.maps.former,
            doubtful=doubtful,
            clients=tuple(dict.fromkeys(client for _, client in clients)),
            in_memory=tuple(dict.fromkeys(service for service, client in clients if client.saves_at_stop)),
            expected=tuple(dict.fromkeys(path for service, mount in uses for path in self._expected(service, mount))),
            external=project.is_external(key),
            driver=(_text(entry, "driver") if isinstance(entry, Mapping) else None) or "local",
            options=_options(entry) if isinstance(entry, Mapping) else (),
        )

    def containers_of(self, service: Service) -> list[Container]:
        """The containers of a service, one for each replica."""
        return [item for item in self._containers if item.service == service.name]

    def _check_names(self) -> None:
        """Containers that were started from this directory under another name may be the project's own."""
        project = self.deployed.project
        for item in self._everything:
            other = item.project
            here = item.labels.get(DIRECTORY) == str(project.directory) and item.service in project.services
            if other and other not in self._names and here:
                said = f"{item.name} was started in this directory as project {other}, and this is {project.name}"
                say = f"--from-project {other} if that is its earlier name, -p {other} if it still is called so"
                if not self._containers and self.maps.former is None:
                    raise CarryProblem(f"{said}: nothing is carried. Say {say}")
                self.notes.append(f"{said}: say {say}")

    def _from_containers(self, service: Service, mount: Mount) -> Iterator[Origin]:
        real = self.deployed.project.real_name(mount.source)
        for container in self.containers_of(service):
            there = container.mount_at(mount.clean_target)
            by = f"{container.name} mounts it at {mount.clean_target}"
            if there is None:
                yield from self._unmounted(container, mount.clean_target)
            elif there.kind == "bind":
                yield Origin("bind", there.source, there.source, by)
            elif there.kind == "volume" and there.source != real:
                yield Origin("volume", there.source, f"volume:{there.source}", by)
            yield from self._files(container, service, mount, real)

    def _unmounted(self, container: Container, target: str) -> Iterator[Origin]:
        """The data is in the container's own layer, or further down in a mount."""
        if self.engine.kind_of(container.id, target) != "directory":
            return
        above = _holder(container, target)
        by = f"it is in {container.name}"
        if above is not None:
            inner = posixpath.relpath(target, above.target)
            yield Origin(_kind(above), above.source, f"{above.source}, {inner}", by, path=inner)
        elif self._has_files(container, target):
            yield Origin("container", container.id, f"container:{target}", by, path=target)

    def _has_files(self, container: Container, target: str) -> bool:
        from volfix.docker.carriers import manifest_of

        return any(entry.kind == "file" for entry in manifest_of(self.engine, container.id, target).values())

    def _files(self, container: Container, service: Service, mount: Mount, real: str) -> Iterator[Origin]:
        """The database files that the container opens elsewhere, and the project's files now open in this volume."""
        process = self.engine.process(container.id)
        for name, wanted in self._now(service, mount):
            old = _database(process, service, name)
            if old is None or old == posixpath.join(mount.clean_target, wanted):
                continue
            for ending in ("", *BESIDE):
                path, below = old + ending, wanted + ending
                if self.engine.kind_of(container.id, path) != "file":
                    continue
                by = f"{container.name} opens it ({name})"
                holder = _holder(container, path)
                if holder is None:
                    if posixpath.basename(path) != posixpath.basename(below):
                        raise CarryProblem(f"{container.name}: {path} has another name in the volume ({below})")
                    yield Origin("container", container.id, f"container:{path}", by, path=path, below=below)
                elif holder.target.rstrip("/") == path:
                    yield Origin(_kind(holder), holder.source, holder.source, by, below=below)
                elif holder.source != real and holder.target.rstrip("/") != mount.clean_target:
                    inner = posixpath.relpath(path, holder.target)
                    yield Origin(_kind(holder), holder.source, f"{holder.source}, {inner}", by, path=inner, below=below)

    def _now(self, service: Service, mount: Mount) -> Iterator[tuple[str, str]]:
        """The variables that name a database file in this mount, each with the file's path below it."""
        for database in databases_in(self.deployed.context, self.deployed.read, service):
            if database.path and database.path.startswith(mount.clean_target.rstrip("/") + "/"):
                yield database.variable, posixpath.relpath(database.path, mount.clean_target)

    def _expected(self, service: Service, mount: Mount) -> Iterator[str]:
        for _, path in self._now(service, mount):
            yield path

    def _from_history(self, service: Service, mount: Mount) -> Iterator[Origin]:
        """The newest earlier files in which something else was mounted at the same place."""
        project = self.deployed.project
        for version in earlier(self.deployed):
            old = version.project.services.get(service.name)
            for was in old.mounts if old else ():
                if was.overridden or was.clean_target != mount.clean_target or not was.source_is_known:
                    continue
                if was.kind == BIND and (path := host_directory(was, project.root).path) is not None:
                    yield Origin("bind", str(path), was.raw_source, version.when)
                    return
                if was.kind == VOLUME:
                    name = self._former_name(version.project, was.source)
                    if name != project.real_name(mount.source) and self.engine.volume(name) is not None:
                        yield Origin("volume", name, f"volume:{name}", version.when)
                        return

    def _former_name(self, project: Project, key: str) -> str:
        """What a volume was called on the host when the project had its former name."""
        named = self.maps.former or project.deployed_as or project.name
        return replace(project, name=named, deployed_as=None).real_name(key)

    def _mapped(self, source: str, uses: Sequence[tuple[Service, Mount]]) -> Iterator[Origin]:
        """A source as a person writes it; a file with what SQLite keeps beside it.

        Raises CarryProblem where it cannot be found.
        """
        kind, colon, rest = source.partition(":")
        if colon and kind == "volume":
            if self.engine.volume(rest) is None:
                raise CarryProblem(f"--map {source}: there is no volume {rest}")
            yield Origin("volume", rest, source, MAPPED)
        elif colon and kind in ("anonymous", "container"):
            containers = {item.id: item for service, _ in uses for item in self.containers_of(service)}.values()
            found = ((item, self._mapped_in(item, kind, rest, source)) for item in containers)
            having = [(item, origins) for item, origins in found if origins]
            if not having:
                raise CarryProblem(f"--map {source}: no container of the volume's services has it")
            yield from _only(having, source, rest)
        else:
            path = os.path.normpath(self.deployed.project.directory / source)
            yield Origin("bind", path, source, MAPPED)

    def _mapped_in(self, container: Container, kind: str, path: str, source: str) -> list[Origin]:
        if kind == "anonymous":
            mount = container.mount_at(path)
            is_volume = mount is not None and mount.kind == "volume"
            return [Origin("volume", mount.source, source, MAPPED)] if mount and is_volume else []
        what = self.engine.kind_of(container.id, path)
        if what is None:
            return []
        if what != "file":
            return [Origin("container", container.id, source, MAPPED, path=path)]
        beside = [path + ending for ending in BESIDE if self.engine.kind_of(container.id, path + ending) == "file"]
        return [
            Origin("container", container.id, f"container:{file}", MAPPED, path=file, below=posixpath.basename(file))
            for file in (path, *beside)
        ]


def _only(having: Sequence[tuple[Container, list[Origin]]], source: str, path: str) -> list[Origin]:
    """What the one container has. Raises CarryProblem where several have data of their own at that path."""
    places = {(above.source, above.target) if (above := _holder(item, path)) else (item.id, path) for item, _ in having}
    if len(places) > 1:
        names = sorted(item.name for item, _ in having)
        inner = path if having[0][1][0].below else f"{path.rstrip('/')}/."
        raise CarryProblem(
            f"--map {source}: {', '.join(names)} each have their own. Copy it out of the one whose rows count, as with "
            f"`mkdir rows && docker cp -a {names[0]}:{inner} rows/`, and name the copy instead: --map ./rows=VOLUME"
        )
    return having[0][1]


def clients_at(service: Service, mount: Mount) -> Iterator[Client]:
    """The engines whose data directory this mount is, for some version of the service's image."""
    for image in images_of(service):
        for entry in (*entries_for(image), *derived_entry(image)):
            client = client_of(entry.family)
            if client and mount.clean_target in directories_in(service, entry).paths:
                yield client


def _database(process: Process, service: Service, name: str) -> str | None:
    """The database file that a container's variable names."""
    value = process.environment.get(name)
    if value is None:
        return None
    file = database_file(value, variable_kind(name), reader_of(service))
    return resolved_path(file, process.directory) if file else None


def _holder(container: Container, path: str) -> MountPoint | None:
    above = [item for item in container.mounts if f"{path}/".startswith(item.target.rstrip("/") + "/")]
    return max(above, key=lambda item: len(item.target), default=None)


def _kind(mount: MountPoint) -> Literal["bind", "volume"]:
    if mount.kind == "bind":
        return "bind"
    if mount.kind == "volume":
        return "volume"
    raise CarryProblem(f"the data is in a mount of type {mount.kind} at {mount.target}")


def _text(entry: Mapping, key: str) -> str | None:
    value = entry.get(key)
    if value is None:
        return None
    return value.value if isinstance(value, Scalar) and not value.is_null else "true"


def _options(entry: Mapping) -> tuple[tuple[str, str], ...]:
    node = entry.get("driver_opts")
    if not isinstance(node, Mapping):
        return ()
    return tuple((name, next(iter(strings(pair.value)), "")) for name, pair in node.items())
