"""Processes of volfix's own that do one thing at a time: where one dies, it is known what it was about."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection
from typing import Any, Literal

from volfix.project import children

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""The signals that end a process; Windows has not all of them."""
DIED = "its worker died: it may have used up the memory"


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class WorkerDied(Exception):
    """A process that has ended in the middle of its work; the message is one line."""


class Worker:
    """A process that calls `work` with each thing that it is sent and answers with what that returns.

    One that is forked has all that this process has in memory; one that is spawned begins anew, and `work` is pickled.
    What is sent and answered is pickled always. Signals are left to this process, without which it ends.
    """

    def __init__(self, work: Callable[[Any], Any], method: Literal["fork", "spawn"]) -> None:
        context: Any = multiprocessing.get_context(method)
        self.answers, theirs = context.Pipe()
        if method == "spawn":  # it starts a process beside it, which takes the signals back
            from multiprocessing import resource_tracker

            resource_tracker.ensure_running()
        with _without_signals():
            self.process = context.Process(target=_serve, args=(theirs, work), daemon=True)
            self.process.start()
        theirs.close()
        self.is_ready = False

    def send(self, thing: Any) -> None:
        """Give it the next thing to do; where it has died, `answer` says so."""
        with suppress(OSError):
            self.answers.send((thing,))

    def has_answered(self) -> bool:
        """Whether `answer` has something to say: not while it starts, and not while it works. Raises WorkerDied."""
        if not self.is_ready and self.answers.poll():
            self._received()
            self.is_ready = True
        return self.is_ready and self.answers.poll()

    def answer(self) -> Any:
        """What has become of the thing that it was sent first, once it is known; raises WorkerDied."""
        if not self.is_ready:
            self._received()
            self.is_ready = True
        return self._received()

    def _received(self) -> Any:
        try:
            return self.answers.recv()
        except (EOFError, OSError):
            raise WorkerDied(DIED) from None

    def end(self) -> None:
        """End it once it has done its work, and at once where that takes longer than a second."""
        with suppress(OSError):
            self.answers.send(())
        self.process.join(1.0)
        stop([self])


def wait(workers: Iterable[Worker], seconds: float | None = None) -> None:
    """Wait until one of them has something to say."""
    connection.wait([worker.answers for worker in workers], seconds)


def stop(workers: Iterable[Worker]) -> None:
    """End processes at once with what they have started: a second is theirs to do so."""
    workers = list(workers)
    for worker in workers:
        worker.process.terminate()
    until = time.monotonic() + 1.0
    for worker in workers:
        worker.process.join(max(0.0, until - time.monotonic()))
        worker.process.kill()
        worker.process.join()


@contextmanager
def _without_signals() -> Iterator[None]:
    """A process that begins here meets no signal before it knows what to do then."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(requests: connection.Connection, work: Callable[[Any], Any]) -> None:
    _begin()
    with suppress(EOFError, OSError):  # who asked is gone
        requests.send(None)
        while things := requests.recv():
            requests.send(work(*things))


def _begin() -> None:
    """A worker leaves Ctrl-C to the run, and ends when that is gone."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else _end_now)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.join,), daemon=True).start()


def _end_with(gone: Callable[[], None]) -> None:
    gone()
    _end_now()


def _end_now(*_: object) -> None:
    """End, and first what this process has started."""
    children.end_all()
    os._exit(1)
