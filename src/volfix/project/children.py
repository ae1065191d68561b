"""Runs other programs with a time limit. Each has its own process group, so that it ends together with volfix."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

Ended = subprocess.CompletedProcess[bytes]
"""What a program printed on its outputs, and its exit status."""


class Noted(Protocol):
    """A number that another process reads: the process id of the program that runs, 0 while none runs."""

    value: int


_RUNNING: set[subprocess.Popen[bytes]] = set()
_NOTED: list[Noted] = []
_STARTS = threading.Lock()
"""Held while a program starts, until it is among the running."""


def run(
    command: Sequence[str],
    seconds: float | None,
    *,
    data: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    still: Callable[[], None] | None = None,
) -> Ended:
    """Run a program and return what it printed and its exit status.

    `command` is the program and its arguments, `data` its standard input (empty if None), `seconds` its time limit
    (None for no limit). With `still` there is no limit: `still` is called each time that the program has run for
    `seconds` more. The program has no terminal, so it cannot ask questions. When the call ends for any reason, an
    interrupt too, the program and everything that it started are killed. Raises TimeoutError after `seconds`, and
    OSError or ValueError if the program cannot be started.
    """
    with _STARTS:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if data is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=directory,
            start_new_session=True,
        )
        _RUNNING.add(process)
        _note(process.pid)
    try:
        output, errors = _outputs(process, data, seconds, still)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"{command[0]} did not end within {seconds:g} seconds") from None
    finally:
        _end(process)
        _note(0)
        _RUNNING.discard(process)
    return Ended(command, process.returncode, output, errors)


def _outputs(
    process: subprocess.Popen[bytes], data: bytes | None, seconds: float | None, still: Callable[[], None] | None
) -> tuple[bytes, bytes]:
    while True:
        try:
            return process.communicate(data, seconds)
        except subprocess.TimeoutExpired:
            if still is None:
                raise
            still()


def end_all() -> None:
    """Kill every program that still runs, and let none start any more.

    Called before this process ends, in a thread that starts none: a program that is just starting is waited for.
    """
    _STARTS.acquire()
    for process in list(_RUNNING):
        _end(process)


def note_in(place: Noted) -> None:
    """Note in `place` from now on which program runs: if this process is killed, another one can end the program."""
    _NOTED[:] = [place]


def _note(number: int) -> None:
    for place in _NOTED:
        place.value = number


def end_noted(place: Noted) -> None:
    """Kill the program that a process noted before it was killed, and everything that the program started."""
    if place.value and hasattr(os, "killpg"):  # Windows has no process groups
        with suppress(ProcessLookupError):
            os.killpg(place.value, signal.SIGKILL)
    place.value = 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the program and everything that it started, unless it has ended by itself."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:  # Windows has no process groups
                process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
