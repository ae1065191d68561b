"""Which images have what a carry service runs: a shell, and the tools of its script."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from functools import cache
from typing import Any

from volfix.knowledge.images import Image
from volfix.knowledge.tables import HERE, parsed


def tools_of(image: Image) -> str | None:
    """Who knows that the image can carry; None where that is not known, or known not to be so."""
    registry = "" if image.registry in (None, "docker.io") else f"{image.registry}/"
    name = registry + image.repository
    for row in _rows():
        named = any(fnmatch(name, pattern) for pattern in row["images"])
        if named and not any(word in (image.tag or "") for word in row.get("tag_lacks", ())):
            return str(row["source"])
    return None


@cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    return tuple(parsed((HERE / "carry_images.toml").read_text(encoding="utf-8"))["image"])
