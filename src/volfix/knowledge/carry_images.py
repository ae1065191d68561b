"""Which images have what a carry service runs: a shell, and the tools of its script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from functools import cache
from typing import Any

from volfix.knowledge.images import Image
from volfix.knowledge.tables import HERE, parsed

GNU = ("debian", "ubuntu", "bookworm", "trixie")
"""Words of tags of variants that are made from Debian or Ubuntu."""


def tools_of(image: Image) -> str | None:
    """Who knows that the image can carry; None where that is not known, or known not to be so."""
    for row in _rows():
        if _is_among(image, row["images"]) and not any(word in (image.tag or "") for word in row.get("tag_lacks", ())):
            return str(row["source"])
    return None


def has_gnu_tools(image: Image) -> bool:
    """Whether its `cp` keeps extended attributes, ACLs and holes: busybox' does not."""
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
