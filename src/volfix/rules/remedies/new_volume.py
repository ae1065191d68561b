"""A service gets a volume that it did not have: one more mount, and its declaration."""

from __future__ import annotations

from collections.abc import Iterable

from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import AppendItem, DeclareVolume
from volfix.project.compose.model import Part, Service
from volfix.project.compose.replicas import replicas
from volfix.rules.findings import Change, MountChange, VolumeChange
from volfix.syntax.yaml_tree import Document

VERSION_1 = "the file has no `services:` (version 1), which Compose no longer reads: give it the current format first"

Addition = tuple[tuple[Operation, ...], tuple[Change, ...]]


def refusal(service: Service) -> str | None:
    """Why no volume can be added to this service alone; None where one can."""
    if service.parts[0].file.version_1:
        return VERSION_1
    part = _editable(service)
    if part is None or _document(part) is None:
        return "the service comes from an anchor, a merge key or another project's file"
    if replicas(service) not in (0, 1):
        return f"several containers of {service.name} may run at once, and would share the volume"
    return None


def added_volume(service: Service, key: str, target: str) -> Addition | str:
    """What mounts the volume at the target of this service alone, and what that changes; or why it cannot be done."""
    if (reason := refusal(service)) is not None:
        return reason
    part = service.parts[0]
    document = _document(part)
    assert document is not None
    file = part.file
    operations = (
        AppendItem(file.source, document, part.node, "volumes", f"{key}:{target}"),
        DeclareVolume(file.source, document, key),
    )
    return operations, (MountChange(file.path, service.name, target, key, added=True), VolumeChange(file.path, key))


def kept_in(service: Service, path: str, declared: Iterable[str] = ()) -> str:
    """The source of a move of rows that no mount of the project holds: the anonymous volume that Docker mounts at a
    VOLUME of the image, `declared` for an image that volfix knows; else the container's own layer.
    """
    built = service.stage.volumes if service.stage else ()
    return f"anonymous:{path}" if path in (*declared, *built) else f"container:{path}"


def _editable(service: Service) -> Part | None:
    """The part to which a mount can be added for this service alone."""
    part = service.parts[0]
    shared = part.node.anchor is not None or part.service != service.name or part.node.get("volumes") is not None
    if shared and (part.node.anchor is not None or part.service != service.name or part.node.pair("volumes") is None):
        return None
    return part


def _document(part: Part) -> Document | None:
    for name, node, document in part.file.services():
        if name == part.service and node is part.node:
            return document
    return None
