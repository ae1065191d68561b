"""Host paths that a volume replaced, and that still hold the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from volfix.knowledge.carry_service import SOURCE, TARGET
from volfix.knowledge.clients import client_of
from volfix.project.compose.host_directories import HostDirectory
from volfix.project.compose.mounts import BIND, VOLUME, Mount
from volfix.project.git import is_placeholder
from volfix.project.stack import Use
from volfix.rules.carried import Carried
from volfix.rules.context import Context
from volfix.rules.evidence.held_data import DATABASE_FILE, UNKNOWN, HeldData, held_data
from volfix.syntax import disk

SQLITE = b"SQLite format 3\0"
LOOKED_AT = 20_000
"""The most files of a directory whose first bytes are read."""


@dataclass(frozen=True, slots=True)
class Left:
    """A former mount that the volume of `use` replaced. `written` is its source as written, `when` how volfix knows.

    `what` is the database that is still there. `carried` is a carry before its last change. `carrier` is the carry
    service that carries it at the next deployment.
    """

    use: Use
    written: str
    host: HostDirectory
    when: str
    what: str
    carried: Carried | None
    carrier: str | None


def left_behind(context: Context) -> Iterator[Left]:
    """Each former place of a volume's data that volfix does not know to be carried."""
    for use in context.stack.uses:
        if use.mount.kind != VOLUME or use.mount.overridden or use.mount.read_only:
            continue
        held = held_data(context, use)
        if held is None or held.kind == UNKNOWN:
            continue
        for mount, when in _former(context, use):
            host = context.host_of(mount)
            what = database_at(host.path, held) if host.path is not None else None
            if host.path is None or what is None:
                continue
            carried = context.carried(host.path, use.mount.source)
            if carried is None or carried.when < last_change(host.path):
                yield Left(use, mount.raw_source, host, when, what, carried, _carrier(context, use, host))


def _former(context: Context, use: Use) -> Iterator[tuple[Mount, str]]:
    """The bind mounts that the volume replaced, in the newest version of the files with another mount, with how volfix
    knows.
    """
    now = {context.host_of(mount).key for mount in use.service.mounts if mount.kind == BIND}
    targets = {mount.clean_target for mount in use.service.mounts}
    for project, when in context.former(use.project):
        service = project.services.get(use.service.name)
        mounts = [mount for mount in service.mounts if not mount.overridden] if service else []
        same = [mount for mount in mounts if mount.clean_target == use.mount.clean_target]
        gone = [mount for mount in mounts if mount.kind == BIND and context.host_of(mount).key not in now]
        found = [mount for mount in gone if mount in same or mount.clean_target not in targets]
        if found or any((mount.kind, mount.source) != (VOLUME, use.mount.source) for mount in same):
            yield from ((mount, when) for mount in found if not mount.read_only)
            return


def _carrier(context: Context, use: Use, host: HostDirectory) -> str | None:
    """The carry service that copies the host directory into the volume; None for no service."""
    for name, service in use.project.carriers.items():
        mounts = {mount.clean_target: mount for mount in service.mounts if not mount.overridden}
        if mounts[TARGET].source == use.mount.source and context.host_of(mounts[SOURCE]) == host:
            return name
    return None


def database_at(path: Path, held: HeldData) -> str | None:
    """In words, which data of the volume the path still holds; None for no data."""
    if not disk.exists(path):
        return None
    if not path.is_dir():
        return "a SQLite database" if disk.glance(path, len(SQLITE)) == SQLITE else None
    client = client_of(held.entry.family) if held.entry else None
    closed: list[OSError] = []
    for number, (name, is_kept) in enumerate(_files(path, closed)):
        if client is not None and client.is_data_file(name):
            return f"the data of {client.name}"
        if number < LOOKED_AT and disk.glance(path / name, len(SQLITE)) == SQLITE:
            return f"the SQLite database {name}"
        if client is None and held.kind != DATABASE_FILE and not is_kept:
            return f"the data of {held.entry.name}" if held.entry else "data"
    return "files that volfix may not read here" if closed else None


def _files(path: Path, closed: list[OSError]) -> Iterator[tuple[str, bool]]:
    """The files below the path, each with whether it is a placeholder such as .gitkeep. `closed` collects errors."""
    for directory, names in disk.walk(path, onerror=closed.append):
        for name in names:
            yield os.path.relpath(os.path.join(directory, name), path), is_placeholder(name)  # noqa: PTH118


def last_change(path: Path) -> float:
    """When something at or below the path last changed (seconds since 1970), as far as volfix may read."""
    paths = [str(path), *(str(path / name) for name, _ in _files(path, []))] if path.is_dir() else [str(path)]
    return max((max(found.st_mtime, found.st_ctime) for found in _states(paths)), default=0.0)


def _states(paths: list[str]) -> Iterator[os.stat_result]:
    for path in paths:
        try:
            yield os.lstat(path)
        except OSError:
            continue  # deleted, or not readable
