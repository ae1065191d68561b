"""The same run on a Dask cluster: a scheduler and two workers of this machine, one of which is killed in the middle."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bulk_factory import NOT_BUSY
from repository_factory import generate, git

from volfix.bulk.state import State

pytest.importorskip("distributed")
NUMBER = 24
DASK = {"DASK_DISTRIBUTED__WORKER__PRELOAD": "[]", "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "60s"}


@contextmanager
def started(log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **DASK},
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def seen(log: Path, pattern: str) -> str:
    """What the log has, once it does."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = re.search(pattern, log.read_text(errors="replace")) if log.exists() else None
        if found:
            return found[1]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def bulk(where: Path, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000002", "GIT_CONFIG_GLOBAL": os.devnull}
    full = [
        sys.executable,
        "-m",
        "volfix",
        "bulk",
        "sources.txt",
        "--patches",
        "patches",
        "--unsafe-fixes",
        "--quiet",
        *words,
    ]
    return subprocess.Popen(full, cwd=where, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def known(state: Path) -> list[Any]:
    with State(state) as opened:
        return [replace(record, seconds=0.0) for record in opened.records()]


def patches(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@NOT_BUSY
def test_a_cluster_finds_what_one_machine_finds_also_when_a_worker_is_killed(tmp_path: Path) -> None:
    generate(tmp_path / "estate", NUMBER)
    urls = [f"file://{clone}" for clone in sorted((tmp_path / "estate").glob("*/*"))]
    for url in urls:
        git(Path(url.removeprefix("file://")), "config", "uploadpack.allowFilter", "true")
    (tmp_path / "sources.txt").write_text("\n".join(urls))
    local = bulk(tmp_path, "--state", "local.sqlite", "--cache", "here", "--jobs", "2")
    output, errors = local.communicate()
    assert (local.returncode, errors) == (2, "")
    expected = patches(tmp_path / "patches")
    assert len(expected) > NUMBER / 2
    for path in (tmp_path / "patches").iterdir():
        path.unlink()

    logs = [tmp_path / name for name in ("scheduler.log", "one.log", "two.log")]
    options = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path / "dask"))
    with started(logs[0], "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"):
        address = seen(logs[0], r"Scheduler at: +(tcp://\S+)")
        with started(logs[1], "worker", address, *options) as one, started(logs[2], "worker", address, *options):
            for log in logs[1:]:
                seen(log, r"(Registered to)")
            run = bulk(
                tmp_path, "--state", "cluster.sqlite", "--cache", str(tmp_path / "there"), "--scheduler", address
            )
            seen_state(tmp_path / "cluster.sqlite", NUMBER // 4)
            os.killpg(one.pid, signal.SIGKILL)
            printed, errors = run.communicate()
    assert run.returncode == 2, errors
    assert printed.replace("cluster.sqlite", "local.sqlite") == output
    assert known(tmp_path / "cluster.sqlite") == known(tmp_path / "local.sqlite")
    assert patches(tmp_path / "patches") == expected


def seen_state(path: Path, done: int) -> None:
    import sqlite3

    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with suppress(sqlite3.OperationalError), sqlite3.connect(f"file:{path}?mode=ro", uri=True) as state:
            query = "SELECT count(*) FROM repositories WHERE status IS NOT NULL"
            if state.execute(query).fetchone()[0] >= done:
                return
        time.sleep(0.05)
    raise AssertionError("nothing was done")


def test_a_scheduler_that_does_not_answer_is_named(tmp_path: Path) -> None:
    (tmp_path / "sources.txt").write_text("https://git.example.org/shop.git\n")
    words = [sys.executable, "-m", "volfix", "bulk", "sources.txt", "--scheduler", "nonsense://x"]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "nonsense" in ran.stderr
    assert "Traceback" not in ran.stderr
