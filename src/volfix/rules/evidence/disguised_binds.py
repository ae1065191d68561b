"""Bind mounts in disguise: named volumes whose driver options mount a directory of the host."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from volfix.project.compose.interpolation import InterpolationError, interpolate
from volfix.project.stack import Use
from volfix.syntax.yaml_tree import Mapping, Scalar, resolved

BINDS = frozenset({"bind", "rbind"})
"""The options of mount(8) for a bind mount."""


@dataclass(frozen=True, slots=True)
class Disguise:
    """The device of a volume with `o: bind`. `inside`: it lies in the repository. `path`: None if it is not known."""

    device: str
    inside: bool
    path: Path | None = None


def is_local(use: Use) -> bool:
    """Whether a named volume is local to its node: it has no other driver and no driver options."""
    entry = use.project.declared.get(use.mount.source)
    body = resolved(entry) if entry is not None else None
    if not isinstance(body, Mapping):
        return True
    driver = body.get("driver")
    is_plain = driver is None or (isinstance(driver, Scalar) and driver.value in ("", "local", "null"))
    return is_plain and body.get("driver_opts") is None


def disguise_of(use: Use) -> Disguise | None:
    """The device of a named volume that is a bind mount in disguise; None for any other mount."""
    entry = use.project.declared.get(use.mount.source)
    options = resolved(entry).get("driver_opts") if entry is not None and isinstance(resolved(entry), Mapping) else None  # type: ignore[union-attr]
    if not isinstance(options, Mapping):
        return None
    kind, device = options.get("o"), options.get("device")
    if not isinstance(kind, Scalar) or not isinstance(device, Scalar) or not BINDS & set(kind.value.split(",")):
        return None
    try:
        text = interpolate(device.value, use.service.lookup).value
    except InterpolationError:
        return Disguise(device.value, inside=False)
    if "${" in text or text.startswith("~"):
        return Disguise(device.value, inside=False)
    path = Path(os.path.normpath(use.project.directory / text))
    return Disguise(device.value, path.is_relative_to(use.project.root), path)
