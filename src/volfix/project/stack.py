"""From directories to stacks: the projects that share files or a directory, read once and planned together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.combinations import projects_of
from volfix.project.completeness import lacking
from volfix.project.compose_file import ComposeFile, Unread
from volfix.project.discovery import Directory
from volfix.project.env_copies import env_copies
from volfix.project.loader import Loader
from volfix.project.model import Project, Service
from volfix.project.mounts import Mount
from volfix.project.named_files import with_named_files
from volfix.syntax.source import Source

if TYPE_CHECKING:
    from volfix.project.deliveries import Delivery


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
    deliveries: tuple[Delivery, ...] = ()
    asked: frozenset[Path] | None = None
    """The Compose files that were asked for, where not all were: the others are only looked at."""
    unread: tuple[Unread, ...] = ()
    """For a stack without projects: the Compose files that a project would be made of, and that are not read."""

    def is_asked(self, project: Project) -> bool:
        """Whether the project is one to report and to fix."""
        return self.asked is None or any(file.path in self.asked for file in project.files)

    def completing(self, path: Path) -> tuple[Project, ...]:
        """The projects with the Compose file at `path` that Compose would take, once their volumes are declared."""
        return tuple(project for project in self._complete if any(file.path == path for file in project.loaded))

    @cached_property
    def _complete(self) -> tuple[Project, ...]:
        return tuple(project for project in self.projects if lacking(project) is None)

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
        sources = (*(file.source for file in self.files), *(delivery.file.source for delivery in self.deliveries))
        return next((source for source in sources if source.path == path), None)


def read_stacks(directories: Iterable[Directory], loader: Loader) -> Iterator[Stack]:
    """The stacks of some directories. Files that another directory's project includes or extends belong to that one."""
    found: list[tuple[Directory, Project]] = []
    borrowed: set[str] = set()
    pipelines: list[tuple[Path, Path]] = []
    directories = list(directories)
    loader.copies = env_copies(directories)
    asked: set[Path] = set()
    unread: dict[Path, list[Unread]] = {}
    everything, places = True, set[Path]()
    for directory in with_named_files(directories):
        everything = everything and directory.is_asked
        places |= {directory.path} if directory.is_asked else set()
        asked |= directory.only
        pipelines += [(path, directory.root) for path in directory.pipelines]
        unread.setdefault(directory.root, []).extend(filter(None, map(loader.unread, directory.files)))
        for project in projects_of(directory, loader):
            found.append((directory, project))
            borrowed |= {str(file.path) for file in project.loaded if file.path.parent != project.directory}

    def is_asked(path: Path) -> bool:
        return path in asked or not places.isdisjoint(path.parents)

    kept = [project for _, project in found if not all(str(file.path) in borrowed for file in project.files)]
    groups = _Groups()
    for project in kept:
        env_files = [str(path) for path in project.env_paths if os.path.isfile(path)]  # noqa: PTH113 - never raises
        groups.join(str(project.directory), *(str(file.path) for file in project.loaded), *env_files)
    delivered = _delivered(pipelines, kept, loader)
    for _, projects, _ in delivered:
        groups.join(*(str(project.directory) for project in projects))
    by_group: dict[str, list[Project]] = {}
    for project in kept:
        by_group.setdefault(groups.of(str(project.directory)), []).append(project)
    for key, projects in by_group.items():
        own = tuple(one for one, reached, _ in delivered if reached and groups.of(str(reached[0].directory)) == key)
        files = frozenset(file.path for project in projects for file in project.files)
        some = frozenset(path for path in files if is_asked(path))
        is_piped = not some and any(is_asked(delivery.file.path) for delivery in own)
        whole = everything or is_piped or some == files
        yield Stack(projects[0].root, tuple(_as_deployed(projects, own)), own, None if whole else some)
    for delivery, projects, root in delivered:
        if not projects:
            whole = everything or is_asked(delivery.file.path)
            yield Stack(root, (), (delivery,), None if whole else frozenset(), tuple(unread.get(root, ())))


def _delivered(
    pipelines: list[tuple[Path, Path]], projects: list[Project], loader: Loader
) -> list[tuple[Delivery, list[Project], Path]]:
    """Each pipeline with the projects that it deploys, and its root."""
    if not pipelines:
        return []
    from volfix.project.deliveries import delivered

    return list(delivered(pipelines, projects, loader))


def _as_deployed(projects: list[Project], deliveries: tuple[Delivery, ...]) -> Iterable[Project]:
    if not deliveries:
        return projects
    from volfix.project.deliveries import as_deployed

    return (as_deployed(project, deliveries) for project in projects)


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
