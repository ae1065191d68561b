"""A system without descriptors of directories, locks and POSIX's flags, as Windows is: volfix shows, writes nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from volfix.fixes.write import transaction
from volfix.fixes.write.journal import WriteRefused
from volfix.fixes.write.replacement import OnDisk, find
from volfix.fixes.write.transaction import Replacement, replace_all, writing

FIXTURE = Path(__file__).parents[2] / "fixtures" / "fastapi-sqlite-drone" / "repository"
WITHOUT = """
import os, shutil, signal, subprocess, sys
for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "fchmod", "fchown", "chown", "geteuid",
             "getuid", "fork", "statvfs", "pread", "setsid", "getxattr", "listxattr", "setxattr", "mkfifo"):
    delattr(os, name)
for name in ("SIGHUP", "SIGKILL"):
    delattr(signal, name)
os.supports_dir_fd.clear()
for name in ("fcntl", "pwd", "grp", "resource", "termios"):
    sys.modules[name] = None
opens, links = os.open, os.readlink
def opened(path, flags, mode=0o777):
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", path)
    return opens(path, flags, mode)
def link(path):
    if str(path).startswith("/proc"):
        raise FileNotFoundError(2, "No such file", path)
    return links(path)
os.open, os.readlink = opened, link
from volfix.cli.main import main
main(sys.argv[1:])
"""


def run(code: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURE, tmp_path / "shop")
    return tmp_path / "shop"


def test_what_is_shown_is_the_same(repository: Path) -> None:
    with_all = run("import sys\nfrom volfix.cli.main import main\nmain(sys.argv[1:])", "--diff", cwd=repository)
    without = run(WITHOUT, "--diff", cwd=repository)
    assert "app-db:/app/data" in with_all.stdout
    assert (without.returncode, without.stdout, without.stderr) == (1, with_all.stdout, with_all.stderr)


@pytest.mark.parametrize(
    "words", [("--write",), ("-i", "--write"), ("undo",), ("bulk", "."), ("carry", "--write")], ids=" ".join
)
def test_what_writes_is_refused_and_says_where_it_can(words: tuple[str, ...], repository: Path) -> None:
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    done = run(WITHOUT, *words, cwd=repository)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: nothing is written: a safe write goes through an open directory, and this system opens none. "
        "`volfix` without --write shows all; to write on Windows, type the command in WSL\n"
    )
    assert {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("words", [("explain", "VF101"), ("config",), ("schema",), ("--help",), ("carry", "--help")])
def test_the_other_commands_need_none_of_it(words: tuple[str, ...], repository: Path) -> None:
    done = run(WITHOUT, *words, cwd=repository)
    assert (done.returncode, done.stderr) == (0, "")


def test_two_names_of_one_file_that_differ_in_case_are_not_written_over_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("A=1\n")

    def found(given: Path, root: Path, closing: object) -> OnDisk:
        """As on macOS, where `.Env` opens `.env`, and its real path is what was asked for."""
        file = find(root / given.name.lower(), root, closing)  # type: ignore[arg-type]
        return OnDisk(given, given, file.directory, file.data, file.status, file.attributes)

    monkeypatch.setattr(transaction, "find", found)
    monkeypatch.setattr(transaction, "check", lambda file, before: None)
    digest = hashlib.sha256(b"A=1\n").hexdigest()
    with writing(tmp_path) as run_, pytest.raises(WriteRefused, match=r"is the same file as .*, and would change"):
        replace_all(
            run_.journal,
            run_.run,
            [Replacement(tmp_path / ".env", digest, b"A=2\n"), Replacement(tmp_path / ".Env", digest, b"A=3\n")],
            tmp_path,
        )
    assert (tmp_path / ".env").read_text() == "A=1\n"
