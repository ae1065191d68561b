"""Which containers under a project's name are its own, and which belong to other projects of the same name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from volfix.docker.container_match import Compared, mismatch
from volfix.docker.containers import CONFIG_FILES, DIRECTORY, Container
from volfix.docker.deployed import Deployed, earlier
from volfix.docker.engine import Engine
from volfix.project.compose.model import Project
from volfix.project.compose.part import Part
from volfix.project.git import output, work_tree


@dataclass(frozen=True, slots=True)
class ForeignContainer:
    """A container under the project's name that is not known to be its own; `reason` is a clause about it."""

    container: Container
    reason: str

    def __str__(self) -> str:
        return f"{self.container.name} ({self.reason})"


@dataclass(frozen=True, slots=True)
class ProjectContainers:
    """The containers under a project's names: its own, which may be read and stopped, and the others, which may not."""

    own: tuple[Container, ...]
    others: tuple[ForeignContainer, ...]

    @property
    def strangers(self) -> frozenset[str]:
        """The ids of the others."""
        return frozenset(item.container.id for item in self.others)

    def others_of(self, services: Iterable[str], project: str | None = None) -> list[ForeignContainer]:
        """The others that have the name of one of these services."""
        names = frozenset(services)
        return [
            item
            for item in self.others
            if item.container.service in names and project in (None, item.container.project)
        ]


def containers_under(engine: Engine, deployed: Deployed, names: Iterable[str]) -> ProjectContainers:
    """The containers of these project names, each compared with the files as they are and as they were.

    A container is the project's own where it may be made from one version of the files, in this checkout or in one that
    is not here any more. Where no version differs from today's files, it is not known what they were before: then
    less has to agree.
    """
    wanted = frozenset(names)
    processes = engine.processes(listed := [item for item in engine.containers() if item.project in wanted])
    under = [item for item in listed if item.id in processes]
    reasons = {item.id: reason for item in under if (reason := _elsewhere(item, deployed.read))}
    waiting = [item for item in under if item.id not in reasons]
    own: list[Container] = []
    changed: set[str | None] = set()
    for variants in _versions(deployed):
        compared = {
            item.id: [
                mismatch(item, processes[item.id], project) for project in (*variants, *_together(item, variants))
            ]
            for item in waiting
        }
        own += [item for item in waiting if None in compared[item.id]]
        waiting = [item for item in waiting if None not in compared[item.id]]
        reasons |= {item.id: compared[item.id][0] or "" for item in waiting}
        changed |= {name for name in variants[0].services if _differs(variants[0], deployed.read, name)}
        if not waiting:
            break
    for item in waiting:
        asked = Compared.SHAPE if item.labels.get(DIRECTORY) == str(deployed.read.directory) else Compared.NAMES
        if item.service not in changed and mismatch(item, processes[item.id], deployed.read, asked) is None:
            own.append(item)
    found = {item.id for item in own}
    return ProjectContainers(
        tuple(own), tuple(ForeignContainer(item, reasons[item.id]) for item in under if item.id not in found)
    )


def _versions(deployed: Deployed) -> Iterator[tuple[Project, ...]]:
    """The project with its variants: as it is, then as it was, the newest first."""
    yield deployed.variants
    for version in earlier(deployed):
        yield version.variants


def _together(container: Container, variants: Sequence[Project]) -> Iterator[Project]:
    """The service merged from files that Compose was given together and that are separate projects here."""
    directory, given = container.labels.get(DIRECTORY, ""), container.labels.get(CONFIG_FILES, "").split(",")
    projects = {os.path.relpath(file.path, item.directory): item for item in variants for file in item.files}
    names = [os.path.relpath(path, directory) for path in given if path and directory]
    if len(names) < 2 or not projects.keys() >= set(names):
        return
    parts: list[Part] = []
    for name in names:
        service = projects[name].services.get(container.service or "")
        for part in service.parts if service else ():
            origin = os.path.relpath(part.file.path, projects[name].directory)
            if part not in parts and (origin == name or origin not in projects):
                parts.append(part)
    first = next((item for name in names if (item := projects[name]).services.get(container.service or "")), None)
    if first is not None and container.service:
        merged = replace(first.services[container.service], parts=tuple(parts))
        loaded = tuple(file for name in names for file in projects[name].loaded)
        yield replace(first, services={**first.services, merged.name: merged}, loaded=loaded)


def _differs(project: Project, other: Project, name: str) -> bool:
    """Whether two versions of a service differ in their mounts or in their variables."""
    return name not in other.services or _places(project, name) != _places(other, name)


def _places(project: Project, name: str) -> tuple[object, object]:
    service = project.services[name]
    mounts = {(mount.kind, mount.source, mount.clean_target) for mount in project.mounts_of(service)}
    return mounts, {key: variable.value for key, variable in service.environment.items()}


def _elsewhere(container: Container, project: Project) -> str | None:
    """Why the container is another checkout's: it was started there, and what is there is not this repository.

    A deployment's own directory is often gone, or on another machine: that says nothing.
    """
    label = container.labels.get(DIRECTORY)
    files = [Path(text) for text in container.labels.get(CONFIG_FILES, "").split(",") if text.startswith("/")]
    if not label or not any(file.is_file() for file in files):
        return None
    there = Path(label)
    if not there.is_dir() or there.resolve().is_relative_to(project.root.resolve()):
        return None
    if _same_repository(there, project.root):
        return None
    return f"it was started in {there}, which is no checkout of this repository"


def _same_repository(one: Path, two: Path) -> bool:
    """Whether two directories are checkouts of one repository: of one remote, else where one has the other's commit."""
    trees = [tree for tree in (work_tree(one), work_tree(two)) if tree is not None]
    if len(trees) < 2:
        return False
    remotes = [_place(output(tree, "config", "--get", "remote.origin.url").decode()) for tree in trees]
    if all(remotes):
        return remotes[0] == remotes[1]
    for mine, other in (trees, trees[::-1]):
        head = output(mine, "rev-parse", "--verify", "HEAD").decode().strip()
        if head and output(other, "rev-parse", "--verify", f"{head}^{{commit}}"):
            return True
    return False


def _place(remote: str) -> str:
    """A remote's host and path, however it is reached."""
    text = re.sub(r"\A[a-z+]+://", "", remote.strip())
    return re.sub(r"\A[^/@]*@", "", text).replace(":", "/").removesuffix("/").removesuffix(".git")
