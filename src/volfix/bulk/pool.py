"""Processes of this machine, one repository at a time in each; one that dies takes its own repository with it alone."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

from volfix.bulk.records import Status
from volfix.bulk.worker import Job, JobOutcome, Task, work
from volfix.project import children

GRACE = 5.0
"""Seconds over the limit: git is stopped at the limit itself, and the worker then says so."""
TURNS = 400
"""Repositories of one process: whatever a library keeps in memory goes with it."""


@dataclass(slots=True)
class _Slot:
    """One process, started when it is first needed, and what it works on."""

    scratch: Path
    executor: ProcessPoolExecutor | None = None
    process: Future[int] | None = None
    future: Future[JobOutcome] | None = None
    key: int = 0
    began: float = 0.0
    turns: int = 0
    overdue: bool = False

    def submit(self, key: int, task: Task, job: Job) -> None:
        if self.turns >= TURNS:
            self.close()
        if self.executor is None:
            # A pool of one: where a process dies, it is known whose work it was.
            context = multiprocessing.get_context("spawn")
            self.executor = ProcessPoolExecutor(1, mp_context=context, initializer=_begin)
            self.process, self.turns = self.executor.submit(os.getpid), 0
            self.process.add_done_callback(self._is_ready)
        self.key, self.began, self.overdue = key, time.monotonic(), False
        self.turns += 1
        self.future = self.executor.submit(work, task, replace(job, scratch=str(self.scratch)))

    def _is_ready(self, _: Future[int]) -> None:
        """The time that a process takes to start is not the repository's."""
        self.began = time.monotonic()

    def outcome(self, limit: float) -> JobOutcome:
        """What became of the work that is done."""
        assert self.future is not None
        future, self.future = self.future, None
        try:
            return future.result()
        except BrokenProcessPool:
            reason = "its worker died: it may have used up the memory"
            if self.overdue:
                reason = f"it took longer than {limit:g} seconds (--time-limit)"
            self.close()
            return JobOutcome(Status.FAILED, reason, seconds=time.monotonic() - self.began)

    def kill(self) -> None:
        """End the process, and what it has started; at once, where it does not do that by itself."""
        if self.process is not None and self.process.done() and self.process.exception() is None:
            process = next((each for each in _processes() if each.pid == self.process.result()), None)
            if process is not None:
                _ended([process])

    def close(self) -> None:
        if self.executor is not None:
            self.executor.shutdown(wait=True, cancel_futures=True)
        self.executor = self.process = None
        shutil.rmtree(self.scratch, ignore_errors=True)


class LocalPool:
    """`jobs` processes, with their checkouts below `scratch`; no more repositories are taken than are worked on."""

    def __init__(self, jobs: int, scratch: Path) -> None:
        self._slots = [_Slot(scratch / str(number)) for number in range(jobs)]

    def stream(self, task: Task, jobs: Iterable[tuple[int, Job]]) -> Iterator[tuple[int, JobOutcome]]:
        """The outcome of each job with its key, as they are done."""
        waiting = iter(jobs)
        while True:
            for slot in self._slots:
                if slot.future is None and (following := next(waiting, None)) is not None:
                    slot.submit(following[0], task, following[1])
            running = [slot for slot in self._slots if slot.future is not None]
            if not running:
                return
            done, _ = wait([slot.future for slot in running if slot.future], 1.0, FIRST_COMPLETED)
            for slot in running:
                if slot.future in done:
                    yield slot.key, slot.outcome(task.limit)
                elif time.monotonic() - slot.began > task.limit + GRACE:
                    slot.overdue = True
                    slot.kill()

    def stop(self) -> None:
        """End at once what is under way, and what is only about to begin."""
        _ended(_processes())
        self.close()

    def close(self) -> None:
        for slot in self._slots:
            slot.close()


def _processes() -> list[BaseProcess]:
    return list(multiprocessing.active_children())


def _ended(processes: list[BaseProcess]) -> None:
    """End processes with what they have started: a second is theirs to do so."""
    for process in processes:
        process.terminate()
    until = time.monotonic() + 1.0
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
        process.kill()


def _begin() -> None:
    """A worker leaves Ctrl-C to the run, and ends when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end_now)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.join,), daemon=True).start()


def _end_with(gone: object) -> None:
    assert callable(gone)
    gone()
    _end_now()


def _end_now(*_: object) -> None:
    """End, and first what this process has started."""
    children.end_all()
    os._exit(1)
