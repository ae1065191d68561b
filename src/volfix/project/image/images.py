"""Which image a service runs (`image:` or the base image of its Dockerfile), and what the knowledge base says of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from volfix.knowledge.entries import Entry
from volfix.knowledge.images import Image
from volfix.knowledge.lookup import derived_entry, entries_for
from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.service import Service

if TYPE_CHECKING:
    from volfix.knowledge.mirrors import Mirror


def images_of(service: Service) -> list[Image]:
    """The image that decides what the service runs: its Dockerfile's base image, otherwise `image:`; or none."""
    stage = service.stage
    if stage is not None and stage.base_image:
        return [Image.parse(stage.base_image)]
    if service.build is not None and service.build.context is not None and service.build.inline:
        return []
    return [Image.parse(service.image)] if service.image else []


@lru_cache(1024)  # nearly every rule asks of every service
def known_images(service: Service) -> tuple[tuple[Image, Entry], ...]:
    """The service's image with each entry of the knowledge base that may describe it, by name or as a mirror."""
    found: list[tuple[Image, Entry]] = []
    for image in images_of(service):
        mirror = None if (own := entries_for(image)) else _mirror(service, image)
        found += ((image, entry) for entry in (mirror.entries if mirror else own))
    return tuple(found)


def known_entries(service: Service) -> list[Entry]:
    """The entries of the knowledge base for the service's image."""
    return [entry for _, entry in known_images(service)]


def likely_entries(service: Service) -> list[Entry]:
    """The known entries; for an unknown image the entries that its name suggests."""
    return known_entries(service) or [entry for image in images_of(service) for entry in derived_entry(image)]


def mirror_evidence(service: Service) -> Iterator[str]:
    """For an image from another registry: the sentence that says why volfix takes it for a known image."""
    for image in images_of(service):
        if not entries_for(image) and (mirror := _mirror(service, image)):
            yield f"{image.text} is treated as the image {mirror.name}, because its variable {mirror.variable} is set"


def _mirror(service: Service, image: Image) -> Mirror | None:
    from volfix.knowledge.mirrors import mirror_of  # most images of databases are known by their names

    return mirror_of(image, (variable.name for variable in effective_variables(service)))
