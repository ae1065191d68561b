"""The fix that removes carry services from Compose files, and every wait for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from volfix.edits.carry_edits import KEY, EndWait, RemoveEntries
from volfix.edits.operation import Operation
from volfix.project.compose.compose_file import ComposeFile
from volfix.rules.findings import CarrierChange, Change, WaitChange
from volfix.syntax.yaml_tree import Document, Pair, Scalar
from volfix.syntax.yaml_tree import Mapping as Tree


@dataclass(frozen=True, slots=True)
class Removal:
    """The operations that remove carry services, and the changes that they make."""

    operations: tuple[Operation, ...]
    changes: tuple[Change, ...]


def removal(files: Iterable[ComposeFile], carriers: Mapping[str, str]) -> Removal:
    """How to remove these carry services and every wait for them. `carriers` maps a service's name to its mark's
    volume.
    """
    operations: list[Operation] = []
    changes: list[Change] = []
    for file in files:
        for document, services in _sections(file, "services"):
            own = tuple(pair for pair in services.pairs if _name(pair) in carriers)
            operations += [RemoveEntries(file.source, services, own)] if own else []
            changes += [CarrierChange(file.path, _name(pair), carriers[_name(pair)]) for pair in own]
            for pair in services.pairs:
                if pair not in own and isinstance(pair.value, Tree) and (awaited := _awaited(pair.value, carriers)):
                    operations.append(EndWait(file.source, document, pair.value, awaited))
                    changes += [WaitChange(file.path, _name(pair), name, gone=True) for name in awaited]
        for _, volumes in _sections(file, "volumes"):
            marks = tuple(pair for pair in volumes.pairs if _name(pair) in carriers.values())
            operations += [RemoveEntries(file.source, volumes, marks)] if marks else []
    return Removal(tuple(operations), tuple(changes))


def _sections(file: ComposeFile, key: str) -> Iterator[tuple[Document, Tree]]:
    for document, root in zip(file.documents, file.roots, strict=True):
        pair = root.pair(key)
        if pair is not None and isinstance(pair.value, Tree):
            yield document, pair.value


def _name(pair: Pair) -> str:
    return pair.key.value if isinstance(pair.key, Scalar) else ""


def _awaited(service: Tree, names: Collection[str]) -> tuple[str, ...]:
    pair = service.pair(KEY)
    pairs = pair.value.pairs if pair is not None and isinstance(pair.value, Tree) else ()
    return tuple(name for each in pairs if (name := _name(each)) in names)
