"""A service gets a volume that it did not have: one more mount, and its declaration."""

from __future__ import annotations

from volfix.project.model import Part, Service
from volfix.rules.bind_to_volume import VERSION_1
from volfix.rules.findings import Change, MountChange, VolumeChange
from volfix.rules.operations import AddMount, DeclareVolume, Operation
from volfix.syntax.yaml_tree import Document

Addition = tuple[tuple[Operation, ...], tuple[Change, ...]]


def added_volume(service: Service, key: str, target: str) -> Addition | str:
    """What mounts the volume at the target of this service alone, and what that changes; or why it cannot be done."""
    part = _editable(service)
    document = _document(part) if part is not None else None
    if service.parts[0].file.version_1:
        return VERSION_1
    if part is None or document is None:
        return "the service comes from an anchor, a merge key or another project's file"
    file = part.file
    operations = (
        AddMount(file.source, document, part.node, f"{key}:{target}"),
        DeclareVolume(file.source, document, key),
    )
    return operations, (MountChange(file.path, service.name, target, key, added=True), VolumeChange(file.path, key))


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
