"""Which env files deployments copy to another place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EnvCopy:
    """A copy of an env file: the deployment's `command` copies the repository's file `source` to another place.

    `spares` says that the command does not overwrite an existing file, and that one may exist, because the command does
    not run in a fresh checkout.
    """

    source: Path
    command: str
    spares: bool = False


Copies = Mapping[Path, tuple[EnvCopy, ...]]
"""The copies that deployments make, by the path that they are copied to."""


def in_place(copies: Copies, path: Path) -> Path:
    """The file that a deployment reads at `path`: itself if it exists, otherwise the first file copied there."""
    found = copies.get(path, ())
    return found[0].source if found and not os.path.lexists(path) else path
