"""The second places of a finding: the image that decides the data directory, the value that names a file."""

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
    """The place that shows what the mount holds: the image, or the value that names the database file."""
    if held.origin is not None:
        yield from value_place(held.origin, "names the database file")
    elif held.entry is not None:
        yield from image_place(use.service, held.evidence[0].partition(": ")[2])


def image_place(service: Service, label: str) -> Iterator[Place]:
    """The place of the service's `image:`; nothing if it is not in the Compose file."""
    found = service.field("image")
    if found is not None and isinstance(found[0], Scalar) and label:
        node, part = found
        yield Place(at(part.file.source, node.span.start, node.span.end), label)


def value_place(origin: Origin, label: str, *, names_file: bool = True) -> Iterator[Place]:
    """The place of a value; nothing if the value is not in a file. `names_file`: the value names a database file."""
    location = location_of(origin)
    if location is not None:
        yield Place(location, label, names_file)
