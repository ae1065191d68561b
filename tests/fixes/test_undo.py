"""`volfix undo` puts back the last run's files, all of them or none, and only over what volfix wrote."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from last_run import last_run

from volfix.fixes.changes import FileChange
from volfix.fixes.write.journal import LAST, OPEN, WriteFailed, WriteProblem, WriteRefused, directory_of, locked
from volfix.fixes.write.transaction import recover, write, writing
from volfix.fixes.write.undo import undo
from volfix.syntax.disk import forget
from volfix.syntax.source import Source

OLD = {"compose.yml": b"\xef\xbb\xbfold: 1\r\n", "deploy/compose.yml": b"old: 2", ".env": b"A=old\n"}
NEW = {"compose.yml": b"\xef\xbb\xbfnew: 1\r\n", "deploy/compose.yml": b"new: 2", ".env": b"A=new\n"}


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    forget()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield
    forget()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, data in OLD.items():
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_bytes(data)
    return tmp_path / "root"


def planned(root: Path, after: dict[str, bytes] = NEW) -> list[FileChange]:
    return [
        FileChange(source := Source.read(root / name), Source.of(source.path, data)) for name, data in after.items()
    ]


def content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_every_file_has_its_old_bytes_again_and_is_named(root: Path) -> None:
    write(planned(root), root)
    assert undo(root) == [root / name for name in OLD]
    assert content(root) == OLD


def test_a_second_undo_has_nothing_to_undo(root: Path) -> None:
    write(planned(root), root)
    undo(root)
    before = {name: (root / name).stat().st_ino for name in OLD}
    assert undo(root) == []
    assert last_run(root) is None
    assert {name: (root / name).stat().st_ino for name in OLD} == before


def test_without_a_run_there_is_nothing_to_undo(root: Path) -> None:
    assert undo(root) == []
    assert last_run(root) is None
    assert content(root) == OLD


def test_all_stacks_of_a_run_are_one_and_runs_are_not(root: Path) -> None:
    write(planned(root, {".env": b"A=earlier\n"}), root)
    with writing(root) as run:
        run.write(planned(root, {"compose.yml": NEW["compose.yml"]}))
        run.write(planned(root, {"deploy/compose.yml": NEW["deploy/compose.yml"]}))
    assert undo(root) == [root / "compose.yml", root / "deploy/compose.yml"]
    assert content(root) == {**OLD, ".env": b"A=earlier\n"}
    assert undo(root) == []


def test_a_write_after_an_undo_can_be_undone(root: Path) -> None:
    for _ in range(3):
        write(planned(root), root)
        assert len(undo(root)) == 3
        assert content(root) == OLD


def test_a_run_that_was_refused_leaves_the_one_before_to_undo(root: Path) -> None:
    write(planned(root), root)
    stale = planned(root, {".env": b"A=other\n"})
    (root / ".env").write_bytes(b"A=edited\n")
    with pytest.raises(WriteRefused):
        write(stale, root)
    (root / ".env").write_bytes(NEW[".env"])
    assert len(undo(root)) == 3


@pytest.mark.parametrize("what", ["edited", "gone", "link", "one byte", "directory gone"])
def test_over_a_file_that_changed_since_nothing_is_put_back_and_it_is_named(root: Path, what: str) -> None:
    write(planned(root), root)
    path = root / "deploy" / "compose.yml"
    data = path.read_bytes()
    if what in ("gone", "link", "directory gone"):
        path.unlink()
    if what == "edited":
        path.write_bytes(b"edited: 1\n")
    elif what == "one byte":
        path.write_bytes(data + b"\n")
    elif what == "link":
        (root / "copy").write_bytes(data)
        path.symlink_to("../copy")
    elif what == "directory gone":
        path.parent.rmdir()
    before = content(root)
    with pytest.raises(WriteRefused, match=r"changed since volfix wrote: deploy/compose\.yml; nothing is put back"):
        undo(root)
    assert content(root) == before
    assert last_run(root) is not None


def test_every_file_that_changed_is_named(root: Path) -> None:
    write(planned(root), root)
    (root / ".env").write_bytes(b"A=mine\n")
    (root / "compose.yml").write_bytes(b"mine: 1\n")
    with pytest.raises(WriteRefused, match=r"compose\.yml, \.env"):
        undo(root)


def test_when_the_change_is_taken_back_undo_works_again(root: Path) -> None:
    write(planned(root), root)
    (root / ".env").write_bytes(b"A=mine\n")
    with pytest.raises(WriteRefused):
        undo(root)
    (root / ".env").write_bytes(NEW[".env"])
    assert len(undo(root)) == 3


def test_a_mode_that_was_changed_since_stays(root: Path) -> None:
    write(planned(root), root)
    (root / ".env").chmod(0o600)
    undo(root)
    assert stat.S_IMODE((root / ".env").stat().st_mode) == 0o600
    assert content(root) == OLD


def test_a_hard_link_that_was_made_since_is_not_split(root: Path, tmp_path: Path) -> None:
    write(planned(root), root)
    (tmp_path / "other").hardlink_to(root / ".env")
    with pytest.raises(WriteRefused, match="hard link"):
        undo(root)
    assert content(root) == NEW


def test_an_undo_that_fails_leaves_everything_written_and_can_be_repeated(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(planned(root), root)
    real, count = os.replace, [0]

    def replaced(source: str, target: str, **options: Any) -> None:
        if source.endswith(".tmp"):
            count[0] += 1
            if count[0] == 2:
                raise OSError(28, "No space left on device")
        real(source, target, **options)

    monkeypatch.setattr(os, "replace", replaced)
    with pytest.raises(WriteFailed, match="make room"):
        undo(root)
    assert content(root) == NEW
    assert len(undo(root)) == 3


@pytest.mark.parametrize("lost", [True, False])
def test_without_the_old_bytes_of_one_file_none_is_put_back(root: Path, lost: bool) -> None:
    write(planned(root), root)
    first = next((directory_of(root) / "old").iterdir())
    first.unlink() if lost else first.write_bytes(b"damaged")
    with pytest.raises(WriteRefused, match="saved bytes"):
        undo(root)
    assert content(root) == NEW


def test_while_another_volfix_writes_undo_is_refused(root: Path) -> None:
    write(planned(root), root)
    with locked(root), pytest.raises(WriteRefused, match="another volfix"):
        undo(root)
    assert content(root) == NEW


def test_after_a_killed_first_stack_only_that_is_rolled_back_not_the_run_before(root: Path) -> None:
    write(planned(root, {".env": NEW[".env"]}), root)
    journal = directory_of(root)
    earlier, old = (journal / LAST).read_bytes(), {path.name: path.read_bytes() for path in (journal / "old").iterdir()}
    write(planned(root, {name: NEW[name] for name in ("compose.yml", "deploy/compose.yml")}), root)
    (journal / LAST).rename(journal / OPEN)
    (journal / LAST).write_bytes(earlier)
    for name, data in old.items():
        (journal / "old" / name).write_bytes(data)
    (root / "deploy/compose.yml").write_bytes(OLD["deploy/compose.yml"])
    assert undo(root) == [root / "compose.yml"]
    assert content(root) == {**OLD, ".env": NEW[".env"]}
    assert undo(root) == [root / ".env"]
    assert content(root) == OLD


def test_the_last_run_says_when_and_which_files(root: Path) -> None:
    write(planned(root), root)
    last = last_run(root)
    assert last is not None
    assert last.files == tuple(root / name for name in NEW)
    assert last.time.tzinfo is timezone.utc
    assert abs(datetime.now(timezone.utc) - last.time) < timedelta(minutes=1)


def test_a_root_that_was_moved_with_its_journal_can_still_be_undone(root: Path, tmp_path: Path) -> None:
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    write(planned(root), root)
    root.rename(tmp_path / "moved")
    forget()
    assert len(undo(tmp_path / "moved")) == 3
    assert (tmp_path / "moved" / "compose.yml").read_bytes() == OLD["compose.yml"]


def test_no_problem_is_anything_but_a_problem_of_a_file(root: Path) -> None:
    write(planned(root), root)
    (directory_of(root) / LAST).write_bytes(b"{")
    with pytest.raises(WriteProblem) as raised:
        undo(root)
    assert str(raised.value).startswith(str(directory_of(root) / LAST))
    assert "\n" not in str(raised.value)
    assert recover(root) is None
