"""Processes of this machine, each with one repository at a time; where a process dies, only its repository fails."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from volfix.bulk.records import Status
from volfix.bulk.worker import Job, JobOutcome, Task, work
from volfix.project.workers import Worker, WorkerDied, stop, wait

GRACE = 5.0
"""Seconds over the limit before a process is ended: git stops at the limit, and the worker reports it."""
TURNS = 400
"""Repositories for one process; a new process begins with empty memory."""


@dataclass(slots=True)
class _Slot:
    """One process, started when it is first needed, with its current job."""

    scratch: Path
    worker: Worker | None = None
    key: int | None = None
    began: float = 0.0
    turns: int = 0
    overdue: bool = False

    def submit(self, key: int, task: Task, job: Job) -> None:
        if self.turns >= TURNS:
            self.close()
        if self.worker is None:
            self.worker, self.turns = Worker(_work, "spawn"), 0
        self.key, self.began, self.overdue = key, time.monotonic(), False
        self.turns += 1
        self.worker.send((task, replace(job, scratch=str(self.scratch))))

    def outcome(self, limit: float) -> JobOutcome | None:
        """The outcome of the job; None while the job runs."""
        assert self.worker is not None
        try:
            starts = not self.worker.is_ready
            if not self.worker.has_answered():
                if starts:  # the start of the process does not count
                    self.began = time.monotonic()
                return None
            outcome: JobOutcome = self.worker.answer()
        except WorkerDied as died:
            reason = f"it took longer than {limit:g} seconds (--time-limit)" if self.overdue else str(died)
            self.close()
            outcome = JobOutcome(Status.FAILED, reason, seconds=time.monotonic() - self.began)
        self.key = None
        return outcome

    def end_after(self, seconds: float) -> None:
        """End the process, and the programs that it started, where the job takes longer than this."""
        if self.worker is not None and time.monotonic() - self.began > seconds:
            self.overdue = True
            stop([self.worker])

    def close(self) -> None:
        if self.worker is not None:
            self.worker.end()
        self.worker = None
        shutil.rmtree(self.scratch, ignore_errors=True)


class LocalPool:
    """`jobs` processes with their checkouts below `scratch`; a job is taken only when a process is free."""

    def __init__(self, jobs: int, scratch: Path) -> None:
        self._slots = [_Slot(scratch / str(number)) for number in range(jobs)]

    def stream(self, task: Task, jobs: Iterable[tuple[int, Job]]) -> Iterator[tuple[int, JobOutcome]]:
        """The outcome of each job with its key, in the order in which jobs end."""
        waiting = iter(jobs)
        while True:
            for slot in self._slots:
                if slot.key is None and (following := next(waiting, None)) is not None:
                    slot.submit(following[0], task, following[1])
            running = [slot for slot in self._slots if slot.key is not None]
            if not running:
                return
            wait((slot.worker for slot in running if slot.worker is not None), 1.0)
            for slot in running:
                key, outcome = slot.key, slot.outcome(task.limit)
                if outcome is None:
                    slot.end_after(task.limit + GRACE)
                elif key is not None:
                    yield key, outcome

    def stop(self) -> None:
        """End every process at once."""
        stop(slot.worker for slot in self._slots if slot.worker is not None)
        self.close()

    def close(self) -> None:
        for slot in self._slots:
            slot.close()


def _work(asked: tuple[Task, Job]) -> JobOutcome:
    return work(*asked)
