"""Which images have a shell and the tools that the script of a carry service runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from functools import cache
from typing import Any

from volfix.knowledge.images import Image
from volfix.knowledge.tables import HERE, parsed

GNU = ("debian", "ubuntu", "bookworm", "trixie")
"""Words in the tags of image variants that are built on Debian or Ubuntu."""


def tools_of(image: Image) -> str | None:
    """The document that says that the image has the tools; None if no document does."""
    for row in _rows():
        if _is_among(image, row["images"]) and not any(word in (image.tag or "") for word in row.get("tag_lacks", ())):
            return str(row["source"])
    return None


def has_gnu_tools(image: Image) -> bool:
    """Whether the image's `cp` keeps extended attributes, ACLs and holes. That of busybox does not."""
    if any(word in (image.tag or "") for word in GNU):
        return True
    return not any(word in f"{image.repository}:{image.tag or ''}" for word in ("alpine", "busybox")) and not any(
        _is_among(image, row.get("busybox", ())) for row in _rows()
    )


def _is_among(image: Image, patterns: Iterable[str]) -> bool:
    registry = "" if image.registry in (None, "docker.io") else f"{image.registry}/"
    return any(fnmatch(registry + image.repository, pattern) for pattern in patterns)


@cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    return tuple(parsed((HERE / "carry_images.toml").read_text(encoding="utf-8"))["image"])
