"""The database files that a stack's services are told to open, where they lie, and where each could lie safely."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from volfix.knowledge.lookup import entries_for
from volfix.knowledge.variables import variable_kind
from volfix.project.code_places import comes_with_image
from volfix.project.effective import effective_variables
from volfix.project.environment import InCode, InCompose, InDockerfile, InEnvFile, Origin, Variable
from volfix.project.hosts import is_within
from volfix.project.images import images_of
from volfix.project.loose_env import may_be_given
from volfix.project.model import Project, Service
from volfix.project.mounts import BIND, Mount
from volfix.project.ownership import foreign_user
from volfix.project.stack import Use
from volfix.rules.context import Context
from volfix.rules.database_places import candidates, holder, is_code, is_forgotten, working_directory
from volfix.syntax.source import Span

if TYPE_CHECKING:
    from volfix.project.database_url import DatabaseFile

MAY_BE_FILE = re.compile(r"sqlite|jdbc:|file:|\.s?db|\.sq|data ?source|filename", re.IGNORECASE)
"""What every value that names a database file has in it, and few others."""
PLAIN_WORD = re.compile(r"[\w.:/@?=&%+,~;-]+\Z")
"""What a Dockerfile takes without quotes."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database file that a value names, for one service.

    `path` is absolute in the container, None where it cannot be told. `mount` holds it (`is_inside`), or is the one
    that it can be moved into, as `new_value` and `path_in_mount` say; `reason` says why neither. `trap` marks slashes
    that say something else than they were meant to: `path` is what they say. `loose` marks a value in an env file that
    no Compose file refers to.
    """

    project: Project
    service: Service
    variable: str
    value: str
    origin: Origin
    path: str | None
    file: DatabaseFile
    """Where in the value the file is named, and how."""
    mount: Mount | None = None
    is_inside: bool = False
    path_in_mount: str = ""
    new_value: str | None = None
    reason: str | None = None
    doubt: str | None = None
    loose: bool = False
    trap: bool = False
    shown: str = ""
    """The value as messages show it: its path, and `***` for what follows."""

    @property
    def is_foreign(self) -> bool:
        """Whether the image is a known application's: what lies where in it is not said by files here."""
        return any(entries_for(image) for image in images_of(self.service))


def databases(context: Context) -> tuple[Database, ...]:
    """Every database file that a value of the stack names, once for each service that takes it."""
    if "databases" not in context.memory:
        from volfix.rules.code_files import doubted, of_code
        from volfix.rules.loose_files import of_loose_files

        found = [*_of_services(context), *of_loose_files(context)]
        found += of_code(context, found)
        context.memory["databases"] = tuple(_apart(context, list(doubted(context, list(_agreed(found))))))
        context.env_files.update(
            (item.origin.file.path, item.origin.file)
            for item in found
            if isinstance(item.origin, InEnvFile | InDockerfile | InCode)
        )
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


def located(project: Project, service: Service, name: str, variable: Variable) -> Database | None:
    """The database file that a variable's value names, for a service that takes it; None where it names none."""
    assert variable.value is not None
    if not MAY_BE_FILE.search(variable.value):
        return None
    from volfix.project.database_url import database_file  # few projects name a database file
    from volfix.project.readers import reader_of

    file = database_file(variable.value, variable_kind(name), reader_of(service))
    if file is None:
        return None
    return placed(project, service, Variable(name, variable.value, variable.origin), file)


def placed(project: Project, service: Service, variable: Variable, file: DatabaseFile) -> Database | None:
    """The database of a value, with the mount that holds it or may; None where it is not meant to last."""
    from volfix.project.database_url import resolved_path

    assert variable.value is not None
    directory = working_directory(project, service)
    path = resolved_path(file, directory)
    shown = _shown(variable.value, file)
    base = Database(project, service, variable.name, variable.value, variable.origin, path, file, shown=shown)
    if path is None:
        return replace(base, reason=file.doubt or "the service's working directory is not known")
    if is_forgotten(service, path):
        return None
    within = holder(project, service, path)
    if within is not None:
        return replace(base, mount=within, is_inside=True, path_in_mount=path)
    if file.doubt or file.unproven:
        return replace(base, reason=file.doubt or file.unproven)
    return _meant(project, base, file, directory) or _proposed(project, base, file, directory)


def _meant(project: Project, base: Database, file: DatabaseFile, directory: str | None) -> Database | None:
    """The database where the other reading of its slashes is the one that a mount holds: the slash trap."""
    from volfix.project.database_url import moved, other_reading

    path = other_reading(file, directory)
    within = holder(project, base.service, path) if path is not None else None
    if path is None or within is None or within.read_only or is_code(within) or base.origin is None:
        return None
    if not is_within(base.origin.file.path, project.root):
        return None
    value = moved(base.value, replace(file, relative=not file.relative), path, directory)
    return replace(base, mount=within, path_in_mount=path, new_value=value, doubt=_doubt(base, within), trap=True)


def _proposed(project: Project, base: Database, file: DatabaseFile, directory: str | None) -> Database:
    assert base.path is not None
    possible = candidates(project, base.service)
    if not possible:
        key = f"{base.service.name}-db"
        return replace(
            base, reason=f"the service has no mount for data: mount a named volume ({key}) and name a file in it"
        )
    if len(possible) > 1:
        targets = ", ".join(mount.raw_target for mount in possible)
        return replace(base, reason=f"the service has several mounts that could be meant ({targets})")
    if base.origin is None:
        return replace(base, reason="the value is put together from several places")
    if not is_within(base.origin.file.path, project.root):
        return replace(base, reason=f"the value is written outside the repository, in {base.origin.file.path.name}")
    from volfix.project.database_url import moved

    mount = possible[0]
    path = posixpath.join(mount.clean_target, posixpath.basename(base.path))
    value = moved(base.value, file, path, directory)
    if isinstance(base.origin, InDockerfile) and not PLAIN_WORD.match(value):
        return replace(base, reason="the Dockerfile would need quotes that are not there")
    return replace(base, mount=mount, path_in_mount=path, new_value=value, doubt=_doubt(base, mount))


def _doubt(database: Database, mount: Mount) -> str | None:
    """What could go wrong with the file in another place, that volfix does not see."""
    if elsewhere := named_elsewhere(database):
        return elsewhere
    if user := foreign_user(database.service, mount.clean_target, None):
        return f"{database.service.name} runs as {user}, and nothing says that {mount.raw_target} is that user's"
    if other := _strange_user(database, mount):
        return f"{other} mounts {mount.raw_source} too: it would see the database there, and may serve it"
    if database.path is not None and (file := comes_with_image(database.service, database.path)):
        return f"{file.name} is in the repository and comes with the image: it may be more than rows"
    if database.is_foreign:
        return f"the image is not built here: it may link {database.path} into {mount.raw_target}"
    if not isinstance(database.origin, InDockerfile):
        return None
    if may_be_given(database.project, database.service, (database.variable,)):
        return "an env file that is not in the repository may set the variable"
    return "another stage of the Dockerfile takes the value too" if database.origin.shared else None


def _strange_user(database: Database, mount: Mount) -> str | None:
    """Another service that mounts what the file would move into, with neither the same code nor the same variable."""
    own, project = database.service, database.project
    for name, other in project.services.items():
        is_kin = database.variable in other.environment or (
            own.build is not None and other.build is not None and own.build.context == other.build.context
        )
        if other is own or is_kin:
            continue
        if any(_same_source(mount, theirs) for theirs in project.mounts_of(other)):
            return name
    return None


def _same_source(one: Mount, other: Mount) -> bool:
    return (one.kind, one.directory, posixpath.normpath(one.source)) == (
        other.kind,
        other.directory,
        posixpath.normpath(other.source),
    )


def _shown(value: str, file: DatabaseFile) -> str:
    before = value[: file.start]
    return (
        ("***" if "=" in before or "@" in before else before)
        + value[file.start : file.end]
        + ("***" if value[file.end :] else "")
    )


def named_elsewhere(database: Database, *known: Span) -> str | None:
    """Where the service also names the file, in a command, health check or label: it would look at the old place.

    `known` are places of the service's files that name it too and are not meant.
    """
    assert database.path is not None
    origin = database.origin
    if isinstance(origin, InCompose):
        known = (*known, origin.scalar.span)
    for file in database.project.loaded:
        source = file.source
        mine = known if any(source is part.file.source for part in database.service.parts) else ()
        start = source.text.find(database.path)
        while start >= 0:
            if not any(start in range(span.start, span.end) for span in mine):
                return f"{source.path.name}, line {source.place(start)[0]}, also names {database.path}"
            start = source.text.find(database.path, start + 1)
    return None


def _agreed(found: list[Database]) -> Iterator[Database]:
    """Values that several services take are moved only where the new value is right for each of them."""
    groups: dict[object, list[Database]] = {}
    for database in found:
        groups.setdefault(_place(database), []).append(database)
    for place, group in groups.items():
        proposals = {database.new_value for database in group}
        if place is None or len(proposals) == 1:
            yield from group
            continue
        for database in group:
            if database.is_inside:
                yield database
                continue
            other = next(each for each in group if each.new_value != database.new_value)
            reason = database.reason or f"{other.service.name} takes the same value, and its mounts differ"
            yield replace(database, mount=None, new_value=None, reason=reason)


def _apart(context: Context, found: list[Database]) -> Iterator[Database]:
    """Files that were apart stay apart: two that would become one are not moved."""
    places: dict[tuple[str, str], set[tuple[str, str | None]]] = {}
    for database in found:
        if (place := _in_volume(context, database)) is not None:
            places.setdefault(place, set()).add(_old_place(context, database))
    for database in found:
        place = _in_volume(context, database)
        if place is None or database.new_value is None or len(places[place]) == 1:
            yield database
            continue
        reason = f"another database would be the same file, {database.path_in_mount}"
        yield replace(database, mount=None, new_value=None, reason=reason)


def _in_volume(context: Context, database: Database) -> tuple[str, str] | None:
    """The volume or host directory, and the path in it, where the database is or shall be."""
    mount = database.mount
    if mount is None:
        return None
    source = context.host_of(mount).key if mount.kind == BIND else database.project.real_name(mount.source)
    return source, posixpath.relpath(database.path_in_mount, mount.clean_target)


def _old_place(context: Context, database: Database) -> tuple[str, str | None]:
    """What tells the file apart as it is: its place in a volume, or the service's container and its path there."""
    place = _in_volume(context, database) if database.is_inside else None
    return place or (f"container of {database.service.name}", database.path)


def _place(database: Database) -> object:
    origin = database.origin
    if isinstance(origin, InCompose):
        return (origin.file.path, origin.scalar.span, origin.start)
    if isinstance(origin, InEnvFile):
        return (origin.file.path, origin.assignment.span)
    if isinstance(origin, InDockerfile | InCode):
        return (origin.file.path, origin.span)
    return None


def use_of(context: Context, database: Database) -> Use | None:
    """The mount that holds the database, or shall, as the stack lists it."""
    for use in context.stack.uses:
        if use.mount is database.mount and use.project is database.project:
            return use
    return None
