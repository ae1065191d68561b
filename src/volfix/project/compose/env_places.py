"""What stands in an env file's place once a flow has deployed the project."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EnvCopy:
    """The file of the repository that `command` puts into an env file's place.

    `spares` says that it leaves alone what is there, and that something may be: it does not run in a fresh checkout.
    """

    source: Path
    command: str
    spares: bool = False


Copies = Mapping[Path, tuple[EnvCopy, ...]]
"""By the place, what deploying flows put there."""


def in_place(copies: Copies, path: Path) -> Path:
    """The file that is read at this path: itself where it is there, else the first one that a flow puts there."""
    found = copies.get(path, ())
    return found[0].source if found and not os.path.lexists(path) else path
