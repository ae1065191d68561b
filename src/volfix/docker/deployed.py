"""The project that a person means: its files as they are now, and as they were before they were rewritten."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from volfix.docker.jobs import CarryProblem
from volfix.fixes.write.journal import LAST, WriteProblem, reading
from volfix.project.compose.model import Project
from volfix.project.discovery import directories
from volfix.project.git import INERT, TIMEOUT, work_tree
from volfix.project.loader import Loader
from volfix.project.stack import Stack, read_stacks
from volfix.rules.context import Context
from volfix.syntax import disk
from volfix.syntax.source import FileProblem, Source

COMMITS = 50
"""How far back in git's history the mounts are looked for."""


@dataclass(frozen=True)
class Deployed:
    """One project among those of its stack: `read` as its files say it, `project` under the name that it is run as."""

    context: Context
    read: Project
    project: Project

    @property
    def variants(self) -> tuple[Project, ...]:
        """The projects of its directory, itself first: a base file alone and with others runs under one name."""
        others = [item for item in self.context.stack.projects if item.directory == self.read.directory]
        return (self.read, *(item for item in others if item is not self.read))


@dataclass(frozen=True)
class Earlier:
    """The project as it was; `when` says how volfix knows, `variants` are the projects of its directory then."""

    project: Project
    when: str
    variants: tuple[Project, ...] = ()


def deployed_at(path: Path, name: str | None = None) -> Deployed:
    """The project that `docker compose` would take in this directory, or the one of this Compose file.

    `name` is what it is deployed as where that is not what its files say. Raises CarryProblem where there is none.
    """
    problems: list[FileProblem] = []
    stacks = _stacks(path, problems, {})
    here = path if path.is_dir() else path.parent
    found = [(stack, project) for stack in stacks for project in stack.projects if stack.is_asked(project)]
    own = [item for item in found if item[1].directory == here and (path.is_dir() or path in _paths(item[1]))]
    candidates = own or found
    if not candidates:
        reason = f": {problems[0]}" if problems else ""
        raise CarryProblem(f"{path}: no Compose project is here{reason}")
    if not own and len({project.directory for _, project in found}) > 1:
        places = ", ".join(sorted({os.path.relpath(project.directory, here) for _, project in found}))
        raise CarryProblem(f"{path}: several projects are below it: say which ({places})")
    stack, project = candidates[0]
    name = name or project.deployed_as or project.name
    return Deployed(Context(stack, {}, frozenset()), project, replace(project, name=name, deployed_as=None))


def earlier(deployed: Deployed) -> Iterator[Earlier]:
    """The project before the last `volfix --write`, then as git knows it, the newest first."""
    project = deployed.project
    try:
        with reading(project.root) as journal:
            run = journal.read(LAST) if journal else None
            if journal and run:
                before = {journal.root / file.path: journal.old_bytes(file.before) for file in run.files}
                if found := _with(deployed, before):
                    yield Earlier(found[0], "the files before the last volfix --write", found)
    except WriteProblem:
        pass  # a journal that cannot be read knows nothing; git's history is asked all the same
    tree = work_tree(project.directory)
    if tree is None:
        return
    paths = [os.path.relpath(path, tree.root) for path in _read_with(deployed)]
    for commit in git_output(tree.root, "log", f"-{COMMITS}", "--format=%H", "--", *paths).decode().split():
        contents = {tree.root / name: git_output(tree.root, "show", f"{commit}:{name}") for name in paths}
        if found := _with(deployed, {path: data for path, data in contents.items() if data}):
            yield Earlier(found[0], f"git, commit {commit[:10]}", found)


def _with(deployed: Deployed, contents: Mapping[Path, bytes]) -> tuple[Project, ...]:
    """The project and its variants with other bytes in some of their files; empty where these make no such project."""
    given = {os.path.realpath(path): data for path, data in contents.items()}
    overlay: dict[Path, Source] = {}
    for path in _read_with(deployed):
        data = given.get(os.path.realpath(path))
        if data is not None:
            try:
                overlay[path] = Source.of(path, data)
            except (FileProblem, ValueError):
                return ()
    if not overlay:
        return ()
    wanted = [file.path for file in deployed.project.files]
    for stack in _stacks(deployed.project.directory, [], overlay):
        for found in stack.projects:
            if [file.path for file in found.files] == wanted:
                return Deployed(Context(stack, {}, frozenset()), found, found).variants
    return ()


def _read_with(deployed: Deployed) -> list[Path]:
    """The files whose earlier bytes say what the project was: those of Compose, and the env files beside them."""
    files = (file.path for project in deployed.variants for file in project.loaded)
    env = {path for project in deployed.variants for path in project.env_paths if path.is_relative_to(project.root)}
    return [*dict.fromkeys((*files, *sorted(env)))]


def _stacks(path: Path, problems: list[FileProblem], overlay: Mapping[Path, Source]) -> list[Stack]:
    disk.begin(outside=True)
    loader = Loader(problems, [])
    loader.overlay = overlay
    return list(read_stacks(directories([path], (), problems), loader))


def _paths(project: Project) -> set[Path]:
    return {file.path for file in project.files}


def git_output(root: Path, *words: str) -> bytes:
    """What git prints, nothing where it fails: no history is no evidence."""
    settings = [word for setting in INERT for word in ("-c", setting)]
    command = ["git", "-C", str(root), "--no-pager", "--no-optional-locks", *settings, *words]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return b"" if done.returncode else done.stdout
