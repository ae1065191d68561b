"""Env files beside the Compose files that none of them names: `.env.prod`, `staging.env`, `.env.example`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from volfix.project.environment import InEnvFile
from volfix.project.model import Project
from volfix.syntax import dotenv
from volfix.syntax.source import FileProblem, Source

ENV_FILE_NAME = re.compile(r"\.env(?:[._-][\w.-]+)?\Z|[\w.-]+\.env\Z")
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
    for entry in sorted(os.scandir(project.directory), key=lambda entry: entry.name):
        if not ENV_FILE_NAME.match(entry.name) or not entry.is_file():
            continue
        path = project.directory / entry.name
        if path in loaded and entry.name != ".env":
            continue
        try:
            source = Source.read(path)
            assignments = dotenv.read(source) if DATABASE.search(source.text) else ()
        except FileProblem:  # see above
            continue
        for assignment in assignments:
            if DATABASE.search(assignment.value) and not (entry.name == ".env" and assignment.span.start in used):
                yield InEnvFile(source, assignment)


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
