"""Where the journal lives, what it keeps, and that a damaged or planted one does no harm."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from last_run import last_run

from volfix.fixes.changes import FileChange
from volfix.fixes.write.journal import LAST, OPEN, WriteProblem, WriteRefused, directory_of, locked, reading
from volfix.fixes.write.journal_format import Run, SavedFile, decoded, encoded
from volfix.fixes.write.transaction import recover, write
from volfix.fixes.write.undo import undo
from volfix.syntax.disk import forget
from volfix.syntax.source import Source

OLD_BYTES, NEW_BYTES = b"old: 1\n", b"new: 2\n"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    forget()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "state"
    forget()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root"
    path.mkdir()
    (path / "compose.yml").write_bytes(OLD_BYTES)
    return path


@pytest.fixture
def repo(root: Path) -> Path:
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")
    return root


def git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout


def change(path: Path, after: bytes = NEW_BYTES) -> FileChange:
    return FileChange(Source.read(path), Source.of(path, after))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def saved(path: str = "compose.yml", **other: Any) -> SavedFile:
    entry = {"before": digest(OLD_BYTES), "after": digest(NEW_BYTES), "mode": 0o644, "temporary": ".volfix-0.tmp"}
    return SavedFile(path=path, **{**entry, **other})


def plant(root: Path, run: Run, name: str = OPEN) -> Path:
    """A journal as a killed run leaves it, with the old bytes."""
    directory = directory_of(root)
    (directory / "old").mkdir(parents=True, exist_ok=True)
    (directory / "old" / digest(OLD_BYTES)).write_bytes(OLD_BYTES)
    (directory / name).write_bytes(encoded(root, run))
    return directory / name


# Its place


def test_in_a_git_work_tree_it_lies_in_gits_own_directory_and_never_shows(repo: Path, state: Path) -> None:
    write([change(repo / "compose.yml")], repo)
    assert (repo / ".git" / "volfix" / LAST).is_file()
    assert git(repo, "status", "--porcelain") == " M compose.yml\n"
    assert sorted(path.name for path in repo.iterdir()) == [".git", "compose.yml"]
    assert not state.exists()


def test_a_linked_work_tree_has_its_own(repo: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(repo, "worktree", "add", "-q", "--detach", str(linked))
    write([change(linked / "compose.yml")], linked)
    assert (repo / ".git" / "worktrees" / "linked" / "volfix" / LAST).is_file()
    assert undo(repo) == []
    assert undo(linked) == [linked / "compose.yml"]


def test_a_directory_within_a_work_tree_shares_its_journal(repo: Path) -> None:
    (repo / "deploy").mkdir()
    (repo / "deploy" / "compose.yml").write_bytes(OLD_BYTES)
    write([change(repo / "deploy" / "compose.yml")], repo / "deploy")
    assert undo(repo) == [repo / "deploy" / "compose.yml"]


def test_outside_git_it_lies_in_the_state_directory_under_the_roots_real_path(
    root: Path, state: Path, tmp_path: Path
) -> None:
    (tmp_path / "alias").symlink_to(root)
    write([change(root / "compose.yml")], tmp_path / "alias")
    name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    assert (state / "volfix" / name / LAST).is_file()
    assert list(root.iterdir()) == [root / "compose.yml"]
    assert undo(root) == [root / "compose.yml"]


@pytest.mark.parametrize("configured", ["", "relative/path"])
def test_the_state_directory_is_below_home_where_none_is_configured(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", configured)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert directory_of(root).parent == tmp_path / "home" / ".local" / "state" / "volfix"


def test_a_git_file_that_leads_nowhere_is_no_place_for_it(root: Path, state: Path) -> None:
    (root / ".git").write_text("gitdir: ../gone\n")
    write([change(root / "compose.yml")], root)
    assert not (root.parent / "gone").exists()
    assert directory_of(root).is_relative_to(state)


def test_nobody_else_can_read_it(repo: Path) -> None:
    before = os.umask(0)
    try:
        write([change(repo / "compose.yml")], repo)
    finally:
        os.umask(before)
    directory = repo / ".git" / "volfix"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [directory, *directory.rglob("*")]}
    assert modes == {"volfix": 0o700, "lock": 0o600, LAST: 0o600, "old": 0o700, digest(OLD_BYTES): 0o600}


def test_a_directory_that_is_open_to_others_is_closed(repo: Path) -> None:
    (repo / ".git" / "volfix").mkdir()
    (repo / ".git" / "volfix").chmod(0o777)
    write([change(repo / "compose.yml")], repo)
    assert stat.S_IMODE((repo / ".git" / "volfix").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["", "lock", "old", "open.json.new"])
def test_no_link_in_its_place_is_followed(repo: Path, tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.mkdir() if name in ("", "old") else victim.write_text("precious")
    link = repo / ".git" / "volfix" / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(victim)
    if name == "open.json.new":
        write([change(repo / "compose.yml")], repo)
        assert victim.read_text() == "precious"
    else:
        with pytest.raises(WriteProblem):
            write([change(repo / "compose.yml")], repo)
        assert (repo / "compose.yml").read_bytes() == OLD_BYTES
        assert victim.is_file() or not any(victim.iterdir())


def test_a_hard_link_in_its_place_is_not_written_through(repo: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (repo / ".git" / "volfix").mkdir()
    (repo / ".git" / "volfix" / "open.json.new").hardlink_to(victim)
    write([change(repo / "compose.yml")], repo)
    assert victim.read_text() == "precious"


def test_without_a_place_to_write_it_nothing_is_written(root: Path, state: Path) -> None:
    state.write_text("a file where the directory should be")
    with pytest.raises(WriteRefused, match="no journal can be kept here"):
        write([change(root / "compose.yml")], root)
    assert (root / "compose.yml").read_bytes() == OLD_BYTES


def test_looking_makes_nothing(root: Path, repo: Path, state: Path) -> None:
    assert last_run(repo) is None
    assert recover(repo) is None
    assert undo(repo) == []
    assert not (repo / ".git" / "volfix").exists()
    assert not state.exists()


# What it keeps


def test_it_says_what_was_written_so_that_a_person_can_read_it(repo: Path) -> None:
    (repo / "compose.yml").chmod(0o640)
    write([change(repo / "compose.yml")], repo)
    content = json.loads((repo / ".git" / "volfix" / LAST).read_text())
    assert content["version"] == 1
    assert content["root"] == str(repo)
    [[file]] = content["transactions"]
    assert (file["path"], file["mode"]) == ("compose.yml", 0o640)
    assert (file["before"], file["after"]) == (digest(OLD_BYTES), digest(NEW_BYTES))
    assert (repo / ".git" / "volfix" / "old" / file["before"]).read_bytes() == OLD_BYTES


def test_any_name_and_all_numbers_come_back_from_the_file() -> None:
    names = ("a b", "new\nline", "ümlaut/x", os.fsdecode(b"raw\xff"), 'quo"te\\', "\x7f")
    run = Run(1234.5, tuple((saved(name, mode=0o2640),) for name in names), undo=True)
    assert decoded(encoded(Path("/r"), run)) == run


def test_only_the_bytes_of_the_last_run_are_kept(repo: Path) -> None:
    for number in range(4):
        write([change(repo / "compose.yml", b"run: %d\n" % number)], repo)
    assert [path.name for path in (repo / ".git" / "volfix" / "old").iterdir()] == [digest(b"run: 2\n")]


def test_a_run_tells_first_and_last_state_of_a_file_that_it_changed_twice() -> None:
    one, two, three = (digest(data) for data in (b"1", b"2", b"3"))
    run = Run(0, ((saved("a", before=one, after=two), saved("b")), (saved("a", before=two, after=three),)))
    assert [(file.path, file.before, file.after) for file in run.files] == [
        ("a", one, three),
        ("b", digest(OLD_BYTES), digest(NEW_BYTES)),
    ]
    back = Run(0, ((saved("a", before=one, after=two),), (saved("a", before=two, after=one),)))
    assert back.files == []


# The lock


def test_a_second_writer_is_refused(repo: Path) -> None:
    planned = change(repo / "compose.yml")
    with locked(repo), pytest.raises(WriteRefused, match="another volfix is writing"):
        write([planned], repo)
    assert (repo / "compose.yml").read_bytes() == OLD_BYTES
    write([planned], repo)


def test_a_writer_of_another_root_is_not_in_the_way(repo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "compose.yml").write_bytes(OLD_BYTES)
    with locked(repo):
        write([change(other / "compose.yml")], other)


def test_reading_needs_no_lock(repo: Path) -> None:
    write([change(repo / "compose.yml")], repo)
    with locked(repo):
        assert last_run(repo) is not None


def test_another_process_holds_the_lock_until_it_is_killed(repo: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from volfix.fixes.write.journal import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(repo)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(WriteRefused, match="another volfix is writing"):
            write([change(repo / "compose.yml")], repo)
        process.send_signal(signal.SIGKILL)
        process.wait()
    write([change(repo / "compose.yml")], repo)


# Damaged, planted or foreign journals

GOOD = json.loads(encoded(Path("/r"), Run(1.0, ((saved(),),))))
FILE = GOOD["transactions"][0][0]


def with_file(**other: object) -> bytes:
    return json.dumps({**GOOD, "transactions": [[{**FILE, **other}]]}).encode()


DAMAGED = {
    "empty": b"",
    "cut": json.dumps(GOOD).encode()[:50],
    "binary": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
    "list": b"[]",
    "text": b'"x"',
    "null": b"null",
    "newer": json.dumps({**GOOD, "version": 2}).encode(),
    "no transactions": json.dumps({**GOOD, "transactions": []}).encode(),
    "odd transactions": json.dumps({**GOOD, "transactions": {"a": 1}}).encode(),
    "no time": json.dumps({**GOOD, "started": float("inf")}).encode(),
    "not a time": json.dumps({**GOOD, "started": float("nan")}).encode(),
    "absolute path": with_file(path="/etc/passwd"),
    "path upwards": with_file(path="../x"),
    "path upwards within": with_file(path="a/../../x"),
    "path into git": with_file(path=".git/config"),
    "path into a submodule's git": with_file(path="sub/.git/config"),
    "NUL": with_file(path="a\0b"),
    "number as path": with_file(path=1),
    "digest with a path": with_file(before="../" * 20 + "etc"),
    "temporary elsewhere": with_file(temporary=".volfix-/../../x.tmp"),
    "temporary of another name": with_file(temporary="compose.yml"),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_open_journal_stops_writing_with_a_way_out_but_not_reading(repo: Path, data: bytes) -> None:
    path = plant(repo, Run(1.0, ((saved(),),)))
    path.write_bytes(data)
    with pytest.raises(WriteRefused, match="may be half done") as raised:
        write([change(repo / "compose.yml")], repo)
    assert raised.value.path == path
    with pytest.raises(WriteRefused, match="may be half done"):
        recover(repo)
    assert last_run(repo) is None
    assert Source.read(repo / "compose.yml").data == OLD_BYTES
    path.unlink()
    write([change(repo / "compose.yml")], repo)


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_last_journal_stops_undo_but_not_writing(repo: Path, data: bytes) -> None:
    plant(repo, Run(1.0, ((saved(),),)), LAST).write_bytes(data)
    for look in (last_run, undo):
        with pytest.raises(WriteRefused, match="cannot be undone"):
            look(repo)
    write([change(repo / "compose.yml")], repo)
    assert undo(repo) == [repo / "compose.yml"]


@pytest.mark.parametrize("kind", ["directory", "fifo", "link"])
def test_something_else_in_the_place_of_a_journal_is_refused_and_never_waited_for(repo: Path, kind: str) -> None:
    path = plant(repo, Run(1.0, ((saved(),),)))
    content = path.read_bytes()
    path.unlink()
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        (repo.parent / "elsewhere").write_bytes(content)
        path.symlink_to(repo.parent / "elsewhere")
    with pytest.raises(WriteRefused):
        recover(repo)


def test_a_journal_cannot_lead_out_of_the_root_through_a_link(repo: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "compose.yml").write_bytes(NEW_BYTES)
    (repo / "dir").symlink_to(outside)
    (repo / "file.yml").symlink_to(outside / "compose.yml")
    plant(repo, Run(1.0, ((saved("dir/compose.yml"), saved("file.yml")),)))
    recovery = recover(repo)
    assert recovery is not None
    assert recovery.restored == ()
    assert (outside / "compose.yml").read_bytes() == NEW_BYTES


@pytest.mark.parametrize("damage", [None, b"something else"])
def test_lost_or_damaged_old_bytes_are_not_put_back(repo: Path, damage: bytes | None) -> None:
    path = plant(repo, Run(1.0, ((saved(), saved("other.yml")),)))
    (repo / "compose.yml").write_bytes(NEW_BYTES)
    (repo / "other.yml").write_bytes(OLD_BYTES)
    old = path.parent / "old" / digest(OLD_BYTES)
    old.unlink() if damage is None else old.write_bytes(damage)
    with pytest.raises(WriteRefused, match="cannot be rolled back") as raised:
        recover(repo)
    assert raised.value.path == repo / "compose.yml"
    assert str(path) in str(raised.value)
    assert (repo / "compose.yml").read_bytes() == NEW_BYTES
    assert path.exists()


def test_reading_the_journal_of_a_root_without_one_gives_none(root: Path) -> None:
    with reading(root) as journal:
        assert journal is None
