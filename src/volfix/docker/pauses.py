"""Pauses containers while their files are read. They go on afterwards, however volfix ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from volfix.docker.containers import Container
from volfix.docker.engine import Engine
from volfix.docker.engine_problems import EngineProblem

DONE = b"done"
"""Sent to the child when nothing is left for it to do."""


def paused_problem(container: Container) -> str:
    """What to type for a container that is paused, as after a run that was killed."""
    return f"{container.name} is paused: docker unpause {container.name}, and run this again"


@contextmanager
def paused(engine: Engine, containers: Iterable[Container]) -> Iterator[None]:
    """Pause the containers for the time of the `with`. Raises EngineProblem.

    Where a signal ends this process at once, or comes again while they are let go, a child does that.
    """
    stopped = [container.id for container in containers]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _wait_and_go_on(reading, writing, stopped)
    os.close(reading)
    try:
        try:
            for container in stopped:
                engine.pause(container)
            yield
        finally:
            go_on(engine, stopped)
            os.write(writing, DONE)
    finally:
        os.close(writing)
        os.waitpid(child, 0)


def go_on(engine: Engine, containers: Iterable[str]) -> None:
    """Unpause the containers. A container that is gone, or was not paused yet when a signal came, is no failure."""
    for container in containers:
        with suppress(EngineProblem):
            engine.unpause(container)


def _wait_and_go_on(reading: int, writing: int, containers: Iterable[str]) -> None:
    """The child, in a session of its own, so that a terminal's signals do not end it; never returns."""
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        os.close(writing)
        if not os.read(reading, len(DONE)):
            go_on(Engine.connect(), containers)
    finally:
        os._exit(0)
