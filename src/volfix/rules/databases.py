"""The database files that a stack's services are told to open, where they lie, and where each could lie safely."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from volfix.knowledge.variables import variable_kind
from volfix.project.effective import effective_variables
from volfix.project.environment import InCode, InDockerfile, PutTogether, Variable, compose_scalar, env_assignment
from volfix.project.model import Project, Service
from volfix.project.mounts import BIND
from volfix.project.stack import Use
from volfix.rules.context import Context
from volfix.rules.database import Database
from volfix.rules.database_places import (
    holder,
    in_fitting_mounts,
    is_forgotten,
    only_suggested,
    places_of,
    settled,
    working_directory,
)
from volfix.rules.own_volume import alone

if TYPE_CHECKING:
    from volfix.project.database_url import DatabaseFile

MAY_BE_FILE = re.compile(r"sqlite|jdbc:|file:|\.s?db|\.sq|data ?source|filename", re.IGNORECASE)
"""What every value that names a database file has in it, and few others."""


def databases(context: Context) -> tuple[Database, ...]:
    """Every database file that a value of the stack names, once for each service that takes it."""
    if "databases" not in context.memory:
        from volfix.rules.code_files import doubted, of_code
        from volfix.rules.loose_files import of_loose_files

        found = list(_of_services(context))
        found += of_loose_files(context, found)
        found += of_code(context, found)
        found = list(alone(list(_apart(context, list(_agreed(list(_whole(context, found))))))))
        found = list(doubted(context, list(_agreed(found))))  # again: what was refused for one is refused for all
        context.memory["databases"] = tuple(_shared(context, found))
        written = [item.origin for item in found if compose_scalar(item.origin) is None]
        context.env_files.update((each.file.path, each.file) for each in written if each is not None)
    known: tuple[Database, ...] = context.memory["databases"]
    return known


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


def located(
    project: Project, service: Service, name: str, variable: Variable, beside: Mapping[str, str] | None = None
) -> Database | None:
    """The database file that a variable's value names, for a service that takes it, with the values `beside` it.

    None where it names none, and where a type switch says that the engine is another one.
    """
    assert variable.value is not None
    if not MAY_BE_FILE.search(variable.value):
        return None
    from volfix.project.database_url import database_file  # few projects name a database file
    from volfix.project.readers import reader_of
    from volfix.rules.engine_switch import switch_beside

    file = database_file(variable.value, variable_kind(name), reader_of(service))
    if file is None or (switch := switch_beside(project, service, name, variable.value, beside)).is_off:
        return None
    found = placed(project, service, Variable(name, variable.value, variable.origin), file)
    return found if found is None or switch.doubt is None else replace(found, doubt=switch.doubt)


def placed(project: Project, service: Service, variable: Variable, file: DatabaseFile) -> Database | None:
    """The database of a value, with the mount that holds it or may; None where it is not meant to last."""
    from volfix.project.database_url import resolved_path
    from volfix.rules.database_proposals import meant, proposed

    assert variable.value is not None
    directory = working_directory(project, service)
    file, literal = settled(project, service, file), resolved_path(file, directory)
    path, *others = places_of(project, service, file) or (None,)
    shown = _shown(variable.value, file)
    base = Database(project, service, variable.name, variable.value, variable.origin, path, file, shown=shown)
    base = replace(base, by_mount=path != literal, doubt=_guess(project, service, file, others))
    if path is not None and not path.isprintable():
        return None
    if path is None:
        return replace(base, reason=file.doubt or "the service's working directory is not known")
    if is_forgotten(service, path):
        return None
    within = holder(project, service, path)
    if within is not None:
        return replace(base, mount=within, is_inside=True, path_in_mount=path)
    if file.doubt or file.unproven:
        return replace(base, reason=file.doubt or file.unproven)
    found = meant(project, base, file, directory) or proposed(project, base, directory)
    guess = only_suggested(service, file.path.lstrip("/"), directory) if found.trap else base.doubt
    return found if guess is None else replace(found, doubt=guess, by_mount=True)


def _guess(project: Project, service: Service, file: DatabaseFile, others: list[str]) -> str | None:
    """Why the place of the file is a guess; None where it is known, or where a mount fits the file's directories.

    A mount of the file alone suggests its directory and no more: to move the file the value has to change.
    """
    if others:
        return f"it may as well be {' or '.join(others)}: set `working_dir:`"
    if not file.relative or file.doubt:
        return None
    written = posixpath.normpath(posixpath.join(file.folder, file.path))
    if fitting := in_fitting_mounts(project, service, file):
        if all(mount.clean_target != fitting[0] for mount in project.mounts_of(service)):
            return None
        directory: str | None = fitting[0].removesuffix("/" + written.replace("../", ""))
    else:
        directory = working_directory(project, service)
    return only_suggested(service, written, directory)


def _shown(value: str, file: DatabaseFile) -> str:
    before = value[: file.start]
    return (
        ("***" if "=" in before or "@" in before else before)
        + value[file.start : file.end]
        + ("***" if value[file.end :] else "")
    )


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
            doubts[database.written_at] = f"{names} may have a file each at the old place: these would become one"
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
                    said = f"{variable.name} of {service.name} takes the same value: what it makes of it is not known"
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
    if "takers" not in context.memory:
        context.memory["takers"] = _takers(databases(context))
    known: dict[object, list[Database]] = context.memory["takers"]
    return known.get(database.written_at, (database,))


def use_of(context: Context, database: Database) -> Use | None:
    """The mount that holds the database, or shall, as the stack lists it."""
    for use in context.stack.uses:
        if use.mount is database.mount and use.project is database.project:
            return use
    return None
