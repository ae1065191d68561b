"""A database file that a value names, for one service."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from volfix.knowledge.lookup import entries_for
from volfix.project.environment import InCode, InCompose, InDockerfile, InEnvFile, Origin
from volfix.project.images import images_of
from volfix.project.model import Project, Service
from volfix.project.mounts import Mount

if TYPE_CHECKING:
    from volfix.project.database_url import DatabaseFile

PLAIN_WORD = re.compile(r"[\w.:/@?=&%+,~;-]+\Z")
"""What a Dockerfile takes without quotes."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database file that a value names, for one service.

    `path` is absolute in the container, None where it cannot be told; `by_mount` marks what only the mounts suggest.
    `mount` holds it (`is_inside`), or is the one that it can be moved into, as `new_value` and `path_in_mount` say;
    `reason` says why neither. `trap` marks slashes that say something else than they were meant to: `path` is what they
    say. `loose` marks a value in an env file that no Compose file refers to. `directory` is where a volume of its own
    would be mounted, for a service that has none.
    """

    project: Project
    service: Service
    variable: str
    value: str
    origin: Origin
    path: str | None
    file: DatabaseFile
    """Where in the value the file is named, and how."""
    mount: Mount | None = None
    is_inside: bool = False
    path_in_mount: str = ""
    new_value: str | None = None
    reason: str | None = None
    doubt: str | None = None
    loose: bool = False
    trap: bool = False
    by_mount: bool = False
    directory: str | None = None
    shown: str = ""
    """The value as messages show it: its path, and `***` for what follows."""

    def refused(self, reason: str) -> Database:
        """The same, with nothing proposed."""
        return replace(self, mount=None, directory=None, new_value=None, doubt=None, reason=reason)

    def value_at(self, path: str, workdir: str | None) -> str | None:
        """The value that names this path instead; None where it cannot be written so where it is."""
        from volfix.project.database_url import moved

        value = moved(self.value, self.file, path, workdir)
        return None if isinstance(self.origin, InDockerfile) and not PLAIN_WORD.match(value) else value

    @property
    def written_at(self) -> object:
        """What is the same for every service that takes the very same value; None where it is put together."""
        origin = self.origin
        if isinstance(origin, InCompose):
            return (origin.file.path, origin.scalar.span, origin.start)
        if isinstance(origin, InEnvFile):
            return (origin.file.path, origin.assignment.span)
        if isinstance(origin, InDockerfile | InCode):
            return (origin.file.path, origin.span)
        return None

    @property
    def is_foreign(self) -> bool:
        """Whether the image is a known application's: what lies where in it is not said by files here."""
        return any(entries_for(image) for image in images_of(self.service))
