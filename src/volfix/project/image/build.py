"""The model of a service's `build:`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Build:
    """A service's `build:`. `context` is None if it is not a known directory (a repository's address, a variable)."""

    context: Path | None
    dockerfile: str
    inline: bool
    target: str | None
    arguments: tuple[tuple[str, str], ...]


def context_of(directory: Path, text: str) -> Path | None:
    """The directory that the `context:` `text` means in `directory`; None for a repository's address or a variable."""
    if "${" in text or re.match(r"[a-z+]+://|git@|[^/]+\.git(#|\Z)", text):
        return None
    return Path(os.path.normpath(directory / text))  # normalised as Compose does: one path for one file
