"""Which images a service may run, its own or what its Dockerfile builds on, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from volfix.knowledge.entries import Entry
from volfix.knowledge.images import Image
from volfix.knowledge.lookup import Mirror, derived_entry, entries_for, mirror_of
from volfix.project.compose.effective_environment import effective_values
from volfix.project.compose.service import Service


def images_of(service: Service) -> list[Image]:
    """The image that decides what the service runs: the last external image of its Dockerfile, else `image:`."""
    stage = service.stage
    if stage is not None and stage.base_image:
        return [Image.parse(stage.base_image)]
    if service.build is not None and service.build.context is not None and service.build.inline:
        return []
    return [Image.parse(service.image)] if service.image else []


@lru_cache(1024)  # nearly every rule asks of every service
def known_images(service: Service) -> tuple[tuple[Image, Entry], ...]:
    """The images that volfix knows, by name or as a mirror's, each with every entry that may describe it."""
    found: list[tuple[Image, Entry]] = []
    for image in images_of(service):
        mirror = _mirror(service, image)
        found += ((image, entry) for entry in (mirror.entries if mirror else entries_for(image)))
    return tuple(found)


def known_entries(service: Service) -> list[Entry]:
    """The entries of these images."""
    return [entry for _, entry in known_images(service)]


def likely_entries(service: Service) -> list[Entry]:
    """The same, and what the name of an image that volfix does not know speaks of."""
    return known_entries(service) or [entry for image in images_of(service) for entry in derived_entry(image)]


def mirror_evidence(service: Service) -> Iterator[str]:
    """How volfix knows that an image of another registry is one that it knows."""
    for image in images_of(service):
        if mirror := _mirror(service, image):
            yield f"{image.text} is taken for the image {mirror.name}, whose variable {mirror.variable} is set"


def _mirror(service: Service, image: Image) -> Mirror | None:
    return None if entries_for(image) else mirror_of(image, effective_values(service))
