"""Env files that lie beside the Compose files but are named in none: `.env.prod`, `staging.env`, `.env.example`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.knowledge.env_files import is_example
from volfix.knowledge.purposes import FOR_A_WHILE, purposes
from volfix.project.compose.env_file_names import env_files_in, env_files_of
from volfix.project.compose.env_places import in_place
from volfix.project.compose.environment import DotenvFile
from volfix.project.compose.model import Project
from volfix.project.compose.origins import PutTogether, Variable, env_assignment
from volfix.project.compose.service import Service
from volfix.syntax import disk
from volfix.syntax.source import FileProblem, Source

if TYPE_CHECKING:
    from volfix.project.compose.env_copy import EnvCopy
    from volfix.syntax.dotenv import Assignment

DATABASE = re.compile(r"sqlite|\.db\b|jdbc:h2|file:", re.IGNORECASE)


def loose_variables(project: Project) -> Iterator[Variable]:
    """The variables that seem to name a database file, in env files that no service of the project loads.

    Files that cannot be read as env files are skipped: nothing refers to them, so they may be something else. Files for
    development or tests are skipped too, unless a deployment copies them into place.
    """
    named = {file.path for service in project.services.values() for file in service.env_files}
    own = project.directory / ".env"
    loaded = {in_place(project.copies, path) for path in project.env_places if path != own or own in named}
    taken = _taken(project, own)
    deployed = project.env_paths - project.env_places
    for path in env_files_of(project):
        if path in loaded or (purposes(path.name) & FOR_A_WHILE and path not in deployed):
            continue
        for variable in _read(path):
            if path != own or variable.name not in taken:
                yield variable


@disk.remembered(64)
def assignments_in(path: Path) -> tuple[tuple[Assignment, Source], ...]:
    """The assignments in the file; none if it cannot be read as an env file."""
    from volfix.syntax import dotenv

    try:
        source = Source.read(path, disk.LARGEST_SETTINGS)
        return tuple([(item, source) for item in dotenv.read(source)])
    except FileProblem:  # nothing refers to the file
        return ()


def is_example_of(project: Project, path: Path) -> bool:
    """Whether the env file is an example or template, by its name or the name of its directory in the project."""
    inside = path.is_relative_to(project.directory)
    return is_example(path.relative_to(project.directory).as_posix() if inside else path.name)


def put_into_place(project: Project, path: Path) -> Iterator[tuple[Path, EnvCopy]]:
    """Where deployments copy this file as an env file of the project: the path, and the copy."""
    for place in sorted(project.env_places):
        yield from ((place, copy) for copy in project.copies.get(place, ()) if copy.source == path)


def _taken(project: Project, own: Path) -> frozenset[str]:
    """The variables of the project's `.env` that its services use, alone or inside a value."""
    variables = [each for service in project.services.values() for each in service.environment.values()]
    whole = {
        found.assignment.name
        for variable in variables
        if (found := env_assignment(variable.origin)) is not None and found.file.path == own
    }
    parts = (variable.origin.pieces for variable in variables if isinstance(variable.origin, PutTogether))
    return frozenset(whole | {piece.name for pieces in parts for piece in pieces if piece.name})


def _read(path: Path) -> Iterable[Variable]:
    """The variables of an env file that seem to name a database file; none if the file is not an env file."""
    from volfix.syntax import dotenv

    try:
        source = Source.read(path, disk.LARGEST_SETTINGS)
        assignments = dotenv.read(source) if DATABASE.search(source.text) else ()
    except FileProblem:
        return ()
    variables = DotenvFile(path, source, assignments).variables.values()
    return [variable for variable in variables if DATABASE.search(variable.value or "")]


def assigned_in(project: Project, name: str) -> Path | None:
    """An env file in the project's directory that sets the variable; not `.env` and no example. None without one."""
    for path in env_files_in(project.directory):
        if path.name == ".env" or is_example_of(project, path):
            continue
        if any(item.name == name and item.value for item, _ in assignments_in(path)):
            return path
    return None


def names_assigned(project: Project) -> frozenset[str]:
    """The variables in env files beside the Compose files and in build contexts, examples included.

    A deployment may set any of them.
    """
    return frozenset(item.name for path in env_files_of(project) for item, _ in assignments_in(path))


def may_be_given(project: Project, service: Service, names: Collection[str]) -> bool:
    """Whether a missing env file of the service may set one of the variables `names`.

    The env files in the repository tell which variables it has, because it is copied from one or follows an example. If
    there are none, it may set any variable.
    """
    if all(file.path is not None and disk.exists(in_place(project.copies, file.path)) for file in service.env_files):
        return False
    known = names_assigned(project)
    return not known or bool(known & set(names))
