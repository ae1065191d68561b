"""The same work on a Dask cluster: repositories by URL, outcomes streamed back, lost workers replaced by the scheduler.

Source: distributed (Client.submit, Client.wait, `distributed.scheduler.allowed-failures`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

from volfix.bulk.records import Status
from volfix.bulk.worker import Job, JobOutcome, Task, work
from volfix.syntax.visible import one_line

TRIES = 4
"""How many workers may die over a job before the scheduler blames the job."""
_ONE_AT_A_TIME = threading.Lock()


class ClusterProblem(Exception):
    """A cluster that cannot be used; the message is one line."""


class Cluster:
    """The workers of the scheduler at `address`. Raises ClusterProblem without it, or without `distributed`."""

    def __init__(self, address: str, timeout: float = 20.0) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ClusterProblem("--scheduler needs the extra `cluster`: pip install 'volfix[cluster]'") from None
        try:
            self._client: Any = Client(address, timeout=timeout)  # the default one, which `wait` asks
        except (OSError, ValueError) as error:
            raise ClusterProblem(f"{address}: {error or 'no scheduler answers'}") from error
        self._running: dict[Any, tuple[int, float]] = {}

    def stream(self, task: Task, jobs: Iterable[tuple[int, Job]]) -> Iterator[tuple[int, JobOutcome]]:
        """The outcome of each job with its key, in the order in which jobs end; each thread of the cluster has one."""
        from distributed import TimeoutError as NotYet
        from distributed import wait

        waiting = iter(jobs)
        while True:
            for key, job in self._following(waiting):
                future = self._client.submit(in_turn, task, job, pure=False)
                self._running[future] = (key, time.monotonic())
            if not self._running:
                return
            try:
                done = wait(list(self._running), timeout=1.0, return_when="FIRST_COMPLETED").done
            except NotYet:
                done = set()
            now = time.monotonic()
            for future, (key, began) in list(self._running.items()):
                if future in done or now - began > TRIES * task.limit:
                    del self._running[future]
                    yield key, _outcome(future, now - began, done=future in done)

    def _following(self, waiting: Iterator[tuple[int, Job]]) -> Iterator[tuple[int, Job]]:
        room = max(1, sum(self._client.nthreads().values())) - len(self._running)
        for _, item in zip(range(room), waiting, strict=False):
            yield item

    def stop(self) -> None:
        """Cancel the jobs that run."""
        self._client.cancel(list(self._running))
        self.close()

    def close(self) -> None:
        self._client.close()


def in_turn(task: Task, job: Job) -> JobOutcome:
    """`work`, once at a time in a process: a worker may have several threads, which share what is known of git."""
    with _ONE_AT_A_TIME:
        return work(task, job)


def _outcome(future: Any, seconds: float, *, done: bool) -> JobOutcome:
    if not done:
        future.cancel()
        return JobOutcome(Status.FAILED, "it took longer than --time-limit allows, on every worker", seconds=seconds)
    error = future.exception()
    if error is None:
        outcome: JobOutcome = future.result()
        return outcome
    if type(error).__name__ == "KilledWorker":
        return JobOutcome(Status.FAILED, "its workers died, one after the other: it may have used up their memory")
    return JobOutcome(
        Status.FAILED, one_line(f"the cluster gave it up: {type(error).__name__}: {error}"), seconds=seconds
    )
