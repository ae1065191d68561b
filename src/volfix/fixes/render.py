"""Operations become edits: each file's operations together, so that two of them never meet in one place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from volfix.edits.operation import Operation, splices
from volfix.syntax.source import Edit, Source


def rendered(operations: Sequence[Operation]) -> dict[Path, tuple[Source, list[Edit]]]:
    """Each file that the operations change, as it will be, and the edits that make it so.

    Raises CannotEdit where the text has no place for an edit.
    """
    return {source.path: (source.splice(edits), edits) for source, edits in edited(operations)}


def edited(operations: Sequence[Operation]) -> list[tuple[Source, list[Edit]]]:
    """Each file that the operations change, as it is, and the edits: without the text after them, which costs as much
    as the file is long.

    Raises CannotEdit as `rendered` does.
    """
    found = ((own[-1].source, splices(own)) for own in by_file(operations).values())
    return [(source, edits) for source, edits in found if source.changes(edits)]


def by_file(operations: Sequence[Operation]) -> dict[Path, list[Operation]]:
    """The operations of each file, in their order."""
    found: dict[Path, list[Operation]] = {}
    for operation in operations:
        found.setdefault(operation.source.path, []).append(operation)
    return found
