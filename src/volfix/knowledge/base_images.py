"""Where official images start a process, when nothing on top of them says another place."""

from __future__ import annotations

from functools import cache

from volfix.knowledge.entries import HERE, parsed
from volfix.knowledge.images import Image


def starts_in_root(image: Image) -> bool:
    """Whether the image is an official one that sets no working directory: then it is the root of the file system."""
    return image.registry in (None, "docker.io") and image.repository in _without_workdir()


@cache
def _without_workdir() -> frozenset[str]:
    return frozenset(parsed((HERE / "base_images.toml").read_text(encoding="utf-8"))["without_workdir"])
