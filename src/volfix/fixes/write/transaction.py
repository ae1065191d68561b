"""All files of one stack change together, or none does, whatever happens in between.

Everything is checked before anything is touched. Then the old bytes go into the journal, the new ones into a file
beside each one to change, and only when all of them are whole on the disk does each take its file's place.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.fixes.write.journal import OPEN, Journal, WriteFailed, WriteProblem, WriteRefused, advice, locked, reading
from volfix.fixes.write.journal_format import Run, SavedFile
from volfix.fixes.write.replacement import OnDisk, check, find, prepare, remove, remove_below, swap
from volfix.syntax.visible import one_line

if TYPE_CHECKING:
    from volfix.fixes.changes import FileChange


@dataclass(frozen=True, slots=True)
class Replacement:
    """A file that must hold bytes of the SHA-256 `before`, and the new bytes."""

    path: Path
    before: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of an interrupted write: `restored` files have their old bytes again, `left` were changed since.

    `finished`: every file had been written, so that the write counts as done.
    """

    finished: bool
    restored: tuple[Path, ...] = ()
    left: tuple[Path, ...] = ()

    def __str__(self) -> str:
        if self.finished:
            return "an interrupted write was complete and counts as done"
        parts = ["an interrupted write was rolled back"]
        if self.restored:
            parts.append(f"put back: {_named(self.restored)}")
        if self.left:
            parts.append(f"changed since, and left as it is: {_named(self.left)}")
        return "; ".join(parts)


@dataclass(slots=True)
class Writing:
    """A run that writes stacks below one root; together they are what `volfix undo` puts back."""

    journal: Journal
    root: Path
    recovered: Recovery | None
    """What an earlier, interrupted run had left, if one had."""
    run: Run = field(default_factory=lambda: Run(time.time()))

    def write(self, changes: Sequence[FileChange]) -> None:
        """Write all files of one stack, or none.

        Raises WriteRefused (nothing was touched) or WriteFailed (the message says whether all was put back).
        """
        replacements = [
            Replacement(change.before.path, hashlib.sha256(change.before.data).hexdigest(), change.after.data)
            for change in changes
        ]
        self.run = replace_all(self.journal, self.run, replacements, self.root)


@contextmanager
def writing(root: Path) -> Iterator[Writing]:
    """Write below `root`, after finishing or rolling back what an interrupted run left; raises WriteProblem."""
    with locked(root) as journal:
        try:
            yield Writing(journal, root, _recover(journal))
        finally:
            journal.sweep()


def write(changes: Sequence[FileChange], root: Path) -> None:
    """Write one stack as a run of its own; raises WriteRefused or WriteFailed."""
    with writing(root) as run:
        run.write(changes)


def recover(root: Path) -> Recovery | None:
    """Finish or roll back what an interrupted run left, None where nothing was; raises WriteProblem.

    It is rolled back unless every file has been written.
    """
    with reading(root) as journal:
        if journal is None or journal.read(OPEN) is None:
            return None
    with writing(root) as run:
        return run.recovered


def replace_all(journal: Journal, run: Run, replacements: Sequence[Replacement], root: Path) -> Run:
    """Make the replacements as the next transaction of `run`, and return it with them; raises WriteProblem."""
    boundary = Path(os.path.realpath(root))
    with ExitStack() as closing:
        files = _checked(replacements, boundary, closing)
        if not files:
            return run
        transaction = tuple(_saved(journal, file, data) for file, data in files)
        run = replace(run, transactions=(*run.transactions, transaction))
        try:
            _begin(journal, run, [file.data for file, _ in files])
            for (file, data), saved in zip(files, transaction, strict=True):
                prepare(file, data, saved.temporary)
            for (file, _), saved in zip(files, transaction, strict=True):
                swap(file, saved.temporary)
            _make_durable(file for file, _ in files)
        except BaseException as error:
            # An interrupt (Ctrl-C) too: what it leaves is what a failure leaves.
            for (file, _), saved in zip(files, transaction, strict=True):
                with suppress(OSError):  # through the open directory, wherever that has been moved to
                    remove(saved.temporary, file.directory)
            _take_back(journal, transaction, error)
            raise
        _finish(journal, run)
    return run


def _checked(replacements: Sequence[Replacement], boundary: Path, closing: ExitStack) -> list[tuple[OnDisk, bytes]]:
    """Each file once, with its new bytes; those that would not change are left out. A file is known by its number:
    where names may differ in case, two of them are one file.
    """
    found: dict[tuple[int, int], tuple[OnDisk, bytes]] = {}
    for replacement in replacements:
        file = find(replacement.path, boundary, closing)
        check(file, replacement.before)
        number = file.status.st_dev, file.status.st_ino
        other = found.setdefault(number, (file, replacement.data))
        if other[1] != replacement.data:
            raise WriteRefused(
                replacement.path, f"is the same file as {other[0].given_path}, and would change differently"
            )
    return [(file, data) for file, data in found.values() if file.data != data]


def _saved(journal: Journal, file: OnDisk, data: bytes) -> SavedFile:
    path = str(file.path.relative_to(journal.root))
    temporary = f".volfix-{os.urandom(8).hex()}.tmp"
    return SavedFile(path, file.digest, hashlib.sha256(data).hexdigest(), stat.S_IMODE(file.status.st_mode), temporary)


def _begin(journal: Journal, run: Run, old: Sequence[bytes]) -> None:
    try:
        journal.begin(run, old)
    except OSError as error:
        raise WriteFailed(journal.directory, f"the journal cannot be written: {advice(error)}") from error


def _finish(journal: Journal, run: Run) -> None:
    """All files are new by now, and a journal that stays open says so to the next run."""
    try:
        journal.finish(run)
    except OSError as error:
        raise WriteFailed(journal.directory, f"the files are written, the journal is not: {advice(error)}") from error


def _make_durable(files: Iterator[OnDisk]) -> None:
    for file in files:
        try:
            os.fsync(file.directory)
        except OSError as error:
            raise WriteFailed(file.given_path, advice(error)) from error


def _take_back(journal: Journal, transaction: Sequence[SavedFile], error: BaseException) -> None:
    """Roll back; where the error is a failure to write, say in a new one what became of the files."""
    try:
        left = _roll_back(journal, transaction).left
        outcome = f"left as it is, because it changed meanwhile: {_named(left)}" if left else "no file was changed"
    except (WriteProblem, OSError) as problem:
        outcome = f"the files are not all put back ({problem}): run volfix again to do it"
        if isinstance(error, WriteProblem):
            raise WriteFailed(error.path, f"{error.message}; {outcome}") from error
    if isinstance(error, WriteFailed):
        raise WriteFailed(error.path, f"{error.message}; {outcome}") from error


def _recover(journal: Journal) -> Recovery | None:
    run = journal.read(OPEN)
    if run is None:
        return None
    transaction = run.transactions[-1]
    try:
        with ExitStack() as closing:
            files = [_present(journal, saved, closing) for saved in transaction]
            if all(file and file.digest == saved.after for file, saved in zip(files, transaction, strict=True)):
                for file, saved in zip(files, transaction, strict=True):
                    if file:
                        remove(saved.temporary, file.directory)
                        os.fsync(file.directory)
                journal.finish(run)
                return Recovery(finished=True)
        return _roll_back(journal, transaction)
    except OSError as error:
        raise WriteFailed(journal.root, f"an interrupted write cannot be rolled back: {advice(error)}") from error


def _roll_back(journal: Journal, transaction: Sequence[SavedFile]) -> Recovery:
    """Put the old bytes back wherever the new ones are; a file with other bytes stays."""
    restored, left = [], []
    for saved in transaction:
        with ExitStack() as closing:
            file = _present(journal, saved, closing)
            if file is None:
                left.append(journal.root / saved.path)
                remove_below(journal.root, saved.temporary)
                continue
            if not remove(saved.temporary, file.directory) and file.digest == saved.before:
                remove_below(journal.root, saved.temporary)
            if file.digest == saved.after:
                try:
                    prepare(file, _old_bytes(journal, saved), saved.temporary)
                    swap(file, saved.temporary)
                except BaseException:
                    remove(saved.temporary, file.directory)
                    raise
                restored.append(file.path)
            elif file.digest != saved.before:
                left.append(file.path)
            os.fsync(file.directory)
    journal.discard()
    return Recovery(finished=False, restored=tuple(restored), left=tuple(left))


def _present(journal: Journal, saved: SavedFile, closing: ExitStack) -> OnDisk | None:
    """The file where the journal says, not where a link there would lead; None where it is gone."""
    path = journal.root / saved.path
    try:
        file = find(path, journal.root, closing)
    except WriteRefused as refused:
        cause = refused.__cause__
        if isinstance(cause, OSError) and cause.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            raise
        return None
    return file if file.path == path else None


def _old_bytes(journal: Journal, saved: SavedFile) -> bytes:
    try:
        return journal.old_bytes(saved.before)
    except WriteRefused as problem:
        raise WriteRefused(
            journal.root / saved.path,
            f"an interrupted write cannot be rolled back ({problem}): look at the file, then delete "
            f"{journal.directory / OPEN}",
        ) from problem


def _named(paths: Sequence[Path]) -> str:
    return one_line(", ".join(map(str, paths)))


__all__ = [
    "Recovery",
    "WriteFailed",
    "WriteProblem",
    "WriteRefused",
    "Writing",
    "recover",
    "replace_all",
    "write",
    "writing",
]
