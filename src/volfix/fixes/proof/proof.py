"""The proof: the changed files, read again, mean exactly what the fixes declare, or nothing is written.

It is made twice over: each file's tree must be the old tree with the operations applied, and the projects that are
built from the changed files must be the old projects with the declared changes applied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volfix.edits.carry_edits import COMPLETED, STARTED
from volfix.edits.operation import Operation
from volfix.edits.yaml_meaning import expected
from volfix.fixes.proof.reworded import with_words
from volfix.project.compose.carriers import origin_of
from volfix.project.compose.compose_file import ComposeFile, is_empty, strings
from volfix.project.compose.merging import build_project
from volfix.project.compose.model import Project
from volfix.project.compose.origins import Variable
from volfix.project.compose.service import Service
from volfix.project.loader import Loader
from volfix.project.stack import Stack
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
from volfix.syntax import yaml_tree
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_plain import digest, plain
from volfix.syntax.yaml_tree import parse

if TYPE_CHECKING:
    from volfix.project.ci.pipeline import PipelineFile

Model = dict[str, Any]


class ProofFailed(Exception):
    """The change does not mean what it is meant to; the text shows the difference."""


def prove(
    stack: Stack,
    operations: Sequence[Operation],
    changes: Sequence[Change],
    after: Mapping[Path, Source],
    loader: Loader,
) -> None:
    """Raise ProofFailed unless the files in `after` differ from the stack's in meaning by exactly the `changes`."""
    compose_files = {file.path: file for file in stack.files}
    pipelines = {workflow.file.path: workflow.file for workflow in stack.workflows}
    for path, source in after.items():
        own = [operation for operation in operations if operation.source.path == path]
        try:
            if path in compose_files:
                _prove_tree(compose_files[path], own, source)
            elif path in pipelines:
                _prove_pipeline(pipelines[path], own, source)
            else:
                before, meaning = own[0].source, own[0].meaning
                _compare(path.name, meaning(before, own), meaning(source, ()))
            _prove_commands(own, source)
        except FileProblem as problem:
            raise ProofFailed(f"{problem.path}: the changed file cannot be read: {problem.message}") from problem
    changed = loader.overlaid(after)
    for project in stack.projects:
        if not after.keys() & ({file.path for file in project.loaded} | project.env_paths):
            continue
        loaded = [changed.compose(file.path) for file in project.files]
        files = tuple(file for file in loaded if file is not None)
        again = build_project(project.root, project.directory, files, changed, project.called_in)
        if changed.problems or None in loaded:
            raise ProofFailed("; ".join(map(str, changed.problems)) or "a changed file is no longer a Compose file")
        _compare(f"project {project.name}", declared_model(project, changes), model(again))


def _compare(what: str, expected: Any, actual: Any) -> None:
    """DeepDiff over the parts that are not the same object for object: equal parts have no difference to show."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        differing = {key for key in expected.keys() | actual.keys() if expected.get(key) != actual.get(key)}
        expected = {key: expected[key] for key in differing if key in expected}
        actual = {key: actual[key] for key in differing if key in actual}
    if expected == actual:
        return
    from deepdiff import DeepDiff

    difference = DeepDiff(expected, actual)
    places = ", ".join(sorted(difference.affected_paths))  # the places alone: a value may be a credential
    raise ProofFailed(f"{what}: the change would do something else than it says, at {places}")


def _prove_tree(before: ComposeFile, operations: Sequence[Operation], after: Source) -> None:
    again = [document for document in parse(after) if not is_empty(document)]
    _compare(before.path.name, expected(before.documents, operations), expected(again, ()))


def _prove_pipeline(before: PipelineFile, operations: Sequence[Operation], after: Source) -> None:
    """The documents as the CI server splits them, each the old one with its operations; still as many pipelines."""
    from volfix.project.ci.load import load

    again = load(before.path, after)
    _compare(before.path.name, expected(before.documents, operations), expected(again.documents, ()))
    _compare(before.path.name, [each.name for each in before.pipelines], [each.name for each in again.pipelines])


def _prove_commands(operations: Sequence[Operation], after: Source) -> None:
    """Where commands are edited, every word of every command is as before, but those that the operations name."""
    replaced = [found for operation in operations if (found := operation.in_commands()) is not None]
    if not replaced or any(operation.hides_words for operation in operations):
        return
    from volfix.fixes.proof.command_words import expected_words, words_of

    _compare(f"commands of {after.path.name}", expected_words(operations[0].source, replaced), words_of(after))


def model(project: Project) -> Model:
    """What the project's files mean, as plain data: mounts, environments, volumes, and a digest of everything else."""
    return _settled(_described(project))


def _described(project: Project) -> Model:
    described: Model = {f"service {name}": _service(service) for name, service in project.services.items()}
    for file in project.loaded:
        described[f"volumes of {file.path}"] = _volumes(file)
        for number, root in enumerate(file.roots):
            for key, pair in () if file.version_1 else root.items():
                if key not in ("services", "volumes", "name") and not key.startswith("x-"):
                    described[f"{key} of {file.path}, document {number}"] = digest(pair.value)
    for name, carrier in project.carriers.items():
        described[_carrier(name)] = [sorted(str(part.file.path) for part in carrier.parts), list(origin_of(carrier))]
    described["name"] = project.name
    return described


def _carrier(name: str) -> str:
    return f"carry service {name}"


def _service(service: Service) -> Model:
    rest = {
        f"{number} {key}": digest(pair.value)
        for number, part in enumerate(service.parts)
        for key, pair in part.node.items()
        if key not in ("volumes", "environment", "depends_on")
    }
    mounts = [
        [
            str(mount.file.path),
            mount.place,
            mount.clean_target,
            mount.kind,
            mount.source,
            mount.read_only,
            mount.overridden,
        ]
        for mount in service.mounts
    ]
    build = service.build and [list(pair) for pair in service.build.arguments]
    return {
        "waits": [_waits(part.node.get("depends_on")) for part in service.parts],
        "mounts": mounts,
        "environment": {name: variable.value for name, variable in service.environment.items()},
        "rest": {**rest, "image": service.image, "words": list(service.words), "build": build},
    }


def _waits(node: yaml_tree.Node | None) -> Model:
    """What a `depends_on:` waits for and how; a list says that each has started."""
    if isinstance(node, yaml_tree.Sequence):
        return dict.fromkeys(strings(node), STARTED)
    if isinstance(node, yaml_tree.Mapping):
        return {name: plain(yaml_tree.resolved(pair.value)) for name, pair in node.items()}
    return {}


def _settled(described: Model) -> Model:
    """The model without places, which every edit moves, and with mounts in an order that does not depend on them."""
    for value in described.values():
        if isinstance(value, dict) and "mounts" in value:
            value["mounts"] = sorted(([path, *rest] for path, _, *rest in value["mounts"]), key=str)
    return described


def _volumes(file: ComposeFile) -> Model:
    return {key: plain(node) for key, node in file.declared.items()}


def declared_model(project: Project, changes: Sequence[Change]) -> Model:
    """The project's model with the changes made."""
    words = {(change.path, change.place): change.value for change in changes if isinstance(change, WordChange)}
    wanted = _described(with_words(project, words) if words else project)
    for change in changes:
        if isinstance(change, VolumeChange):
            volumes = wanted.get(f"volumes of {change.path}")
            if volumes is not None:
                volumes[change.key] = _with_driver(volumes.get(change.key))
        elif isinstance(change, MountChange):
            _declare_mount(project, wanted, change)
        elif isinstance(change, VolumeName):
            volume = wanted.get(f"volumes of {change.path}", {}).get(change.key)
            if isinstance(volume, dict):
                volume["name"] = change.name
        elif isinstance(change, NameChange):
            if any(file.path == change.path for file in project.files):
                wanted["name"] = change.name
        elif isinstance(change, ValueChange):
            _declare_value(project, wanted, change)
    _declare_carriers(project, wanted, changes)
    return _settled(wanted)


def _declare_carriers(project: Project, wanted: Model, changes: Sequence[Change]) -> None:
    for change in changes:
        if isinstance(change, CarrierChange):
            _declare_carrier(project, wanted, change)
        elif isinstance(change, WaitChange):
            _declare_wait(project, wanted, change)


def _declare_carrier(project: Project, wanted: Model, change: CarrierChange) -> None:
    volumes = wanted.get(f"volumes of {change.path}", {})
    volumes.pop(change.mark, None)
    if change.like is not None:
        volumes[change.mark] = {"driver": "local"}
    if all(file.path != change.path for file in project.merged):
        return  # what `extends` takes over is services alone
    files, origin = wanted.pop(_carrier(change.name), ([], None))
    files = {*files} - {str(change.path)}
    if change.like is not None and (like := project.services.get(change.like)) is not None:
        files, origin = files | {str(change.path)}, list(origin_of(like))
    if files:
        wanted[_carrier(change.name)] = [sorted(files), origin]


def _declare_wait(project: Project, wanted: Model, change: WaitChange) -> None:
    for name, service in project.services.items():
        for part, waits in zip(service.parts, wanted[f"service {name}"]["waits"], strict=True):
            if (part.file.path, part.service) == (change.path, change.service):
                waits.pop(change.carrier, None)
                if not change.gone:
                    waits[change.carrier] = COMPLETED


def _declare_mount(project: Project, wanted: Model, change: MountChange) -> None:
    service = project.services.get(change.service)
    if service is None or all(part.file.path != change.path for part in service.parts):
        return
    mounts = wanted[f"service {change.service}"]["mounts"]
    if not change.added:
        for mount in mounts:
            if mount[:2] == [str(change.path), change.place]:
                mount[2:5] = [change.new_target or change.target, "volume", change.volume]
        return
    order = [str(part.file.path) for part in service.parts]
    own = order.index(str(change.path))
    same = [mount for mount in mounts if mount[2] == change.target]
    later = any(order.index(mount[0]) > own for mount in same if mount[0] in order)
    for mount in same:
        mount[6] = mount[6] or order.index(mount[0]) <= own
    mounts.append([str(change.path), -1, change.target, "volume", change.volume, False, later])


def _declare_value(project: Project, wanted: Model, change: ValueChange) -> None:
    for name, service in project.services.items():
        for variable in service.environment.values():
            if _comes_from(variable, change):
                wanted[f"service {name}"]["environment"][variable.name] = change.value


def _comes_from(variable: Variable, change: ValueChange) -> bool:
    origin = variable.origin
    same_place = origin is not None and (origin.file.path, origin.place) == (change.path, change.place)
    return same_place and variable.value == change.before


def _with_driver(entry: Any) -> Any:
    if isinstance(entry, dict):
        return {**entry, "driver": "local"}
    if isinstance(entry, tuple) and entry[0] in ("anchor", "tag"):
        return (*entry[:2], _with_driver(entry[2]))
    return {"driver": "local"}
