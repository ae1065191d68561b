"""What a repository's files were: before the last `volfix --write`, then as git knows them, the newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.fixes.write.journal import LAST, WriteProblem, reading
from volfix.project.compose.combinations import projects_of
from volfix.project.discovery import Directory
from volfix.project.git import versions, work_tree
from volfix.syntax.source import FileProblem, Source

if TYPE_CHECKING:
    from volfix.project.compose.model import Project
    from volfix.project.loader import Loader
    from volfix.project.stack import Stack

BEFORE_WRITE = "the files before the last volfix --write"
Contents = dict[Path, bytes]


def former_contents(root: Path, paths: Iterable[Path]) -> Iterator[tuple[str, Contents]]:
    """Each earlier version of the files, with how volfix knows it; versions that equal the one after them are left out.

    Files that a version does not have are missing in it.
    """
    wanted = tuple(dict.fromkeys(paths))
    last: Contents | None = None
    for when, contents in _versions(root, wanted):
        found = {path: data for path, data in contents.items() if data}
        if found and found != last:
            last = found
            yield when, found


def _versions(root: Path, paths: tuple[Path, ...]) -> Iterator[tuple[str, Contents]]:
    try:
        with reading(root) as journal:
            run = journal.read(LAST) if journal else None
            if journal and run:
                real = {path.resolve(): path for path in paths}
                saved = ((real.get((journal.root / file.path).resolve()), file.before) for file in run.files)
                yield BEFORE_WRITE, {path: journal.old_bytes(before) for path, before in saved if path is not None}
    except WriteProblem:
        pass  # a journal that cannot be read knows nothing; git's history is asked all the same
    tree = work_tree(root)
    if tree is not None:
        for commit, contents in versions(tree, paths):
            yield f"git, commit {commit[:10]}", contents


def overlay_of(contents: Mapping[Path, bytes]) -> dict[Path, Source] | None:
    """The files as a loader takes them; None where one of them was no text."""
    try:
        return {path: Source.of(path, data) for path, data in contents.items()}
    except (FileProblem, ValueError):
        return None


@dataclass(frozen=True)
class Former:
    """What the projects of one stack were; `loader` has read the files of now."""

    stack: Stack
    loader: Loader

    @cached_property
    def _contents(self) -> list[tuple[str, Contents]]:
        env = {path for project in self.stack.projects for path in project.env_paths}
        inside = sorted(path for path in env if path.is_relative_to(self.stack.root))
        return list(former_contents(self.stack.root, (*(file.path for file in self.stack.files), *inside)))

    def of(self, project: Project) -> Iterator[tuple[Project, str]]:
        """The project as it was, with how volfix knows; versions in which no line with a path differs are left out."""
        paths = tuple(file.path for file in project.files)
        directory = Directory(project.directory, project.root, paths, file_sets=(paths,))
        now = {file.path: file.source.data for file in self.stack.files}
        for when, contents in self._contents:
            if not any(_has_another_path(data, now.get(path, b"")) for path, data in contents.items()):
                continue
            overlay = overlay_of(contents)
            for found in projects_of(directory, self.loader.overlaid(overlay)) if overlay else ():
                if tuple(file.path for file in found.files) == paths:
                    yield found, when
                    break


def _has_another_path(before: bytes, now: bytes) -> bool:
    lines = {line.strip() for line in now.splitlines()}
    return any(b"/" in line or b"~" in line for line in before.splitlines() if line.strip() not in lines)
