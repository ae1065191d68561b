"""Which images a service may run: its own, or what its Dockerfile builds on."""

from __future__ import annotations

from volfix.knowledge.images import Image
from volfix.project.compose.service import Service


def images_of(service: Service) -> list[Image]:
    """The image that decides what the service runs: the last external image of its Dockerfile, else `image:`."""
    stage = service.stage
    if stage is not None and stage.base_image:
        return [Image.parse(stage.base_image)]
    if service.build is not None and service.build.context is not None and service.build.inline:
        return []
    return [Image.parse(service.image)] if service.image else []
