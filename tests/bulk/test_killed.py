"""A run that is killed at any instant goes on, and ends as one that nobody killed."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bulk_factory import BRANCH, NOT_BUSY
from repository_factory import generate, git

from volfix.bulk.records import RepositoryRecord
from volfix.bulk.state import State

NUMBER, KILLS = 60, 3
OPTIONS = ("--write", "--unsafe-fixes", "--jobs", "2")


def command(where: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000002", "TMPDIR": str(where / "tmp"), **more}
    full = [
        sys.executable,
        "-m",
        "volfix",
        "bulk",
        "estate",
        "--quiet",
        *OPTIONS,
        "--state",
        "volfix-bulk.sqlite",
        *words,
    ]
    return subprocess.Popen(
        full,
        cwd=where,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell that starts the tests in the background has them ignore interrupts, and their children with them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )


def clones(where: Path) -> list[Path]:
    return sorted(path for path in (where / "estate").glob("*/*") if path.is_dir())


def ended(where: Path, state: str, output: str) -> dict[str, Any]:
    """How a run ended: what it printed, what its state knows, and every reference of every clone."""
    with State(where / state) as opened:
        records: list[RepositoryRecord] = [replace(record, seconds=0.0) for record in opened.records()]
        assert opened.left() == 0
    return {
        "output": output.replace(state, "the state"),
        "records": records,
        "references": {clone.name: git(clone, "for-each-ref") for clone in clones(where)},
    }


@NOT_BUSY
def test_killed_and_continued_a_run_ends_as_one_that_was_not(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    generate(tmp_path / "estate", NUMBER)
    started = time.monotonic()
    whole = command(tmp_path, "--state", "whole.sqlite")
    output, errors = whole.communicate()
    seconds = time.monotonic() - started
    assert (whole.returncode, errors) == (2, ""), "two files of the estate are broken YAML"
    expected = ended(tmp_path, "whole.sqlite", output)
    assert f"{NUMBER} repositories" in output
    for clone in clones(tmp_path):
        if BRANCH in git(clone, "for-each-ref"):
            git(clone, "update-ref", "-d", f"refs/heads/{BRANCH}")

    chance = random.Random(8)
    for _ in range(KILLS):
        run = command(tmp_path, "--state", "killed.sqlite", "--resume")
        try:
            run.wait(timeout=chance.uniform(0.2, 0.6) * seconds)
        except subprocess.TimeoutExpired:
            os.kill(run.pid, signal.SIGKILL)
        run.communicate()
    last = command(tmp_path, "--state", "killed.sqlite", "--resume")
    output, errors = last.communicate()
    assert (last.returncode, errors) == (2, "")
    assert ended(tmp_path, "killed.sqlite", output) == expected
    assert list((tmp_path / "tmp").iterdir()) == [], "no checkout is left behind"


@NOT_BUSY
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_a_state_to_go_on_from(sent: signal.Signals, status: int, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    generate(tmp_path / "estate", 30)
    run = command(tmp_path)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not _some_done(tmp_path / "volfix-bulk.sqlite"):
        time.sleep(0.05)
    run.send_signal(sent)
    _, errors = run.communicate()
    assert run.returncode == status
    assert "Traceback" not in errors
    if sent is signal.SIGINT:
        assert re.search(
            r"\d+ repositories are left; the same command with --resume --state volfix-bulk.sqlite continues", errors
        )
    assert list((tmp_path / "tmp").iterdir()) == []
    again = command(tmp_path, "--resume")
    assert "30 repositories" in again.communicate()[0]


def _some_done(path: Path) -> bool:
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as state:
            done = state.execute("SELECT count(*) FROM repositories WHERE todo = 0").fetchone()[0]
    except sqlite3.OperationalError:
        return False
    return bool(done > 1)


def test_what_git_does_ends_with_a_run_that_is_killed(tmp_path: Path) -> None:
    generate(tmp_path / "estate", 1)
    (tmp_path / "tmp").mkdir()
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    found = shutil.which("git")
    slow.write_text(
        f'#!/bin/sh\ncase "$*" in *ls-tree*) echo $$ >{tmp_path}/pid; exec sleep 3600 ;; esac\nexec {found} "$@"\n'
    )
    slow.chmod(0o755)
    run = command(tmp_path, PATH=f"{slow.parent}:{os.environ['PATH']}")
    _until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"))
    run.kill()
    run.communicate()
    process = (tmp_path / "pid").read_text().strip()
    _until(lambda: not Path(f"/proc/{process}").exists())


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
