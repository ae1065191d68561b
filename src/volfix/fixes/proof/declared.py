"""The model that a project shall have: its model of now with the declared changes made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from volfix.edits.waits import COMPLETED
from volfix.fixes.proof.differences import Model
from volfix.fixes.proof.project_model import MOUNTS, WAITS, carrier_model, described, meaning_of, settled
from volfix.fixes.proof.reworded import with_words
from volfix.knowledge.carry_service import MARK, MARK_SUFFIX, SOURCE, TARGET
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import VOLUME
from volfix.rules.findings import (
    CarrierChange,
    Change,
    MountChange,
    NameChange,
    ValueChange,
    VolumeChange,
    VolumeName,
    WaitChange,
    WordChange,
)


def declared_model(project: Project, changes: Sequence[Change]) -> Model:
    """The project's model with the changes made."""
    words = {(change.path, change.place): change.value for change in changes if isinstance(change, WordChange)}
    wanted = described(with_words(project, words) if words else project)
    own = {file.path for file in project.loaded}
    _declare_values(project, wanted, [change for change in changes if isinstance(change, ValueChange)])
    for change in changes:
        match change:
            case VolumeChange() if change.path in own:
                entries = wanted["volumes"].setdefault(change.key, {})
                entries[str(change.path)] = _with_driver(entries.get(str(change.path)))
            case MountChange():
                _declare_mount(project, wanted, change)
            case VolumeName():
                volume = wanted["volumes"].get(change.key, {}).get(str(change.path))
                if isinstance(volume, dict):
                    volume["name"] = change.name
            case NameChange() if any(file.path == change.path for file in project.files):
                wanted["name"] = change.name
            case CarrierChange() if change.path in own:
                _declare_carrier(project, wanted, change)
            case WaitChange():
                _declare_wait(project, wanted, change)
    return settled(wanted)


def _declare_carrier(project: Project, wanted: Model, change: CarrierChange) -> None:
    path, volumes = str(change.path), wanted["volumes"]
    if change.like is None:
        volumes.get(change.mark, {}).pop(path, None)
    else:
        volumes.setdefault(change.mark, {})[path] = {"driver": "local"}
    if not volumes.get(change.mark, True):
        del volumes[change.mark]
    if all(file.path != change.path for file in project.merged):
        return  # what `extends` takes over is services alone
    known = wanted["services"].get(change.name)
    files = {*(known["files"] if known else ())} - {path}
    if change.like is not None and (like := project.services.get(change.like)) is not None:
        mounts = {
            SOURCE: meaning_of(change.kind, change.source, True),
            TARGET: meaning_of(VOLUME, change.mark.removesuffix(MARK_SUFFIX), False),
            MARK: meaning_of(VOLUME, change.mark, False),
        }
        wanted["services"][change.name] = carrier_model(like, mounts, {*files, path})
    elif files:
        known["files"] = dict.fromkeys(sorted(files), True)
    else:
        wanted["services"].pop(change.name, None)


def _declare_wait(project: Project, wanted: Model, change: WaitChange) -> None:
    for name, service in project.services.items():
        for part, waits in zip(service.parts, wanted["services"][name][WAITS], strict=True):
            if (part.file.path, part.service) == (change.path, change.service):
                waits.pop(change.carrier, None)
                if not change.gone:
                    waits[change.carrier] = COMPLETED


def _declare_mount(project: Project, wanted: Model, change: MountChange) -> None:
    service = project.services.get(change.service)
    if service is None or all(part.file.path != change.path for part in service.parts):
        return
    mounts = wanted["services"][change.service][MOUNTS]
    if not change.added:
        for mount in mounts:
            if mount[:2] == [str(change.path), change.place]:
                mount[2:5] = [change.new_target or change.target, VOLUME, change.volume]
        return
    order = [str(part.file.path) for part in service.parts]
    own = order.index(str(change.path))
    same = [mount for mount in mounts if mount[2] == change.target]
    later = any(order.index(mount[0]) > own for mount in same if mount[0] in order)
    for mount in same:
        mount[6] = mount[6] or order.index(mount[0]) <= own
    mounts.append([str(change.path), -1, change.target, *meaning_of(VOLUME, change.volume, False, later)])


def _declare_values(project: Project, wanted: Model, changes: Sequence[ValueChange]) -> None:
    taken: dict[tuple[Path, int, str | None], list[tuple[str, str]]] = {}
    for name, service in project.services.items() if changes else ():
        for variable in service.environment.values():
            if (origin := variable.origin) is not None:
                taken.setdefault((origin.file.path, origin.place, variable.value), []).append((name, variable.name))
    for change in changes:
        for name, variable_name in taken.get((change.path, change.place, change.before), ()):
            wanted["services"][name]["environment"][variable_name] = change.value


def _with_driver(entry: Any) -> Any:
    if isinstance(entry, dict):
        return {**entry, "driver": "local"}
    if isinstance(entry, tuple) and entry[0] in ("anchor", "tag"):
        return (*entry[:2], _with_driver(entry[2]))
    return {"driver": "local"}
