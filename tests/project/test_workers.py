"""A worker searches for garbage as often as the process that starts it, and ends together with its programs."""

from __future__ import annotations

import gc
import os
import select
import signal
import time
from pathlib import Path
from typing import Literal

import pytest

from volfix.project import children
from volfix.project.workers import Worker, WorkerDied

SECONDS = 60
PROGRAM = 'exec 3>"$0"; echo begun >&3; sleep 600 & wait'
"""A program that holds the pipe open as long as it, or what it started, runs."""


def runs_on(pipe: str) -> None:
    children.run(("sh", "-c", PROGRAM, pipe), None)


def read(pipe: int) -> bytes:
    """What the program has written; nothing once it, and what it started, has ended."""
    assert select.select([pipe], [], [], SECONDS)[0], "the program says nothing, and has not ended"
    return os.read(pipe, 100)


def wait_for_note(worker: Worker) -> None:
    """The program may have begun before the worker has noted it."""
    for _ in range(100 * SECONDS):
        if worker.program.value:
            return
        time.sleep(0.01)
    pytest.fail("the worker notes no program")


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_the_program_of_a_killed_worker_is_ended(method: Literal["fork", "spawn"], tmp_path: Path) -> None:
    name = tmp_path / "pipe"
    os.mkfifo(name)
    pipe = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    worker = Worker(runs_on, method)
    worker.send(str(name))
    assert read(pipe) == b"begun\n"
    wait_for_note(worker)
    assert worker.process.pid is not None
    os.kill(worker.process.pid, signal.SIGKILL)
    with pytest.raises(WorkerDied):
        worker.answer()
    worker.end()
    assert read(pipe) == b""
    os.close(pipe)


def threshold(_: None) -> tuple[int, int, int]:
    return gc.get_threshold()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_searches_for_garbage_as_often_as_its_process(method: Literal["fork", "spawn"]) -> None:
    before = gc.get_threshold()
    gc.set_threshold(12_345, 6, 7)
    try:
        worker = Worker(threshold, method)
        worker.send(None)
        assert worker.answer() == (12_345, 6, 7)
        worker.end()
    finally:
        gc.set_threshold(*before)
