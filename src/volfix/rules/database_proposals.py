"""Where a database file that no mount holds could lie safely, and what could go wrong with it there."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from volfix.knowledge.variables import variable_kind
from volfix.project.code_places import comes_with_image
from volfix.project.effective import effective_variables
from volfix.project.environment import InCompose, InDockerfile
from volfix.project.hosts import is_within
from volfix.project.loose_env import may_be_given
from volfix.project.model import Project
from volfix.project.mounts import Mount
from volfix.project.ownership import foreign_user
from volfix.rules.database import Database
from volfix.rules.database_places import candidates, holder, is_code, working_directory
from volfix.rules.own_volume import no_mount, own_directory

if TYPE_CHECKING:
    from pathlib import Path

    from volfix.project.database_url import DatabaseFile
    from volfix.syntax.source import Span

SPLIT = re.compile(r"[\s;&|<>()'\"=,:]+")
"""What stands between the paths of a command."""
QUOTES = "the Dockerfile would need quotes that are not there"


def meant(project: Project, base: Database, file: DatabaseFile, directory: str | None) -> Database | None:
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


def proposed(project: Project, base: Database, workdir: str | None) -> Database:
    """The database in the service's one mount for data; in a volume of its own where it has none; or why in neither."""
    assert base.path is not None
    possible = candidates(project, base.service)
    if len(possible) > 1:
        targets = ", ".join(mount.raw_target for mount in possible)
        return replace(base, reason=f"the service has several mounts that could be meant ({targets})")
    if not possible:
        return _in_own_volume(project, base, workdir)
    mount = possible[0]
    path = posixpath.join(mount.clean_target, posixpath.basename(base.path))
    if refusal := _refusal(project, base):
        return replace(base, reason=refusal)
    value = base.value_at(path, workdir)
    if value is None:
        return replace(base, reason=QUOTES)
    return replace(base, mount=mount, path_in_mount=path, new_value=value, doubt=_doubt(base, mount))


def _refusal(project: Project, base: Database) -> str | None:
    """Why the value cannot be changed where it comes from."""
    if base.origin is None:
        return "the value is put together from several places"
    if not is_within(base.origin.file.path, project.root):
        return f"the value is written outside the repository, in {base.origin.file.path.name}"
    return None


def _in_own_volume(project: Project, base: Database, workdir: str | None) -> Database:
    """The database in a volume that the service has yet to mount: where it lies, or in a new directory beside it."""
    assert base.path is not None
    directory, reason = own_directory(project, base, workdir)
    if reason is None and _refusal(project, base):
        reason = no_mount(base.service)
    if reason is not None:
        return base.refused(reason)
    assert directory is not None
    path, value = posixpath.join(directory, posixpath.basename(base.path)), None
    if path != base.path and (value := base.value_at(path, workdir)) is None:
        return base.refused(QUOTES)
    doubt = _doubt(base, None) or f"the volume at {directory} is a new one: whether rows are to be kept is yours to say"
    return replace(base, directory=directory, path_in_mount=path, new_value=value, doubt=doubt)


def _doubt(database: Database, mount: Mount | None) -> str | None:
    """What could go wrong with the file in another place, that volfix does not see."""
    if elsewhere := _named_elsewhere(database) or _named_by_build(database) or _named_at_start(database):
        return elsewhere
    if mount and (user := foreign_user(database.service, mount.clean_target, None)):
        return f"{database.service.name} runs as {user}, and nothing says that {mount.raw_target} is that user's"
    if mount and (other := _strange_user(database, mount)):
        return f"{other} mounts {mount.raw_source} too: it would see the database there, and may serve it"
    if database.path is not None and (file := comes_with_image(database.service, database.path)):
        return f"{file.name} is in the repository and comes with the image: it may be more than rows"
    if mount and database.is_foreign:
        return f"the image is not built here: it may link {database.path} into {mount.raw_target}"
    if not isinstance(database.origin, InDockerfile):
        return None
    if may_be_given(database.project, database.service, (database.variable,)):
        return "an env file that is not in the repository may set the variable"
    return "another stage of the Dockerfile takes the value too" if database.origin.shared else None


def _named_by_build(database: Database) -> str | None:
    """Where the Dockerfile makes the file, or its schema: what is made there stays in the image."""
    stage = database.service.stage
    if stage is None:
        return None
    name = stage.source.path.name
    assert database.path is not None
    if database.path in stage.filled:
        return f"{name} copies {database.path} from elsewhere: it may be more than rows"
    if database.path in stage.named or any(_names(text, database.path) for text in stage.runs):
        return f"a RUN of {name} also names {database.path}"
    if stage.migration is not None:
        command, line = stage.migration
        return f"{name}, line {line}, runs `{command}`: the schema that it makes stays in the image"
    return None


def _named_at_start(database: Database) -> str | None:
    """Where the command names the file, or another variable than those for databases."""
    assert database.path is not None
    service = database.service
    directory = working_directory(database.project, service) or "/"
    started = (*service.words, *(service.stage.started if service.stage else ()))
    if any(_names(word, database.path) for word in started):
        return f"the command of {service.name} also names {database.path}"
    for variable in effective_variables(service):
        if variable_kind(variable.name) not in ("url", "file") and _names(variable.value or "", database.path):
            return f"{variable.name} of {service.name} also names {database.path}"
    for word in SPLIT.split(" ".join(started)):
        if word and posixpath.normpath(posixpath.join(directory, word)) == database.path:
            return f"the command of {service.name} also names {word}"
    return None


def _names(text: str, path: str) -> bool:
    """Whether the whole path is in the text, in a URL or by itself."""
    return path in text and re.search(rf"(?<![\w.-]){re.escape(path)}(?![\w.-])", text) is not None


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


def _named_elsewhere(database: Database) -> str | None:
    """Where the project also names the file, in a command, health check or label: it would look at the old place.

    Variables that name a database are asked by themselves.
    """
    assert database.path is not None
    known: dict[Path, list[Span]] = {}
    for service in database.project.services.values():
        for name, variable in service.environment.items():
            if isinstance(variable.origin, InCompose) and variable_kind(name) in ("url", "file"):
                known.setdefault(variable.origin.file.path, []).append(variable.origin.scalar.span)
    for file in database.project.loaded:
        source = file.source
        start = source.text.find(database.path)
        while start >= 0:
            if not any(start in range(span.start, span.end) for span in known.get(source.path, ())):
                return f"{source.path.name}, line {source.place(start)[0]}, also names {database.path}"
            start = source.text.find(database.path, start + 1)
    return None
