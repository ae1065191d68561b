"""Where base images start a process, when nothing on top of them says another place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from volfix.knowledge.entries import HERE, parsed
from volfix.knowledge.images import Image


def start_directory(image: Image) -> str | None:
    """The working directory that the image itself sets, `/` where it sets none; None for an image that is not known."""
    registry = "" if image.registry in (None, "docker.io") else f"{image.registry}/"
    return _directories().get(registry + image.repository)


@cache
def _directories() -> Mapping[str, str]:
    table = parsed((HERE / "base_images.toml").read_text(encoding="utf-8"))
    directories: dict[str, str] = table["workdirs"]
    return {**dict.fromkeys(table["without_workdir"], "/"), **directories}
