"""Finds the directories that deployments pass to Compose in variables of mounts: `export PROJECT_DIR=$(pwd)`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from volfix.project.compose.environment import origin_in
from volfix.project.compose.interpolation import VISIBLE, Lookup
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import is_path
from volfix.project.compose.origins import Variable
from volfix.project.deployments.deploy_environment import GivenVariables
from volfix.project.deployments.project_lookup import project_directory
from volfix.project.deployments.stacks import Commands
from volfix.project.deployments.up_commands import UpCommand
from volfix.project.loader import Loader
from volfix.project.shell.paths import moved
from volfix.project.stack import Stack
from volfix.syntax import disk


def handed_directories(projects: Sequence[Project], loader: Loader) -> dict[Path, Lookup]:
    """For each directory of projects, a lookup of the variables of its mounts that all flows set to the same path.

    Only variables that no file of the project sets are looked for.
    """
    asked = {project: names for project in projects if (names := _unset(project))}
    words = {name.encode() for names in asked.values() for name in names}
    values: dict[Path, dict[str, list[Variable]]] = {}
    for root in dict.fromkeys(project.root for project in asked):
        paths = (path for directory in loader.directories if directory.root == root for path in directory.commands)
        if not any(_names(path, words) for path in paths):
            continue
        stack = Stack(root, tuple(project for project in projects if project.root == root))
        for start in Commands(loader.command_files(root), (stack,)).starting:
            for project in start.projects:
                own = values.setdefault(project.called_in or project.directory, {})
                for variable in _set_by(start, project, asked.get(project, ())):
                    own.setdefault(variable.name, []).append(variable)
    agreed = {
        directory: {name: given[0] for name, given in own.items() if len({each.value for each in given}) == 1}
        for directory, own in values.items()
    }
    return {
        directory: GivenVariables({name: given for name, given in own.items() if given.value is not None})
        for directory, own in agreed.items()
    }


def _unset(project: Project) -> tuple[str, ...]:
    """The variables in sources of the project's mounts that have neither a value nor a default."""
    mounts = (mount for service in project.services.values() for mount in service.mounts)
    return tuple(dict.fromkeys(name for mount in mounts for name in VISIBLE.findall(mount.source)))


def _names(path: Path, words: Iterable[bytes]) -> bool:
    data = disk.read_or_nothing(path)
    return any(word in data for word in words)


def _set_by(start: UpCommand, project: Project, names: Iterable[str]) -> Iterator[Variable]:
    """The variables of `names` that the command sets; the value is None if it is not a path or is unknown."""
    deployed = start.deployed(project, start.handed).project
    lookup = next((service.lookup for service in deployed.services.values()), None)
    for name in names if lookup is not None else ():
        value = lookup(name) if lookup is not None else None
        if value is not None:
            known = on_this_machine(start, project, value) if is_path(value) and "$" not in value else None
            yield Variable(name, known, origin_in(lookup, name))


def on_this_machine(start: UpCommand, project: Project, value: str) -> str:
    """The path on this machine: a path in a pipeline's workspace or a server's checkout is mapped to this checkout."""
    command, entry = start.command, start.command.start
    if not command.in_checkout:
        return moved(value, project_directory(command, start.call), str(project.directory))
    return moved(value, entry.workspace, str(entry.home)) if entry.workspace and entry.home else value
