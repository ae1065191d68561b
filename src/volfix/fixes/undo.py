"""`volfix undo`: what the last run changed is put back, if nobody has changed it since."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from volfix.fixes.journal import LAST, Run, WriteRefused, reading
from volfix.fixes.replacement import find
from volfix.fixes.transaction import Replacement, replace_all, writing


@dataclass(frozen=True, slots=True)
class LastRun:
    """The run that undo would put back: when it began (UTC), and the real paths of the files that it changed."""

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


def undo(root: Path) -> list[Path]:
    """Put back every file that the last run changed, or none; the list is empty where there is nothing to undo.

    Raises WriteRefused, naming them, where files changed since, and WriteFailed as a write does.
    """
    if last_run(root) is None:
        with reading(root) as journal:
            if journal is None:
                return []
    with writing(root) as session:
        journal = session.journal
        last = journal.read(LAST)
        if last is None:
            return []
        changed = [file.path for file in last.files if not _is_as_left(journal.root, file.path, file.after)]
        if changed:
            raise WriteRefused(
                root,
                f"changed since volfix wrote: {', '.join(changed)}; nothing is put back, use your own tools for it",
            )
        files = [
            Replacement(journal.root / file.path, file.after, journal.old_bytes(file.before)) for file in last.files
        ]
        replace_all(journal, Run(time.time(), undo=True), files, journal.root)
        return [file.path for file in files]


def _is_as_left(root: Path, name: str, digest: str) -> bool:
    with ExitStack() as closing:
        try:
            file = find(root / name, root, closing)
        except WriteRefused:
            return False
        return file.path == root / name and file.digest == digest
