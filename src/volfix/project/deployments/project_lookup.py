"""Finds the projects that a call of Compose means, by its files or its directory, in the checkout or on a server."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from volfix.knowledge.commands import DockerCall
from volfix.project.compose.compose_file import BASE_NAMES
from volfix.project.compose.model import Project
from volfix.project.shell.command import Command
from volfix.project.shell.paths import joined


@dataclass(frozen=True)
class ProjectLookup:
    """The projects below one root, found by the files and directories that commands name."""

    root: str
    projects: tuple[Project, ...]

    def named(self, command: Command, call: DockerCall) -> tuple[Project, ...]:
        """The projects that a call of Compose means; empty if there is none here."""
        names = call.values("-f", "--file")
        places = [joined(command.directory, name) for name in names] or [
            posixpath.join(project_directory(command, call), "")
        ]
        if not command.in_checkout or any(not place.startswith(self.root) for place in places):
            return self._elsewhere(command, names)
        if is_in_another(command, call):
            return ()
        if names:
            wanted = {os.path.normpath(place) for place in places}
            own = [item for item in self.projects if wanted & {str(file.path) for file in item.files}]
            exact = [item for item in own if {str(file.path) for file in item.files} == wanted]
            return tuple(exact or own)
        return self._in(places[0])

    def of_files(self, files: Sequence[Path]) -> tuple[Project, ...]:
        """The projects made of exactly these files in this order; otherwise those whose first file is the same."""
        own = [item for item in self.projects if item.files[0].path == files[0]]
        exact = [item for item in own if [file.path for file in item.files] == list(files)]
        return tuple(exact or own)

    def _elsewhere(self, command: Command, names: Sequence[str]) -> tuple[Project, ...]:
        """The projects of a call on a server, found by file names, which are taken to be those of the checkout."""
        near = self.near(command)
        if not names:
            return tuple(item for item in near if item.files[0].path.name in BASE_NAMES) or near
        wanted = {posixpath.basename(name) for name in names}
        for directory in _upwards(_checkout_directory(command), self.root):
            below = self._below.get(directory, set())
            own = [item for place in below for item in self._at[place] if wanted.intersection(item.file_names)]
            if own:
                exact = [item for item in own if wanted == set(item.file_names)] or own
                return tuple(exact if len({item.directory for item in exact}) == 1 else ()) or near
        return near

    @cached_property
    def _at(self) -> dict[str, tuple[Project, ...]]:
        """The projects of each directory."""
        found: dict[str, list[Project]] = {}
        for project in self.projects:
            found.setdefault(str(project.directory), []).append(project)
        return {place: tuple(own) for place, own in found.items()}

    @cached_property
    def _below(self) -> dict[str, set[str]]:
        """For each directory above a project, the directories of the projects below it."""
        found: dict[str, set[str]] = {}
        for place in self._at:
            for parent in _upwards(place, self.root):
                found.setdefault(parent, set()).add(place)
        return found

    def _in(self, directory: str) -> tuple[Project, ...]:
        """The projects of the directory or of the nearest parent with projects, as Compose finds its default file."""
        for place in _upwards(directory, self.root):
            if own := self._at.get(place):
                return tuple(item for item in own if item.files[0].path.name in BASE_NAMES) or own
        return ()

    def near(self, command: Command) -> tuple[Project, ...]:
        """The projects nearest to the command's directory.

        They are those in the directory itself, or in the only project directory below it; otherwise the same for each
        parent directory in turn. Empty if several directories are equally near.
        """
        for place in _upwards(_checkout_directory(command), self.root):
            if own := self._at.get(place):
                return own
            if below := self._below.get(place):
                return self._at[next(iter(below))] if len(below) == 1 else ()
        return ()


def _upwards(directory: str, root: str) -> Iterator[str]:
    """The directory and its parents, up to the root."""
    place = posixpath.normpath(directory)
    while place != root and place.startswith(root):
        yield place
        place = posixpath.dirname(place)
    yield root


def is_in_another(command: Command, call: DockerCall) -> bool:
    """Whether a call of Compose runs in a directory that the checkout does not have: it is then another project.

    A directory with a variable in its name may be a release of this project, so it does not count.
    """
    place = project_directory(command, call)
    is_known = command.in_checkout and not call.values("-f", "--file") and not {"$", "`"} & set(place)
    return is_known and not Path(place).is_dir()


def _checkout_directory(command: Command) -> str:
    return command.directory if command.in_checkout else str(command.entry.directory)


def project_directory(command: Command, call: DockerCall) -> str:
    """The project directory of a call of Compose: the directory it names, that of its first file, or its own."""
    if call.project_directory is not None:
        return joined(command.directory, call.project_directory)
    files = call.values("-f", "--file")
    return posixpath.dirname(joined(command.directory, files[0])) or "." if files else command.directory
