"""The database files that a stack's services are told to open, where they lie, and where each could lie safely."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.model import Project, Service
from volfix.project.compose.mounts import BIND
from volfix.project.compose.origins import InCode, InDockerfile, PutTogether, compose_scalar, env_assignment
from volfix.project.stack import Use
from volfix.rules.context import Context, once
from volfix.rules.evidence.code_databases import doubted, of_code
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_values import located
from volfix.rules.evidence.deployed_values import overridden
from volfix.rules.evidence.unreferenced_env_files import of_loose_files
from volfix.rules.remedies.own_volume import alone


@once
def databases(context: Context) -> tuple[Database, ...]:
    """Every database file that a value of the stack names, once for each service that takes it."""
    found = list(_of_services(context))
    found += of_loose_files(context, found)
    found += of_code(context, found)
    found = list(alone(list(_apart(context, list(_agreed(list(_whole(context, found))))))))
    found = list(overridden(context, found))
    found = list(doubted(context, list(_agreed(found))))  # again: what was refused for one is refused for all
    written = [item.origin for item in found if compose_scalar(item.origin) is None]
    context.env_files.update((each.file.path, each.file) for each in written if each is not None)
    return tuple(_shared(context, found))


def databases_in(context: Context, project: Project, service: Service) -> Iterator[Database]:
    """Those of one service."""
    for database in databases(context):
        if database.service is service and database.project is project:
            yield database


def _of_services(context: Context) -> Iterator[Database]:
    for project in context.stack.projects:
        for service in project.services.values():
            for variable in effective_variables(service):
                if variable.value is not None and (found := located(project, service, variable.name, variable)):
                    yield found


def _takers(found: Sequence[Database]) -> dict[object, list[Database]]:
    """The databases by where their value is written: one value that several services take is one place."""
    groups: dict[object, list[Database]] = {}
    for database in found:
        if database.written_at is not None:
            groups.setdefault(database.written_at, []).append(database)
    return groups


def _whole(context: Context, found: Sequence[Database]) -> Iterator[Database]:
    """Values that are a part of others stay: `NAME=shop.db` beside `sqlite:///./${NAME}`, whose literal part moves."""
    parts = {
        piece.name
        for project in context.stack.projects
        for service in project.services.values()
        for variable in effective_variables(service)
        for piece in (variable.origin.pieces if isinstance(variable.origin, PutTogether) else ())
    }
    for database in found:
        assigned = env_assignment(database.origin)
        names = {database.variable, assigned.assignment.name if assigned else database.variable} & parts
        if names and database.new_value is not None and (assigned or compose_scalar(database.origin)):
            yield database.refused(f"{' and '.join(sorted(names))} is a part of other values, which would change too")
        else:
            yield database


def _agreed(found: Sequence[Database]) -> Iterator[Database]:
    """Values that several services take are moved only where the new value is right for each of them."""
    groups = _takers(found)
    for database in found:
        group = groups.get(database.written_at, [database])
        other = next((each for each in group if each.new_value != database.new_value), None)
        if other is None or database.is_inside:
            yield database
        else:
            reason = database.reason or f"{other.service.name} takes the same value, and its mounts differ"
            yield database.refused(reason)


def _apart(context: Context, found: Sequence[Database]) -> Iterator[Database]:
    """Files that were apart stay apart: two that would become one are not moved, nor is what takes the same value.

    Where all of them are told the same value, people may mean one file: with what each has now, that is a doubt.
    """
    places: dict[tuple[str, str], dict[tuple[str, str | None], Database]] = {}
    for database in found:
        if (place := _in_volume(context, database)) is not None:
            places.setdefault(place, {}).setdefault(_old_place(context, database), database)
    reasons: dict[object, str] = {}
    doubts: dict[object, str] = {}
    for database in found:
        place = _in_volume(context, database)
        if place is None or database.new_value is None or len(places[place]) < 2:
            continue
        if any(each.is_inside or each.written_at != database.written_at for each in places[place].values()):
            reasons[database.written_at] = f"another database would be the same file, {database.path_in_mount}"
        else:
            names = " and ".join(sorted(each.service.name for each in places[place].values()))
            doubts[database.written_at] = (
                f"{names} may each have a file at the old path: after the fix they would share one file"
            )
    for database in found:
        if database.new_value is None:
            yield database
        elif reason := reasons.get(database.written_at):
            yield database.refused(reason)
        else:
            yield replace(database, doubt=doubts.get(database.written_at) or database.doubt)


def _shared(context: Context, found: Sequence[Database]) -> Iterator[Database]:
    """What is doubtful for a service is so for each that takes the same value: one edit moves them all."""
    groups = _takers(found)
    strangers = _strangers(context, groups)
    for database in found:
        if database.new_value is None or database.doubt:
            yield database
            continue
        group = groups[database.written_at]
        said = (f"{each.service.name} takes the same value: {each.doubt}" for each in group if each.doubt)
        doubt = next(said, None) or _scattered(context, group) or strangers.get(database.written_at)
        yield replace(database, doubt=doubt)


def _scattered(context: Context, group: Sequence[Database]) -> str | None:
    """Two services of one project that would keep what one value names in two volumes."""
    known: dict[int, tuple[str, Database]] = {}
    for database in group:
        if (place := _in_volume(context, database)) is not None:
            volume, other = known.setdefault(id(database.project), (place[0], database))
            if volume != place[0]:
                return f"{other.service.name} and {database.service.name} take the same value in different volumes"
    return None


def _strangers(context: Context, groups: Mapping[object, Sequence[Database]]) -> dict[object, str]:
    """Who takes the same value, without that volfix knows what becomes of it there: another image, another variable."""
    found: dict[object, str] = {}
    for project in context.stack.projects:
        for service in project.services.values():
            for variable in effective_variables(service):
                place = (variable.origin.file.path, variable.origin.place) if variable.origin else None
                group = groups.get(place, ())
                if group and not any(each.service is service and each.variable == variable.name for each in group):
                    said = f"{variable.name} of {service.name} takes the same value: volfix cannot tell its use"
                    found.setdefault(place, said)
    for written_at, group in groups.items():
        if isinstance(group[0].origin, InDockerfile | InCode) and (other := _runs_the_image(group)):
            found.setdefault(written_at, other)
    return found


def _runs_the_image(group: Sequence[Database]) -> str | None:
    """A service that runs the image that another one builds, and with it what is written in there."""
    for database in group:
        image = database.service.image
        for other in database.project.services.values() if image else ():
            if other.image == image and other.build is None and database.variable not in other.environment:
                return f"{other.name} runs {image} too, where the value is the same"
    return None


def _in_volume(context: Context, database: Database) -> tuple[str, str] | None:
    """The volume or host directory, and the path in it, where the database is or shall be.

    Projects of one directory count as one, whatever they are called: they may be deployed under one name.
    """
    mount = database.mount
    if mount is None:
        return None
    project = database.project
    if mount.kind == BIND:
        source = context.host_of(mount).key
    else:
        source = project.fixed_name(mount.source) or f"{project.directory}: {mount.source}"
    return source, posixpath.relpath(database.path_in_mount, mount.clean_target)


def _old_place(context: Context, database: Database) -> tuple[str, str | None]:
    """What tells the file apart as it is: its place in a volume, or the service's container and its path there."""
    place = _in_volume(context, database) if database.is_inside else None
    return place or (f"container of {database.service.name}", database.path)


def takers_of(context: Context, database: Database) -> Sequence[Database]:
    """The databases that one edit of the database's value moves, with itself."""
    return _all_takers(context).get(database.written_at, (database,))


@once
def _all_takers(context: Context) -> dict[object, list[Database]]:
    return _takers(databases(context))


def use_of(context: Context, database: Database) -> Use | None:
    """The mount that holds the database, or shall, as the stack lists it."""
    for use in context.stack.uses:
        if use.mount is database.mount and use.project is database.project:
            return use
    return None
