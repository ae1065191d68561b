"""The scripts of a service's container that come from its repository, by bind mounts and by the Dockerfile's COPY."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
"""Where the container's shell looks for programs, as most images have it."""


@dataclass(slots=True)
class ContainerFiles:
    """Finds what commands call in a container; `read` are the files that were found, by their paths there."""

    project: Project
    service: Service
    read: dict[Path, str] = field(default_factory=dict)

    def contains(self, _path: str) -> bool:
        return True

    def script(self, name: str, state: State, *, any_name: bool = False) -> Entry | None:
        """The shell script that a command's name leads to; None for other programs, and where nothing is to be read."""
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
        """The file of the repository that is at an absolute path of the container."""
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
        """Whether a mount or a COPY puts a file there: where no script is read from it, nobody knows what it does."""
        places = [mount.clean_target for mount in self._mounts]
        for source, target in self.service.stage.copied if self.service.stage is not None else ():
            directory = target.rstrip("/")
            is_shared = directory in ("", *PATH)  # programs of the image lie there too
            places.append(f"{directory}/{posixpath.basename(source)}" if is_shared else directory)
        return "/" in name and any(lies_in(name, place) for place in places)

    @property
    def _mounts(self) -> tuple[Mount, ...]:
        return self.project.mounts_of(self.service)

    def _entry(self, place: Path, path: Path) -> Entry | None:
        try:
            found = Source.read(path)
        except FileProblem:  # a program, or a file that is not there
            return None
        if not SHELL.match(found.data):
            return None
        source = Source.of(place, found.data)  # `$0` is the path in the container
        self.read[place] = path.relative_to(self.project.root).as_posix()
        return Entry("script", source, place.stem, (Fragment.whole(source),), place.parent)

    def is_runner(self, _name: str) -> bool:
        return False  # what tools like make run in a container is not followed

    def run_by(self, _words: Sequence[str], _state: State) -> Iterator[tuple[Entry, str]]:
        yield from ()

    def given_by(self, _words: Sequence[str]) -> dict[str, str]:
        return {}

    def beside(self, _entry: Entry, _names: Sequence[str]) -> Iterator[Entry]:
        yield from ()
