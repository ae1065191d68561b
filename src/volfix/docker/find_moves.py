"""Which data belongs in which volume: by `--map`, by the mounts of the containers, else by the files' history."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from volfix.docker.carry_jobs import CarryProblem, Job, Origin, is_user
from volfix.docker.containers import DIRECTORY, Container, MountPoint
from volfix.docker.deployed import Deployed
from volfix.docker.engine import Engine
from volfix.docker.history import check_one, from_history
from volfix.docker.map_option import mapped
from volfix.docker.markers import is_carried
from volfix.docker.opened_databases import opened_path
from volfix.docker.project_containers import containers_under
from volfix.docker.service_clients import asked_entries, clients_at
from volfix.docker.sqlite_files import BESIDE
from volfix.knowledge.carry_service import MARK_SUFFIX
from volfix.project.compose.compose_file import strings
from volfix.project.compose.mounts import VOLUME, Mount
from volfix.project.compose.service import Service
from volfix.rules.evidence.databases import databases_in
from volfix.syntax.pasted import word
from volfix.syntax.yaml_tree import Mapping, Scalar, resolved


@dataclass(frozen=True, slots=True)
class MapOption:
    """The options --map and --from-project: pairs of a source and a volume's key; the project's earlier name."""

    pairs: tuple[tuple[str, str], ...] = ()
    former: str | None = None


@dataclass
class MoveSearch:
    """The jobs of one project; `notes` say what is not carried, and why.

    `back` is for `carry --back`: the former places have to be certain, and the files may be reverted already.
    """

    engine: Engine
    deployed: Deployed
    maps: MapOption
    notes: list[str] = field(default_factory=list)
    back: bool = False

    def __post_init__(self) -> None:
        self._names = {self.deployed.project.name, self.maps.former or self.deployed.project.name}
        self.found = containers_under(self.engine, self.deployed, self._names)

    def jobs(self) -> list[Job]:
        """One for each named volume that is known to have been something else.

        Raises CarryProblem where it is not clear which containers are the project's.
        """
        self._check_names()
        self.notes += [
            f"left alone: {item}, of the project name {item.container.project}" for item in self.found.others
        ]
        uses: dict[str, list[tuple[Service, Mount]]] = {}
        for service in self.deployed.project.services.values():
            for mount in service.mounts:
                if mount.kind == VOLUME and not mount.overridden and not mount.problem and mount.source_is_known:
                    uses.setdefault(mount.source, []).append((service, mount))
        if not self.back:
            self.check_maps(uses)
        found = (self._job(key, places) for key, places in uses.items())
        return [job for job in found if job is not None]

    def check_maps(self, keys: Collection[str]) -> None:
        """Raise CarryProblem where --map names a volume that is not among these keys."""
        if unknown := [key for _, key in self.maps.pairs if key not in keys]:
            raise CarryProblem(f"--map: no service of {self.deployed.project.name} mounts a volume {unknown[0]}")

    def _job(self, key: str, uses: Sequence[tuple[Service, Mount]]) -> Job | None:
        origins: dict[tuple[str, str, str], Origin] = {}
        for source in (source for source, volume in self.maps.pairs if volume == key):
            containers = {item.id: item for service, _ in uses for item in self.containers_of(service)}.values()
            for origin in mapped(self.engine, self.deployed.project.directory, containers, source):
                origins.setdefault(origin.place, origin)
        if not origins:
            self._refuse_to_replace(key, uses)
            for service, mount in uses:
                for origin in self._of_one_place(key, service, mount):
                    origins.setdefault(origin.place, origin)
        doubtful = False
        if not origins:
            doubtful = any(self.containers_of(service) for service, _ in uses)
            origins = {origin.place: origin for origin in self._from_files(key, uses)}
            if not doubtful:
                self._refuse_to_guess(key, uses, tuple(origins.values()))
        return self._made(key, uses, tuple(origins.values()), doubtful=doubtful) if origins else None

    def _from_files(self, key: str, uses: Sequence[tuple[Service, Mount]]) -> Iterator[Origin]:
        """What the files of before say, the likeliest place of each mount."""
        for service, mount in uses:
            witnesses = self.witnesses(service)
            places = from_history(self.engine, self.deployed, self.maps.former, witnesses, service, mount)
            if self.back:
                check_one(key, places)
            yield from places[:1]

    def _refuse_to_replace(self, key: str, uses: Sequence[tuple[Service, Mount]]) -> None:
        """Raise CarryProblem where the deployment would replace a container that is not known to be the project's."""
        name = self.deployed.project.name
        if others := ", ".join(map(str, self.found.others_of((service.name for service, _ in uses), name))):
            raise CarryProblem(
                f"{key}: nothing is carried: {others} has the names of project {name} and of this service; "
                f"deploying as {name} replaces it. If its data is this project's, say where that is: "
                f"--map {word(f'SOURCE={key}')}. Else give this project a name of its own (VF303)"
            )

    def _refuse_to_guess(self, key: str, uses: Sequence[tuple[Service, Mount]], origins: Sequence[Origin]) -> None:
        """Raise CarryProblem if only the files' history names the data, and it does not know a container that exists.

        A volume that the history names, and that no such container mounts, is the project's all the same.
        """
        others = self.found.others_of(service.name for service, _ in uses)
        sure = origins and not any(origin.kind == "bind" for origin in origins)
        used = [
            item
            for item in self.found.others
            if any(is_user(item.container, MountPoint(origin.kind, origin.name, "")) for origin in origins)
        ]
        filled = is_carried(self.engine, self.deployed.project.real_name(key))
        if used or (others and not sure and not filled):
            source = next((origin.shown for origin in origins), "SOURCE")
            strangers = ", ".join(map(str, used or others))
            raise CarryProblem(
                f"{key}: nothing is carried: {strangers} is not known to be this project's, and no other "
                f"container says where the data is. If you know where it is, say so: --map {word(f'{source}={key}')}"
            )

    def _of_one_place(self, key: str, service: Service, mount: Mount) -> list[Origin]:
        """What the service's containers say. Raises CarryProblem where they have the data in different places."""
        found = [(item, list(self._from_container(item, service, mount))) for item in self.containers_of(service)]
        having = [(item, origins) for item, origins in found if origins]
        if len({frozenset(origin.place for origin in origins) for _, origins in having}) > 1:
            each = "; ".join(f"{item.name} has {', '.join(one.shown for one in origins)}" for item, origins in having)
            raise CarryProblem(
                f"{key}: nothing is carried: several containers may be this project's {service.name}: {each}. "
                f"Say whose data it is: --map {word(f'SOURCE={key}')}"
            )
        return having[0][1] if having else []

    def _made(
        self, key: str, uses: Sequence[tuple[Service, Mount]], origins: tuple[Origin, ...], *, doubtful: bool
    ) -> Job:
        project = self.deployed.project
        entry = project.declared.get(key)
        entry = resolved(entry) if entry is not None else None
        clients = dict.fromkeys(client for service, mount in uses for client in clients_at(project, service, mount))
        return Job(
            project.name,
            key,
            project.real_name(key),
            tuple(dict.fromkeys(service.name for service, _ in uses)),
            tuple(dict.fromkeys(mount.clean_target for _, mount in uses)),
            origins,
            former=self.maps.former,
            strangers=self.found.strangers,
            doubtful=doubtful,
            clients=tuple(clients),
            in_memory=self.in_memory,
            expected=tuple(dict.fromkeys(path for service, mount in uses for path in self._expected(service, mount))),
            external=project.is_external(key),
            driver=(_text(entry, "driver") if isinstance(entry, Mapping) else None) or "local",
            options=_options(entry) if isinstance(entry, Mapping) else (),
            has_service=f"{key}{MARK_SUFFIX}" in project.declared,
        )

    def former(self) -> list[Container]:
        """The project's own containers under the name that it had before."""
        return [item for item in self.found.own if item.project != self.deployed.project.name]

    @property
    def in_memory(self) -> tuple[str, ...]:
        """The services whose engine may have rows in memory only."""
        return tuple(
            service.name
            for service in self.deployed.project.services.values()
            if any(client.saves_at_stop for _, client in asked_entries(service))
        )

    @property
    def running(self) -> frozenset[str]:
        """The services that ran when the search began."""
        wanted = self.deployed.project.services
        return frozenset(item.service for item in self.found.own if item.is_running and item.service in wanted)

    def containers_of(self, service: Service) -> list[Container]:
        """The containers of a service, one for each replica."""
        return [item for item in self.found.own if item.service == service.name]

    def witnesses(self, service: Service) -> Sequence[Container]:
        """The containers that tell where the project was started: the service's, else any of its own."""
        return self.containers_of(service) or self.found.own

    def _check_names(self) -> None:
        """Containers that were started from this directory under another name may be the project's own."""
        project = self.deployed.project
        for item in self.engine.containers():
            other = item.project
            here = item.labels.get(DIRECTORY) == str(project.directory) and item.service in project.services
            if other and other not in self._names and here:
                name = word(other)
                mismatch = f"{item.name} was started in this directory as project {name}, and this is {project.name}"
                say = f"--from-project {name} if that is its earlier name, -p {name} if it still is called so"
                if not self.found.own and self.maps.former is None:
                    raise CarryProblem(f"{mismatch}: nothing is carried. Say {say}")
                self.notes.append(f"{mismatch}: say {say}")

    def _from_container(self, container: Container, service: Service, mount: Mount) -> Iterator[Origin]:
        real = self.deployed.project.real_name(mount.source)
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
        above = container.holder(target)
        by = f"it is in {container.name}"
        if above is not None:
            inner = posixpath.relpath(target, above.target)
            yield Origin(_kind(above), above.source, f"{above.source}, {inner}", by, path=inner)
        elif self._has_files(container, target):
            yield Origin("container", container.id, f"container:{target}", by, path=target)

    def _has_files(self, container: Container, target: str) -> bool:
        from volfix.docker.helper_containers import manifest_of

        return any(entry.kind == "file" for entry in manifest_of(self.engine, container.id, target).values())

    def _files(self, container: Container, service: Service, mount: Mount, real: str) -> Iterator[Origin]:
        """The database files that the container opens elsewhere, and the project's files now open in this volume."""
        process = self.engine.process(container.id)
        for name, wanted in self._now(service, mount):
            old = opened_path(container, process, service, name)
            if old is None or old == posixpath.join(mount.clean_target, wanted):
                continue
            for ending in ("", *BESIDE):
                path, below = old + ending, wanted + ending
                if self.engine.kind_of(container.id, path) != "file":
                    continue
                by = f"{container.name} opens it ({name})"
                holder = container.holder(path)
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
