"""Services of known engines and applications whose data no mount of the project holds, and the mounts that miss it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from volfix.knowledge.entries import Entry
from volfix.knowledge.lookup import other_versions
from volfix.knowledge.paths import lies_in
from volfix.knowledge.purposes import content_of
from volfix.knowledge.storage import DataDirectories, holds, holds_one, unheld
from volfix.knowledge.switches import engine_of, host_beside
from volfix.knowledge.targets import never_converted
from volfix.project.compose.effective_environment import effective_values
from volfix.project.compose.host_directories import is_file
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import ANONYMOUS, BIND, UNKNOWN, VOLUME, Mount
from volfix.project.compose.service import Service
from volfix.project.image.images import known_entries
from volfix.rules.context import Context, once
from volfix.rules.evidence.meant_mounts import meant_for_data
from volfix.rules.evidence.roles import Role, role_of
from volfix.syntax import disk


@dataclass(frozen=True, slots=True)
class Version:
    """One version that the service's image may be: where it keeps its data, and what of it no mount holds (`free`)."""

    entry: Entry
    role: Role
    where: DataDirectories
    free: tuple[str, ...]

    def refuses(self, mount: Mount) -> bool:
        """Whether the server does not start with this mount."""
        return mount.clean_target in self.entry.refused_mounts and not self.where.moved_by

    def described(self, mount: Mount | None = None) -> str:
        """Where this version keeps its data, and whether it starts with the mount, as a line of evidence."""
        versions = f" {self.entry.versions}" if self.entry.versions else ""
        moved = f" ({self.where.moved_by})" if self.where.moved_by else ""
        refused = f", and does not start with a mount at {mount.raw_target}" if mount and self.refuses(mount) else ""
        doubt = "" if self.entry.verified else f" (not verified: {self.entry.source})"
        return f"{self.entry.name}{versions} keeps its data in {', '.join(self.where.paths)}{moved}{refused}{doubt}"


@dataclass(frozen=True, slots=True)
class UnheldData:
    """A service whose data no mount holds, for some of the versions that its image may be.

    `misplaced` are the mounts of the service that look meant for the data.
    """

    project: Project
    service: Service
    versions: tuple[Version, ...]
    misplaced: tuple[Mount, ...]

    @property
    def missed(self) -> tuple[Version, ...]:
        """The versions whose data is not held."""
        return tuple(version for version in self.versions if version.free)

    @property
    def is_sure(self) -> bool:
        """Whether the data is held for no version at all."""
        return len(self.missed) == len(self.versions)

    @property
    def may_be_on_server(self) -> bool:
        """Whether the service is an application whose database may be on a server."""
        entries = [version.entry for version in self.versions if version.entry.kind == "application"]
        return any(_may_be_on_server(self.project, self.service, entry) for entry in entries)


def rows_in(where: DataDirectories, path: str) -> str:
    """What keeps a data directory that no mount of the project holds."""
    anonymous = any(lies_in(path, volume) for volume in where.declared_volumes)
    return "an anonymous volume" if anonymous else "the container itself"


@once
def unheld_data(context: Context) -> tuple[UnheldData, ...]:
    """Every service of the stack whose server or application keeps data that no mount of the project holds."""
    return tuple(_unheld(context))


def _unheld(context: Context) -> Iterator[UnheldData]:
    for project in context.stack.projects:
        for service in project.services.values():
            mounts = project.mounts_of(service)
            if any("${" in mount.target for mount in mounts) or any(service.volumes_of_containers):
                continue
            versions = versions_of(project, service)
            if any(version.free for version in versions):
                misplaced = tuple(mount for mount in service.mounts if _is_misplaced(mount, versions))
                yield UnheldData(project, service, versions, misplaced)


def versions_of(project: Project, service: Service) -> tuple[Version, ...]:
    """The versions that the service's image may be; none where it keeps nothing, or where that is not known.

    Memory holds the data here: VF107 is about it.
    """
    known = known_entries(service)
    roles = [role_of(project, service, entry) for entry in known]
    if not all(role.counts for role in roles):
        return ()
    engines = [engine_of(entry, effective_values(service)) for entry in known if entry.kind == "application"]
    if any(found is not None and found.engine == "server" for found in engines):
        return ()
    mounts = project.mounts_of(service)
    anonymous = tuple(mount.clean_target for mount in mounts if mount.kind == ANONYMOUS)
    targets = [mount.clean_target for mount in mounts if mount.kind != ANONYMOUS and not is_file(mount)]
    versions = []
    for entry, role in zip(known, roles, strict=True):
        where = replace(role.where, declared_volumes=(*role.where.declared_volumes, *anonymous))
        if where.keeps_nothing or where.unknown:
            return ()
        versions.append(Version(entry, role, where, unheld((*targets, *service.tmpfs), where)))
    return tuple(versions)


def _may_be_on_server(project: Project, service: Service, entry: Entry) -> bool:
    """Whether an application's database may be on a server: its settings say so, or are of unknown value, a server's
    host is set beside them, or an env file that is not in the repository may say it.
    """
    environment = effective_values(service)
    engine = engine_of(entry, environment)
    if engine is not None:
        return engine.engine != "file"
    if any(host_beside(name, environment) for name in entry.database_settings):
        return True
    places = [file.path for file in service.env_files]
    there = [path for path in places if path is not None and (disk.exists(path) or path in project.copies)]
    return bool(entry.database_settings) and len(there) < len(places)


def _is_misplaced(mount: Mount, versions: tuple[Version, ...]) -> bool:
    """Whether a mount that holds no data directory looks meant for one: at another version's directory, above or below;
    of an application, below only where its name says data.
    """
    engines = [(version.entry, version.where) for version in versions if version.entry.kind == "engine"]
    if mount.overridden or mount.read_only or mount.kind not in (BIND, VOLUME, UNKNOWN) or is_file(mount):
        return False
    target = mount.clean_target
    if any(version.free and holds_one(target, version.where) for version in versions):
        return False
    if engines and meant_for_data(mount, engines):
        return True
    if any(target in other.data_directories for version in versions for other in other_versions(version.entry)):
        return True
    if any(never_converted(version.entry, target) for version in versions):
        return False
    relations = {holds(target, version.where) for version in versions}
    if relations & {"holds", "shadowed"}:
        return True
    content = content_of(target.rpartition("/")[2])
    return "inside" in relations and (bool(engines) or (content is not None and content.kind != "other"))
