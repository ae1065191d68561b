"""The operations that add a volume to a service: one more mount, and its declaration."""

from __future__ import annotations

from collections.abc import Iterable

from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import AppendItem, DeclareVolume
from volfix.project.compose.service import Service
from volfix.rules.context import Context
from volfix.rules.evidence.own_volume import document_of, refusal, sharing
from volfix.rules.findings import Change, MountChange, VolumeChange

Addition = tuple[tuple[Operation, ...], tuple[Change, ...]]


def added_volume(context: Context, service: Service, key: str, target: str) -> Addition | str:
    """The operations that mount the volume in this service alone, and their changes; or why it is not possible."""
    if (reason := refusal(service) or sharing(context, service)) is not None:
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
    """The source of a move for rows that no mount of the project holds.

    `anonymous:<path>` if the image declares a VOLUME there (`declared` for a known image), else `container:<path>`.
    """
    built = service.stage.volumes if service.stage else ()
    return f"anonymous:{path}" if path in (*declared, *built) else f"container:{path}"
