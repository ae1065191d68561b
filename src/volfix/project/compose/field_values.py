"""Reads booleans and the options of short mounts as Compose does.

Source: compose-spec/compose-go, loader/interpolate.go (toBoolean) and format/volume.go (populateFieldFromOption).
"""

from __future__ import annotations

from dataclasses import dataclass

from volfix.project.compose.interpolation import InterpolationError, Lookup, interpolate
from volfix.syntax.yaml_tree import Node, Scalar, resolved

BOOLEANS = {"true": True, "yes": True, "on": True, "y": True, "false": False, "no": False, "off": False, "n": False}
"""Compose's booleans, in lower or upper case, with or without quotes; it refuses anything else."""


@dataclass(frozen=True, slots=True)
class MountOptions:
    """The third section of a short mount; `read_only` is None if a variable of unknown value may decide."""

    read_only: bool | None
    no_copy: bool


def boolean(node: Node | None, lookup: Lookup, *, default: bool = False) -> bool | None:
    """The value of a boolean field, `default` if it is missing; None if it is unknown or Compose refuses it."""
    value = resolved(node) if node is not None else None
    if value is None:
        return default
    if not isinstance(value, Scalar) or value.is_null:
        return None
    try:
        return BOOLEANS.get(interpolate(value.value, lookup).value.lower())
    except InterpolationError:
        return None


def mount_options(text: str) -> MountOptions:
    """The options in `text`, the interpolated third section of a short mount; the last of `ro` and `rw` counts."""
    words = text.split(",")
    access = [word for word in words if word in ("ro", "rw")]
    return MountOptions(None if "${" in text else access[-1:] == ["ro"], "nocopy" in words)
