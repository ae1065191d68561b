"""What the proposals of a stack must agree about: values that several services use, and volumes of their own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.origins import PutTogether, compose_scalar, env_assignment
from volfix.project.compose.outer_origins import InCode, InDockerfile
from volfix.project.compose.service import Service
from volfix.rules.context import Context
from volfix.rules.evidence.code_databases import follows
from volfix.rules.evidence.database import Database, unsayable
from volfix.rules.evidence.database_places import working_directory
from volfix.rules.evidence.kept_apart import place_of
from volfix.rules.evidence.own_volume import sharing
from volfix.rules.evidence.proposal import Proposal
from volfix.rules.evidence.source_variables import given_names, mounted_variables
from volfix.rules.evidence.volume_choice import choice_of


def by_written_value(found: Iterable[Proposal]) -> dict[object, list[Proposal]]:
    """The proposals by the place of their value: a value that several services use has one place."""
    groups: dict[object, list[Proposal]] = {}
    for proposal in found:
        if proposal.database.written_at is not None:
            groups.setdefault(proposal.database.written_at, []).append(proposal)
    return groups


def parts_kept(context: Context, found: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals, without edits of values that are a part of other values.

    `NAME=shop.db` stays beside `sqlite:///./${NAME}`: there the literal part changes. A value that also is the source
    of a mount stays: its data is there.
    """
    parts = {
        piece.name
        for project in context.stack.projects
        for service in project.services.values()
        for variable in effective_variables(service)
        for piece in (variable.origin.pieces if isinstance(variable.origin, PutTogether) else ())
    }
    sources = mounted_variables(context)
    for proposal in found:
        variable, origin = proposal.database.variable, proposal.database.origin
        assigned = env_assignment(origin)
        if (mounted := given_names(proposal.database) & sources.keys()) and proposal.new_value is not None:
            yield proposal.refused(f"{sources[min(mounted)]} is mounted too: change both together, by hand")
            continue
        names = {variable, assigned.assignment.name if assigned else variable} & parts
        if names and proposal.new_value is not None and (assigned or compose_scalar(origin)):
            yield proposal.refused(f"{' and '.join(sorted(names))} is also part of other values, which would change")
        else:
            yield proposal


def guesses_kept_out(context: Context, found: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals, refused for a mount that is a guess, if the service has a mount for a database with other files:
    the guess would become a volume that is named for a database there too.
    """
    for proposal in found:
        project, service = proposal.database.project, proposal.database.service
        is_guess = proposal.mount is not None and not proposal.trap and choice_of(project, service).is_guess
        files = _with_evident_mount(context, service) if is_guess else None
        if files is None:
            yield proposal
        else:
            yield proposal.refused(f"with {files}, {service.name} has a mount for a database: write the path by hand")


def _with_evident_mount(context: Context, service: Service) -> str | None:
    """The Compose files with which the service has a mount that is named for data; None if there are none."""
    for project in context.stack.projects:
        other = project.services.get(service.name)
        is_same = other is not None and any(part.node is service.parts[0].node for part in other.parts)
        if other is not None and is_same and choice_of(project, other).is_evident:
            return " and ".join(project.file_names)
    return None


def agreed(found: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals: a value that several services use changes only if the new value is right for each of them.

    A literal in code that only follows the environment of a service is a doubt for the service that needs the literal.
    """
    groups, staying = by_written_value(found), staying_values(found)
    for proposal in found:
        group = groups.get(proposal.database.written_at, [proposal])
        others = [each for each in group if each.new_value != proposal.new_value]
        if not others or proposal.database.is_inside:
            yield proposal
            continue
        reason = f"{others[0].database.service.name} uses the same value with other mounts"
        waiting = [each for each in others if not follows(each) or opened(each) in staying or each.database.is_inside]
        if not waiting and not follows(proposal):
            yield replace(proposal, doubt=proposal.doubt or reason)
        else:
            yield proposal.refused(proposal.reason or reason)


def followed(found: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals, refused for a literal in code if the environment names its file in a value that stays."""
    staying = staying_values(found)
    for proposal in found:
        other = staying.get(opened(proposal))
        if other is None or proposal.new_value is None or not follows(proposal):
            yield proposal
        else:
            name = f"{other.variable} of {other.service.name}"
            yield proposal.refused(f"{name} names {other.path} too, and volfix cannot change that value")


def staying_values(found: Sequence[Proposal]) -> dict[tuple[int, str | None], Database]:
    """The databases in no mount whose values stay, but for literals in code, by the file that the service opens."""
    return {
        opened(each): each.database
        for each in found
        if each.new_value is None
        and not (each.database.is_inside or each.database.loose or isinstance(each.database.origin, InCode))
    }


def opened(proposal: Proposal) -> tuple[int, str | None]:
    """What identifies the file for the service that opens it: the service, and the path in the container."""
    return id(proposal.database.service), proposal.database.path


def own_volumes(context: Context, found: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals, with a new volume only for the single database of one service: volfix does not decide who shares
    one.

    The value of an env file that nothing names moves where the service's own value moves, or is refused.
    """
    settled = [each if each.database.loose else _settled(context, each, found) for each in found]
    directories = {
        id(each.database.service): each.directory
        for each in settled
        if each.directory is not None and not each.database.loose
    }
    for proposal in settled:
        if not proposal.database.loose or proposal.directory is None:
            yield proposal
        elif (directory := directories.get(id(proposal.database.service))) is not None:
            yield _with_service_value(proposal, directory)
        else:
            yield proposal.refused(
                "the service has no mount for data, and volfix cannot tell whether the deployment uses this env file"
            )


def _with_service_value(proposal: Proposal, directory: str) -> Proposal:
    """The proposal with the volume that the service's own value moves into, for a value in an env file that nothing
    names.
    """
    database = proposal.database
    assert database.path is not None
    path = posixpath.join(directory, posixpath.basename(database.path))
    workdir = working_directory(database.project, database.service)
    value = None if path == database.path else database.value_at(path, workdir)
    if value is not None and (reason := unsayable(database.origin, value)):
        return proposal.refused(reason)
    return replace(proposal, directory=directory, path_in_mount=path, new_value=value)


def _settled(context: Context, proposal: Proposal, found: Sequence[Proposal]) -> Proposal:
    if proposal.directory is None:
        return proposal
    service = proposal.database.service
    if (reason := sharing(context, service)) is not None:
        return proposal.refused(reason)
    counting = (each for each in found if each.database.service is service or not follows(each))
    others = (each.database for each in counting if not each.database.loose or each.database.is_mounted_itself)
    reason = next(filter(None, (_concern(proposal.database, other) for other in others)), None)
    return proposal if reason is None else proposal.refused(reason)


def _concern(database: Database, other: Database) -> str | None:
    """Why another database of the stack makes it unclear what belongs into this one's volume; None if it does not."""
    service, name = database.service, other.service.name
    same_value = other is not database and database.written_at == other.written_at
    if service.name != name:
        same_code = _context(service) is not None and _context(service) == _context(other.service)
        if same_value or (same_code and other.path and _name(database) == _name(other)):
            file = other.path or "the file"
            return f"{name} names {file} too: mount one volume in both services, or give each a file of its own"
        return None
    if other is database:
        return None
    if other.path is None:
        return f"{other.variable} of {name} names a file in a directory that volfix does not know: set `working_dir:`"
    if other.is_inside:
        files = " and ".join(other.project.file_names)
        return f"with {files}, {name} has a mount for a database; volfix cannot tell whether it needs one without them"
    return None if same_value else f"{other.variable} of {name} names {other.path}, which no mount holds either"


def _name(database: Database) -> str:
    return posixpath.basename(database.path or "")


def _context(service: Service) -> Path | str | None:
    """What identifies the code of the service: its build context, else its image."""
    return service.build.context if service.build is not None else service.image


def with_doubts_of_others(context: Context, found: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals, with a doubt of one service passed on to all with the same value: one edit changes all."""
    groups = by_written_value(found)
    unknown_uses = _unknown_uses(context, groups)
    for proposal in found:
        written_at = proposal.database.written_at
        if proposal.new_value is None or proposal.doubt:
            yield proposal
            continue
        group = groups[written_at]
        others = (f"{each.database.service.name} uses the same value: {each.doubt}" for each in group if each.doubt)
        doubt = next(others, None) or _scattered(context, group) or unknown_uses.get(written_at)
        yield replace(proposal, doubt=doubt)


def _scattered(context: Context, group: Sequence[Proposal]) -> str | None:
    """Why the value is doubtful: two services of one project would put its file into two volumes. None if not."""
    known: dict[int, tuple[str, Database]] = {}
    for proposal in group:
        database = proposal.database
        if (place := place_of(context, proposal)) is not None:
            volume, other = known.setdefault(id(database.project), (place[0], database))
            if volume != place[0]:
                return f"{other.service.name} and {database.service.name} use the same value with different volumes"
    return None


def _unknown_uses(context: Context, groups: Mapping[object, Sequence[Proposal]]) -> dict[object, str]:
    """By the place of a value, a service that also has it in a way that volfix does not know: another image or
    variable.
    """
    found: dict[object, str] = {}
    for project in context.stack.projects:
        for service in project.services.values():
            for variable in effective_variables(service):
                place = (variable.origin.file.path, variable.origin.place) if variable.origin else None
                group = [each.database for each in groups.get(place, ())]
                if group and not any(each.service is service and each.variable == variable.name for each in group):
                    doubt = f"{variable.name} of {service.name} has the same value: volfix cannot tell what uses it"
                    found.setdefault(place, doubt)
    for written_at, proposals in groups.items():
        group = [each.database for each in proposals]
        if isinstance(group[0].origin, InDockerfile | InCode) and (other := _runs_the_image(group)):
            found.setdefault(written_at, other)
    return found


def _runs_the_image(group: Sequence[Database]) -> str | None:
    """Why the value is doubtful: another service runs the same built image, with the same value in it. None if not."""
    for database in group:
        image = database.service.image
        for other in database.project.services.values() if image else ():
            if other.image == image and other.build is None and database.variable not in other.environment:
                return f"{other.name} runs {image} too, with the same value"
    return None
