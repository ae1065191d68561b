"""What was carried from where: kept beside the journal, so that a later run knows it without an engine.

`carried.json` is a list of sources, each with the volume that has its data and the moment at which it was read: what is
written to the source later is not in the volume.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import asdict
from pathlib import Path

from volfix.fixes.write.journal import WriteProblem, locked, reading
from volfix.knowledge.paths import lies_in
from volfix.rules.carried import Carried

KEPT = "carried.json"


def carried_in(root: Path) -> list[Carried]:
    """What was carried into volumes of the repository's projects; nothing where that cannot be read."""
    import json

    try:
        with reading(root) as journal:
            data = journal.kept(KEPT) if journal else None
    except WriteProblem:
        return []
    try:
        return [
            Carried(
                str(item["source"]),
                str(item["key"]),
                str(item["volume"]),
                float(item["when"]),
                tuple(map(str, item["flags"])),
                str(item["place"]),
            )
            for item in json.loads(data or b"[]")
        ]
    except (ValueError, KeyError, TypeError):
        return []


def keep(root: Path, new: Iterable[Carried]) -> None:
    """Add to what is kept; of one source and volume the last moment counts. Raises WriteProblem."""
    found = {(item.source, item.volume): item for item in carried_in(root)}
    _replace(root, (found | {(item.source, item.volume): item for item in new}).values())


def forget(root: Path, volumes: Collection[str]) -> None:
    """The rows of these volumes are in their directories again. Raises WriteProblem."""
    found = carried_in(root)
    if any(item.volume in volumes for item in found):
        _replace(root, (item for item in found if item.volume not in volumes))


def _replace(root: Path, items: Iterable[Carried]) -> None:
    import json

    with locked(root) as journal:
        try:
            journal.keep(KEPT, json.dumps([asdict(item) for item in items], indent=1).encode("ascii"))
        except OSError as error:
            raise WriteProblem(journal.directory / KEPT, os.strerror(error.errno or 0)) from error


def carry_of(root: Path, path: Path, key: str) -> Carried | None:
    """The last carry of a host path, or of a directory above it, into this volume."""
    real = os.path.realpath(path)
    found = [item for item in carried_in(root) if item.key == key and lies_in(real, item.source)]
    return max(found, key=lambda item: item.when, default=None)
