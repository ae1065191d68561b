"""Operations become splices: each file's operations together, so that two of them never meet in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from volfix.rules.operations import (
    AddEntries,
    AddInstruction,
    AddMount,
    AppendItem,
    DeclareVolume,
    NameProject,
    Operation,
    RemoveEntry,
    RemoveItem,
    SetAssignment,
    SetLiteral,
    SetScalar,
    SetText,
    as_data,
)
from volfix.syntax.dotenv import replace_value
from volfix.syntax.source import Edit, Source, Span
from volfix.syntax.yaml_edit import replace_scalar
from volfix.syntax.yaml_first import insert_first
from volfix.syntax.yaml_insert import add_entries, add_to, append_items, insert_section
from volfix.syntax.yaml_remove import remove_entry, remove_item
from volfix.syntax.yaml_tree import Document, Mapping, Scalar, resolved

DRIVER = {"driver": "local"}


def rendered(operations: Sequence[Operation]) -> dict[Path, tuple[Source, list[Edit]]]:
    """Each file that the operations change, as it will be, and the splices that make it so.

    Raises CannotEdit where YAML has no place for one.
    """
    sources = {operation.source.path: operation.source for operation in operations}
    found: dict[Path, tuple[Source, list[Edit]]] = {}
    for path, source in sources.items():
        edits = edits_of(source, [item for item in operations if item.source.path == path])
        after = source.splice(edits)
        if after.data != source.data:
            found[path] = (after, edits)
    return found


def edits_of(source: Source, operations: Sequence[Operation]) -> list[Edit]:
    """The splices of one file's operations; deeper insertions come before those around them."""
    edits = [edit for operation in operations for edit in _edits(source, operation)]
    edits += _appended(source, [item for item in operations if isinstance(item, AppendItem)])
    edits += _added_mounts(source, [item for item in operations if isinstance(item, AddMount)])
    for document, keys in _by_document(item for item in operations if isinstance(item, DeclareVolume)):
        edits += declared(source, document, keys)
    return edits


def _edits(source: Source, operation: Operation) -> list[Edit]:
    """The splices of an operation that has its place for itself."""
    match operation:
        case SetScalar():
            return [replace_scalar(source, operation.scalar, operation.value)]
        case RemoveEntry():
            return [remove_entry(source, operation.mapping, operation.pair)]
        case RemoveItem():
            return [remove_item(source, operation.sequence, operation.item)]
        case SetAssignment():
            return [replace_value(source, operation.assignment, operation.value)]
        case SetText() | SetLiteral():
            return [Edit(source.path, operation.span, operation.replacement)]
        case AddInstruction():
            return [Edit(source.path, Span(operation.place, operation.place), operation.text + source.newline)]
        case AddEntries():
            return add_to(source, operation.document, operation.mapping, as_data(operation.entries))
        case NameProject():
            return insert_first(source, operation.document, "name", operation.name)
        case _:
            return []


def _added_mounts(source: Source, operations: Sequence[AddMount]) -> Iterator[Edit]:
    services: dict[int, list[AddMount]] = {}
    for operation in operations:
        services.setdefault(id(operation.service), []).append(operation)
    for group in services.values():
        yield from append_items(source, group[0].document, group[0].service, "volumes", [item.text for item in group])


def _appended(source: Source, operations: Sequence[AppendItem]) -> Iterator[Edit]:
    """The new items by list; those of the document's own sections come last, since they stand behind all others."""
    lists: dict[tuple[int, str], list[AppendItem]] = {}
    for operation in sorted(operations, key=lambda item: item.mapping is item.document.root):
        lists.setdefault((id(operation.mapping), operation.key), []).append(operation)
    for group in lists.values():
        first = group[0]
        items = [as_data(item.entries) for item in group]
        if first.mapping is first.document.root and first.mapping.pair(first.key) is None:
            yield from insert_section(source, first.document, first.key, items)
        else:
            yield from append_items(source, first.document, first.mapping, first.key, items)


def _by_document(operations: Iterable[DeclareVolume]) -> Iterator[tuple[Document, list[str]]]:
    documents: dict[int, tuple[Document, list[str]]] = {}
    for operation in operations:
        _, keys = documents.setdefault(id(operation.document), (operation.document, []))
        if operation.key not in keys:
            keys.append(operation.key)
    yield from documents.values()


def declared(source: Source, document: Document, keys: Sequence[str]) -> list[Edit]:
    """The edits that declare volumes with `driver: local` in a document: new entries, or the driver of old ones."""
    root = resolved(document.root)
    assert isinstance(root, Mapping)
    section = root.pair("volumes")
    if section is None:
        return insert_section(source, document, "volumes", dict.fromkeys(keys, DRIVER))
    edits: list[Edit] = []
    volumes = resolved(section.value)
    entries = {key: volumes.pair(key) for key in keys} if isinstance(volumes, Mapping) else {}
    for key in keys:
        pair = entries.get(key)
        if pair is not None and not _says_driver(resolved(pair.value)):
            edits += add_entries(source, document, pair, DRIVER)
    new = {key: DRIVER for key in keys if entries.get(key) is None}
    return [*edits, *(add_entries(source, document, section, new) if new else [])]


def _says_driver(value: object) -> bool:
    return (isinstance(value, Mapping) and value.get("driver") is not None) or not isinstance(value, Mapping | Scalar)
