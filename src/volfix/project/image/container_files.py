"""Finds the repository's scripts inside a service's container: those that bind mounts or COPY bring there."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from volfix.knowledge.paths import lies_in
from volfix.project.code.container_paths import comes_with_image
from volfix.project.commands.command_files import SHELL
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import BIND, Mount
from volfix.project.compose.service import Service
from volfix.project.shell.entry import Entry
from volfix.project.shell.state import State
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import FileProblem, Source

PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""The directories in which most images' shells look for programs."""


@dataclass
class ContainerFiles:
    """Finds what commands call in a container. `read` are the files found so far, by their paths in the container."""

    project: Project
    service: Service
    read: dict[Path, str] = field(default_factory=dict)

    def contains(self, _path: str) -> bool:
        return True

    def script(self, name: str, state: State, *, any_name: bool = False) -> Entry | None:
        """The shell script that a command calls by `name`; None for other programs and unreadable files."""
        if "$" in name or "`" in name:
            return None
        places = [state.path(name)] if "/" in name or any_name else []
        if "/" not in name:
            places += [f"{directory}/{name}" for directory in PATH]
        for place in places:
            if (path := self.file(place)) is not None:
                return self._entry(Path(place), path)
        return None

    def file(self, place: str) -> Path | None:
        """The file of the repository at the container's absolute path `place`; None if there is none."""
        holders = [mount for mount in self._mounts if lies_in(place, mount.clean_target)]
        if not holders:
            path = comes_with_image(self.service, place)
        else:
            mount = max(holders, key=lambda each: len(each.clean_target))
            if mount.kind != BIND or not mount.source_is_known or mount.source.startswith("~"):
                return None
            below = posixpath.relpath(place, mount.clean_target)
            path = Path(os.path.normpath(mount.directory / mount.source / below))
        return path if path is not None and path.resolve().is_relative_to(self.project.root.resolve()) else None

    def hides(self, name: str) -> bool:
        """Whether a mount or COPY may put a file at the path `name`, so that what the command does is unknown."""
        places = [mount.clean_target for mount in self._mounts]
        for source, target in self.service.stage.copied if self.service.stage is not None else ():
            directory = target.rstrip("/")
            is_shared = directory in ("", *PATH)  # the image's own programs are there too
            places.append(f"{directory}/{posixpath.basename(source)}" if is_shared else directory)
        return "/" in name and any(lies_in(name, place) for place in places)

    @cached_property
    def _mounts(self) -> tuple[Mount, ...]:
        return self.project.mounts_of(self.service)

    def _entry(self, place: Path, path: Path) -> Entry | None:
        try:
            found = Source.read(path)
        except FileProblem:  # a binary program, or a missing file
            return None
        if not SHELL.match(found.data):
            return None
        source = Source.of(place, found.data)  # `$0` is the path in the container
        self.read[place] = path.relative_to(self.project.root).as_posix()
        return Entry("script", source, place.stem, (Fragment.whole(source),), place.parent)

    def is_runner(self, _name: str) -> bool:
        return False  # volfix does not follow what make and similar tools run in a container

    def run_by(self, _words: Sequence[str], _state: State) -> Iterator[tuple[Entry, str]]:
        yield from ()

    def given_by(self, _words: Sequence[str]) -> dict[str, str]:
        return {}

    def beside(self, _entry: Entry, _names: Sequence[str]) -> Iterator[Entry]:
        yield from ()
