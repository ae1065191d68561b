"""Given a program that volfix runs, when it does not end, then it is ended, or waited for in sight of a person."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest

from volfix.project import children

ENDLESS = (sys.executable, "-c", "import time; time.sleep(3600)")
SLOW = (sys.executable, "-c", "import time; time.sleep(0.5); print('done')")


@pytest.mark.parametrize("groups", [True, False], ids=["a process group", "none, as on Windows"])
def test_a_program_that_takes_too_long_is_ended(groups: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not groups:
        monkeypatch.delattr(os, "killpg")
    begun: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def started(*words: Any, **options: Any) -> subprocess.Popen[bytes]:
        begun.append(start(*words, **options))
        return begun[0]

    monkeypatch.setattr(subprocess, "Popen", started)
    with pytest.raises(TimeoutError, match=r"did not end within 0\.1 seconds"):
        children.run(ENDLESS, 0.1)
    assert begun[0].returncode == -signal.SIGKILL


def test_a_program_without_a_limit_is_waited_for_and_told_of() -> None:
    told: list[None] = []
    done = children.run(SLOW, 0.1, still=lambda: told.append(None))
    assert done.stdout == b"done\n"
    assert told


def test_a_program_that_is_just_starting_ends_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    started, ended = threading.Event(), threading.Event()
    programs: list[subprocess.Popen[bytes]] = []
    codes: list[int | None] = []
    start = subprocess.Popen.__init__

    def starts(process: subprocess.Popen[bytes], *words: Any, **more: Any) -> None:
        start(process, *words, **more)
        programs.append(process)
        started.set()
        ended.wait(0.5)  # what ends all would be done by then, if it did not wait

    def ends() -> None:
        started.wait()
        children.end_all()
        codes.append(programs[0].returncode)
        ended.set()

    def waits(*_: object) -> tuple[bytes, bytes]:
        ended.wait()
        return b"", b""

    monkeypatch.setattr(children, "_STARTS", threading.Lock())
    monkeypatch.setattr(children, "_outputs", waits)
    monkeypatch.setattr(subprocess.Popen, "__init__", starts)
    other = threading.Thread(target=ends)
    other.start()
    children.run(["sleep", "3600"], None)
    other.join()
    assert codes == [-signal.SIGKILL]
