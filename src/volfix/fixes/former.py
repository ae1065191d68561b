"""What a repository's files were: before the last `volfix --write`, then as git knows them, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.fixes.write.journal import LAST, WriteProblem, reading
from volfix.project.compose.combinations import projects_of
from volfix.project.discovery import Directory
from volfix.project.git import WorkTree, work_tree
from volfix.project.git_history import COMMITS, Commit, commits, versions
from volfix.syntax.source import FileProblem, Source

if TYPE_CHECKING:
    from volfix.project.compose.model import Project
    from volfix.project.loader import Loader
    from volfix.project.stack import Stack

BEFORE_WRITE = "the files before the last volfix --write"
Contents = dict[Path, bytes]


def former_contents(
    root: Path, paths: Iterable[Path], history: Callable[[WorkTree], Iterable[Commit]] | None = None
) -> Iterator[tuple[str, Contents]]:
    """Each earlier version of the files, with how volfix knows it; versions that equal the one after them are left out.

    Files that a version does not have are missing in it. `history`, where git was asked about more files already, says
    which commits changed what.
    """
    wanted = tuple(dict.fromkeys(paths))
    last: Contents | None = None
    for when, contents in _versions(root, wanted, history or (lambda tree: commits(tree, wanted, COMMITS))):
        found = {path: data for path, data in contents.items() if data}
        if found and found != last:
            last = found
            yield when, found


def _versions(
    root: Path, paths: tuple[Path, ...], history: Callable[[WorkTree], Iterable[Commit]]
) -> Iterator[tuple[str, Contents]]:
    try:
        with reading(root) as journal:
            run = journal.read(LAST) if journal else None
            if journal and run:
                real = {path.resolve(): path for path in paths}
                saved = ((real.get((journal.root / file.path).resolve()), file.before) for file in run.files)
                yield BEFORE_WRITE, {path: journal.old_bytes(before) for path, before in saved if path is not None}
    except WriteProblem:
        pass  # a journal that cannot be read tells nothing; git's history is still read
    tree = work_tree(root)
    if tree is not None:
        for commit, contents in versions(tree, paths, history(tree)):
            yield f"git, commit {commit[:10]}", contents


def overlay_of(contents: Mapping[Path, bytes]) -> dict[Path, Source] | None:
    """The files as a loader takes them; None where one of them was no text."""
    try:
        return {path: Source.of(path, data) for path, data in contents.items()}
    except (FileProblem, ValueError):
        return None


@dataclass(frozen=True)
class Histories:
    """What git knows of the files of some stacks: each work tree is asked once, and not before a stack there is."""

    stacks: Sequence[Stack]
    known: dict[Path, list[Commit]] = field(default_factory=dict)

    def of(self, tree: WorkTree) -> list[Commit]:
        """The commits that changed a file of the stacks in this work tree, the newest first."""
        if tree.root not in self.known:
            there = [stack for stack in self.stacks if stack.files and work_tree(stack.root) == tree]
            paths = {path for stack in there for path in _files_of(stack)}
            self.known[tree.root] = commits(tree, paths, COMMITS if len(there) == 1 else None)
        return self.known[tree.root]


@dataclass(frozen=True)
class Former:
    """What the projects of one stack were; `loader` has read today's files."""

    stack: Stack
    loader: Loader
    histories: Histories
    known: dict[tuple[Project, int], Project | None] = field(default_factory=dict)
    """The versions that were read, by project and number: each volume asks for them."""

    @cached_property
    def _contents(self) -> list[tuple[str, Contents]]:
        return list(former_contents(self.stack.root, _files_of(self.stack), self.histories.of))

    def of(self, project: Project) -> Iterator[tuple[Project, str]]:
        """The project as it was, with how volfix knows; versions with no other path or name are left out."""
        for number, (when, contents) in enumerate(self._contents):
            if (project, number) not in self.known:
                self.known[project, number] = self._version(project, contents)
            if (found := self.known[project, number]) is not None:
                yield found, when

    def _version(self, project: Project, contents: Contents) -> Project | None:
        paths = tuple(file.path for file in project.files)
        directory = Directory(project.directory, project.root, paths, file_sets=(paths,))
        now = {file.path: file.source.data for file in self.stack.files}
        overlay = overlay_of(contents)
        if not overlay or not any(_has_another_mount(data, now.get(path, b"")) for path, data in contents.items()):
            return None
        found = projects_of(directory, self.loader.overlaid(overlay))
        return next((each for each in found if tuple(file.path for file in each.files) == paths), None)


def _files_of(stack: Stack) -> list[Path]:
    """The stack's Compose files, and the env files beside them."""
    env = {path for project in stack.projects for path in project.env_paths}
    return [*(file.path for file in stack.files), *sorted(path for path in env if path.is_relative_to(stack.root))]


def _has_another_mount(before: bytes, now: bytes) -> bool:
    """Whether a line says a path, or begins a service, that is none of now."""
    lines = {line.strip() for line in now.splitlines()}
    gone = (line for line in map(bytes.strip, before.splitlines()) if line and line not in lines)
    return any(b"/" in line or b"~" in line or line.endswith(b":") for line in gone)
