"""Where base images start a process, when nothing on top of them says another place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from volfix.knowledge.images import Image
from volfix.knowledge.tables import table


def start_directory(image: Image) -> str | None:
    """The working directory that the image itself sets, `/` where it sets none; None for an image that is not known."""
    registry = "" if image.registry in (None, "docker.io") else f"{image.registry}/"
    return _directories().get(registry + image.repository)


@cache
def _directories() -> Mapping[str, str]:
    return {**dict.fromkeys(table("base_images")["without_workdir"], "/"), **table("base_images")["workdirs"]}
