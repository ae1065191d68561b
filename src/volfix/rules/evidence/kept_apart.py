"""Database files that stay separate: two files of today never become one file in one volume."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from volfix.project.compose.unreferenced_env_files import put_into_place
from volfix.project.stack import Use
from volfix.rules.context import Context
from volfix.rules.evidence.code_databases import follows
from volfix.rules.evidence.proposal import Proposal


def files_kept_apart(context: Context, found: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals, refused where two database files would become one file; also for services that use the same value.

    If all of them have the same value, people may mean one file: then it is a doubt, because each may have its own file
    now. Of two values, that in an env file that nothing names is refused, and the other may change.

    A proposal that is refused for another reason counts too, and loses its place here: whether a file may move never
    depends on whether another can, because the fixes of one run change that. So a literal in code that only follows the
    environment is no reason against the same literal for a service that needs the literal: the next run has one less.
    """
    places = _by_place(context, found)
    firm = _by_place(context, (each for each in found if not _gives_way(each)))
    reasons: dict[tuple[object, bool], str] = {}
    doubts: dict[object, str] = {}
    for proposal in found:
        place, written_at = place_of(context, proposal), proposal.database.written_at
        if place is None or proposal.new_value is None:
            continue
        others = [each.database for each in (places if _gives_way(proposal) else firm)[place].values()]
        if len(others) < 2:
            continue
        if any(each.is_inside or each.written_at != written_at for each in others):
            reasons[written_at, follows(proposal)] = f"two databases would become one file, {proposal.path_in_mount}"
        else:
            names = " and ".join(sorted(each.service.name for each in others))
            doubts[written_at] = (
                f"{names} may each have a file at the old path: after the fix they would share one file"
            )
    for proposal in found:
        written_at = proposal.database.written_at
        if proposal.reason and (proposal.mount or proposal.directory):
            yield proposal.refused(proposal.reason)
        elif proposal.new_value is None:
            yield proposal
        elif reason := reasons.get((written_at, False)) or reasons.get((written_at, follows(proposal))):
            yield proposal.refused(reason)
        else:
            yield replace(proposal, doubt=doubts.get(written_at) or proposal.doubt)


def _by_place(
    context: Context, found: Iterable[Proposal]
) -> dict[tuple[str, str], dict[tuple[str, str | None], Proposal]]:
    """The proposals by the place of the file after the fix, and there one for each file of today.

    Where volfix chooses none of several mounts, a person may choose each.
    """
    places: dict[tuple[str, str], dict[tuple[str, str | None], Proposal]] = {}
    for proposal in found:
        name = posixpath.basename(proposal.database.path or "")
        each_in = [replace(proposal, mount=it, path_in_mount=f"{it.clean_target}/{name}") for it in proposal.among]
        for place in filter(None, (place_of(context, each) for each in each_in or [proposal])):
            places.setdefault(place, {}).setdefault(_old_place(context, proposal), proposal)
    return places


def _gives_way(proposal: Proposal) -> bool:
    """Whether the value is in an env file that neither a Compose file names nor a deployment copies into place."""
    database = proposal.database
    if not database.loose or database.is_inside or database.origin is None:
        return False
    return not any(put_into_place(database.project, database.origin.file.path))


def place_of(context: Context, proposal: Proposal) -> tuple[str, str] | None:
    """The volume or host directory that holds the database now or after the fix, and the path in it; None if unknown.

    Projects of one directory count as one project: they may be deployed under one name.
    """
    if proposal.place is None:
        return None
    (mount, path), database = proposal.place, proposal.database
    source = Use(database.project, database.service, mount).source_of_directory(context.root)
    if source is None:
        return None
    place = posixpath.join(mount.subpath or "", posixpath.relpath(path, mount.clean_target))
    return source, posixpath.normpath(place)


def _old_place(context: Context, proposal: Proposal) -> tuple[str, str | None]:
    """What identifies the file today: its place in a volume, or the service's container and the path there."""
    place = place_of(context, proposal) if proposal.database.is_inside else None
    return place or (f"container of {proposal.database.service.name}", proposal.database.path)
