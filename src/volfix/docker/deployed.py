"""The project at a path: its files as they are now, and as they were before a rewrite."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from volfix.configuration.nearest import names
from volfix.docker.carry_jobs import CarryProblem, NotRead
from volfix.fixes.former import former_contents, overlay_of
from volfix.project.compose.compose_file import FILE_NAME
from volfix.project.compose.model import Project
from volfix.project.discovery import Directory, directories
from volfix.project.loader import Loader
from volfix.project.stack import Stack
from volfix.project.stacks import read_stacks
from volfix.rules.context import Context
from volfix.syntax import disk, listing
from volfix.syntax.failures import failure
from volfix.syntax.source import FileProblem, Source

Found = tuple[Stack, Project]


@dataclass(frozen=True)
class Deployed:
    """One project of a stack: `read` as its files say it, `project` under the name that it runs as."""

    context: Context
    read: Project
    project: Project

    @property
    def variants(self) -> tuple[Project, ...]:
        """The projects of its directory, itself first: a base file alone and with others runs under one name."""
        others = [item for item in self.context.stack.projects if item.directory == self.read.directory]
        return (self.read, *(item for item in others if item is not self.read))


@dataclass(frozen=True)
class EarlierProject:
    """An earlier version of the project; `when` names the source, `variants` are the projects of its directory then."""

    project: Project
    when: str
    variants: tuple[Project, ...] = ()


def deployed_at(path: Path, name: str | None = None) -> Deployed:
    """The project that `docker compose` would take in this directory, or the one of this Compose file.

    `name` is what it is deployed as where that is not what its files say. Raises NotRead where it cannot be read, and
    CarryProblem where there is none.
    """
    problems: list[FileProblem] = []
    own, below = _candidates(path, problems)
    here = path if path.is_dir() else path.parent
    unread = [problem for problem in problems if problem.path.parent == here and FILE_NAME.search(problem.path.name)]
    if not own and unread:  # what lies below it is another project
        raise NotRead(str(unread[0]))
    if not own and not below:
        reason = f": {problems[0]}" if problems else ""
        raise CarryProblem(f"{path}: no Compose project is here{reason}")
    if not own and len(_directories(below)) > 1:
        shown = ", ".join(sorted(os.path.relpath(directory, here) for directory in _directories(below)))
        raise CarryProblem(f"{path}: several projects are below it: say which ({shown})")
    return _deployed(*(own or below)[0], name)


def _deployed(stack: Stack, project: Project, name: str | None) -> Deployed:
    name = name or project.deployed_as or project.name
    return Deployed(Context(stack, {}, frozenset()), project, replace(project, name=name, deployed_as=None))


def projects_at(path: Path, name: str | None = None) -> list[tuple[Path, Deployed]]:
    """What `deployed_at` gives for each project of this directory, else for those below, with the file that names it.

    Raises CarryProblem where there is none.
    """
    own, below = _candidates(path, [])
    found = own or below
    if not path.is_dir() or len(found) < 2:
        deployed = deployed_at(path, name)
        return [(deployed.read.files[-1].path, deployed)]
    first: dict[Path, Project] = {}
    for _, project in found:
        for file in project.files:
            first.setdefault(file.path, project)
    named = {id(project): path for path, project in first.items()}
    return [(named[id(item)], _deployed(stack, item, name)) for stack, item in found if id(item) in named]


def project_places(path: Path) -> list[Path]:
    """The path itself where `deployed_at` knows its project, or knows none; else the directories below with one, also
    with one that cannot be read.
    """
    if any(FILE_NAME.search(entry.name) for entry in listing.entries_or_none(path)):
        return [path]
    problems: list[FileProblem] = []
    own, below = _candidates(path, problems)
    places = _directories(below) | {each.path.parent for each in problems if FILE_NAME.search(each.path.name)}
    return [path] if own or len(places) < 2 else sorted(places)


def _candidates(path: Path, problems: list[FileProblem]) -> tuple[list[Found], list[Found]]:
    """The projects of this directory or file, and all of them."""
    here = path if path.is_dir() else path.parent
    stacks, failed = _stacks(path, problems, {})
    problems += failed
    found = [(stack, project) for stack in stacks for project in stack.projects if stack.is_asked(project)]
    own = [item for item in found if item[1].directory == here and (path.is_dir() or path in _paths(item[1]))]
    return own, found


def _directories(found: Iterable[Found]) -> set[Path]:
    return {project.directory for _, project in found}


def earlier(deployed: Deployed) -> Iterator[EarlierProject]:
    """The project before the last `volfix --write`, then as git knows it, the newest first."""
    for when, contents in former_contents(deployed.project.root, _read_with(deployed)):
        if found := _with(deployed, contents, when):
            yield EarlierProject(found[0], when, found)


def _with(deployed: Deployed, contents: Mapping[Path, bytes], when: str) -> tuple[Project, ...]:
    """The project and its variants with other bytes in some of their files; empty where these make no such project.
    Raises NotRead where volfix fails on them: they may say where the rows are.
    """
    overlay = overlay_of(contents)
    if not overlay:
        return ()
    wanted = [file.path for file in deployed.project.files]
    stacks, failed = _stacks(deployed.project.directory, [], overlay)
    if unread := [problem for problem in failed if problem.path.parent == deployed.project.directory]:
        raise NotRead(f"{unread[0]} (in {when})")
    for stack in stacks:
        for found in stack.projects:
            if [file.path for file in found.files] == wanted:
                return Deployed(Context(stack, {}, frozenset()), found, found).variants
    return ()


def _read_with(deployed: Deployed) -> list[Path]:
    """The files whose earlier bytes say what the project was: those of Compose, and the env files beside them."""
    files = (file.path for project in deployed.variants for file in project.loaded)
    env = {path for project in deployed.variants for path in project.env_paths if path.is_relative_to(project.root)}
    return [*dict.fromkeys((*files, *sorted(env)))]


def _stacks(
    path: Path, problems: list[FileProblem], overlay: Mapping[Path, Source]
) -> tuple[list[Stack], list[FileProblem]]:
    """What lies at and below the path, and the directories on which volfix fails, which are left out. Raises NotRead
    where it fails only on all of them together.
    """
    disk.begin(outside=True)
    found, naming = list(directories([path], problems)), names()
    naming.begin(problems)
    naming.learn((directory.path, directory.root) for directory in found)
    try:
        return _read(found, problems, overlay), []
    except Exception as error:  # noqa: BLE001 - its cause is found below, and named
        whole = failure(path, error)
    failed = {}
    for directory in found:
        try:
            _read([directory], [], overlay)
        except Exception as error:  # noqa: BLE001 - whatever one directory brings about, the others go on
            failed[directory.path] = failure(directory.first_file, error)
    try:
        if failed:
            return _read([each for each in found if each.path not in failed], problems, overlay), [*failed.values()]
    except Exception as error:  # noqa: BLE001 - said in a line
        whole = failure(path, error)
    raise NotRead(str(whole))


def _read(found: list[Directory], problems: list[FileProblem], overlay: Mapping[Path, Source]) -> list[Stack]:
    earlier = len(problems)
    loader = Loader(problems, [])
    loader.overlay = overlay
    try:
        return list(read_stacks(found, loader))
    except Exception:
        del problems[earlier:]
        raise


def _paths(project: Project) -> set[Path]:
    return {file.path for file in project.files}
