"""Images of the knowledge base under the path of another registry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from volfix.knowledge.entries import Entry
from volfix.knowledge.images import HUB, Image
from volfix.knowledge.lookup import entries_for
from volfix.knowledge.processes import own_variables


@dataclass(frozen=True, slots=True)
class Mirror:
    """An image under the path of another registry: its name, the variable that shows it, and its entries."""

    name: str
    variable: str
    entries: tuple[Entry, ...]


def mirror_of(image: Image, environment: Iterable[str]) -> Mirror | None:
    """What a registry of the user's own has under a path: `registry.local/mirror/postgres` is the image `postgres`.

    A name is weak evidence: the environment must have a variable that only this image's entry point reads.
    """
    if image.registry is None or image.registry in HUB:
        return None
    given = set(environment)
    parts = image.repository.split("/")
    for start in range(1, len(parts)):
        name = "/".join(parts[start:])
        found = entries_for(replace(image, repository=name))
        variables = [each for entry in found for each in own_variables(entry) if each in given]
        if variables:
            return Mirror(name, variables[0], found)
    return None
