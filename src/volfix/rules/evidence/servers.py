"""Which database servers use the same host directory or volume, and which of them cannot share it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from volfix.knowledge.entries import Entry
from volfix.knowledge.images import Image
from volfix.knowledge.lookup import version_in
from volfix.knowledge.paths import is_below, meet
from volfix.knowledge.storage import holds
from volfix.project.compose.compose_file import BASE_NAMES
from volfix.project.compose.host_directories import relative
from volfix.project.compose.mounts import VOLUME
from volfix.project.image.images import known_images
from volfix.project.stack import Stack, Use
from volfix.rules.context import Context, once, source_location
from volfix.rules.evidence.meant_mounts import meant_for_data
from volfix.rules.evidence.roles import Role, role_of
from volfix.rules.findings import Location

WHOLE_MAJOR = 10
"""From this major version a PostgreSQL release is one number; before, and for other engines, it is two."""
MOST = 40
"""The servers that a server of the same directory or volume is compared with: each with each would be quadratic."""


@dataclass(frozen=True, slots=True)
class Server:
    """A database server of one service; `directory` and `files` are its project's.

    `inner` is the server's directory below the source. `misses`: the mount is meant for the data, but the data is
    elsewhere. `location` is where the mount's source is written. `image` is the image as written; `release` is empty if
    the tag does not say the version. `by_project`: the source is a volume that is named after the project.
    `role_evidence` says how volfix knows that it is a server; `is_sure`: it knows.
    """

    directory: Path
    files: tuple[Path, ...]
    service: str
    engine: str
    release: tuple[int, ...]
    image: str
    inner: str
    misses: bool
    profiles: frozenset[str]
    location: Location
    by_project: bool
    role_evidence: tuple[str, ...]
    is_sure: bool

    def excludes(self, other: Server) -> bool:
        """Whether only one of the two can run at a time: the files or the profiles exclude each other."""
        if self.directory == other.directory and self.service == other.service:
            return True
        return bool(self.profiles and other.profiles and not self.profiles & other.profiles)

    def is_alternative(self, other: Server) -> bool:
        """Whether the two are in files of one directory that are not merged: both run if someone starts both files."""
        return self.directory == other.directory and self.files != other.files

    def is_apart(self, other: Server) -> bool:
        """Whether each has its own volume: alternative files that need `-f` are started with their own `-p`."""
        named = {self.files[0].name, other.files[0].name}
        return self.by_project and other.by_project and self.is_alternative(other) and named.isdisjoint(BASE_NAMES)

    def is_alike(self, other: Server) -> bool:
        """Whether each can read the other's files, judging by the images: the same engine and release."""
        both = zip(self.release, other.release, strict=False)  # `8` may be any 8.x
        return self.engine == other.engine and all(one == two for one, two in both)

    def collides(self, other: Server) -> bool:
        """Whether the two cannot share the source: both run at once, or one cannot read the other's files."""
        same = self.directory == other.directory and self.service == other.service
        if (same and self.location == other.location) or not _nested(self.inner, other.inner):
            return False  # the same service in several combinations of files, or separate directories of the source
        if self.is_apart(other):
            return False
        if not self.excludes(other):
            return True
        return not self.is_alike(other) and (same or self.engine != other.engine)

    def described(self, root: Path, other: Server) -> str:
        """The server's service in words, with what distinguishes it from `other`."""
        if self.directory != other.directory:
            place = relative(self.directory, root)
            return f"{self.service} of {place}"
        return self.service if self.files == other.files else f"{self.service} of {self.location.path.name}"


def servers_by_source(stacks: Iterable[Stack]) -> dict[tuple[str, str], tuple[Server, ...]]:
    """By host directory or volume, the servers that keep data in it, if there are several, by name and place."""
    uses: dict[tuple[str, str], list[Use]] = {}
    for stack in stacks:
        for use in stack.uses:
            if (source := use.shared_source(stack.root)) is not None:
                uses.setdefault(source, []).append(use)
    shared = ((source, set(filter(None, map(server_of, each)))) for source, each in uses.items() if len(each) > 1)
    return {source: tuple(sorted(servers, key=_order)) for source, servers in shared if len(servers) > 1}


def _order(server: Server) -> tuple[str, str, Location]:
    return str(server.directory), server.service, server.location


@lru_cache(1024)
def server_of(use: Use) -> Server | None:
    """The server whose data the mount holds or is meant for; None for clients, backups and applications."""
    known = [
        (image, entry, role)
        for image, entry in known_images(use.service)
        if entry.kind == "engine" and (role := role_of(use.project, use.service, entry)).counts
        if not role.where.keeps_nothing and not role.where.unknown
    ]
    target = use.mount.clean_target
    for image, entry, role in known:
        if holds(target, role.where) == "holds":
            path = next((path for path in role.where.paths if path == target or is_below(path, target)), target)
            return _server(use, image, entry, role, posixpath.relpath(path, target), misses=False)
    if known and meant_for_data(use.mount, [(entry, role.where) for _, entry, role in known]):
        return _server(use, *known[0], ".", misses=True)
    return None


def release_of(image: Image, entry: Entry) -> tuple[int, ...]:
    """The part of the version that decides which files the engine reads; empty if the tag does not say it."""
    version = version_in(image.tag or "", entry.version) or ()
    whole = entry.family == "postgres" and version[:1] >= (WHOLE_MAJOR,)
    return version[: 1 if whole else 2]


@once
def colliding(context: Context, use: Use) -> list[Server]:
    """The servers that cannot share the source with this mount's server, at most MOST."""
    others = _servers_at(context, use)
    own = server_of(use) if others else None
    return list(islice((other for other in others if own is not None and own.collides(other)), MOST))


def _servers_at(context: Context, use: Use) -> Sequence[Server]:
    """The servers that keep data in this mount's source, if there are several."""
    source = use.shared_source(context.root)
    return () if source is None else context.servers().get(source, ())


def are_alternatives(context: Context, use: Use, others: Sequence[Server]) -> bool:
    """Whether no project contains this mount's server together with one of the others.

    They are in files of one directory that are not merged, and run at once only if someone starts both.
    """
    own = server_of(use)
    if own is None or not all(other.is_alternative(own) for other in others):
        return False
    together = {server.files for server in _servers_at(context, use) if server.location == own.location}
    return together.isdisjoint(other.files for other in others)


@once
def collision(context: Context, use: Use) -> str | None:
    """Why the data stays in its place: servers of other engines or versions use the source too, or more servers than
    volfix compares. None if none do.
    """
    own = server_of(use)
    if own is not None and len(_servers_at(context, use)) > MOST:
        return f"more than {MOST} database servers use {use.mount.raw_source}: see VF110"
    for other in colliding(context, use):
        if own is not None and not own.is_alike(other):
            who = f"{own.service} ({own.image}) and {other.described(context.root, own)} ({other.image})"
            return f"{who} cannot share {use.mount.raw_source}: see VF110"
    return None


def _server(use: Use, image: Image, entry: Entry, role: Role, inner: str, *, misses: bool) -> Server:
    source = use.source(use.project.root) if use.mount.kind == VOLUME else None
    by_project = source is not None and not source.is_fixed and not any(file.name for file in use.project.files)
    return Server(
        use.project.directory,
        tuple(file.path for file in use.project.files),
        use.service.name,
        entry.family,
        release_of(image, entry),
        image.text,
        inner,
        misses,
        frozenset(use.service.profiles),
        source_location(use.mount),
        by_project,
        role.evidence,
        role.doubt is None,
    )


def _nested(one: str, other: str) -> bool:
    """Whether one path is the other, or contains it."""
    return meet(posixpath.normpath(f"/{one}"), posixpath.normpath(f"/{other}"))
