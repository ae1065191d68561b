"""Reads the projects of directories and groups them into stacks: projects that share files, directory or pipeline."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.compose.combinations import projects_of
from volfix.project.compose.compose_file import Unread
from volfix.project.compose.model import Project
from volfix.project.discovery import Directory
from volfix.project.loader import Loader
from volfix.project.stack import Stack

if TYPE_CHECKING:
    from volfix.project.compose.env_places import Copies
    from volfix.project.deployments.workflows import Workflow


def read_stacks(directories: Iterable[Directory], loader: Loader) -> Iterator[Stack]:
    """The stacks of the directories, with the pipelines that deploy them.

    A Compose file that a project in another directory includes or extends belongs to that project, not to a project of
    its own.
    """
    pipelines: list[tuple[Path, Path]] = []
    directories = list(directories)
    loader.directories = tuple(directories)
    loader.copies = _env_copies(loader)
    unread: dict[Path, list[Unread]] = {}
    named = _with_named_files(directories)
    asked = _Asked(named)
    for directory in named:
        pipelines += [(path, directory.root) for path in directory.pipelines]
        unread.setdefault(directory.root, []).extend(filter(None, map(loader.unread, directory.files)))
    found = _projects(named, loader)
    borrowed = {str(file.path) for each in found for file in each.loaded if file.path.parent != each.directory}
    kept = [project for project in found if not all(str(file.path) in borrowed for file in project.files)]
    groups = _Groups()
    for project in kept:
        env_files = [str(path) for path in project.env_paths if os.path.isfile(path)]  # noqa: PTH113 - never raises
        groups.join(str(project.directory), *(str(file.path) for file in project.loaded), *env_files)
    workflows = _workflows(pipelines, kept, loader)
    for _, projects, _ in workflows:
        groups.join(*(str(project.directory) for project in projects))
    by_group: dict[str, list[Project]] = {}
    for project in kept:
        by_group.setdefault(groups.of(str(project.directory)), []).append(project)
    for key, projects in by_group.items():
        own = tuple(one for one, reached, _ in workflows if reached and groups.of(str(reached[0].directory)) == key)
        some = asked.among((file.path for project in projects for file in project.files), own)
        yield Stack(projects[0].root, tuple(_as_deployed(projects, own)), own, some)
    for workflow, projects, root in workflows:
        if not projects:
            yield Stack(root, (), (workflow,), asked.among((), (workflow,)), tuple(unread.get(root, ())))


def _projects(directories: Sequence[Directory], loader: Loader) -> list[Project]:
    """The projects of all directories; their mounts are resolved with variables that deployments pass to Compose."""
    loader.handed = {}
    found = _built(directories, loader)
    services = (service for project in found for service in project.services.values())
    if any(directory.commands for directory in loader.directories) and not all(
        mount.source_is_known for service in services for mount in service.mounts
    ):
        from volfix.project.deployments.handed_directories import handed_directories

        loader.handed = handed_directories(found, loader)
    return _built(directories, loader) if loader.handed else found


def _built(directories: Sequence[Directory], loader: Loader) -> list[Project]:
    """The projects of each directory. A file found only by its content is no project if another project reads it."""
    found = [(directory, project) for directory in directories for project in projects_of(directory, loader)]
    taken = {file.path for directory, each in found for file in each.loaded if file.path.parent != directory.path}
    return [
        project for directory, project in found if project.files[0].path not in taken.intersection(directory.others)
    ]


def _with_named_files(directories: list[Directory]) -> list[Directory]:
    """The directories, with the combinations of Compose files that command lines name."""
    if not any(directory.commands or directory.documents for directory in directories):
        return directories
    from volfix.project.compose.named_files import with_named_files

    return list(with_named_files(directories))


def _env_copies(loader: Loader) -> Copies:
    """The env files that deployments copy to another place."""
    if not any(directory.commands for directory in loader.directories):
        return {}
    from volfix.project.deployments.env_copies import env_copies

    return env_copies(loader.directories, loader.command_files)


def _workflows(
    pipelines: list[tuple[Path, Path]], projects: list[Project], loader: Loader
) -> list[tuple[Workflow, list[Project], Path]]:
    """Each pipeline with the projects that it deploys and the root of its repository."""
    if not pipelines:
        return []
    from volfix.project.deployments.workflows import with_projects

    return list(with_projects(pipelines, projects, loader))


def _as_deployed(projects: list[Project], workflows: tuple[Workflow, ...]) -> Iterable[Project]:
    if not workflows:
        return projects
    from volfix.project.deployments.workflows import as_deployed

    return (as_deployed(project, workflows) for project in projects)


class _Asked:
    """Which files the run reports on, out of all that it reads."""

    def __init__(self, directories: Iterable[Directory]) -> None:
        self.everything = all(directory.is_asked for directory in directories)
        self.places = {directory.path for directory in directories if directory.is_asked}
        self.files = {path for directory in directories for path in directory.only}

    def among(self, paths: Iterable[Path], workflows: Iterable[Workflow]) -> frozenset[Path] | None:
        """The Compose files to report on; None for all, also if only a pipeline that deploys them was named."""
        files = frozenset(paths)
        some = frozenset(filter(self._holds, files))
        is_piped = not some and any(self._holds(workflow.file.path) for workflow in workflows)
        return None if self.everything or is_piped or (files and some == files) else some

    def _holds(self, path: Path) -> bool:
        return path in self.files or not self.places.isdisjoint(path.parents)


class _Groups:
    """Groups of names that belong together (a union-find)."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The name that represents the group of `name`."""
        parents = self.parents
        while parents.setdefault(name, name) != name:
            parents[name] = parents[parents[name]]
            name = parents[name]
        return name

    def join(self, *names: str) -> None:
        """Put these names into one group."""
        for name in names[1:]:
            self.parents[self.of(name)] = self.of(names[0])
