"""A service's mount of a database file: what names its path, and where the file can move."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from volfix.edits.operation import Operation
from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.mounts import BIND
from volfix.project.compose.origins import InCompose
from volfix.project.git import is_placeholder
from volfix.project.stack import Use
from volfix.rules.context import Context
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_places import working_directory
from volfix.rules.evidence.databases import proposals_in
from volfix.rules.evidence.path_words import PathWord, path_words
from volfix.rules.evidence.proposal import Proposal
from volfix.rules.findings import Change
from volfix.rules.remedies.value_edits import set_value
from volfix.syntax import listing
from volfix.syntax.source import Span

DIRECTORIES = ("data", "db", "database")
"""Names for the file's new directory. It is a new directory, because the old one may hold code."""


@dataclass(frozen=True)
class FileUse:
    """A service's mount of a database file, and everything that names the path for this service."""

    context: Context
    use: Use

    @property
    def path(self) -> str:
        return self.use.mount.clean_target

    @property
    def service(self) -> str:
        return self.use.service.name

    @cached_property
    def proposals(self) -> tuple[Proposal, ...]:
        found = proposals_in(self.context, self.use.project, self.use.service)
        return tuple(each for each in found if each.place is not None and each.place[0] is self.use.mount)

    @property
    def databases(self) -> tuple[Database, ...]:
        """The databases that the service opens in the mount."""
        return tuple(proposal.database for proposal in self.proposals)

    @property
    def is_named(self) -> bool:
        """Whether a value names the mount's target as a database file."""
        return any(database.path == self.path for database in self.databases)

    @cached_property
    def words(self) -> tuple[PathWord, ...]:
        return tuple(path_words(self.use, self.path))

    @cached_property
    def directory(self) -> str | None:
        """The directory to which the fix moves the file; None if something else uses every candidate."""
        parent = posixpath.dirname(self.path)
        names = [posixpath.join(parent, name) for name in DIRECTORIES]
        own = [parent] if posixpath.basename(parent) == DIRECTORIES[0] else []
        return next(
            (
                path
                for path in (*own, *names)
                if not any(_contents(self.use, path)) and not self._is_named(path) and self._claims(path)
            ),
            None,
        )

    def _is_named(self, directory: str) -> bool:
        """Whether another value of the service may name the file in this directory, read with or without a slash."""
        there = posixpath.join(directory, posixpath.basename(self.path))
        found = proposals_in(self.context, self.use.project, self.use.service)
        others = [each.database.file.path.strip("/") for each in found if each not in self.proposals]
        return any("/" in other and there.endswith(f"/{other}") for other in others)

    def _claims(self, directory: str) -> bool:
        """Reserve the directory for this file; False if another file of the service has it."""
        host = self.context.host_of(self.use.mount).key
        return self.context.file_directories.setdefault((self.service, directory), host) == host

    def value_of(self, database: Database, path: str) -> str:
        """The database's value with the new path."""
        from volfix.project.code.database_url import moved

        directory = working_directory(self.use.project, self.use.service)
        return moved(database.value, database.file, path, directory)

    def moved(self, path: str) -> Iterator[tuple[Operation, Change]]:
        """The operations that give the service the new path, each with its change."""
        for database in self.databases:
            yield set_value(database, self.value_of(database, path))
        for word in self.words:
            yield word.moved(self.path, path)

    def other_mentions(self, known: set[tuple[Path, Span]]) -> Iterator[str]:
        """Other places that name the path, beside the known ones: their readers would look at the old place."""
        for file in self.use.project.loaded:
            at = file.source.text.find(self.path)
            while at >= 0:
                if not any(path == file.path and at in range(span.start, span.end) for path, span in known):
                    yield f"{file.path.name}, line {file.source.place(at)[0]}, also names {self.path}"
                at = file.source.text.find(self.path, at + 1)
        own = {item.variable for item in self.databases}
        for variable in effective_variables(self.use.service):
            written_here = isinstance(variable.origin, InCompose)
            if variable.name not in own and not written_here and self.path in (variable.value or ""):
                yield f"{variable.name} of {self.service} also names {self.path}"


def _contents(use: Use, directory: str) -> Iterator[str]:
    """What is already in a directory of the container: mounts, and files from the image or the code's mount."""
    below = directory.rstrip("/") + "/"
    name = posixpath.basename(use.mount.clean_target)
    for other in use.project.mounts_of(use.service):
        target = other.clean_target
        if other is not use.mount and (target == directory or target.startswith(below)):
            yield other.raw_target
        elif other.kind == BIND and below.startswith(target.rstrip("/") + "/") and other.source_is_known:
            yield from _files(Path(other.directory, other.source, posixpath.relpath(directory, target)), name)
    yield from (target for target in use.service.tmpfs if target == directory or below.startswith(target + "/"))
    stage, build = use.service.stage, use.service.build
    filled = (*stage.filled, *stage.run_paths) if stage else ()
    yield from (path for path in filled if path.startswith(below) and posixpath.basename(path) != name)
    for source, target in stage.copied if stage else ():
        place = target.rstrip("/") or "/"
        if place.startswith(below):
            yield target
        elif build is not None and build.context is not None and below.startswith(place.rstrip("/") + "/"):
            yield from _files(build.context / source / posixpath.relpath(directory, place), name)


def _files(directory: Path, database: str) -> Iterator[str]:
    """The names in a directory, without placeholders such as .gitkeep and without the database's own files."""
    names = (entry.name for entry in listing.entries_or_none(directory))
    yield from (name for name in names if not name.startswith(database) and not is_placeholder(name))
