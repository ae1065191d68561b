"""VF106: a mount that is meant for the database, but does not hold the directory in which this version keeps its data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from volfix.edits.operation import Operation
from volfix.knowledge.entries import Entry
from volfix.knowledge.lookup import entry_at, other_versions
from volfix.knowledge.paths import is_below, matches
from volfix.knowledge.purposes import content_of
from volfix.knowledge.storage import DataDirectories, holds
from volfix.project.compose.mounts import BIND, UNKNOWN, VOLUME, Mount
from volfix.project.git import is_placeholder
from volfix.project.stack import Use
from volfix.rules.context import Context, mount_location, target_location
from volfix.rules.evidence.held_data import APPLICATION, ENGINE, HeldData, held_data
from volfix.rules.evidence.own_volume import VERSION_1
from volfix.rules.evidence.servers import collision
from volfix.rules.evidence.unheld_data import UnheldData, rows_in, unheld_data, versions_of
from volfix.rules.examples.vf106 import EXAMPLES
from volfix.rules.findings import Applicability, Change, Finding, Fix, MountChange, Move, Severity, shortened
from volfix.rules.remedies.bind_to_volume import convert
from volfix.rules.remedies.declarations import declared
from volfix.rules.remedies.mount_edits import stays_for_others, to_volume
from volfix.rules.remedies.new_volume import kept_in
from volfix.rules.remedies.second_places import image_place
from volfix.rules.remedies.volume_names import volume_key
from volfix.rules.rule import Rule
from volfix.syntax import disk


def check(context: Context) -> Iterator[Finding]:
    """A finding for every mount that looks meant for an engine's or application's data and, for some version, misses
    it.

    VF101 and VF102 also report mounts that hold the data of some versions; there they say so, and not this rule.
    """
    for unheld in unheld_data(context):
        findings = [_finding(context, unheld, mount) for mount in unheld.misplaced if _is_own(context, unheld, mount)]
        for finding in findings:
            if len(findings) > 1 and finding.fix is not None:
                targets = ", ".join(mount.raw_target for mount in unheld.misplaced)
                reason = f"several mounts could hold the data ({targets}): change the right one by hand"
                finding = replace(finding, fix=None, reason=reason)
            yield finding


def _is_own(context: Context, unheld: UnheldData, mount: Mount) -> bool:
    """Whether this rule reports the mount, not VF101 or VF102."""
    use = Use(unheld.project, unheld.service, mount)
    return unheld.is_sure or mount.kind == VOLUME or held_data(context, use) is None


def _finding(context: Context, unheld: UnheldData, mount: Mount) -> Finding:
    use = Use(unheld.project, unheld.service, mount)
    fix = (
        _fix(context, use, unheld)
        if unheld.is_sure
        else "the tag does not say the version: write a tag with a version first"
    )
    return Finding(
        code="VF106",
        severity=_severity(unheld),
        location=mount_location(mount),
        mark=target_location(mount),
        message=_headline(unheld, mount),
        danger=_danger(unheld, mount),
        label="not where the data is" if unheld.is_sure else "not where every version keeps its data",
        places=tuple(image_place(use.service, unheld.missed[0].described(mount))),
        loses=shortened(unheld.missed[0].entry.name, 36),
        evidence=(
            *(f"{use.service.image or 'the image'}: {each.described(mount)}" for each in unheld.versions),
            *unheld.missed[0].role.evidence,
        ),
        service=use.service.name,
        target=mount.raw_target,
        fix=fix if isinstance(fix, Fix) else None,
        reason=fix if isinstance(fix, str) else f"the fix stops using {mount.raw_source}, and deletes nothing in it",
    )


def _severity(unheld: UnheldData) -> Severity:
    entry, role = unheld.missed[0].entry, unheld.missed[0].role
    if entry.kind == "engine":
        return Severity.ERROR if unheld.is_sure and not role.doubt else Severity.WARNING
    return Severity.WARNING if entry.verified else Severity.INFO


def _headline(unheld: UnheldData, mount: Mount) -> str:
    name = shortened(unheld.missed[0].entry.name, 24)
    if not unheld.is_sure:
        return f"the mount may miss {name}'s data: no version in the tag"
    if unheld.missed[0].refuses(mount):
        return f"{name} does not start with this mount"
    return f"the mount {'may miss' if unheld.missed[0].role.doubt else 'misses'} {name}'s data"


def _danger(unheld: UnheldData, mount: Mount) -> str:
    """Where the rows are, or may be."""
    missed = unheld.missed[0]
    name, target = missed.entry.name, mount.target_as_written
    if not unheld.is_sure:
        return f"{target} holds the data of some versions of {name} only, and the tag does not say the version"
    if missed.refuses(mount):
        return (
            f"{name} {missed.entry.versions} does not start with a mount at {target}: "
            f"if {mount.raw_source} holds rows, an older version wrote them"
        )
    place = missed.free[0]
    verb = "holds at most a part of" if is_below(mount.clean_target, place) else "does not hold"
    rows = f"the rows are in {rows_in(missed.where, place)}, at {place}"
    if missed.role.doubt:
        return f"if {unheld.service.name} is the server, {target} {verb} the data of {name}, and {rows}"
    return f"{target} {verb} the data of {name}: {rows}"


def _fix(context: Context, use: Use, unheld: UnheldData) -> Fix | str:
    """The fix, a new volume at the data directory; or why there is none."""
    missed = unheld.missed[0]
    mount, where = use.mount, missed.where
    if use.project.files[0].version_1:
        return VERSION_1
    if missed.refuses(mount):
        return (
            f"rows there must be upgraded, not only moved: start the version that wrote {mount.raw_source} and dump the "
            f"rows, then mount a new volume at {where.paths[0]} and restore the dump"
        )
    if len(where.paths) > 1 or not missed.entry.verified:
        return f"{missed.entry.name} keeps its data in several places, or nobody has verified where"
    if where.moved_by and mount.clean_target in missed.entry.data_directories:
        return (
            f"the mount is at the engine's default directory, but {where.moved_by} names another: volfix cannot tell "
            "which you mean"
        )
    if is_below(mount.clean_target, missed.free[0]) and not _is_only_misplaced(mount, where):
        place = missed.free[0]
        return (
            f"{mount.raw_target} may hold a part of the data: mount a volume at {place} too, and check which files "
            "belong in which"
        )
    relation = holds(mount.clean_target, where)
    if relation != "shadowed" and _is_of_other_version(mount, missed.entry):
        return "another version or image keeps its data there: its rows must be upgraded, not only moved"
    reason = next(_refusals(context, use, where), None)
    if reason is not None:
        return reason
    if mount.kind == VOLUME:
        return _new_volume(
            context, use, where, volume_key(context, use.service.name, where.paths[0], f"volume {mount.source}")
        )
    kind = ENGINE if missed.entry.kind == "engine" else APPLICATION
    conversion = convert(context, use, HeldData(kind, missed.entry, ()))
    if conversion.fix is None:
        return conversion.reason or "the mount cannot become a volume"
    return _new_volume(context, use, where, conversion.fix.moves[0].volume)


def _is_only_misplaced(mount: Mount, where: DataDirectories) -> bool:
    """Whether a mount below the data directory is named for data, and is not one of the directory's known parts."""
    target = mount.clean_target
    content = content_of(target.rpartition("/")[2])
    return content is not None and content.kind != "other" and not any(matches(target, inner) for inner in where.inner)


def _is_of_other_version(mount: Mount, entry: Entry) -> bool:
    """Whether the mount is where another version or image of the engine keeps its data, or below."""
    target = PurePosixPath(mount.clean_target)
    places = {str(place) for place in (target, *target.parents)} - {*entry.data_directories}
    others = {path for other in other_versions(entry) for path in other.data_directories}
    return bool(places & others) or any(
        (other := entry_at(place)) is not None and other.family == entry.family for place in sorted(places)
    )


def _refusals(context: Context, use: Use, where: DataDirectories) -> Iterator[str]:
    """Why the mount cannot move to the data directory, for any service that uses it or its source."""
    mount = use.mount
    if (reason := stays_for_others(context, use)) is not None:
        yield reason
    if mount.problem or mount.kind == UNKNOWN:
        yield mount.problem or f"volfix does not know the value of {mount.raw_source}"
    if mount.kind == VOLUME and (mount.subpath or "$" in mount.raw_source):
        yield f"{mount.raw_source} is a directory inside a volume, or a variable names the volume"
    if (reason := collision(context, use)) is not None:
        yield reason
    host = context.host_of(mount) if mount.kind == BIND else None
    if host and host.inside and host.path and _has_files(host.path):
        yield f"{mount.raw_source} has files in it: volfix cannot tell whether they are the rows"
    for other in context.stack.uses:
        files = " and ".join(other.project.file_names)
        if other.mount.node is mount.node and other.service.name == use.service.name:
            if any(version.where.paths != where.paths for version in versions_of(other.project, other.service)):
                yield f"with {files}, {other.service.name} keeps its data in another directory"
        elif other.source_of_directory(context.root) == use.source_of_directory(context.root):
            what = "volume" if mount.kind == VOLUME else "host directory"
            yield f"{other.service.name} of {files} mounts the same {what}"


def _has_files(directory: Path) -> bool:
    """Whether a file is in or below the directory; yes for a directory that volfix may not read."""

    def fail(error: OSError) -> None:
        raise error

    if not disk.exists(directory):
        return False
    try:
        return any(not is_placeholder(name) for _, names in disk.walk(directory, onerror=fail) for name in names)
    except OSError:
        return True


def _new_volume(context: Context, use: Use, where: DataDirectories, key: str) -> Fix:
    """The fix that mounts the new volume `key` at the data directory.

    The old source is not used: Docker may have copied files of the image into it, and an engine refuses a directory
    that is not empty.
    """
    mount, service, target = use.mount, use.service, where.paths[0]
    operations: list[Operation] = to_volume(mount, key, target)
    changes: list[Change] = []
    for other in context.stack.uses:
        if other.mount.node is mount.node:
            place = other.mount
            changes.append(
                MountChange(place.file.path, service.name, place.clean_target, key, place.place, new_target=target)
            )
            for operation, change in declared(other, key):
                operations.append(operation)
                changes.append(change)
    move = Move(service.name, kept_in(service, target, where.declared_volumes), key, target)
    return Fix(tuple(dict.fromkeys(operations)), tuple(dict.fromkeys(changes)), Applicability.UNSAFE, (move,))


RULE = Rule(
    code="VF106",
    name="mount-misses-data-directory",
    summary="A mount that is meant for the database does not hold its data directory.",
    why=(
        "The mount looks right, but the data is in an anonymous volume or in the container's own layer. The data "
        "directory depends on the version, and on variables and flags that move it. A mount below the directory holds"
        " at most a part of the data."
    ),
    fix=(
        "A new volume with a new key at the data directory. The old volume stays declared and keeps its content, "
        "because Docker may have copied files of the image into it, and an engine refuses a directory that is not "
        "empty. No fix for a mount below the data directory that may hold a part of the data. Unsafe: the rows must "
        "be carried out of the anonymous volume or the container. If the tag does not say the version, the finding "
        "lists what each version does."
    ),
    sources=("docker-library/postgres: Dockerfiles of 17 and 18", "docker-library: the images' VOLUME instructions"),
    examples=EXAMPLES,
    check=check,
)
