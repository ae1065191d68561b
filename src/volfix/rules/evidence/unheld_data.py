"""Services of known engines and applications whose data no mount of the project holds, and mounts that miss it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from volfix.knowledge.entries import Entry
from volfix.knowledge.lookup import other_versions
from volfix.knowledge.paths import lies_in
from volfix.knowledge.storage import DataDirectories, holds, holds_one, unheld
from volfix.project.compose.effective_environment import effective_values
from volfix.project.compose.host_directories import is_file
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import ANONYMOUS, BIND, UNKNOWN, VOLUME, Mount
from volfix.project.compose.service import Service
from volfix.project.image.images import known_entries
from volfix.rules.context import Context, once
from volfix.rules.evidence.roles import Role, role_of
from volfix.syntax import disk


@dataclass(frozen=True, slots=True)
class Version:
    """A version that the service's image may be: where it keeps its data, and which paths no mount holds (`free`)."""

    entry: Entry
    role: Role
    where: DataDirectories
    free: tuple[str, ...]

    def refuses(self, mount: Mount) -> bool:
        """Whether this version refuses to start with the mount."""
        return mount.clean_target in self.entry.refused_mounts and not self.where.moved_by

    def described(self, mount: Mount | None = None) -> str:
        """A line of evidence: where this version keeps its data, and whether it refuses to start with the mount."""
        versions = f" {self.entry.versions}" if self.entry.versions else ""
        moved = f" ({self.where.moved_by})" if self.where.moved_by else ""
        refused = f", and does not start with a mount at {mount.raw_target}" if mount and self.refuses(mount) else ""
        doubt = "" if self.entry.verified else f" (not verified: {self.entry.source})"
        return f"{self.entry.name}{versions} keeps its data in {', '.join(self.where.paths)}{moved}{refused}{doubt}"


@dataclass(frozen=True, slots=True)
class UnheldData:
    """A service whose data no mount holds, for at least one of the versions that its image may be.

    `misplaced` are the service's mounts that look meant for the data.
    """

    project: Project
    service: Service
    versions: tuple[Version, ...]
    misplaced: tuple[Mount, ...]

    @property
    def missed(self) -> tuple[Version, ...]:
        """The versions whose data no mount holds."""
        return tuple(version for version in self.versions if version.free)

    @property
    def is_sure(self) -> bool:
        """Whether no mount holds the data, whatever the version."""
        return len(self.missed) == len(self.versions)

    @property
    def may_be_on_server(self) -> bool:
        """Whether the service is an application whose database may be on a server."""
        entries = [version.entry for version in self.versions if version.entry.kind == "application"]
        return any(_may_be_on_server(self.project, self.service, entry) for entry in entries)


def rows_in(where: DataDirectories, path: str) -> str:
    """What holds a data directory without a mount of the project, in words."""
    anonymous = any(lies_in(path, volume) for volume in where.declared_volumes)
    return "an anonymous volume" if anonymous else "the container itself"


@once
def unheld_data(context: Context) -> tuple[UnheldData, ...]:
    """Every service of the stack with data that no mount of the project holds."""
    return tuple(_unheld(context))


def _unheld(context: Context) -> Iterator[UnheldData]:
    for project in context.stack.projects:
        for service in project.services.values():
            versions = versions_of(project, service)
            if not any(version.free for version in versions) or any(service.volumes_of_containers):
                continue
            if not any("${" in mount.target for mount in project.mounts_of(service)):
                misplaced = tuple(mount for mount in service.mounts if _is_misplaced(mount, versions))
                yield UnheldData(project, service, versions, misplaced)


def versions_of(project: Project, service: Service) -> tuple[Version, ...]:
    """The versions that the service's image may be; empty if it keeps no data, or volfix does not know.

    A tmpfs counts as a mount here: VF107 reports it.
    """
    known = known_entries(service)
    roles = [role_of(project, service, entry) for entry in known]
    if not roles or not all(role.counts for role in roles):
        return ()
    if any(_is_on_server(entry, service) for entry in known if entry.kind == "application"):
        return ()
    mounts = project.mounts_of(service)
    anonymous = tuple(mount.clean_target for mount in mounts if mount.kind == ANONYMOUS)
    targets = [mount.clean_target for mount in mounts if mount.kind != ANONYMOUS and not is_file(mount)]
    versions = []
    for entry, role in zip(known, roles, strict=True):
        where = role.where
        if anonymous:
            where = replace(where, declared_volumes=(*where.declared_volumes, *anonymous))
        if where.keeps_nothing or where.unknown:
            return ()
        versions.append(Version(entry, role, where, unheld((*targets, *service.tmpfs), where)))
    return tuple(versions)


def _is_on_server(application: Entry, service: Service) -> bool:
    from volfix.knowledge.switches import engine_of  # for applications only

    found = engine_of(application, effective_values(service))
    return found is not None and found.engine == "server"


def _may_be_on_server(project: Project, service: Service, entry: Entry) -> bool:
    """Whether the application's database may be on a server: its settings name one or have unknown values, a server's
    host is set, or an env file that is not in the repository may name one.
    """
    from volfix.knowledge.switches import engine_of, host_beside

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
    """Whether a mount that holds no data directory looks meant for one: another version's directory, or above or below
    it.

    For an application, a mount below counts only if its name means data.
    """
    from volfix.knowledge.purposes import content_of
    from volfix.knowledge.targets import never_converted
    from volfix.rules.evidence.meant_mounts import meant_for_data

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
