"""The fix that changes a database's value, and what must be carried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from volfix.project.compose.mounts import BIND
from volfix.project.image.ownership import foreign_user
from volfix.rules.context import Context, mount_location
from volfix.rules.evidence.databases import takers_of, use_of
from volfix.rules.evidence.held_data import held_data
from volfix.rules.evidence.proposal import Proposal
from volfix.rules.findings import Applicability, Finding, Fix, Move, Place, Severity, shortened
from volfix.rules.ignores import is_ignored
from volfix.rules.remedies.bind_to_volume import convert
from volfix.rules.remedies.given_directory import given_directory
from volfix.rules.remedies.new_volume import added_volume, kept_in
from volfix.rules.remedies.value_edits import location_in, set_value
from volfix.rules.remedies.volume_names import volume_key


def _fix_of(context: Context, proposal: Proposal) -> Fix | None:
    """The fix for a proposal, with the moves of its rows; None where the proposal has no new value."""
    if proposal.directory is not None:
        return _own_volume(context, proposal, proposal.directory)
    if proposal.new_value is None or proposal.mount is None or proposal.database.origin is None:
        return None
    operation, change = set_value(proposal.database, proposal.new_value)
    is_sure = not proposal.doubt and _left_behind(context, proposal) is None
    applicability = Applicability.SAFE if is_sure else Applicability.UNSAFE
    return Fix((operation,), (change,), applicability, tuple(_moves(context, proposal)))


def database_finding(
    context: Context,
    code: str,
    proposal: Proposal,
    severity: Severity,
    message: str,
    danger: str,
    evidence: Iterable[str],
) -> Finding:
    """A finding about a value, with the proposal's fix; `reason` says why there is no fix, or why it is unsafe."""
    fix = _fix_of(context, proposal)
    return Finding(
        code=code,
        severity=severity,
        location=location_in(proposal.database),
        message=message,
        evidence=tuple(evidence),
        service=proposal.database.service.name,
        target=proposal.mount.raw_target if proposal.mount else None,
        fix=fix,
        reason=proposal.reason or proposal.doubt or _by_hand(context, proposal, fix),
        danger=danger,
        label=f"{path} in the container" if (path := proposal.database.path) else "in an unknown place",
        places=tuple(Place(mount_location(mount), "mounted") for mount in (proposal.mount,) if mount is not None),
        loses=f"the database of {shortened(proposal.database.service.name)}",
    )


def _left_behind(context: Context, proposal: Proposal) -> Proposal | None:
    """A database that the edit moves, but whose rows no move carries; None for no database."""
    return next((each for each in takers_of(context, proposal) if not any(_moves(context, each))), None)


def _own_volume(context: Context, proposal: Proposal, directory: str) -> Fix:
    """The fix that adds a volume at the directory, changes the value if needed, and gives the directory to the user."""
    database, service = proposal.database, proposal.database.service
    key = volume_key(context, service.name, directory, f"{service.name} {directory}")
    added = added_volume(context, service, key, directory)
    assert not isinstance(added, str), added  # a directory is proposed where a volume can be added
    operations, changes = added
    if proposal.new_value is not None:
        operation, change = set_value(database, proposal.new_value)
        operations, changes = (*operations, operation), (*changes, change)
    if (user := foreign_user(service, directory, None)) is not None:
        given = given_directory(database.project, service, user, directory)
        assert not isinstance(given, str), given
        operations, changes = (*operations, given[0]), (*changes, given[1])
    source = kept_in(service, directory) if proposal.new_value is None else f"container:{database.path}"
    return Fix(operations, changes, Applicability.UNSAFE, (Move(service.name, source, key, directory),))


def _moves(context: Context, proposal: Proposal) -> Iterator[Move]:
    """The move of the old rows from the container's own layer into the volume.

    None if the mount stays, or may stay, a bind mount: then there is no volume to carry them into.
    """
    use = use_of(context, proposal)
    if use is None:
        return
    key = use.mount.source
    if use.mount.kind == BIND:
        held = held_data(context, use) if "VF101" in context.selected else None
        conversion = convert(context, use, held) if held else None
        if conversion is None or conversion.fix is None or conversion.fix.applicability is not Applicability.SAFE:
            return
        if is_ignored(context, use.mount.file, use.mount.place, "VF101"):
            return
        key = conversion.fix.moves[0].volume
    database = proposal.database
    yield Move(database.service.name, f"container:{database.path}", key, use.mount.raw_target)


def _by_hand(context: Context, proposal: Proposal, fix: Fix | None) -> str | None:
    """The step that people must do by hand, which is why the fix is unsafe; None for no step."""
    left = _left_behind(context, proposal) if fix is not None and proposal.directory is None else None
    if left is None or left.place is None:
        return None
    database, (mount, _) = left.database, left.place
    is_same = database.service is proposal.database.service
    place = database.path if is_same else f"{database.path} of {database.service.name}"
    return f"the rows in {place} die with the container: first copy them into {mount.raw_source} by hand"
