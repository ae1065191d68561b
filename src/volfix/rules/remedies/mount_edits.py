"""The operations that change a mount's source or target, in the short and the long syntax."""

from __future__ import annotations

from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import RemoveEntry, SetScalar
from volfix.project.compose.mounts import VOLUME, Mount, bind_pair, retargeted, volume_text
from volfix.project.stack import Use
from volfix.rules.context import Context
from volfix.syntax.yaml_tree import Mapping, Scalar


def to_volume(mount: Mount, key: str, target: str | None = None) -> list[Operation]:
    """The operations that give a mount the named volume `key` as its source, and the new `target` if there is one.

    The mount must have no `problem`: then its parts are written in its own entry.
    """
    if isinstance(mount.node, Scalar):
        text = volume_text(mount, key) if target is None else retargeted(mount, key, target)
        return [SetScalar(mount.file, mount.node, text)]
    assert isinstance(mount.node, Mapping)
    found: list[Operation] = []
    for name, value in (("type", VOLUME), ("source", key), ("target", target)):
        pair = mount.node.pair(name)
        if value is not None and pair is not None and isinstance(pair.value, Scalar) and pair.value.value != value:
            found.append(SetScalar(mount.file, pair.value, value))
    if bind := bind_pair(mount):
        found.append(RemoveEntry(mount.file, mount.node, bind))
    return found


def stays_for_others(context: Context, use: Use) -> str | None:
    """Why the mount's target cannot change; None if it can. Merged files replace mounts by their targets."""
    mount = use.mount
    for other in use.service.mounts:
        if other.overridden and other is not mount and other.clean_target == mount.clean_target:
            return f"changing {mount.raw_target} would activate {other.raw_source}, which this mount replaces there"
    for other_use in context.stack.uses:
        if other_use.mount.node is mount.node and other_use.mount.overridden:
            files = " and ".join(other_use.project.file_names)
            return f"with {files}, changing the target would activate both mounts"
    return None
