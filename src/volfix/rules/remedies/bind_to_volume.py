"""The fix that turns a host directory into a named volume, at every mount or at none, and the reasons against it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from volfix.edits.operation import Operation
from volfix.knowledge.entries import Entry
from volfix.knowledge.targets import never_converted
from volfix.project.compose.host_directories import HostDirectory, is_file
from volfix.project.compose.mounts import BIND, Mount, is_windows_path
from volfix.project.image.ownership import foreign_user
from volfix.project.stack import Use
from volfix.rules.context import Context, once
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.databases import databases
from volfix.rules.evidence.held_data import UNKNOWN, HeldData, held_data
from volfix.rules.evidence.host_users import host_doubts
from volfix.rules.evidence.other_deployments import other_sources
from volfix.rules.evidence.servers import collision
from volfix.rules.evidence.source_variables import place_doubt
from volfix.rules.findings import Applicability, Fix, MountChange, Move, VolumeChange
from volfix.rules.remedies.declarations import declared
from volfix.rules.remedies.mount_edits import to_volume
from volfix.rules.remedies.mount_refusals import in_words, mount_refusals, source_refusals, tracked_refusals
from volfix.rules.remedies.volume_names import volume_key
from volfix.syntax.yaml_tree import Scalar

CONFIGURATION = ("/etc/", "/docker-entrypoint", "/var/log", "/run/", "/var/run/")
"""Targets with files that are only read at the start, or only written: these mounts may stay on the host."""
BY_HAND = "change both mounts by hand"


@dataclass(frozen=True, slots=True)
class Conversion:
    """The fix, or None; `reason` says why there is none, or why the fix is unsafe."""

    fix: Fix | None
    reason: str | None


def convert(context: Context, use: Use, held: HeldData) -> Conversion:
    """The fix that turns the host directory of this bind mount into a named volume, at each of its mounts."""
    host = context.host_of(use.mount)
    refusal = _refusal(context, host)
    if refusal:
        return Conversion(None, refusal)
    doubts = _doubts(context, host, held.doubt, held.entry)
    operations, changes = _edits(
        context, host, key := volume_key(context, use.service.name, use.mount.clean_target, host.key)
    )
    applicability = Applicability.UNSAFE if doubts else Applicability.SAFE
    move = Move(use.service.name, use.mount.raw_source, key, use.mount.raw_target)
    return Conversion(Fix(operations, changes, applicability, (move,)), "; ".join(doubts) or None)


@once
def _edits(
    context: Context, host: HostDirectory, key: str
) -> tuple[tuple[Operation, ...], tuple[MountChange | VolumeChange, ...]]:
    """The operations and changes that turn every mount of the directory into the volume; computed once for all
    findings.
    """
    operations: dict[Operation, None] = {}
    changes: dict[MountChange | VolumeChange, None] = {}
    uses = context.binds[host]
    for each in uses:
        operations.update(dict.fromkeys(to_volume(each.mount, key)))
        changes[
            MountChange(each.mount.file.path, each.service.name, each.mount.clean_target, key, each.mount.place)
        ] = None
    for operation, change in dict.fromkeys(pair for each in uses for pair in declared(each, key)):
        operations[operation] = changes[change] = None
    return tuple(operations), tuple(changes)


@once
def _refusal(context: Context, host: HostDirectory) -> str | None:
    return next(_refusals(context, host, context.binds[host]), None)


def _refusals(context: Context, host: HostDirectory, uses: list[Use]) -> Iterator[str]:
    """Why the directory stays a bind mount; each reason is enough."""
    for use in uses:
        yield from mount_refusals(context, use)
        mount, directory = use.mount, use.project.directory
        if is_file(mount):
            yield f"{use.service.name} mounts {mount.raw_source} as a file, and a named volume is a directory"
        if isinstance(mount.node, Scalar) and mount.node.tag is not None:
            yield f"the mount has the tag {mount.node.tag}"
        if host.path is not None and (directory == host.path or host.path in directory.parents):
            yield f"{mount.raw_source} is the project's own directory: mount a named volume for the database alone"
    yield from filter(None, (collision(context, use) for use in uses))
    yield from source_refusals(context, host, "host directory")
    yield from _inner_mounts(context, host)
    yield from _outer_mounts(context, host)
    yield from tracked_refusals(context, host, "what it tracks there", " in it")


def _inner_mounts(context: Context, host: HostDirectory) -> Iterator[str]:
    """Writable mounts of directories below this directory: their data would be in two places."""
    for other in context.below(host):
        for use in context.binds[other]:
            mount = use.mount
            if not (mount.read_only or is_file(mount) or never_converted(None, mount.clean_target)):
                yield f"{use.service.name} also mounts {mount.raw_source}, a part of this directory: {BY_HAND}"


def _outer_mounts(context: Context, host: HostDirectory) -> Iterator[str]:
    """Data directories that contain this directory: as two volumes they would no longer contain each other."""
    for use in _containing(context, host):
        held = held_data(context, use)
        if held is not None and held.kind != UNKNOWN and not use.mount.read_only:
            text = f"{use.service.name} keeps its data in {use.mount.raw_source}, which contains this directory"
            yield f"{text}: {BY_HAND}"


def _containing(context: Context, host: HostDirectory) -> Iterator[Use]:
    """The mounts of directories above this directory, without the project's own directory."""
    for other in context.above(host):
        for use in context.binds[other]:
            if other.path not in (use.project.directory, *use.project.directory.parents):
                yield use


def _seen_in_project(context: Context, host: HostDirectory, uses: list[Use]) -> Iterator[str]:
    """Other services, such as a web server, that see the directory at the same path through a mount of the whole
    project.
    """
    services = {id(use.service) for use in uses}
    targets = {use.mount.clean_target for use in uses}
    for other in context.above(host):
        if other.path is None or host.path is None:
            continue
        below = host.path.relative_to(other.path).as_posix()
        for use in context.binds[other]:
            place = posixpath.join(use.mount.clean_target, below)
            if id(use.service) not in services and place in targets and not use.mount.overridden:
                yield f"{use.service.name} also sees this directory at {place}, through {use.mount.raw_source}"


@once
def _doubts(context: Context, host: HostDirectory, doubt: str | None, entry: Entry | None) -> tuple[str, ...]:
    """Why the fix is unsafe; computed once for the findings of all mounts."""
    return tuple(dict.fromkeys((*([doubt] if doubt else []), *_doubts_of(context, host, entry))))


def _doubts_of(context: Context, host: HostDirectory, entry: Entry | None) -> Iterator[str]:
    uses = context.binds[host]
    if entry is not None and entry.hand_edited:
        yield f"{entry.name} has files there that people edit by hand: a volume makes them harder to reach"
    if (windows := next((use.mount for use in uses if is_windows_path(use.mount.source)), None)) is not None:
        yield f"{windows.raw_source} is a Windows path: volfix cannot read it; carry its data on that machine"
    if (doubt := place_doubt(host, uses[0].mount.raw_source)) is not None:
        yield doubt
    for use in uses:
        if not use.mount.read_only and (user := foreign_user(use.service, use.mount.clean_target, entry)):
            yield f"{use.service.name} runs as {user}, and a new volume at {use.mount.raw_target} may belong to root"
    for use in _containing(context, host):
        yield f"{use.service.name} mounts {use.mount.raw_source}, which contains this directory"
    yield from _seen_in_project(context, host, uses)
    yield from _stale_mounts(context, host)
    for use in uses:
        yield from host_doubts(context, use, entry)
    yield from _other_users(context, host, uses)
    for use in uses:
        yield from other_sources(context, use)


def _stale_mounts(context: Context, host: HostDirectory) -> Iterator[str]:
    """Mounts of parts of the directory: they would keep showing the old files."""
    for other in context.below(host):
        for use in context.binds[other]:
            if not use.mount.clean_target.startswith(CONFIGURATION):
                yield f"{use.service.name} mounts {use.mount.raw_source}, below this: it would see old files"


def _other_users(context: Context, host: HostDirectory, uses: list[Use]) -> Iterator[str]:
    """Other projects that mount a directory above, and databases that a service opens through the mount of the code."""
    own = {use.project.directory for use in uses}
    for parent in host.path.parents if host.path else ():
        for directory, name in context.users.get(str(parent), frozenset()):
            if directory not in own and not directory.is_relative_to(parent):  # its own code, or the whole host
                place = in_words(context, directory, name)
                yield f"the project in {place} mounts {parent.name}, which contains this directory"
    mounts = {id(use.mount) for use in uses}
    for database, mount in _opened_below(context).get(host.key, ()) if host.path else ():
        if id(mount) not in mounts:
            yield f"{database.service.name} opens {database.path} in this directory through {mount.raw_source}"


@once
def _opened_below(context: Context) -> dict[str, list[tuple[Database, Mount]]]:
    """By host directory, the databases at or below it that a service opens through a bind mount."""
    found: dict[str, list[tuple[Database, Mount]]] = {}
    for database in databases(context):
        mount = database.mount
        if mount is not None and database.is_inside and database.path is not None and mount.kind == BIND:
            place = f"{context.host_of(mount).key}/{posixpath.relpath(database.path, mount.clean_target)}"
            while "/" in place:
                place = place.rpartition("/")[0]
                found.setdefault(place, []).append((database, mount))
    return found
