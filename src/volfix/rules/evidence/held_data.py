"""What data a mount holds, and how volfix knows: from the image, the path, or a database URL."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from volfix.knowledge.entries import Entry
from volfix.knowledge.lookup import copied_application, derived_entry, entry_at
from volfix.knowledge.paths import lies_in
from volfix.knowledge.purposes import is_for_other_things
from volfix.knowledge.storage import holds
from volfix.knowledge.switches import engine_of
from volfix.knowledge.targets import never_converted, state_like
from volfix.project.compose.effective_environment import effective_values
from volfix.project.compose.host_directories import is_file
from volfix.project.compose.mounts import Mount
from volfix.project.compose.origins import Origin
from volfix.project.image.images import images_of, known_entries
from volfix.project.stack import Use
from volfix.rules.context import Context, once
from volfix.rules.evidence.databases import proposals_in
from volfix.rules.evidence.roles import CLIENT, directories_in, role_of
from volfix.rules.findings import shortened

HOST_SYSTEM = ("/etc", "/proc", "/sys", "/dev", "/run", "/var/run", "/var/log", "/tmp", "/lib", "/usr", "/boot")  # noqa: S108
"""Sources on the host that hold no state of an image that volfix does not know."""


@dataclass(frozen=True, slots=True)
class HeldData:
    """The data that a mount holds. `entry` is None if only a database URL or the path shows it.

    `doubt` says what volfix cannot see; None if the evidence decides. `is_rest`: the database is on a server, and the
    mount holds the application's other files. `depends_on_version`: the image's tag does not say the version, and
    another version keeps its data elsewhere.
    """

    kind: str
    entry: Entry | None
    evidence: tuple[str, ...]
    doubt: str | None = None
    is_rest: bool = False
    depends_on_version: bool = False
    origin: Origin = None
    """Where the value is written that names the database file."""

    def loses(self, service: str) -> str:
        """What is lost with this data, for a headline."""
        return shortened(self.entry.name, 30) if self.entry else f"the database of {shortened(service)}"

    def data(self, service: str) -> str:
        """The data as the beginning of a headline: `PostgreSQL's data`."""
        if self.entry is None:
            return self.loses(service)
        return f"the data of {self.loses(service)}" if " with " in self.entry.name else f"{self.loses(service)}'s data"


ENGINE, APPLICATION, DATABASE_FILE, UNKNOWN = "engine", "application", "database file", "unknown"


@once
def held_data(context: Context, use: Use) -> HeldData | None:
    """The data of the mount that a redeploy must not lose; None if nothing shows that the mount holds data."""
    mount = use.mount
    target = mount.clean_target
    if "${" in target or mount.source == "/" or is_file(mount):
        return None
    known = known_entries(use.service)
    moved_here = any(target in directories_in(use.project, use.service, entry).paths for entry in known)
    if not moved_here and any(never_converted(entry, target) for entry in known or (None,)):
        return None
    found = next(_by_image(use, known, target), None)
    if found is None:
        found = next(_by_url(context, use), None)
    if found is None and not known:
        found = _by_name_or_path(use, target)
    if found is None and not known and _may_be_state(context, mount):
        named = next((image.text for image in images_of(use.service)), "the image that the service builds")
        return HeldData(UNKNOWN, None, (f"volfix does not know what {named} keeps in {mount.raw_target}",))
    return found


def _by_image(use: Use, known: list[Entry], target: str) -> Iterator[HeldData]:
    holding_entries = [
        (entry, role)
        for entry in known
        if holds(target, (role := role_of(use.project, use.service, entry)).where) == "holds"
    ]
    for entry, role in holding_entries:
        where = role.where
        if where.keeps_nothing or not role.counts:
            continue
        image = use.service.image or "the image"
        versions = f" {entry.versions}" if len(known) > 1 and entry.versions else ""
        place = next((path for path in where.paths if path == target), where.paths[0])
        moved = f" ({where.moved_by})" if where.moved_by else ""
        evidence = f"{image}: {entry.name}{versions} keeps its data in {place}{moved}"
        doubt = None
        if not entry.verified:
            doubt = f"nobody has verified where {entry.name} keeps its data ({entry.source})"
        elif where.unknown:
            doubt = f"volfix does not know the value of {where.moved_by}"
        if entry.bundles:
            evidence += f", with that of {' and '.join(entry.bundles)} in it"
        kind = ENGINE if entry.kind == "engine" or entry.bundles else APPLICATION
        notes = (entry.note,) if entry.note and kind == APPLICATION and entry.hand_edited else ()
        engine = engine_of(entry, effective_values(use.service)) if kind == APPLICATION else None
        if engine is not None and engine.engine == "server":
            doubt = f"{engine}: the database of {entry.name} is on a server; only other files are here"
        elif engine is not None and engine.engine == "unknown":  # the fix moves the whole directory in both cases
            notes = (*notes, f"volfix cannot tell the engine from {engine}: with a server, only other files are here")
        is_rest = engine is not None and engine.engine == "server"
        yield HeldData(kind, entry, (evidence, *role.evidence, *notes), doubt, is_rest)


def _by_url(context: Context, use: Use) -> Iterator[HeldData]:
    """The database files of the service in the mount, now or after VF201's fix: the surest first."""
    target = use.mount.clean_target
    found = proposals_in(context, use.project, use.service)
    for proposal in sorted(found, key=lambda each: (each.doubt is not None, not each.database.is_inside)):
        database = proposal.database
        mount, path = proposal.place or (None, None)
        if mount is not None and mount.node is use.mount.node and database.path != target:
            verb = "is" if database.is_inside else "belongs at"
            reservation = ", judging by the mounts" if database.by_mount else ""
            evidence = f"{database.variable}={database.shown}: the database {verb} {path}{reservation}"
            yield HeldData(DATABASE_FILE, None, (evidence,), proposal.doubt, origin=database.origin)


def _by_name_or_path(use: Use, target: str) -> HeldData | None:
    images = images_of(use.service)
    for image in images:
        for entry in (*derived_entry(image), *copied_application(image)):
            role = role_of(use.project, use.service, entry)
            if role.kind == CLIENT:
                return None
            if holds(target, role.where) == "holds" and target != "/":
                evidence = (
                    f"{image.text}: judging by its name, the image is {entry.name}, which keeps its data in {target}"
                )
                doubt = "volfix does not know the image, only its name"
                kind = ENGINE if entry.kind == "engine" else APPLICATION
                return HeldData(kind, entry, (evidence, *role.evidence), doubt)
    entry_here = entry_at(target)
    if entry_here is not None:
        named = images[0].text if images else f"the image that {use.service.name} builds"
        return HeldData(
            ENGINE,
            entry_here,
            (f"{target} is where {entry_here.name} keeps its data",),
            f"volfix cannot see what runs in {named}",
        )
    return None


def _may_be_state(context: Context, mount: Mount) -> bool:
    """Whether an unknown image may keep a database here: no name means media, configuration or the like.

    `/config` always may: many images keep all their files there.
    """
    if not state_like(mount.clean_target) or _is_elsewhere(context, mount):
        return False
    target = mount.clean_target
    names = (mount.source.rstrip("/"), *([target] if target != "/config" else []))
    return not any(is_for_other_things(posixpath.basename(name)) for name in names)


def _is_elsewhere(context: Context, mount: Mount) -> bool:
    """Whether the source is a part of the host's system or the project itself, which no image fills with data."""
    if mount.read_only:
        return True
    host = context.host_of(mount)
    if host.path is not None and (host.path == mount.directory or host.path in mount.directory.parents):
        return True
    source = posixpath.normpath(mount.source)
    return any(lies_in(source, path) for path in HOST_SYSTEM)
