"""A service gets a volume that it did not have: one more mount, and its declaration."""

from __future__ import annotations

from collections.abc import Iterable

from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import AppendItem, DeclareVolume
from volfix.project.compose.service import Service
from volfix.rules.evidence.own_volume import document_of, refusal
from volfix.rules.findings import Change, MountChange, VolumeChange

Addition = tuple[tuple[Operation, ...], tuple[Change, ...]]


def added_volume(service: Service, key: str, target: str) -> Addition | str:
    """What mounts the volume at the target of this service alone, and what that changes; or why it cannot be done."""
    if (reason := refusal(service)) is not None:
        return reason
    part = service.parts[0]
    document = document_of(part)
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
