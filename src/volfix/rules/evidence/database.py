"""A database file that a value names, for one service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volfix.project.compose.interpolation import VISIBLE
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import BIND, Mount
from volfix.project.compose.origins import Origin, PutTogether
from volfix.project.compose.outer_origins import InCode, InDockerfile, InFlow
from volfix.project.compose.service import Service
from volfix.project.image.images import known_entries
from volfix.rules.evidence.database_places import is_in_anonymous_volume

if TYPE_CHECKING:
    from volfix.project.code.database_url import DatabaseFile

LEADING_SLASHES = re.compile("/*")
"""The leading slashes of a path: in a value of several parts some may come from a variable."""
PLACEHOLDER = re.compile(r"\{\{.*?\}\}|<%.*?%>|<[\w -]+>|__[A-Z][A-Z_]*__|@[A-Z][A-Z_]*@")
"""A placeholder that a template engine or a person replaces."""
PLAIN_WORD = re.compile(r"[\w.:/@?=&%+,~;-]+\Z")
"""A word that needs no quotes in a Dockerfile or a shell."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database file that a value names, for one service.

    `path` is absolute in the container, None if volfix cannot tell; `by_mount`: only the mounts suggest it. `mount`
    holds the file; None if no mount does. `loose`: the value is in an env file that no Compose file refers to. A
    `Proposal` says where the file would be safe.
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
    loose: bool = False
    beside: bool = False
    """A loose value beside a good value of the service: it has an effect only if a deployment passes its file."""
    by_mount: bool = False
    shown: str = ""
    """The value as messages show it: the path, and `***` for what surrounds it."""

    @property
    def is_inside(self) -> bool:
        """Whether a mount holds the file."""
        return self.mount is not None

    @property
    def is_mounted_itself(self) -> bool:
        """Whether the file itself is mounted: then VF103 moves it to a volume, and every place that names it."""
        return self.mount is not None and self.mount.kind == BIND and self.mount.clean_target == self.path

    def value_at(self, path: str, workdir: str | None) -> str:
        """The value with this path in its place, whether or not it can be written there (see `unsayable`)."""
        from volfix.project.code.database_url import moved

        value = moved(self.value, self.file, path, workdir)
        if self.file.relative or unsayable(self.origin, value) is None:
            return value
        slashes = LEADING_SLASHES.match(self.value, self.file.start)
        written = value[self.file.start :].lstrip("/")
        kept = f"{self.value[: self.file.start]}{slashes[0] if slashes else ''}{written}"
        return kept if unsayable(self.origin, kept) is None else value

    @property
    def unknown(self) -> str | None:
        """Why the path is not known: it contains a variable or placeholder that something else fills in. None if it
        does not.
        """
        named = self.value[self.file.start : self.file.end]
        if (blank := PLACEHOLDER.search(named)) is not None and not isinstance(self.origin, InCode):
            return f"volfix cannot tell what replaces `{blank[0]}`"
        found = VISIBLE.search(named)
        if found is None or isinstance(self.origin, InCode):
            return None
        if self.origin is None or isinstance(self.origin, PutTogether):
            return f"volfix does not know the value of {found[1]}"
        return f"`{found[0]}` reaches the container unchanged: volfix cannot tell how the application reads it"

    @property
    def has_no_mount(self) -> bool:
        """Whether the container keeps nothing, so that the file dies with it wherever it is; its path is not known."""
        service, stage = self.service, self.service.stage
        holds = any(self.project.mounts_of(service)) or any(service.volumes_of_containers) or service.tmpfs
        return self.path is None and not (holds or (stage and stage.volumes) or self.loose or self.is_foreign)

    @property
    def loss(self) -> str:
        """What happens to a file at the path that no mount holds, as the end of a sentence."""
        if self.path is not None and is_in_anonymous_volume(self.project, self.service, self.path):
            return "it is in an anonymous volume, which `down` or another project name leaves behind"
        verb = "would die" if self.loose else "may die" if self.is_foreign or self.by_mount else "dies"
        return f"it {verb} with the container"

    @property
    def written_at(self) -> object:
        """The place of the value (file and offset), the same for every service that uses it; None if it is not in a
        file.
        """
        return (self.origin.file.path, self.origin.place) if self.origin is not None else None

    @property
    def is_foreign(self) -> bool:
        """Whether the image is a known application's: the files here do not show where things are in it."""
        return bool(known_entries(self.service))


def unsayable(origin: Origin, value: str) -> str | None:
    """Why the value cannot be written in its place; None if it can."""
    if isinstance(origin, InDockerfile) and not PLAIN_WORD.match(value):
        return "the new value needs quotes in the Dockerfile"
    if isinstance(origin, InFlow) and (origin.span is None or not PLAIN_WORD.match(value)):
        return "the value is part of a longer word: change it by hand"
    if isinstance(origin, PutTogether) and origin.saying(value) is None:
        return "the value has several parts, and no change of one part gives the new path"
    return None
