"""The run that `undo` would put back, as the journal has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from volfix.fixes.write.journal import LAST, reading


@dataclass(frozen=True, slots=True)
class LastRun:
    """When it began (UTC), and the real paths of the files that it changed."""

    time: datetime
    files: tuple[Path, ...]


def last_run(root: Path) -> LastRun | None:
    """The last finished run below `root` that is not undone; None where there is none. Raises WriteRefused."""
    with reading(root) as journal:
        run = journal.read(LAST) if journal else None
        if journal is None or run is None or not run.files:
            return None
        started = datetime.fromtimestamp(run.started, timezone.utc)
        return LastRun(started, tuple(journal.root / file.path for file in run.files))
