"""A stack: the projects that are fixed together because they share files, a directory or a pipeline."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.compose.completeness import lacking
from volfix.project.compose.compose_file import ComposeFile, Unread
from volfix.project.compose.host_directories import host_directory
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import BIND, VOLUME, Mount
from volfix.project.compose.service import Service
from volfix.syntax import disk
from volfix.syntax.source import Source

if TYPE_CHECKING:
    from volfix.project.deployments.workflows import Workflow


@dataclass(frozen=True, slots=True)
class MountSource:
    """What a mount brings in: `name` is the path of a host directory, or a volume's name on the host.

    `is_fixed` says that the name depends neither on the project's name nor on a variable whose value is unknown.
    """

    name: str
    is_fixed: bool = field(compare=False)

    def seen_from(self, directory: Path) -> str:
        """The source's name, unique in the repository: a name that is not fixed includes the project's directory."""
        return self.name if self.is_fixed else f"{self.name} of {directory}"


@dataclass(frozen=True, eq=False)
class Use:
    """One mount of one service of one project."""

    project: Project
    service: Service
    mount: Mount

    def source(self, root: Path) -> MountSource | None:
        """The source of the mount; None if the mount names no source. `root` is the root of the repository."""
        key = self.mount.source
        if self.mount.kind == BIND:
            host = host_directory(self.mount, root)
            return MountSource(host.key, host.path is not None)
        if self.mount.kind != VOLUME:
            return MountSource(key, is_fixed=False) if key else None
        name = self.project.real_name(key)
        return MountSource(f"volume {name}", name != f"{self.project.name}_{key}" and "${" not in name)

    def source_of_directory(self, root: Path) -> str | None:
        """The source's name, equal for all projects of one directory, because a deployment may give them one name.

        None if the mount names no source.
        """
        if self.mount.kind == VOLUME and self.project.fixed_name(self.mount.source) is None:
            return f"volume {self.mount.source} of {self.project.directory}"
        source = self.source(root)
        return None if source is None else source.seen_from(self.project.directory)

    @disk.remembered(20_000)
    def shared_source(self, root: Path) -> tuple[str, str] | None:
        """The source's name and the directory in it, to find services that share data; None for a read-only mount."""
        mount = self.mount
        is_written = mount.kind in (BIND, VOLUME) and not mount.read_only and not mount.overridden
        source = self.source(root) if is_written else None
        if source is None:
            return None
        return source.seen_from(self.project.directory), posixpath.normpath(mount.subpath or ".")


@dataclass(frozen=True, eq=False)
class Stack:
    """Projects that must be fixed together, because they share a directory, files or a pipeline that deploys them.

    A pipeline that deploys no project of the repository is a stack without projects.
    """

    root: Path
    projects: tuple[Project, ...]
    workflows: tuple[Workflow, ...] = ()
    asked: frozenset[Path] | None = None
    """The Compose files that the run reports on and fixes; None for all of them."""
    unread: tuple[Unread, ...] = ()
    """In a stack without projects: the Compose files of the repository that could not be read."""

    @property
    def first_file(self) -> Path:
        """The file to name in a message about the whole stack."""
        paths = (*(file.path for file in self.files), *(workflow.file.source.path for workflow in self.workflows))
        return next(iter(paths), self.root)

    def is_asked(self, project: Project) -> bool:
        """Whether the run reports on the project and fixes it."""
        return self.asked is None or any(file.path in self.asked for file in project.files)

    def completing(self, path: Path) -> tuple[Project, ...]:
        """The projects with the Compose file at `path` that lack nothing, except perhaps declarations of volumes."""
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
        """The Compose files that no known combination of files completes, each with what is missing."""
        found: dict[Path, str] = {}
        for project, reason in self._lacking.items():
            for file in project.loaded:
                if file.path not in self._completing:
                    found.setdefault(file.path, reason)
        return found

    @cached_property
    def users(self) -> dict[Path, list[Project]]:
        """For each Compose and env file, the projects that read it."""
        found: dict[Path, list[Project]] = {}
        for project in self.projects:
            for path in {file.path for file in project.loaded} | project.env_paths:
                found.setdefault(path, []).append(project)
        return found

    @cached_property
    def files(self) -> tuple[ComposeFile, ...]:
        """The Compose files of all projects, each once."""
        return tuple({file.path: file for project in self.projects for file in project.loaded}.values())

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every mount of every service of every project; a mount that several projects share comes once for each."""
        return tuple(
            Use(project, service, mount)
            for project in self.projects
            for service in project.services.values()
            for mount in service.mounts
        )

    @cached_property
    def volume_keys(self) -> frozenset[str]:
        """Every volume name that is declared or mounted."""
        keys = {key for file in self.files for key in file.declared}
        return frozenset(keys | {use.mount.source for use in self.uses if use.mount.kind == "volume"})

    def source(self, path: Path) -> Source | None:
        """The text of the stack's Compose or pipeline file at `path`; None if the stack does not have it."""
        sources = (*(file.source for file in self.files), *(workflow.file.source for workflow in self.workflows))
        return next((source for source in sources if source.path == path), None)
