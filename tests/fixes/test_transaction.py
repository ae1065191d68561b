"""All files of a stack change or none does: refused, failed, interrupted or killed at any instant.

Run as a program (`test_transaction.py SCENARIO DIRECTORY`) this file is the writer that is killed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import resource
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from last_run import last_run

from volfix.fixes.changes import FileChange
from volfix.fixes.write.journal import LAST, OPEN, directory_of
from volfix.fixes.write.transaction import WriteFailed, WriteProblem, WriteRefused, recover, write, writing
from volfix.fixes.write.undo import undo
from volfix.syntax.disk import forget
from volfix.syntax.source import Source

NAMES = ("compose.yml", "deploy/compose.prod.yml", ".env")
OLD = {name: f"old: {name}\n".encode() for name in NAMES}
NEW = {name: f"new: {name} and longer\n".encode() for name in NAMES}
IS_ROOT = os.geteuid() == 0


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    forget()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield
    forget()


def make(root: Path, content: dict[str, bytes] = OLD) -> Path:
    for name, data in content.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path / "root")


def planned(root: Path, after: dict[str, bytes] = NEW) -> list[FileChange]:
    return [
        FileChange(source := Source.read(root / name), Source.of(source.path, data)) for name, data in after.items()
    ]


def content(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".git", "state"} & set(path.relative_to(root).parts)
    }


def refused(changes: list[FileChange], root: Path, reason: str) -> WriteRefused:
    before = content(root)
    with pytest.raises(WriteRefused, match=reason) as raised:
        write(changes, root)
    assert content(root) == before
    assert last_run(root) is None
    return raised.value


# What is written


def test_all_files_of_a_stack_are_written(root: Path) -> None:
    write(planned(root), root)
    assert content(root) == NEW


@pytest.mark.parametrize(
    "data",
    [b"a: 1\r\nb: 2\r\n", b"\xef\xbb\xbfa: 1\n", b"a: 1\nb: 2", b"a: 1\r\nb: 2\n \t\n", "ä: ü\u2028\n".encode(), b""],
    ids=["CRLF", "BOM", "no final newline", "mixed", "unicode", "empty"],
)
def test_the_bytes_are_kept_exactly(root: Path, data: bytes) -> None:
    write(planned(root, {"compose.yml": data}), root)
    assert (root / "compose.yml").read_bytes() == data
    write(planned(root, {"compose.yml": b"x: 1\n"}), root)
    undo(root)
    assert (root / "compose.yml").read_bytes() == data


@pytest.mark.parametrize(
    "name", ["with space.yml", "new\nline.yml", "ümlaut.yml", os.fsdecode(b"raw\xff.yml"), "-f", "x" * 255]
)
def test_any_file_name_will_do(root: Path, name: str) -> None:
    folder = name[:200]
    for path in (name, f"{folder}/{name}"):
        if not (root / folder).is_dir() and "/" in path and len(name) == len(folder):
            (root / folder).unlink()
        make(root, {path: b"old: 1\n"})
        write(planned(root, {path: b"new: 1\n"}), root)
        assert (root / path).read_bytes() == b"new: 1\n"
        assert undo(root) == [root / path]
        assert (root / path).read_bytes() == b"old: 1\n"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o600, 0o755, 0o2755, 0o4750, 0o1666, 0o600])
def test_the_mode_is_kept_whatever_the_umask(root: Path, mode: int) -> None:
    (root / "compose.yml").chmod(mode)
    before = os.umask(0o077)
    try:
        write(planned(root), root)
    finally:
        os.umask(before)
    assert stat.S_IMODE((root / "compose.yml").stat().st_mode) == mode


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_owner_and_group_are_kept_with_setgid_in_a_setgid_directory(root: Path) -> None:
    os.chown(root, 0, 4321)
    root.chmod(0o2775)
    os.chown(root / "compose.yml", 1234, 2345)
    (root / "compose.yml").chmod(0o6754)
    write(planned(root), root)
    status = (root / "compose.yml").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 2345, 0o6754)


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes on this platform")
def test_extended_attributes_are_kept_and_an_acl_of_the_directory_is_not_added(root: Path) -> None:
    # user::rwx group::r-x other::r-x user:1234:rwx mask::rwx, as the default of the directory
    acl = b"\2\0\0\0" + b"".join(
        tag.to_bytes(2, "little") + permissions.to_bytes(2, "little") + who.to_bytes(4, "little")
        for tag, permissions, who in [
            (1, 7, 2**32 - 1),
            (2, 7, 1234),
            (4, 5, 2**32 - 1),
            (16, 7, 2**32 - 1),
            (32, 5, 2**32 - 1),
        ]
    )
    try:
        os.setxattr(root / "compose.yml", "user.note", b"kept")
        os.setxattr(root, "system.posix_acl_default", acl)
    except OSError:
        pytest.skip("the file system keeps no attributes")
    os.setxattr(root / ".env", "system.posix_acl_access", acl)
    write(planned(root), root)
    assert os.getxattr(root / "compose.yml", "user.note") == b"kept"
    assert os.listxattr(root / "compose.yml") == ["user.note"]
    assert os.getxattr(root / ".env", "system.posix_acl_access") == acl


def test_no_change_writes_nothing(root: Path) -> None:
    before = (root / "compose.yml").stat()
    write(planned(root, OLD), root)
    write([], root)
    after = (root / "compose.yml").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert last_run(root) is None


def test_several_stacks_are_one_run(root: Path) -> None:
    with writing(root) as run:
        run.write(planned(root, {"compose.yml": NEW["compose.yml"]}))
        run.write(planned(root, {".env": NEW[".env"]}))
    last = last_run(root)
    assert last is not None
    assert last.files == (root / "compose.yml", root / ".env")


def test_a_stack_that_is_refused_leaves_the_others_of_its_run(root: Path) -> None:
    with writing(root) as run:
        run.write(planned(root, {"compose.yml": NEW["compose.yml"]}))
        late = planned(root, {".env": NEW[".env"]})
        (root / ".env").write_bytes(b"edited\n")
        with pytest.raises(WriteRefused, match="changed since"):
            run.write(late)
        run.write(planned(root, {NAMES[1]: NEW[NAMES[1]]}))
    assert content(root) == {**NEW, ".env": b"edited\n"}
    assert sorted(undo(root)) == [root / "compose.yml", root / NAMES[1]]


def test_a_file_that_two_stacks_share_is_written_by_the_one_that_knows_its_bytes(root: Path) -> None:
    first, second = planned(root, {".env": b"A=1\n"}), planned(root, {".env": b"A=2\n"})
    with writing(root) as run:
        run.write(first)
        with pytest.raises(WriteRefused, match="changed since"):
            run.write(second)
        run.write(planned(root, {".env": b"A=3\n"}))
    assert undo(root) == [root / ".env"]
    assert content(root) == OLD


# Links


def test_a_link_within_the_root_is_written_through_and_stays_a_link(root: Path) -> None:
    (root / "link.yml").symlink_to("deploy/compose.prod.yml")
    write(planned(root, {"link.yml": b"new: 1\n"}), root)
    assert (root / "link.yml").readlink() == Path("deploy/compose.prod.yml")
    assert (root / NAMES[1]).read_bytes() == b"new: 1\n"
    assert not (root / NAMES[1]).is_symlink()
    assert undo(root) == [root / NAMES[1]]
    assert (root / "link.yml").is_symlink()


def test_a_linked_directory_within_the_root_is_written_through(root: Path) -> None:
    (root / "current").symlink_to("deploy")
    write(planned(root, {"current/compose.prod.yml": b"new: 1\n"}), root)
    assert (root / "current").is_symlink()
    assert (root / NAMES[1]).read_bytes() == b"new: 1\n"


def test_a_root_that_is_a_link_is_the_directory_that_it_leads_to(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    write(planned(tmp_path / "alias"), tmp_path / "alias")
    assert content(root) == NEW


@pytest.mark.parametrize("target", ["file", "directory", "chain", "relative", "sibling"])
def test_no_link_leads_a_write_out_of_the_root(root: Path, tmp_path: Path, target: str) -> None:
    outside = make(tmp_path / "root-2", {"out.yml": b"precious: 1\n"})
    name = "out.yml"
    if target == "file":
        (root / name).symlink_to(outside / "out.yml")
    elif target == "directory":
        (root / "out").symlink_to(outside)
        name = "out/out.yml"
    elif target == "chain":
        (root / "hop").symlink_to("hop2")
        (root / "hop2").symlink_to(outside)
        (root / name).symlink_to("hop/out.yml")
    elif target == "relative":
        (root / name).symlink_to("../root-2/out.yml")
    else:
        name = "../root-2/out.yml"
    changes = planned(root, {"compose.yml": NEW["compose.yml"], name: b"new: 1\n"})
    problem = refused(changes, root, "leads out of")
    assert problem.path == root / name
    assert (outside / "out.yml").read_bytes() == b"precious: 1\n"
    assert list(outside.iterdir()) == [outside / "out.yml"]


def test_a_link_into_gits_own_directory_is_not_followed(root: Path) -> None:
    (root / ".git").mkdir()
    (root / ".git" / "config").write_bytes(b"[core]\n")
    (root / "x.yml").symlink_to(".git/config")
    refused(planned(root, {"x.yml": b"new: 1\n"}), root, "git's own directory")
    assert (root / ".git" / "config").read_bytes() == b"[core]\n"


def test_a_hard_link_is_not_split(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other name").hardlink_to(root / ".env")
    refused(planned(root), root, "hard link")
    assert (tmp_path / "other name").stat().st_ino == (root / ".env").stat().st_ino


def test_a_file_with_two_names_in_one_stack_is_written_once(root: Path) -> None:
    (root / "link.yml").symlink_to("compose.yml")
    write(planned(root, {"link.yml": b"new: 1\n", "compose.yml": b"new: 1\n"}), root)
    assert (root / "compose.yml").read_bytes() == b"new: 1\n"
    undo(root)
    differing = planned(root, {"link.yml": b"new: 1\n", "compose.yml": b"new: 2\n"})
    with pytest.raises(WriteRefused, match="the same file"):
        write(differing, root)
    assert (root / "compose.yml").read_bytes() == OLD["compose.yml"]


# Changed between plan and write


@pytest.mark.parametrize(
    "what", ["bytes", "same length", "gone", "link", "dangling", "directory", "fifo", "no directory"]
)
def test_a_file_that_changed_since_it_was_read_stops_its_whole_stack(root: Path, tmp_path: Path, what: str) -> None:
    changes, path = planned(root), root / NAMES[1]
    if what == "bytes":
        path.write_bytes(b"edited: 1\n")
    elif what == "same length":
        status = path.stat()
        path.write_bytes(OLD[NAMES[1]].swapcase())
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    else:
        path.unlink()
    if what == "link":
        path.symlink_to(make(tmp_path / "elsewhere", {"x": OLD[NAMES[1]]}) / "x")
    elif what == "dangling":
        path.symlink_to("nowhere")
    elif what == "directory":
        path.mkdir()
    elif what == "fifo":
        os.mkfifo(path)
    elif what == "no directory":
        path.parent.rmdir()
        path.parent.symlink_to(make(tmp_path / "elsewhere", {"compose.prod.yml": OLD[NAMES[1]]}))
    assert refused(changes, root, "since volfix read it|when volfix read it|regular file|leads out of").path == path


def during(monkeypatch: pytest.MonkeyPatch, call: str, number: int, action: Callable[[], object]) -> None:
    """Do something at the n-th call of a function of `os`, before it happens."""
    real, count = getattr(os, call), [0]

    def counted(*arguments: Any, **options: Any) -> Any:
        count[0] += 1
        if count[0] == number:
            action()
        return real(*arguments, **options)

    monkeypatch.setattr(os, call, counted)


def failing(error: BaseException) -> Callable[[], object]:
    def fail() -> object:
        raise error

    return fail


def test_a_file_that_changes_while_the_stack_is_written_keeps_its_change(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = planned(root)
    # The sixth fsync is in the preparations: all checks are over, nothing has been replaced yet.
    during(monkeypatch, "fsync", 6, lambda: (root / ".env").write_bytes(b"edited: 1\n"))
    with pytest.raises(WriteFailed, match="changed while volfix was writing") as raised:
        write(changes, root)
    assert raised.value.path == root / ".env"
    assert content(root) == {**OLD, ".env": b"edited: 1\n"}


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_a_file_that_changes_while_its_directory_is_looked_at_keeps_its_change(
    number: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, real, looks = planned(root), os.path.samestat, iter(range(len(NAMES)))

    def late(*statuses: os.stat_result) -> bool:
        if next(looks, None) == number:
            (root / NAMES[number]).write_bytes(b"edited: 1\n")
        return real(*statuses)

    monkeypatch.setattr(os.path, "samestat", late)
    with pytest.raises(WriteFailed, match="changed while volfix was writing") as raised:
        write(changes, root)
    assert raised.value.path == root / NAMES[number]
    assert content(root) == {**OLD, NAMES[number]: b"edited: 1\n"}


@pytest.mark.parametrize("what", ["mode", "hard link", "directory"])
def test_other_changes_meanwhile_count_too(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def move_directory() -> None:
        (root / "deploy").rename(tmp_path / "moved")
        make(root, {NAMES[1]: OLD[NAMES[1]]})

    actions: dict[str, Callable[[], object]] = {
        "mode": lambda: (root / NAMES[1]).chmod(0o600),
        "hard link": lambda: (tmp_path / "other").hardlink_to(root / NAMES[1]),
        "directory": move_directory,
    }
    changes = planned(root)
    during(monkeypatch, "fsync", 6, actions[what])
    with pytest.raises(WriteFailed, match="changed while volfix was writing"):
        write(changes, root)
    assert content(root) == OLD
    if what == "directory":
        assert (tmp_path / "moved" / "compose.prod.yml").read_bytes() == OLD[NAMES[1]]


def test_a_directory_that_becomes_a_link_meanwhile_does_not_lead_the_write_away(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = make(tmp_path / "outside", {"compose.prod.yml": OLD[NAMES[1]]})

    def exchange() -> None:
        (root / "deploy").rename(root / "was")
        (root / "deploy").symlink_to(outside)

    changes = planned(root)
    during(monkeypatch, "replace", 5, exchange)
    with pytest.raises(WriteFailed):
        write(changes, root)
    assert content(outside) == {"compose.prod.yml": OLD[NAMES[1]]}
    assert (root / "compose.yml").read_bytes() == OLD["compose.yml"]


# Failures on the way

ERRORS = {
    errno.ENOSPC: "no space left.*make room",
    errno.EDQUOT: "quota",
    errno.EROFS: "read-only",
    errno.EACCES: "denied",
}
CALLS = ("open", "write", "fsync", "fchmod", "replace", "mkdir")


@pytest.mark.parametrize("number", ERRORS)
@pytest.mark.parametrize("call", CALLS)
def test_a_failure_at_any_call_leaves_every_file_as_it_was_and_says_what_to_do(
    tmp_path: Path, call: str, number: int
) -> None:
    failed = 0
    for at in range(1, 60):
        root = make(tmp_path / f"{call}{at}" / "root")
        (root / ".env").chmod(0o640)
        changes = planned(root)
        with pytest.MonkeyPatch.context() as patch:
            reached: list[int] = []

            def fail(reached: list[int] = reached) -> object:
                reached.append(1)
                raise OSError(number, os.strerror(number))

            during(patch, call, at, fail)
            problem = None
            try:
                write(changes, root)
            except WriteProblem as error:
                problem = error
        if not reached:
            break
        failed += 1
        if problem is None:
            # A lost lock or a leftover that is not deleted is no reason to fail; then all is new.
            assert content(root) == NEW
            continue
        state = content(root)
        if "the files are written" in problem.message:
            assert state == NEW
            assert recover(root) is None or state == content(root)
        else:
            assert state == OLD
            assert recover(root) is None
        assert re.search(f"{ERRORS[number]}|its mode 06.. cannot be kept", problem.message)
        write(planned(root), root)
        assert content(root) == NEW
    assert failed >= 1


def test_each_step_is_on_the_disk_before_the_next_begins(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a loss of power leaves is what a kill leaves."""
    opened: dict[int, str] = {}
    steps: list[str] = []
    real_open, real_fsync, real_replace = os.open, os.fsync, os.replace

    def opening(path: Any, *arguments: Any, **options: Any) -> int:
        descriptor = real_open(path, *arguments, **options)
        opened[descriptor] = str(path)
        return descriptor

    def syncing(descriptor: int) -> None:
        real_fsync(descriptor)
        steps.append(f"sync {opened[descriptor]}")

    def replacing(source: str, target: str, **options: int) -> None:
        assert f"sync {source}" in steps or source == OPEN, source
        real_replace(source, target, **options)
        steps.append(f"replace {target}")

    changes, folder = planned(root), str(directory_of(root))
    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", replacing)
    write(changes, root)
    steps = [re.sub(r"^sync \.volfix-.*", "sync new bytes", step) for step in steps]
    start = steps.index("sync old")
    saved = [step.removeprefix("replace ") for step in steps[:start] if step.startswith("replace ")]
    assert saved == [hashlib.sha256(OLD[name]).hexdigest() for name in NAMES]
    assert steps[start + 1 :] == [
        "sync open.json.new",
        "replace open.json",
        f"sync {folder}",
        *["sync new bytes"] * 3,
        "replace compose.yml",
        "replace compose.prod.yml",
        "replace .env",
        f"sync {root}",
        "sync deploy",
        f"sync {root}",
        "replace last.json",
        f"sync {folder}",
    ]


def test_when_rolling_back_fails_too_the_next_run_does_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = planned(root)
    real, names = os.replace, []

    def replaced(source: str, target: str, **options: Any) -> None:
        if source.endswith(".tmp"):
            names.append(target)
            if len(names) > 1:
                raise OSError(errno.EIO, "Input/output error")
        real(source, target, **options)

    monkeypatch.setattr(os, "replace", replaced)
    with pytest.raises(WriteFailed, match=r"not all put back.*run volfix again"):
        write(changes, root)
    monkeypatch.undo()
    monkeypatch.setenv("XDG_STATE_HOME", str(root.parent / "state"))
    assert (root / names[0]).read_bytes() == NEW[names[0]]
    with writing(root) as run:
        assert run.recovered is not None
        assert run.recovered.restored == (root / names[0],)
        assert "rolled back" in str(run.recovered)
    assert content(root) == OLD


@pytest.mark.parametrize("at", range(1, 7))
def test_an_interrupt_from_the_keyboard_rolls_back(root: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    changes = planned(root)
    during(monkeypatch, "replace", at, failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        write(changes, root)
    assert content(root) == OLD
    assert recover(root) is None


def as_somebody_else(root: Path, changes: list[FileChange]) -> str:
    """What a process without root's rights is told when it writes; the journal's place is open to it."""
    read, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        message = "not refused"
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            write(changes, root)
        except WriteProblem as problem:
            message = str(problem)
        except BaseException as error:  # noqa: BLE001 - the parent is told
            message = repr(error)
        os.write(write_end, message.encode())
        os._exit(0)
    os.close(write_end)
    with open(read, "rb") as file:  # noqa: PTH123 - a descriptor
        message = file.read().decode()
    os.waitpid(child, 0)
    return message


@pytest.fixture
def open_root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A root that others than this user can reach, which pytest's directories are not."""
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o755)
        (top / "state").mkdir()
        (top / "state").chmod(0o777)
        monkeypatch.setenv("XDG_STATE_HOME", str(top / "state"))
        root = make(top / "root")
        for path in [root, *root.rglob("*")]:
            os.chown(path, 65534, 65534)
        yield root


@pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else")
@pytest.mark.parametrize("case", ["fine", "directory", "file", "unreadable", "owner", "group", "not traversable"])
def test_what_somebody_else_may_not_write_is_refused(open_root: Path, case: str) -> None:
    changes, path = planned(open_root), open_root / NAMES[1]
    expected = {
        "fine": "not refused",
        "directory": "directory .* is not writable",
        "file": "file is not writable",
        "unreadable": "permission denied",
        "owner": "belongs to user 0",
        "group": "belongs to user 65534 and group 4321",
        "not traversable": "permission denied",
    }
    if case == "directory":
        path.parent.chmod(0o555)
    elif case == "file":
        path.chmod(0o444)
    elif case == "unreadable":
        path.chmod(0o200)
    elif case == "owner":
        os.chown(path, 0, 65534)
        path.chmod(0o666)
    elif case == "group":
        os.chown(path, 65534, 4321)
    elif case == "not traversable":
        path.parent.chmod(0)
    message = as_somebody_else(open_root, changes)
    path.parent.chmod(0o755)
    assert re.search(expected[case], message), message
    assert content(open_root) == (NEW if case == "fine" else OLD)


@pytest.mark.skipif(IS_ROOT, reason="root may write everywhere")
@pytest.mark.parametrize("case", ["directory", "file"])
def test_what_this_user_may_not_write_is_refused(root: Path, case: str) -> None:
    changes, path = planned(root), root / NAMES[1]
    locked = path.parent if case == "directory" else path
    locked.chmod(0o555 if case == "directory" else 0o444)
    refused(changes, root, "is not writable")
    locked.chmod(0o755)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of 64 KiB."""
    path = tmp_path / "disk"
    path.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(path)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no file system can be mounted here")
    yield path
    subprocess.run(["umount", str(path)], check=True)


@pytest.mark.parametrize("journal_too", [True, False])
@pytest.mark.parametrize("free", [0, 4096, 8192, 12288, 16384, 20480])
def test_on_a_disk_that_is_really_full_nothing_changes(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, free: int, journal_too: bool
) -> None:
    if journal_too:
        monkeypatch.setenv("XDG_STATE_HOME", str(small_disk / "state"))
    root = make(small_disk / "root")
    changes = planned(root, {name: data + b"#" * 5000 for name, data in NEW.items()})
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    os.truncate(filler, filler.stat().st_size // 4096 * 4096 - free)
    with pytest.raises(WriteProblem, match=r"no space left.*make room"):
        write(changes, root)
    assert content(root) == OLD
    filler.unlink()
    write(changes, root)
    assert content(root) != OLD


def test_a_limit_on_the_size_of_files_rolls_back(root: Path) -> None:
    """A write that the kernel itself cuts short, where no file system can be mounted."""
    changes = planned(root, {"compose.yml": NEW["compose.yml"], ".env": b"A=1\n" * 1000})
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(WriteFailed, match=r"ulimit -f.*no file was changed") as raised:
            write(changes, root)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert raised.value.path == root / ".env"
    assert content(root) == OLD


@pytest.mark.skipif(not IS_ROOT, reason="only root can mount")
def test_a_file_that_is_a_mount_of_its_own_is_left_and_so_is_its_stack(root: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other", {"x": OLD[".env"]}) / "x"
    if subprocess.run(["mount", "--bind", str(other), str(root / ".env")], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with pytest.raises(WriteProblem, match="mount"):
            write(planned(root), root)
        assert content(root) == OLD
    finally:
        subprocess.run(["umount", str(root / ".env")], check=True)


# Killed

CALLS_THAT_CHANGE = (
    "open", "write", "fsync", "close", "fchmod", "fchown", "setxattr", "replace", "rename", "unlink", "mkdir", "link"
)  # fmt: skip


def killed_at(number: int, action: Callable[[], object]) -> bool:
    """Run the action in a process that kills itself before its n-th call of `os`; whether it came that far."""
    child = os.fork()
    if child == 0:
        count = [0]

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **options: Any) -> Any:
                count[0] += 1
                if count[0] == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **options)

            return call

        for name in filter(partial(hasattr, os), CALLS_THAT_CHANGE):
            setattr(os, name, counted(getattr(os, name)))
        try:
            action()
        except BaseException as error:  # noqa: BLE001 - the parent sees the status
            sys.stderr.write(f"{error!r}\n")
            os._exit(3)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def whole(root: Path) -> None:
    """Every file has its old or its new bytes, with its mode."""
    for name in NAMES:
        assert (root / name).read_bytes() in (OLD[name], NEW[name]), name
        assert stat.S_IMODE((root / name).stat().st_mode) == 0o640, name


def all_or_nothing(root: Path) -> dict[str, bytes]:
    whole(root)
    state = content(root)
    assert state in (OLD, NEW), state
    assert not (directory_of(root) / OPEN).exists()
    return state


def in_two_stacks(root: Path) -> None:
    first, second = {NAMES[0]: NEW[NAMES[0]]}, {name: NEW[name] for name in NAMES[1:]}
    with writing(root) as run:
        run.write(planned(root, first))
        run.write(planned(root, second))


def fresh(directory: Path, number: int) -> Path:
    root = make(directory / f"root{number}" / "root")
    for name in NAMES:
        (root / name).chmod(0o640)
    os.environ["XDG_STATE_HOME"] = str(root.parent / "state")
    return root


def scenario_write(directory: Path, number: int) -> bool:
    """Killed while writing the first time, or over an earlier run."""
    root = fresh(directory, number)
    if number % 2:
        write(planned(root, {"compose.yml": b"earlier: 1\n"}), root)
        undo(root)
    alive = not killed_at(number // 2 + 1, lambda: write(planned(root), root))
    whole(root)
    recover(root)
    state = all_or_nothing(root)
    assert (last_run(root) is not None) == (state == NEW)
    if state == NEW:
        assert len(undo(root)) == 3
        assert all_or_nothing(root) == OLD
    else:
        write(planned(root), root)
        assert all_or_nothing(root) == NEW
    return alive


def scenario_stacks(directory: Path, number: int) -> bool:
    """Killed in a run of two stacks: what is written, undo puts back."""
    root = fresh(directory, number)
    alive = not killed_at(number + 1, lambda: in_two_stacks(root))
    whole(root)
    recover(root)
    whole(root)
    state = content(root)
    assert (state[NAMES[1]] == NEW[NAMES[1]]) == (state[NAMES[2]] == NEW[NAMES[2]])
    assert state[NAMES[0]] == NEW[NAMES[0]] or state == OLD
    undo(root)
    assert all_or_nothing(root) == OLD
    return alive


def scenario_undo(directory: Path, number: int) -> bool:
    """Killed in an undo: it is done, or it can be done."""
    root = fresh(directory, number)
    write(planned(root), root)
    alive = not killed_at(number + 1, lambda: undo(root))
    whole(root)
    recover(root)
    state = all_or_nothing(root)
    assert len(undo(root)) == (3 if state == NEW else 0)
    assert all_or_nothing(root) == OLD
    assert undo(root) == []
    return alive


@cache
def half_way(directory: str) -> int:
    """The call before which a kill leaves the first file replaced and the others not."""
    for call in range(1, 200):
        root = fresh(Path(directory), 10_000 + call)
        assert killed_at(call, lambda root=root: write(planned(root), root))  # type: ignore[misc]
        if content(root)["compose.yml"] == NEW["compose.yml"]:
            return call
    raise AssertionError("no kill leaves a stack half written")


def scenario_recover(directory: Path, number: int) -> bool:
    """Killed while writing, after the first file and before the last, and killed again while rolling back."""
    call = half_way(str(directory))
    root = fresh(directory, number)
    assert killed_at(call, lambda: write(planned(root), root))
    assert {content(root)[name] in OLD.values() for name in NAMES} == {True, False}
    alive = not killed_at(number + 1, lambda: recover(root))
    whole(root)
    recover(root)
    assert all_or_nothing(root) == OLD
    return alive


SCENARIOS = {"write": scenario_write, "stacks": scenario_stacks, "undo": scenario_undo, "recover": scenario_recover}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_between_any_two_calls_every_file_is_whole_and_the_next_run_finishes_or_rolls_back(
    tmp_path: Path, scenario: str
) -> None:
    done = subprocess.run(
        [sys.executable, __file__, scenario, str(tmp_path)], capture_output=True, text=True, check=False, timeout=500
    )
    assert done.returncode == 0, done.stderr
    kills = int(done.stdout)
    assert kills >= 20


def test_a_file_that_somebody_edits_after_the_kill_is_not_overwritten(root: Path) -> None:
    def one_replaced() -> bool:
        return (root / "compose.yml").read_bytes() == NEW["compose.yml"]

    call = 1
    while not one_replaced():
        assert killed_at(call, lambda: write(planned(root), root))
        call += 1
        if not one_replaced():
            recover(root)
    (root / "compose.yml").write_bytes(b"edited: 1\n")
    recovery = recover(root)
    assert recovery is not None
    assert recovery.left == (root / "compose.yml",)
    assert "left as it is" in str(recovery)
    assert content(root) == {**OLD, "compose.yml": b"edited: 1\n"}
    assert recover(root) is None


def test_an_interrupted_write_that_was_complete_counts_as_done_and_can_be_undone(root: Path) -> None:
    write(planned(root), root)
    journal = directory_of(root)
    (journal / LAST).rename(journal / OPEN)
    recovery = recover(root)
    assert recovery is not None
    assert recovery.finished
    assert content(root) == NEW
    assert len(undo(root)) == 3


def half_written(root: Path) -> None:
    """As a kill after the first file leaves it."""
    write(planned(root), root)
    journal = directory_of(root)
    (journal / LAST).rename(journal / OPEN)
    make(root, {name: OLD[name] for name in NAMES[1:]})


def test_a_complete_write_whose_rolling_back_was_killed_leaves_nothing_beside_it(root: Path) -> None:
    half_written(root)
    make(root, NEW)
    name = json.loads((directory_of(root) / OPEN).read_text())["transactions"][0][0]["temporary"]
    (root / name).write_bytes(OLD["compose.yml"])
    recover(root)
    assert content(root) == NEW


def test_a_link_in_the_place_of_a_half_written_file_is_not_written_through(root: Path) -> None:
    half_written(root)
    (root / "compose.yml").rename(root / "copy.yml")
    (root / "compose.yml").symlink_to("copy.yml")
    recovery = recover(root)
    assert recovery is not None
    assert recovery.left == (root / "compose.yml",)
    assert (root / "copy.yml").read_bytes() == NEW["compose.yml"]


def test_a_file_that_cannot_be_read_now_keeps_the_journal_for_later(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_written(root)
    real = os.open

    def opening(path: Any, *arguments: Any, **options: Any) -> int:
        if path == ".env":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", opening)
        with pytest.raises(WriteProblem, match="permission denied"):
            recover(root)
    assert recover(root) is not None
    assert content(root) == OLD


def test_two_writers_at_once_write_one_after_the_other_or_not_at_all(root: Path) -> None:
    """Many processes, each with the same plan: one writes, every other is refused, and the files are whole."""
    changes = planned(root)
    children = []
    for _ in range(12):
        child = os.fork()
        if child == 0:
            try:
                write(changes, root)
            except WriteRefused as problem:
                os._exit(1 if "another volfix" in problem.message or "changed since" in problem.message else 2)
            except BaseException:  # noqa: BLE001 - the parent sees the status
                os._exit(3)
            os._exit(0)
        children.append(child)
    statuses = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    assert statuses == [0, *[1] * 11]
    assert content(root) == NEW


def main(scenario: str, directory: Path) -> None:
    number = 0
    while not SCENARIOS[scenario](directory, number):
        number += 1
    print(number)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
