"""The findings about bind mounts that hold data, for VF101 and VF102."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from volfix.project.compose.host_directories import HostDirectory
from volfix.project.compose.mounts import BIND, UNKNOWN, is_windows_path
from volfix.project.image.images import known_entries
from volfix.project.stack import Use
from volfix.rules.context import Context, mount_location, once, source_location
from volfix.rules.evidence.held_data import UNKNOWN as UNKNOWN_HOLDING
from volfix.rules.evidence.held_data import HeldData, held_data
from volfix.rules.evidence.roles import CLIENT, role_of
from volfix.rules.evidence.source_variables import handed_by
from volfix.rules.evidence.unheld_data import versions_of
from volfix.rules.findings import Finding, Severity
from volfix.rules.remedies.bind_to_volume import Conversion, convert
from volfix.rules.remedies.second_places import held_places


def bind_findings(context: Context, code: str, wanted: Callable[[HeldData], bool]) -> Iterator[Finding]:
    """A finding with the rule's `code` for each writable bind mount whose data is `wanted`."""
    for use in context.stack.uses:
        if use.mount.kind not in (BIND, UNKNOWN) or use.mount.read_only:
            continue
        found = held_data(context, use)
        if found is None or not wanted(found):
            continue
        held = _of_version(use, found)
        if use.mount.kind == UNKNOWN:
            reason = f"volfix does not know the value of {use.mount.raw_source}: a host path or a volume"
            yield _finding(context, code, use, held, Conversion(None, reason))
        elif held.kind == UNKNOWN_HOLDING:
            yield _finding(
                context, code, use, held, Conversion(None, "volfix does not know whether this is a database")
            )
        else:
            yield _finding(context, code, use, held, convert(context, use, held))


def _of_version(use: Use, held: HeldData) -> HeldData:
    """The held data, with a doubt if the tag does not say the version and another version keeps its data elsewhere.

    No doubt if those other versions do not start with this mount.
    """
    versions = versions_of(use.project, use.service) if held.entry is not None else ()
    missed = [version for version in versions if version.free]
    if len(missed) == len(versions):
        return held
    doubt = None
    if not all(version.refuses(use.mount) for version in missed):
        doubt = "the tag does not say the version, and the rows may be elsewhere: write a tag with a version first"
    image = use.service.image or "the image"
    others = (f"{image}: {version.described(use.mount)}" for version in missed)
    return replace(
        held, evidence=(*held.evidence, *others), doubt=held.doubt or doubt, depends_on_version=doubt is not None
    )


def _finding(context: Context, code: str, use: Use, held: HeldData, conversion: Conversion) -> Finding:
    mount = use.mount
    host = context.host_of(mount)
    key = conversion.fix.moves[0].volume if conversion.fix else None
    message, danger, label = _words(use, held, inside=host.inside)
    return Finding(
        code=code,
        severity=_severity(held, inside=host.inside, known=mount.kind == BIND),
        location=mount_location(mount),
        mark=source_location(mount),
        message=message,
        evidence=tuple(_evidence(context, use, held, key)),
        service=use.service.name,
        target=mount.raw_target,
        fix=conversion.fix,
        reason=conversion.reason,
        danger=danger,
        label=label,
        places=tuple(held_places(use, held)),
        loses=None if held.kind == UNKNOWN_HOLDING or held.is_rest else held.loses(use.service.name),
    )


def _evidence(context: Context, use: Use, held: HeldData, key: str | None) -> Iterator[str]:
    """The evidence: how volfix knows what the mount holds. With the `key` of the new volume, also what the fix changes
    on the host.
    """
    yield from held.evidence
    yield from handed_by(context, use)
    if key is not None:
        yield from _cleaned(context, use)
        yield f"on the host the volume will be called {use.project.real_name(key)}"
    yield from _clients(context, use)
    if key is not None:
        yield from _left_behind(context, use, key)


def _cleaned(context: Context, use: Use) -> Iterator[str]:
    """What deletes the directory together with the checkout: this finding's fix also protects against that."""
    if context.commands is not None or context.stack.workflows:
        from volfix.rules.evidence.bind_deletions import host_data
        from volfix.rules.evidence.cleaned import lost_by

        data = [item for item in host_data(context) if item.use is use]
        yield from lost_by(context, data, context.commands, with_checkout=True)


def _clients(context: Context, use: Use) -> Iterator[str]:
    """What the other services that mount the directory run, if they are clients and not the server."""
    for other, evidence in _of_clients(context, context.host_of(use.mount)):
        if other.project is use.project and other.service is not use.service:
            yield from evidence


@once
def _of_clients(context: Context, host: HostDirectory) -> list[tuple[Use, tuple[str, ...]]]:
    """The mounts of a directory in clients, each with how volfix knows."""
    uses = context.binds.get(host, ())
    roles = [[role_of(use.project, use.service, entry) for entry in known_entries(use.service)] for use in uses]
    clients = [next((role for role in own if role.kind == CLIENT), None) for own in roles]
    return [(use, client.evidence) for use, client in zip(uses, clients, strict=True) if client is not None]


def _left_behind(context: Context, use: Use, key: str) -> Iterator[str]:
    """What uses the directory on the host today, and will not see the volume."""
    from volfix.rules.evidence.host_users import host_evidence

    yield from host_evidence(context, use)
    yield from _spared(context, use, key)


def _spared(context: Context, use: Use, key: str) -> Iterator[str]:
    """The commands that delete volumes when someone runs them, and would delete the new volume."""
    if context.commands is not None:
        from volfix.rules.remedies.volume_deletions import asked_for

        yield from asked_for(context.commands, use.project, use.mount, key)


def _severity(held: HeldData, *, inside: bool, known: bool) -> Severity:
    if held.kind == UNKNOWN_HOLDING or held.is_rest:
        return Severity.INFO
    return Severity.ERROR if inside and known else Severity.WARNING


def _words(use: Use, held: HeldData, *, inside: bool) -> tuple[str, str, str]:
    """The headline, the danger, and the label of the mount."""
    mount = use.mount
    where = f"{mount.raw_source} on the host"
    if is_windows_path(mount.source):
        where = f"the Windows path {where}"
    if held.kind == UNKNOWN_HOLDING:
        danger = f"{mount.raw_target} is kept in {where}; if it is a database, it has no volume"
        return "a bind mount may hold a database", danger, "volfix does not know what is kept here"
    what = f"the data of {held.entry.name}" if held.entry else "the database"
    what = f"{what}, but not its database," if held.is_rest else what
    what = f"{what}, in some of its versions," if held.depends_on_version else what
    data = held.data(use.service.name)
    if held.is_rest:
        data = f"{held.loses(use.service.name)}'s other files"
    verb = "may be" if held.depends_on_version else "are" if held.is_rest else "is"
    if mount.kind == UNKNOWN:
        danger = f"{what} is kept in {mount.raw_source}, which may be a host path or a volume"
        return f"{data} may be in a host directory", danger, "a host path or a volume"
    if inside:
        place = where.removesuffix(" on the host")
        danger = f"{what} is kept in {place}, in the checkout: a fresh clone or `git clean` deletes it"
        return f"{data} {verb} inside the checkout", danger, "kept here"
    if not mount.source_is_known:
        danger = f"{what} is kept in {where}, in an unknown place: if that is a checkout, a fresh clone is EMPTY"
        return f"{data} {verb} in an unknown place", danger, "kept here"
    danger = f"{what} is kept in {where}: it stays on this host only"
    return f"{data} {verb} on this host only", danger, "kept here"
