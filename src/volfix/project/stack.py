"""From directories to stacks: the projects that share files or a directory, read once and planned together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.compose.combinations import projects_of
from volfix.project.compose.completeness import lacking
from volfix.project.compose.compose_file import ComposeFile, Unread
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import Mount
from volfix.project.compose.named_files import with_named_files
from volfix.project.compose.service import Service
from volfix.project.discovery import Directory
from volfix.project.loader import Loader
from volfix.syntax.source import Source

if TYPE_CHECKING:
    from volfix.project.compose.env_places import Copies
    from volfix.project.deployments.workflows import Workflow


@dataclass(frozen=True, eq=False)
class Use:
    """A mount as one service of one project has it."""

    project: Project
    service: Service
    mount: Mount


@dataclass(frozen=True, eq=False)
class Stack:
    """Projects that must be fixed together, since they share a directory, files or a pipeline that deploys them.

    A pipeline without a Compose file here is a stack without projects.
    """

    root: Path
    projects: tuple[Project, ...]
    workflows: tuple[Workflow, ...] = ()
    asked: frozenset[Path] | None = None
    """The Compose files that were asked for, where not all were: the others are only looked at."""
    unread: tuple[Unread, ...] = ()
    """For a stack without projects: the Compose files that a project would be made of, and that are not read."""

    def is_asked(self, project: Project) -> bool:
        """Whether the project is one to report and to fix."""
        return self.asked is None or any(file.path in self.asked for file in project.files)

    def completing(self, path: Path) -> tuple[Project, ...]:
        """The projects with the Compose file at `path` that Compose would take, once their volumes are declared."""
        return tuple(self._completing.get(path, ()))

    @cached_property
    def _completing(self) -> dict[Path, list[Project]]:
        found: dict[Path, list[Project]] = {}
        for project in self.projects:
            if project not in self._lacking:
                for file in project.loaded:
                    found.setdefault(file.path, []).append(project)
        return found

    @cached_property
    def _lacking(self) -> dict[Project, str]:
        return {project: reason for project in self.projects if (reason := lacking(project)) is not None}

    @cached_property
    def incomplete(self) -> dict[Path, str]:
        """The Compose files that no known combination of files completes, and what they lack there."""
        found: dict[Path, str] = {}
        for project, reason in self._lacking.items():
            for file in project.loaded:
                if file.path not in self._completing:
                    found.setdefault(file.path, reason)
        return found

    @cached_property
    def users(self) -> dict[Path, list[Project]]:
        """For each Compose and env file, the projects that it belongs to."""
        found: dict[Path, list[Project]] = {}
        for project in self.projects:
            for path in {file.path for file in project.loaded} | project.env_paths:
                found.setdefault(path, []).append(project)
        return found

    @cached_property
    def files(self) -> tuple[ComposeFile, ...]:
        return tuple({file.path: file for project in self.projects for file in project.loaded}.values())

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every mount of every service of every project; one that several projects share comes once for each."""
        return tuple(
            Use(project, service, mount)
            for project in self.projects
            for service in project.services.values()
            for mount in service.mounts
        )

    @cached_property
    def volume_keys(self) -> frozenset[str]:
        """Every volume key that is in use, declared or not."""
        keys = {key for file in self.files for key in file.declared}
        return frozenset(keys | {use.mount.source for use in self.uses if use.mount.kind == "volume"})

    def source(self, path: Path) -> Source | None:
        sources = (*(file.source for file in self.files), *(workflow.file.source for workflow in self.workflows))
        return next((source for source in sources if source.path == path), None)


def read_stacks(directories: Iterable[Directory], loader: Loader) -> Iterator[Stack]:
    """The stacks of some directories. Files that another directory's project includes or extends belong to that one,
    and so does each that it reads, where nothing but its content says that it is a Compose file.
    """
    found: list[Project] = []
    by_content: set[Project] = set()
    taken: set[Path] = set()
    borrowed: set[str] = set()
    pipelines: list[tuple[Path, Path]] = []
    directories = list(directories)
    loader.copies = _env_copies(directories)
    unread: dict[Path, list[Unread]] = {}
    named = list(with_named_files(directories))
    asked = _Asked(named)
    for directory in named:
        pipelines += [(path, directory.root) for path in directory.pipelines]
        unread.setdefault(directory.root, []).extend(filter(None, map(loader.unread, directory.files)))
        for project in projects_of(directory, loader):
            found.append(project)
            borrowed |= {str(file.path) for file in project.loaded if file.path.parent != project.directory}
            taken |= {file.path for file in project.loaded if file.path.parent != directory.path}
            by_content |= {project} if project.files[0].path in directory.others else set()
    found = [project for project in found if project not in by_content or project.files[0].path not in taken]
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


def _env_copies(directories: list[Directory]) -> Copies:
    """The env files that deploying flows put into another's place."""
    if not any(directory.commands for directory in directories):
        return {}
    from volfix.project.deployments.env_copies import env_copies

    return env_copies(directories)


def _workflows(
    pipelines: list[tuple[Path, Path]], projects: list[Project], loader: Loader
) -> list[tuple[Workflow, list[Project], Path]]:
    """Each pipeline with the projects that it deploys, and its root."""
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
    """Which files of the run's directories were asked for."""

    def __init__(self, directories: Iterable[Directory]) -> None:
        self.everything = all(directory.is_asked for directory in directories)
        self.places = {directory.path for directory in directories if directory.is_asked}
        self.files = {path for directory in directories for path in directory.only}

    def among(self, paths: Iterable[Path], workflows: Iterable[Workflow]) -> frozenset[Path] | None:
        """Those of a stack's Compose files; None for all, and where only a pipeline that deploys them was asked for."""
        files = frozenset(paths)
        some = frozenset(filter(self._holds, files))
        is_piped = not some and any(self._holds(workflow.file.path) for workflow in workflows)
        return None if self.everything or is_piped or (files and some == files) else some

    def _holds(self, path: Path) -> bool:
        return path in self.files or not self.places.isdisjoint(path.parents)


class _Groups:
    """Names that belong together: a union-find."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The name that stands for the group."""
        parents = self.parents
        while parents.setdefault(name, name) != name:
            parents[name] = parents[parents[name]]
            name = parents[name]
        return name

    def join(self, *names: str) -> None:
        """Make one group of these names."""
        for name in names[1:]:
            self.parents[self.of(name)] = self.of(names[0])
