"""What a service is built from, as its `build:` says it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Build:
    """What a service is built from; `context` is None where it is not a directory (a repository's address)."""

    context: Path | None
    dockerfile: str
    inline: bool
    target: str | None
    arguments: tuple[tuple[str, str], ...]


def context_of(directory: Path, text: str) -> Path | None:
    """The directory that a `context:` written in this directory means; None for a repository's address."""
    if "${" in text or re.match(r"[a-z+]+://|git@|[^/]+\.git(#|\Z)", text):
        return None
    return Path(os.path.normpath(directory / text))  # as Compose cleans it: one file, one path
