"""The mounts of a service's parts, merged as Compose merges them.

Source: compose-spec/compose-go, override/uncity.go (the last entry for a target wins, once a file is merged);
docker/compose 5.6, asked for its `config` (an entry that is there already is not added again).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from volfix.project.compose.interpolation import InterpolationError, Lookup, interpolate
from volfix.project.compose.mounts import Mount, read_mount
from volfix.project.compose.part import Part
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, Sequence, resolved


def merged_mounts(service: str, parts: Iterable[Part], lookup: Lookup) -> tuple[Mount, ...]:
    """Every mount written for the service, in the order of the parts; `overridden` marks mounts without effect."""
    found: list[Mount] = []
    last: dict[str, int] = {}
    known: list[Mount] = []
    for part in parts:
        replaces, node = part.section("volumes")
        if replaces:
            found = [replace(mount, overridden=True) for mount in found]
            last, known = {}, []
        if part.node.get("extends") is None:  # it begins what one file says of the service
            known = [mount for mount in found if not mount.overridden and _is_long(mount)]
        there = [mount for mount in known if _is_long(mount) or mount.file is part.file.source]
        for item in node.items if isinstance(node, Sequence) else ():
            mount = read_mount(service, part.file.source, item, part.directory, lookup)
            if mount is None:
                continue
            known.append(mount)
            number = last.get(mount.clean_target)
            if number is not None and there and _is_dropped(mount, found[number], there, lookup):
                found.append(replace(mount, overridden=True))
                continue
            if number is not None:
                found[number] = replace(found[number], overridden=True)
            last[mount.clean_target] = len(found)
            found.append(mount)
    return tuple(found)


def _is_long(mount: Mount) -> bool:
    """Whether the mount is written in the long form, as Compose has all mounts of the files that it has merged."""
    return isinstance(mount.node, Mapping)


def _is_dropped(mount: Mount, last: Mount, there: Iterable[Mount], lookup: Lookup) -> bool:
    """Whether Compose does not add the mount: one of those that are there is the same, and another is the last."""
    same = [each for each in there if each.clean_target == mount.clean_target]
    if not same:
        return False
    content = _content(mount.node, lookup)
    return _content(last.node, lookup) != content and any(_content(each.node, lookup) == content for each in same)


def _content(node: Node, lookup: Lookup) -> object:
    """What an entry of `volumes:` says, to compare it with another entry."""
    entry = resolved(node)
    if isinstance(entry, Mapping):
        return {key: _content(pair.value, lookup) for key, pair in entry.items()}
    if isinstance(entry, Sequence):
        return [_content(item, lookup) for item in entry.items]
    try:
        return interpolate(entry.value, lookup).value if isinstance(entry, Scalar) else None
    except InterpolationError:
        return entry
