"""Somebody changes the files while volfix writes: whatever the moment, no prepared file is left behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from volfix.fixes.changes import FileChange
from volfix.fixes.write import transaction
from volfix.fixes.write.transaction import WriteProblem, recover, write
from volfix.syntax.disk import forget
from volfix.syntax.source import Source

NAMES = ("compose.yml", "deploy/compose.prod.yml", "ops/.env")


def swapped(root: Path) -> None:
    """Another directory takes the place of the file's."""
    (root / "deploy").rename(root / "moved")
    shutil.copytree(root / "moved", root / "deploy", ignore=shutil.ignore_patterns("*.tmp"))


def moved(root: Path) -> None:
    (root / "deploy").rename(root / "moved")


def linked_directory(root: Path) -> None:
    (root / "deploy").rename(root / "moved")
    (root / "deploy").symlink_to(root / "moved")


def linked(root: Path) -> None:
    (root / NAMES[1]).rename(root / "elsewhere.yml")
    (root / NAMES[1]).symlink_to(root / "elsewhere.yml")


def deleted(root: Path) -> None:
    (root / NAMES[1]).unlink()


def rewritten(root: Path) -> None:
    (root / NAMES[1]).write_text("somebody's\n")


RACES = (swapped, moved, linked_directory, linked, deleted, rewritten)
STEPS = [("prepare", 1), ("prepare", 2), ("prepare", 3), ("swap", 1), ("swap", 2), ("swap", 3)]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    forget()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in NAMES:
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_text("old\n")
    return tmp_path / "root"


def changes(root: Path) -> list[FileChange]:
    return [FileChange(Source.read(root / name), Source.of(root / name, b"new\n")) for name in NAMES]


def left(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.name.startswith(".volfix-")]


def at(step: tuple[str, int], act: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `act` happen before the step of that name and number."""
    name, number = step
    true, calls = getattr(transaction, name), [0]

    def stepping(*words: object) -> None:
        calls[0] += 1
        if calls[0] == number:
            act()
        true(*words)

    monkeypatch.setattr(transaction, name, stepping)


@pytest.mark.parametrize("step", STEPS, ids=str)
@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_no_prepared_file_is_left(
    race: Callable[[Path], None], step: tuple[str, int], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = changes(root)
    at(step, lambda: race(root), monkeypatch)
    with suppress(WriteProblem):
        write(planned, root)
    assert left(root) == []


@pytest.mark.parametrize("step", STEPS, ids=str)
@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_the_run_after_a_killed_one_takes_them_away(
    race: Callable[[Path], None], step: tuple[str, int], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = changes(root)
    child = os.fork()
    if not child:
        at(step, lambda: os._exit(0), monkeypatch)
        write(planned, root)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    race(root)
    forget()
    recover(root)
    assert left(root) == []
