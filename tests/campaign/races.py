"""Somebody changes a file, a directory or a link at any instant while volfix writes or puts back."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .command_line import ended
from .system_calls import FILES, STACKS, WRITE, Content, content, repository
from .table import Outcome

CALLS = ("open", "fsync", "unlink", "fstat", "stat", "lstat", "access", "mkdir", "fchmod", "write", "scandir")
"""What a mischief comes before. Not `read` and `close`: how often a pipe from git is read is chance. Not the swap
itself: between the last look and the swap no program can look again.
"""
EDITED = b"# somebody's own change\n"


def edited(path: Path, outside: Path) -> None:
    path.write_bytes(EDITED)


def deleted(path: Path, outside: Path) -> None:
    path.unlink()


def linked_out(path: Path, outside: Path) -> None:
    path.unlink()
    path.symlink_to(outside / path.name)


def pipe(path: Path, outside: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def named_twice(path: Path, outside: Path) -> None:
    (outside / "second name").hardlink_to(path)


def directory_out(path: Path, outside: Path) -> None:
    path.parent.rename(path.parent.with_name("moved"))
    path.parent.symlink_to(outside)


def directory_moved(path: Path, outside: Path) -> None:
    path.parent.rename(path.parent.with_name("moved"))


def closed_to_others(path: Path, outside: Path) -> None:
    path.chmod(0o600)


MISCHIEF: tuple[Callable[[Path, Path], None], ...] = (
    *(edited, deleted, linked_out, pipe, named_twice, directory_out, directory_moved, closed_to_others),
)


def one_mischief(seed: int, directory: Path) -> Outcome:
    """At one call of the run somebody else acts: nothing outside is written, nobody's change is lost, no traceback."""
    chance = random.Random(seed)
    outside = directory / "outside"
    outside.mkdir()
    for name in FILES:
        (outside / Path(name).name).write_bytes(b"precious\n")
    undoing = chance.random() < 0.4
    root = repository(directory, git=chance.random() < 0.3)
    old = content(root)
    ended(*WRITE, str(root))
    new = content(root)
    if not undoing:
        ended("undo", str(root))
    words = ("undo",) if undoing else WRITE
    act = chance.choice(MISCHIEF)
    path = root / chance.choice(sorted(FILES))
    call, number = chance.choice(CALLS), chance.randint(1, 60)
    with during(call, number, lambda: act(path, outside)) as happened:
        result = ended(*words, str(root))
    what = f"{' '.join(words)}, {path.relative_to(root)} {act.__name__} before {call} number {number}"
    is_wrong = result.has_failed or result.status not in (0, 1, 2)
    found = [f"status {result.status}: {result.errors[-500:]}"] if is_wrong else []
    found += _harm(root, outside, old, new, path if happened else None, act)
    return Outcome(1 if happened else 0, tuple(f"{what}: {problem}" for problem in found))


def _harm(
    root: Path, outside: Path, old: Content, new: Content, touched: Path | None, act: Callable[[Path, Path], None]
) -> Iterator[str]:
    for each in outside.iterdir():
        if each.name != "second name" and each.read_bytes() != b"precious\n":
            yield f"{each.name} outside of the repository was written"
    if sorted(each.name for each in outside.iterdir() if each.name.startswith(".volfix")):
        yield "a temporary file lies outside of the repository"
    found = content(root)
    moved = touched is not None and act in (directory_out, directory_moved)
    for stack in STACKS:
        names = [name for name in old if name.startswith(stack)]
        if moved and touched is not None and touched.relative_to(root).as_posix().startswith(stack):
            continue
        names = [name for name in names if root / name != touched]
        if [found.get(name) for name in names] not in [[side[name] for name in names] for side in (old, new)]:
            yield f"{stack} is half written"
    if touched is not None and act is edited and found.get(touched.relative_to(root).as_posix()) != EDITED:
        yield "somebody's change is lost"


@contextmanager
def during(call: str, number: int, action: Callable[[], None]) -> Iterator[list[bool]]:
    """Do something once, before the n-th call of a function of `os`; whether it was done is the list's truth."""
    real, count, happened = getattr(os, call), 0, list[bool]()

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        if count == number:
            setattr(os, call, real)
            with suppress(OSError):  # what is no longer there cannot be changed
                action()
                happened.append(True)
        return real(*arguments, **options)

    setattr(os, call, counted)
    try:
        yield happened
    finally:
        setattr(os, call, real)
