"""`volfix undo`: what the last run changed is put back, if nobody has changed it since."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from volfix.fixes.write.journal import LAST, OPEN, WriteRefused, reading
from volfix.fixes.write.journal_format import Run
from volfix.fixes.write.replacement import find
from volfix.fixes.write.transaction import Replacement, replace_all, writing


def undo(root: Path) -> list[Path]:
    """Put back every file that the last run changed, or none; the list is empty where there is nothing to undo.

    Raises WriteRefused, naming them, where files changed since, and WriteFailed as a write does.
    """
    with reading(root) as seen:
        if seen is None:
            return []
        interrupted, previous = seen.read(OPEN), seen.read(LAST)
    with writing(root) as session:
        journal = session.journal
        recovered = session.recovered
        if interrupted and recovered and not recovered.finished and not _goes_on(interrupted, previous):
            return list(recovered.restored)
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


def _goes_on(interrupted: Run, last: Run | None) -> bool:
    """Whether there is more to put back than was rolled back: not if the last run is an earlier one than the killed."""
    return interrupted.undo or (last is not None and last.started == interrupted.started)


def _is_as_left(root: Path, name: str, digest: str) -> bool:
    with ExitStack() as closing:
        try:
            file = find(root / name, root, closing)
        except WriteRefused:
            return False
        return file.path == root / name and file.digest == digest
