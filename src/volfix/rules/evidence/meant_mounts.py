"""Mounts that look meant for an engine's data, whether or not they hold it."""

from __future__ import annotations

from collections.abc import Iterable

from volfix.knowledge.entries import Entry
from volfix.knowledge.lookup import entry_at
from volfix.knowledge.storage import DataDirectories, holds
from volfix.knowledge.targets import never_converted, state_like
from volfix.project.compose.host_directories import is_file
from volfix.project.compose.mounts import BIND, UNKNOWN, VOLUME, Mount


def meant_for_data(mount: Mount, possible: Iterable[tuple[Entry, DataDirectories]]) -> bool:
    """Whether the mount looks meant for the data of an engine, for one of the versions that the image may be."""
    target = mount.clean_target
    if mount.kind not in (BIND, VOLUME, UNKNOWN) or mount.read_only or is_file(mount):
        return False
    if any(never_converted(entry, target) for entry, _ in possible):
        return False
    relations = {holds(target, where) for _, where in possible}
    if relations & {"holds", "shadowed"} or entry_at(target) is not None:
        return True
    return "elsewhere" in relations and state_like(target)
