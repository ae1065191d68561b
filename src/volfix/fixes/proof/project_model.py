"""The resolved model of a project: what its files mean together, as plain data that the proof compares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from volfix.edits.waits import STARTED
from volfix.fixes.proof.differences import Model
from volfix.project.compose.carriers import origin_of
from volfix.project.compose.compose_file import ComposeFile, strings
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import Mount
from volfix.project.compose.service import Service
from volfix.syntax import yaml_tree
from volfix.syntax.yaml_plain import digest, plain

MOUNTS, WAITS = "volumes", "depends_on"


def model(project: Project) -> Model:
    """What the project's files mean: mounts, environments, volumes, and a digest of everything else."""
    return settled(described(project))


def described(project: Project) -> Model:
    """The model, in which each mount and each `depends_on:` still knows where it is written."""
    services = {name: _service(service) for name, service in project.services.items()}
    carriers = {name: _carrier(service) for name, service in project.carriers.items()}
    described: Model = {"name": project.name, "services": {**services, **carriers}, "volumes": {}, "sections": {}}
    for file in project.loaded:
        for key, entry in _volumes(file).items():
            described["volumes"].setdefault(key, {})[str(file.path)] = entry
        for number, root in enumerate(file.roots):
            for key, pair in () if file.version_1 else root.items():
                if key not in ("services", "volumes", "name") and not key.startswith("x-"):
                    described["sections"][f"{key} of {file.path}, document {number}"] = digest(pair.value)
    return described


def settled(described: Model) -> Model:
    """The model without places, which every edit moves; with mounts by target and waits by service, each file's."""
    for service in described["services"].values():
        mounts: Model = {}
        for file, _, target, *mount in sorted(service[MOUNTS], key=lambda each: str([each[0], *each[2:]])):
            mounts.setdefault(target, []).append([*mount, file])
        service[MOUNTS] = mounts
        waits: Model = {}
        for number, own in enumerate(service[WAITS]):
            for name, condition in own.items():
                waits.setdefault(name, {})[number] = condition
        service[WAITS] = waits
    return described


def meaning_of(kind: str, source: str, read_only: bool, overridden: bool = False) -> list[Any]:
    """What a mount is, behind its file, place and target."""
    return [kind, source, read_only, overridden]


def _service(service: Service) -> Model:
    rest = {
        f"{number} {key}": digest(pair.value)
        for number, part in enumerate(service.parts)
        for key, pair in part.node.items()
        if key not in ("volumes", "environment", "depends_on")
    }
    build = service.build and [list(pair) for pair in service.build.arguments]
    return {
        "image": service.image,
        "environment": {name: variable.value for name, variable in service.environment.items()},
        MOUNTS: [_written(mount) for mount in service.mounts],
        WAITS: [_waits(part.node.get("depends_on")) for part in service.parts],
        "rest": {**rest, "words": list(service.words), "build": build},
    }


def _written(mount: Mount) -> list[Any]:
    meaning = meaning_of(mount.kind, mount.source, mount.read_only, mount.overridden)
    return [str(mount.file.path), mount.place, mount.clean_target, *meaning]


def _carrier(service: Service) -> Model:
    """A carry service: what it runs in, the mounts in force and the files that say it. The trees prove the rest."""
    mounts = {mount.clean_target: mount for mount in service.mounts if not mount.overridden}
    meanings = {target: meaning_of(mount.kind, mount.source, mount.read_only) for target, mount in mounts.items()}
    return carrier_model(service, meanings, {str(part.file.path) for part in service.parts})


def carrier_model(like: Service, mounts: Model, files: Iterable[str]) -> Model:
    """The model of a carry service that is built, or named, as the service `like` is."""
    image, *others = origin_of(like)
    return {
        "image": image,
        MOUNTS: [["", -1, target, *meaning] for target, meaning in mounts.items()],
        WAITS: [],
        "origin": others,
        "files": dict.fromkeys(sorted(files), True),
    }


def _waits(node: yaml_tree.Node | None) -> Model:
    """What a `depends_on:` waits for and how; a list says that each has started."""
    if isinstance(node, yaml_tree.Sequence):
        return dict.fromkeys(strings(node), STARTED)
    if isinstance(node, yaml_tree.Mapping):
        return {name: plain(yaml_tree.resolved(pair.value)) for name, pair in node.items()}
    return {}


def _volumes(file: ComposeFile) -> Model:
    return {key: plain(node) for key, node in file.declared.items()}
