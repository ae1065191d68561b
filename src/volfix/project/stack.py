"""From directories to stacks: the projects that share files or a directory, read once and planned together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.building import build_project
from volfix.project.compose_file import ComposeFile
from volfix.project.discovery import Directory, combinations
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
    asked: frozenset[Path] = frozenset()
    """The Compose files that were asked for, where single files were: the others beside them are only looked at."""

    def is_asked(self, project: Project) -> bool:
        """Whether the project is one to report and to fix."""
        return not self.asked or any(file.path in self.asked for file in project.files)

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
    only: set[Path] = set()
    directories = list(directories)
    loader.copies = env_copies(directories)
    for directory in with_named_files(directories):
        only |= {directory.only} if directory.only else set()
        pipelines += [(path, directory.root) for path in directory.pipelines]
        for project in _projects(directory, loader):
            found.append((directory, project))
            borrowed |= {str(file.path) for file in project.loaded if file.path.parent != project.directory}
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
        asked = frozenset(only & {file.path for project in projects for file in project.files})
        yield Stack(projects[0].root, tuple(_as_deployed(projects, own)), own, asked)
    yield from (Stack(root, (), (delivery,)) for delivery, projects, root in delivered if not projects)


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


def _projects(directory: Directory, loader: Loader) -> Iterator[Project]:
    if not directory.files and not directory.pipelines and not directory.named:
        return
    files = [file for path in directory.files if (file := loader.compose(path)) is not None]
    setting = tuple(_compose_file_setting(directory.path, loader))
    found = combinations(files, setting)
    for combination in found:
        home = combination[0].path.parent if combination == setting else directory.path
        yield build_project(directory.root, home, combination, loader, directory.path)
    for paths in directory.named:
        named = tuple(file for path in paths if (file := loader.compose(path)) is not None)
        if len(named) == len(paths) and named not in found:
            found.append(named)
            yield build_project(directory.root, directory.path, named, loader)


def _compose_file_setting(directory: Path, loader: Loader) -> list[ComposeFile]:
    """The files that COMPOSE_FILE names in the directory's `.env`; none where one of them cannot be read."""
    dotenv = loader.dotenv(directory)
    text = dotenv.values.get("COMPOSE_FILE")
    if not text:
        return []
    separator = dotenv.values.get("COMPOSE_PATH_SEPARATOR") or ":"
    found = []
    for name in text.split(separator):
        path = directory / name.strip()
        file = loader.compose(path) if name.strip() and os.path.isfile(path) else None  # noqa: PTH113 - never raises
        if file is None:
            return []
        found.append(file)
    return found
