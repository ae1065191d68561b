"""An env file that a deployment copies to another place."""

from __future__ import annotations

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
