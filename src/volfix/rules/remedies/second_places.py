"""The second places of a finding: the image that keeps its data there, the value that names a file."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.project.compose.origins import Origin
from volfix.project.compose.service import Service
from volfix.project.stack import Use
from volfix.rules.context import at
from volfix.rules.evidence.held_data import HeldData
from volfix.rules.findings import Place
from volfix.rules.remedies.value_edits import location_of
from volfix.syntax.yaml_tree import Scalar


def held_places(use: Use, held: HeldData) -> Iterator[Place]:
    """Where it is written what a mount holds: the image that keeps its data there, or the value that names the file."""
    if held.origin is not None:
        yield from value_place(held.origin, "names the database file")
    elif held.entry is not None:
        yield from image_place(use.service, held.evidence[0].partition(": ")[2])


def image_place(service: Service, label: str) -> Iterator[Place]:
    """Where the service's image is written."""
    found = service.field("image")
    if found is not None and isinstance(found[0], Scalar) and label:
        node, part = found
        yield Place(at(part.file.source, node.span.start, node.span.end), label)


def value_place(origin: Origin, label: str, *, names_file: bool = True) -> Iterator[Place]:
    """Where a value is written; nothing where it comes from outside. `names_file`: it names a database's file."""
    location = location_of(origin)
    if location is not None:
        yield Place(location, label, names_file)
