"""Which files of a project are env files, by their names and the directories that they lie in."""

from __future__ import annotations

import os
import re
from pathlib import Path

from volfix.knowledge.env_files import is_example
from volfix.project.compose.model import Project
from volfix.syntax import disk, listing

ENV_FILE_NAME = re.compile(r"\.env(?:[._-][\w.-]+)?\Z|[\w.-]+\.env\Z")
EXAMPLE_NAME = re.compile(r"(?:dot)?env[._-][\w.-]+\Z")
"""Names that are env files only if a word in them says that they are examples."""
FOLDERS = ("config", "env", "envs", ".envs", "environments")


def env_files_of(project: Project) -> list[Path]:
    """The env files in the project's directories, and those that deployments copy there."""
    found = dict.fromkeys(path for directory in directories(project) for path in env_files_in(directory))
    return [*found, *(path for path in sorted(project.env_paths - project.env_places) if path not in found)]


def directories(project: Project) -> list[Path]:
    """The project's directory, its directories for settings, and the build contexts of its services."""
    home, top = str(project.directory), os.path.join(project.root, "")  # noqa: PTH118 - many in a run
    beside = {entry.name for entry in listing.entries_or_none(home)}
    own = [home, *(f"{home}/{name}" for name in FOLDERS if name in beside)]
    for service in project.services.values():
        if service.build is not None and service.build.context is not None:
            own += [str(service.build.context), f"{service.build.context}/config"]
    places = (path for path in dict.fromkeys(map(os.path.normpath, own)) if os.path.join(path, "").startswith(top))  # noqa: PTH118
    return [Path(path) for path in places if os.path.isdir(path)]  # noqa: PTH112


@disk.remembered(1024)
def env_files_in(directory: Path) -> tuple[Path, ...]:
    """The env files of a directory, recognised by name, in the directory's order."""
    found = listing.entries(directory)
    return tuple([directory / entry.name for entry in found if is_env_file(entry.name) and disk.is_file(entry.path)])


def is_env_file(name: str) -> bool:
    """Whether the name is that of an env file."""
    return bool(ENV_FILE_NAME.match(name) or (EXAMPLE_NAME.match(name) and is_example(name)))
