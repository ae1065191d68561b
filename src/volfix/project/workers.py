"""Worker processes of volfix that each do one task at a time, so that it is known which task a dead worker had."""

from __future__ import annotations

import gc
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
"""The signals that end a process; Windows does not have all of them."""
DIED = "its worker died: it may have used up the memory"


def processors() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class WorkerDied(Exception):
    """A worker ended before it answered; the message is one line."""


class Worker:
    """A process that calls `work` with each task that it is sent, and answers with the result.

    A forked worker shares this process's memory; a spawned worker starts empty, so `work` is pickled. Tasks and results
    are always pickled. The worker ignores Ctrl-C, searches for garbage as often as this process, and ends when this
    process ends.
    """

    def __init__(self, work: Callable[[Any], Any], method: Literal["fork", "spawn"]) -> None:
        context: Any = multiprocessing.get_context(method)
        self.answers, theirs = context.Pipe()
        self.program: children.Noted = context.RawValue("i", 0)
        if method == "spawn":  # start its tracker process first: it unblocks the signals
            from multiprocessing import resource_tracker

            resource_tracker.ensure_running()
        with _without_signals():
            asked = (theirs, work, self.program, gc.get_threshold())
            self.process = context.Process(target=_serve, args=asked, daemon=True)
            self.process.start()
        theirs.close()
        self.is_ready = False

    def send(self, thing: Any) -> None:
        """Send the worker its next task. If the worker has died, `answer` raises WorkerDied."""
        with suppress(OSError):
            self.answers.send((thing,))

    def has_answered(self) -> bool:
        """Whether a result is ready; False while the worker starts or works. Raises WorkerDied."""
        if not self.is_ready and self.answers.poll():
            self._received()
            self.is_ready = True
        return self.is_ready and self.answers.poll()

    def answer(self) -> Any:
        """The result of the oldest task without an answer; waits for it. Raises WorkerDied."""
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
        """End the worker after its current task, or by force after one second."""
        with suppress(OSError):
            self.answers.send(())
        self.process.join(1.0)
        stop([self])


def wait(workers: Iterable[Worker], seconds: float | None = None) -> None:
    """Wait until one of the workers has something to read, or for at most `seconds`."""
    connection.wait([worker.answers for worker in workers], seconds)


def stop(workers: Iterable[Worker]) -> None:
    """End workers and the programs that they started, those of a worker that was killed too; kill after a second."""
    workers = list(workers)
    for worker in workers:
        worker.process.terminate()
    until = time.monotonic() + 1.0
    for worker in workers:
        worker.process.join(max(0.0, until - time.monotonic()))
        worker.process.kill()
        worker.process.join()
        children.end_noted(worker.program)


@contextmanager
def _without_signals() -> Iterator[None]:
    """Block signals while a process starts, so that none arrives before it has set its handlers."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(
    requests: connection.Connection, work: Callable[[Any], Any], program: children.Noted, threshold: tuple[int, ...]
) -> None:
    children.note_in(program)
    gc.set_threshold(*threshold)  # a spawned process has Python's own, which costs a tenth of its time
    _begin()
    with suppress(EOFError, OSError):  # the main process is gone
        requests.send(None)
        while things := requests.recv():
            requests.send(work(*things))


def _begin() -> None:
    """Prepare the worker: ignore Ctrl-C, which the main process handles, and end when the main process ends."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else _end_aside)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.join,), daemon=True).start()


def _end_with(gone: Callable[[], None]) -> None:
    gone()
    _end_now()


def _end_aside(*_: object) -> None:
    """End this process in another thread: the signal may have come while this thread starts a program."""
    threading.Thread(target=_end_now, daemon=True).start()


def _end_now() -> None:
    """End this process, after the programs that it started."""
    children.end_all()
    os._exit(1)
