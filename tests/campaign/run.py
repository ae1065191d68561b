"""Runs the cases of each part in processes of its own, until its time is over or the number of cases is reached.

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
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from volfix.syntax import disk

from .parts import PARTS
from .table import Outcome, Part, Tally

CPU_SECONDS = 120
"""Seconds of the processor that one case may take: many times more than any needs, so that a case that hangs ends."""
AT_ONCE = 2.0
"""Seconds that a process works between two looks at the clock."""

DIED = "its process died, here or at one of the next seeds: the part goes no further"

Done = list[tuple[int, Outcome]]


@dataclass(frozen=True, slots=True)
class Limit:
    """So many cases at most, and until when (of time.monotonic); one case is tried whatever the time."""

    cases: int | None = None
    end: float | None = None

    def allows(self, begun: int) -> bool:
        """Whether another case is due after these."""
        if self.cases is not None and begun >= self.cases:
            return False
        return self.end is None or begun == 0 or time.monotonic() < self.end


class TooMuchWork(BaseException):
    """A case does not come to an end. No `except Exception` of the program takes it."""


def campaign(
    parts: Mapping[str, Part],
    *,
    first: int,
    minutes: float,
    cases: Mapping[str, int],
    jobs: int,
    progress: Callable[[Mapping[str, Tally]], None],
    failed: Callable[[str, int, str], None],
) -> dict[str, Tally]:
    """Try the parts one after the other, each from the seed `first` on: as many as `cases` says of the part, else for
    its share of so many minutes, or until it has tried all that differ: the parts after it share what it leaves of its
    time. No two parts share a process.
    """
    tallies = {name: Tally(lacking=part.lacking()) for name, part in parts.items()}
    due = [name for name, tally in tallies.items() if tally.lacking is None]
    last = time.monotonic() + 60 * minutes
    for number, name in enumerate(due):
        now = time.monotonic()
        end = now + (last - now) / (len(due) - number)
        limit = Limit(cases[name]) if name in cases else Limit(parts[name].different, end)
        for seed, outcome in _tried(name, tallies[name], first, limit, jobs):
            tallies[name].add(seed, outcome)
            for text in outcome.failures:
                failed(name, seed, text)
            progress(tallies)
    return tallies


def _tried(name: str, tally: Tally, first: int, limit: Limit, jobs: int) -> Iterator[tuple[int, Outcome]]:
    """What comes of each case of a part, up to the limit."""
    following, is_whole = first, True
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        running: dict[Future[tuple[Done, float]], int] = {}
        while True:
            while is_whole and len(running) < jobs and limit.allows(following - first):
                number = _number(tally, limit, following - first)
                running[pool.submit(attempt, name, following, number)] = following
                following += number
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                seed = running.pop(future)
                try:
                    done, seconds = future.result()
                except BrokenProcessPool:  # the other cases of the pool end with it
                    done, seconds, is_whole = [(seed, Outcome(1, (DIED,)))], 0.0, False
                tally.seconds += seconds
                yield from done


def _number(tally: Tally, limit: Limit, begun: int) -> int:
    """How many cases a process takes at once: as many as it does between two looks at the clock."""
    number = 1 if not tally.cases else max(1, min(500, int(AT_ONCE / (tally.seconds / tally.cases + 1e-6))))
    return number if limit.cases is None else min(number, limit.cases - begun)


def attempt(name: str, first: int, number: int) -> tuple[Done, float]:
    """Run so many cases of a part, each in a directory of its own; the outcomes by seed, and the seconds it took."""
    started = time.monotonic()
    done = [(seed, _case(PARTS[name], seed)) for seed in range(first, first + number)]
    return done, time.monotonic() - started


def _case(part: Part, seed: int) -> Outcome:
    disk.begin(outside=True)  # a case knows nothing of the one before it
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


def alone() -> None:
    """Let nothing of the machine take part but its programs, those of this Python's environment first: no engine of
    Docker answers, and git has no settings of a person.
    """
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["DOCKER_HOST"] = "unix:///nonexistent"
    os.environ["GIT_CONFIG_GLOBAL"] = os.environ["GIT_CONFIG_SYSTEM"] = os.devnull
