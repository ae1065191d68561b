"""Env files beside the Compose files that none of them names: `.env.prod`, `staging.env`, `.env.example`."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from volfix.project.environment import InEnvFile
from volfix.project.model import Project, Service
from volfix.syntax import dotenv
from volfix.syntax.source import FileProblem, Source

ENV_FILE_NAME = re.compile(r"\.env(?:[._-][\w.-]+)?\Z|[\w.-]+\.env\Z")
FOLDERS = ("config", "env", "envs", ".envs", "environments")
DATABASE = re.compile(r"sqlite|\.db\b|jdbc:h2|file:", re.IGNORECASE)


def loose_assignments(project: Project) -> Iterator[InEnvFile]:
    """The assignments, with a database file to all appearance, in env files that no service of the project loads.

    A file that cannot be read as an env file is passed over: nothing refers to it, so it may be something else.
    """
    loaded = project.env_paths
    used = {
        variable.origin.assignment.span.start
        for service in project.services.values()
        for variable in service.environment.values()
        if isinstance(variable.origin, InEnvFile) and variable.origin.file.path == project.directory / ".env"
    }
    for directory in directories(project):
        for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
            path = directory / entry.name
            if not ENV_FILE_NAME.match(entry.name) or not entry.is_file():
                continue
            own = path == project.directory / ".env"
            if path in loaded and not own:
                continue
            for item in _read(path):
                if not (own and item.assignment.span.start in used):
                    yield item


def _read(path: Path) -> list[InEnvFile]:
    """The assignments of an env file that name a database file to all appearance; see above for one that is none."""
    try:
        source = Source.read(path)
        assignments = dotenv.read(source) if DATABASE.search(source.text) else ()
    except FileProblem:
        return []
    last = {item.name: item for item in assignments}  # the others of a name say nothing
    return [InEnvFile(source, item) for item in last.values() if DATABASE.search(item.value)]


def assigned_in(project: Project, name: str) -> Path | None:
    """An env file beside the Compose files, other than `.env`, that sets the variable; examples do not count."""
    for entry in sorted(os.scandir(project.directory), key=lambda entry: entry.name):
        if (
            entry.name == ".env"
            or "example" in entry.name
            or not ENV_FILE_NAME.match(entry.name)
            or not entry.is_file()
        ):
            continue
        path = project.directory / entry.name
        try:
            assignments = dotenv.read(Source.read(path))
        except FileProblem:  # see above
            continue
        if any(item.name == name and item.value for item in assignments):
            return path
    return None


def names_assigned(project: Project) -> frozenset[str]:
    """The variables that env files beside the Compose files and in the build contexts speak of, examples included:
    who deploys may set them.
    """
    found: set[str] = set()
    for directory in directories(project):
        for entry in os.scandir(directory):
            if ENV_FILE_NAME.match(entry.name) and entry.is_file():
                try:
                    found.update(item.name for item in dotenv.read(Source.read(Path(entry.path))))
                except FileProblem:  # see above
                    continue
    return frozenset(found)


def may_be_given(project: Project, service: Service, names: Collection[str]) -> bool:
    """Whether an env file of the service that is not in the repository may set one of the variables: the env files that
    are there, from which it is copied or by whose example it is made, speak of one, or there are none.
    """
    if all(file.path is not None and file.path.exists() for file in service.env_files):
        return False
    known = names_assigned(project)
    return not known or bool(known & set(names))


def directories(project: Project) -> list[Path]:
    """The project's directory, the folders for settings in it, and those that its services are built from."""
    own = [project.directory, *(project.directory / name for name in FOLDERS)]
    for service in project.services.values():
        if service.build is not None and service.build.context is not None:
            own += [service.build.context, service.build.context / "config"]
    places = {Path(os.path.normpath(path)): None for path in own}
    return [path for path in places if path.is_relative_to(project.root) and path.is_dir()]
