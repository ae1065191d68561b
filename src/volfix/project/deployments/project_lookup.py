"""Which projects a call of Compose names, by its files or its directory, here or on the machine that is deployed to."""

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
    """The projects below one root, to be found by what commands name."""

    root: str
    projects: tuple[Project, ...]

    def named(self, command: Command, call: DockerCall) -> tuple[Project, ...]:
        """The projects that a call of Compose names."""
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
        """The projects that these files make, in their order; else those that begin with the first of them."""
        own = [item for item in self.projects if item.files[0].path == files[0]]
        exact = [item for item in own if [file.path for file in item.files] == list(files)]
        return tuple(exact or own)

    def _elsewhere(self, command: Command, names: Sequence[str]) -> tuple[Project, ...]:
        """On the machine that is deployed to, the files lie as they do in the checkout: they have the same names."""
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
        """For each directory that contains some, the directories of projects below it."""
        found: dict[str, set[str]] = {}
        for place in self._at:
            for parent in _upwards(place, self.root):
                found.setdefault(parent, set()).add(place)
        return found

    def _in(self, directory: str) -> tuple[Project, ...]:
        """The projects of a directory or of the next one above that has some, where Compose finds its default file."""
        for place in _upwards(directory, self.root):
            if own := self._at.get(place):
                return tuple(item for item in own if item.files[0].path.name in BASE_NAMES) or own
        return ()

    def near(self, command: Command) -> tuple[Project, ...]:
        """The projects of the command's directory, else of the only directory below it, or below one above it, that has
        some.
        """
        for place in _upwards(_checkout_directory(command), self.root):
            if own := self._at.get(place):
                return own
            if below := self._below.get(place):
                return self._at[next(iter(below))] if len(below) == 1 else ()
        return ()


def _upwards(directory: str, root: str) -> Iterator[str]:
    """The directory and those above it, up to the root."""
    place = posixpath.normpath(directory)
    while place != root and place.startswith(root):
        yield place
        place = posixpath.dirname(place)
    yield root


def is_in_another(command: Command, call: DockerCall) -> bool:
    """Whether a call of Compose is made in a directory that the checkout does not have: what is there is put there.

    A directory whose name only running the commands tells may be a release of this project.
    """
    place = project_directory(command, call)
    is_known = command.in_checkout and not call.values("-f", "--file") and not {"$", "`"} & set(place)
    return is_known and not Path(place).is_dir()


def _checkout_directory(command: Command) -> str:
    return command.directory if command.in_checkout else str(command.entry.directory)


def project_directory(command: Command, call: DockerCall) -> str:
    """The directory of the project that a call of Compose is about: what it names, that of its first file, its own."""
    if call.project_directory is not None:
        return joined(command.directory, call.project_directory)
    files = call.values("-f", "--file")
    return posixpath.dirname(joined(command.directory, files[0])) or "." if files else command.directory
