"""Which env files deployments copy to another place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from volfix.project.compose.env_copy import EnvCopy


Copies: TypeAlias = "Mapping[Path, tuple[EnvCopy, ...]]"
"""The copies that deployments make, by the path that they are copied to."""


def in_place(copies: Copies, path: Path) -> Path:
    """The file that a deployment reads at `path`: itself if it exists, otherwise the first file copied there."""
    found = copies.get(path, ())
    return found[0].source if found and not os.path.lexists(path) else path
