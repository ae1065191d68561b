"""Runs the cases of the parts in processes of their own, until the time is over or the number of cases is reached.

The time says how much is tried, never what is a failure.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from .parts import PARTS
from .table import Outcome, Part, Tally

CPU_SECONDS = 120
"""Seconds of the processor that one case may take: many times more than any needs, so that a case that hangs ends."""
AT_ONCE = 2.0
"""Seconds that a process works between two looks at the clock."""

Done = list[tuple[int, Outcome]]


class TooMuchWork(BaseException):
    """A case does not come to an end. No `except Exception` of the program takes it."""


def campaign(
    parts: Mapping[str, Part],
    *,
    first: int,
    minutes: float,
    cases: int | None,
    jobs: int,
    progress: Callable[[Mapping[str, Tally]], None],
    failed: Callable[[str, int, str], None],
) -> dict[str, Tally]:
    """Try the parts in turn, each from the seed `first` on: `cases` of each, or for so many minutes in all."""
    tallies = {name: Tally(lacking=part.lacking()) for name, part in parts.items()}
    following = dict.fromkeys(parts, first)
    end = time.monotonic() + 60 * minutes
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        running: dict[Future[tuple[Done, float]], tuple[str, int]] = {}
        while True:
            while len(running) < jobs:
                name = _due(parts, tallies, [name for name, _ in running.values()], following, first, cases, end)
                if name is None:
                    break
                number = _number(tallies[name], cases, following[name] - first)
                running[pool.submit(attempt, name, following[name], number)] = name, following[name]
                following[name] += number
            if not running:
                return tallies
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                _count(tallies, *running.pop(future), future, failed)
            progress(tallies)


def _due(
    parts: Mapping[str, Part],
    tallies: Mapping[str, Tally],
    running: list[str],
    following: Mapping[str, int],
    first: int,
    cases: int | None,
    end: float,
) -> str | None:
    """The part that has had the least of its share and still has something to do; each has one case at least."""
    due = [
        name
        for name, tally in tallies.items()
        if tally.lacking is None
        and (
            following[name] - first < cases if cases is not None else following[name] == first or time.monotonic() < end
        )
    ]
    return min(
        due, key=lambda name: (tallies[name].seconds + AT_ONCE * running.count(name)) / parts[name].share, default=None
    )


def _number(tally: Tally, cases: int | None, begun: int) -> int:
    """How many cases a process takes at once: as many as it does between two looks at the clock."""
    number = 1 if not tally.cases else max(1, min(500, int(AT_ONCE / (tally.seconds / tally.cases + 1e-6))))
    return number if cases is None else min(number, cases - begun)


def _count(
    tallies: Mapping[str, Tally],
    name: str,
    seed: int,
    future: Future[tuple[Done, float]],
    failed: Callable[[str, int, str], None],
) -> None:
    try:
        done, seconds = future.result()
    except BrokenProcessPool:
        raise SystemExit(f"{name}: a process died at seed {seed} or soon after: --part {name} --seed {seed}") from None
    tallies[name].seconds += seconds
    for number, outcome in done:
        tallies[name].add(number, outcome)
        for text in outcome.failures:
            failed(name, number, text)


def attempt(name: str, first: int, number: int) -> tuple[Done, float]:
    """Run so many cases of a part, each in a directory of its own; the outcomes by seed, and the seconds it took."""
    started = time.monotonic()
    done = [(seed, _case(PARTS[name], seed)) for seed in range(first, first + number)]
    return done, time.monotonic() - started


def _case(part: Part, seed: int) -> Outcome:
    directory = Path(tempfile.mkdtemp(prefix="volfix-campaign-"))
    os.environ["XDG_STATE_HOME"] = str(directory / "state")
    signal.signal(signal.SIGPROF, _too_much)
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    (directory / "case").mkdir()
    try:
        return part.case(seed, directory / "case")
    except TooMuchWork:
        return Outcome(1, (f"it takes more than {CPU_SECONDS} s of the processor",))
    except Exception:  # noqa: BLE001 - whatever is raised is what the campaign looks for
        return Outcome(1, (traceback.format_exc(),))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        shutil.rmtree(directory, onerror=lambda *_: None)


def _too_much(*_: object) -> None:
    raise TooMuchWork


def with_own_programs() -> None:
    """Let the programs of this Python's environment, docker-compose among them, be found first."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
