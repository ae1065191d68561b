"""The database files that env files name which no Compose file refers to, and the service that may take each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from volfix.knowledge.lookup import entries_for
from volfix.project.environment import InCompose, InEnvFile, Variable
from volfix.project.images import images_of
from volfix.project.loose_env import loose_assignments
from volfix.project.model import Project, Service
from volfix.rules.context import Context
from volfix.rules.database import Database
from volfix.rules.database_places import candidates
from volfix.rules.databases import MAY_BE_FILE, located
from volfix.syntax import dotenv


def of_loose_files(context: Context, found: Sequence[Database]) -> Iterator[Database]:
    """Values in env files beside the Compose files that none of them names: deployments copy or pass such files.

    They are for services with a mount for data, or with one to come: `found` has the databases of the services.
    """
    to_come = {id(database.service) for database in found if database.directory is not None}
    seen: set[tuple[Path, int]] = set()
    for project in context.stack.projects:
        for origin in loose_assignments(project):
            name, value = origin.assignment.name, origin.assignment.value
            key = (origin.file.path, origin.assignment.span.start)
            if key in seen or not MAY_BE_FILE.search(value):
                continue
            services = _near(project, origin.file.path.parent, _plausible(project, name, to_come))
            for service in services:
                seen.add(key)
                loose = located(project, service, name, Variable(name, value, origin), _beside(origin))
                if loose is not None and len(services) == 1:
                    yield replace(loose, loose=True)
                elif loose is not None and not loose.is_inside:
                    names = ", ".join(sorted(service.name for service in services))
                    reason = f"several services could take this value ({names}): say which with `env_file:`"
                    yield replace(loose.refused(reason), loose=True)


def _beside(origin: InEnvFile) -> dict[str, str]:
    """What the env file says else: who takes one of its values takes all of them."""
    return {assignment.name: assignment.value for assignment in dotenv.read(origin.file)}


def _near(project: Project, directory: Path, services: list[Service]) -> list[Service]:
    """Those of the services that are built from the directory of the env file, where it is not the project's own."""
    near = [
        service
        for service in services
        if service.build is not None
        and service.build.context is not None
        and Path(os.path.normpath(service.build.context)) in (directory, directory.parent)
    ]
    return near if near and directory != project.directory else services


def _plausible(project: Project, name: str, to_come: set[int]) -> list[Service]:
    """The services that may take a value that nothing gives them yet, the strongest evidence alone."""
    services = list(project.services.values())
    if named := [service for service in services if name in service.environment]:
        return [service for service in named if not _is_literal(service.environment[name])]
    placed = [service for service in services if id(service) in to_come or candidates(project, service)]
    if own := [service for service in placed if service.build is not None]:
        return own
    return [service for service in placed if not any(entries_for(image) for image in images_of(service))]


def _is_literal(variable: Variable) -> bool:
    """Whether the Compose file says the value itself, so that no env file can give another."""
    return isinstance(variable.origin, InCompose) and "${" not in variable.origin.scalar.value
