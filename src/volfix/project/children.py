"""Other programs, each within a time limit and in a process group of its own, which ends with volfix."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

Ended = subprocess.CompletedProcess[bytes]
"""What a program printed on its outputs, and its exit status."""

_RUNNING: set[subprocess.Popen[bytes]] = set()


def run(
    command: Sequence[str],
    seconds: float | None,
    *,
    data: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Ended:
    """What a program printed and how it ended; it has no terminal to ask at, and `data` is its standard input.

    Whatever ends the waiting ends the program with all that it started. Raises TimeoutError after `seconds`, and
    OSError or ValueError where the program cannot be run.
    """
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
    try:
        output, errors = process.communicate(data, seconds)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"{command[0]} did not end within {seconds:g} seconds") from None
    finally:
        _end(process)
        _RUNNING.discard(process)
    return Ended(command, process.returncode, output, errors)


def end_all() -> None:
    """End every program that runs, for a process that is about to end itself."""
    for process in list(_RUNNING):
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it started, unless it has ended by itself."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
