"""What a bulk run costs: `python tests/benchmarks/estate.py [DIRECTORY] [--numbers 100,1000,5000] [--kills 10]`.

It generates estates of repositories from the fixtures and mutations of them (tests/bulk/repository_factory.py), and
prints repositories a second for one process and two, the memory of all processes, where the time goes, and whether a
run that is killed at random instants, and continued, ends as one that was not. Only valid on a quiet machine.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "bulk"))
from bulk_factory import BRANCH, TASK, done
from repository_factory import generate, git

ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1700000002"}


@dataclass(slots=True)
class Ran:
    """One run of the command: its seconds, those of processors that it and its programs had, the most memory of its
    Python processes in MiB, status and output.
    """

    seconds: float
    processor: float
    memory: float
    status: int
    output: str


def bulk(where: Path, *words: str, kill_after: float | None = None) -> Ran:
    """Run `volfix bulk` over `estate` in a directory."""
    command = [sys.executable, "-m", "volfix", "bulk", "estate", "--quiet", "--state", "volfix-bulk.sqlite", *words]
    started, used = time.perf_counter(), processor_seconds()
    with (where / "output").open("w+") as output:
        process = subprocess.Popen(command, cwd=where, env=ENVIRONMENT, stdout=output, start_new_session=True)
        sums: list[int] = [0]
        watcher = threading.Thread(target=_watch, args=(process, sums))
        watcher.start()
        try:
            process.wait(kill_after)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        watcher.join()
        output.seek(0)
        seconds = time.perf_counter() - started
        return Ran(seconds, processor_seconds() - used, max(sums) / 1024, process.returncode, output.read())


def processor_seconds() -> float:
    """What all programs had that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(process: subprocess.Popen[bytes], sums: list[int]) -> None:
    """The peaks (VmHWM, KiB) of the Python processes that live at one time, workers that follow others not added."""
    while process.poll() is None:
        peaks = 0
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    session = int(entry.joinpath("stat").read_text().rpartition(") ")[2].split()[3])
                    status = entry.joinpath("status").read_text()
                except (OSError, IndexError, ValueError):
                    continue
                if session == process.pid and "VmHWM" in status and "python" in status.partition("\n")[0]:
                    peaks += int(status.partition("VmHWM:")[2].split()[0])
        sums.append(peaks)
        time.sleep(0.2)


def left_by(where: Path, state: str, ran: Ran) -> dict[str, list[str]]:
    """Everything that a run is to leave: rows without times, every reference of every clone, and what it prints."""
    with closing(sqlite3.connect(where / state)) as database:
        columns = "source, place, todo, status, reason, head, branch, commit_id, links, hex(result), identity"
        rows = [repr(row) for row in database.execute(f"SELECT {columns} FROM repositories ORDER BY id")]
        for table in ("causes", "facts"):
            rows += map(repr, database.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3"))
    references = [f"{clone} {git(clone, 'for-each-ref')}" for clone in sorted((where / "estate").glob("*/*"))]
    return {"state": rows, "branches": references, "output": [*ran.output.splitlines(), f"status {ran.status}"]}


def drop_branches(where: Path) -> None:
    """The estate as it was generated."""
    for clone in sorted((where / "estate").glob("*/*")):
        (clone / ".git" / "refs" / "heads" / BRANCH).unlink(missing_ok=True)


def speed(where: Path, number: int) -> None:
    """Repositories a second, dry and written, with one process and with two."""
    for jobs in ("1", "2"):
        for mode in ("--dry-run", "--write"):
            (where / "state").unlink(missing_ok=True)
            drop_branches(where)
            ran = bulk(where, "--state", "state", "--jobs", jobs, "--unsafe-fixes", mode)
            print(f"{number} repositories, --jobs {jobs} {mode}: {number / ran.seconds:.1f}/s ({ran.seconds:.0f} s)")
    ran = bulk(where, "--state", "state", "--jobs", "2", "--unsafe-fixes", "--write")
    print(f"the same again, nothing changed:     {number / ran.seconds:.1f}/s ({ran.seconds:.0f} s)")


def killed(where: Path, kills: int) -> bool:
    """Whether a run that is killed, and continued, ends as one that nobody killed."""
    options = ("--jobs", "2", "--write", "--unsafe-fixes")
    drop_branches(where)
    (where / "state").unlink(missing_ok=True)
    whole = bulk(where, "--state", "state", *options)
    expected = left_by(where, "state", whole)
    (where / "state").unlink()
    drop_branches(where)
    chance = random.Random(8)
    happened = 0
    for _ in range(kills):
        ran = bulk(
            where, "--state", "state", "--resume", *options, kill_after=chance.uniform(0.5, whole.seconds / kills)
        )
        happened += ran.status == -signal.SIGKILL
    last = bulk(where, "--state", "state", "--resume", *options)
    left = left_by(where, "state", last)
    wrong = [name for name in expected if left[name] != expected[name]]
    print(
        f"killed {happened} times and continued: {'NOT the same' if wrong else 'the same state, branches and output'}"
    )
    for name in wrong:
        changes = difflib.unified_diff(expected[name], left[name], "whole", "continued", lineterm="", n=0)
        print(f"{name}:", *(line[:200] for line in itertools.islice(changes, 20)), sep="\n  ")
    return not wrong


@dataclass(slots=True)
class Clock:
    """Seconds by what is being done; what is inside of something else counts there alone."""

    spent: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    stack: list[str] = field(default_factory=lambda: ["the rest"])
    since: float = field(default_factory=time.perf_counter)

    def turn(self, name: str | None) -> None:
        now = time.perf_counter()
        self.spent[self.stack[-1]] += now - self.since  # type: ignore[assignment]
        self.since = now
        if name is None:
            self.stack.pop()
        else:
            self.stack.append(name)

    def counts(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            self.turn(name)
            self.calls[name] += 1
            try:
                return function(*arguments, **more)
            finally:
                self.turn(None)

        return counted


def shares(where: Path) -> None:
    """Where the time of one process goes, when it writes."""
    import volfix.fixes.proof.proof
    import volfix.project.discovery
    import volfix.rules
    import volfix.syntax.shell
    import volfix.syntax.yaml_tree
    from volfix.fixes.write import transaction
    from volfix.project import children
    from volfix.syntax.source import Source

    drop_branches(where)
    clock = Clock()
    measured = [
        ("parsing", volfix.syntax.yaml_tree, "parse"),
        ("parsing", volfix.syntax.shell, "parse"),
        ("proof", volfix.fixes.proof.proof, "prove"),
        ("writing", transaction, "replace_all"),
        ("git", children, "run"),
    ]
    done(next(iter(sorted((where / "estate").glob("*/*")))), TASK)  # everything is imported
    for name, module, attribute in measured:
        original = getattr(module, attribute)
        counted = clock.counts(name, original)
        for other in list(sys.modules.values()):
            if other is not None and other.__dict__.get(attribute) is original:
                setattr(other, attribute, counted)
    Source.read = staticmethod(clock.counts("reading", Source.read))  # type: ignore[method-assign]
    walk = volfix.project.discovery._walk
    volfix.project.discovery._walk = clock.counts("reading", lambda *a: list(walk(*a)))
    clones = sorted((where / "estate").glob("*/*"))
    for clone in clones:
        done(clone, replace(TASK, write=True, unsafe_fixes=True))
    clock.turn("end")
    total = sum(clock.spent.values())
    parts = ", ".join(f"{name} {seconds / total:.0%}" for name, seconds in clock.spent.most_common())
    print(f"where the time goes: {parts} ({1000 * total / len(clones):.0f} ms a repository)")
    print(f"programs started for a repository that is written: {clock.calls['git'] / len(clones):.2f}")


def main() -> None:
    """Measure and print; ends with 1 where a killed run ends differently."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, help="where the estates go (a temporary directory)")
    parser.add_argument("--numbers", default="100,1000,5000", help="sizes of the estates for memory and cost")
    parser.add_argument("--kills", type=int, default=10)
    given = parser.parse_args()
    directory = given.directory or Path(tempfile.mkdtemp(prefix="volfix-estates-"))
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
    for number in map(int, given.numbers.split(",")):
        where = directory / str(number)
        started = time.perf_counter()
        if not (where / "estate").exists():
            generate(where / "estate", number)
            print(f"{number} repositories generated in {time.perf_counter() - started:.0f} s")
        ran = bulk(where, "--state", "memory", "--jobs", "1", "--dry-run")
        each = f"{1000 * ran.seconds / number:.0f} ms a repository, {1000 * ran.processor / number:.1f} of a processor"
        print(f"{number} repositories: {ran.memory:.0f} MiB, {each}")
    middle = directory / given.numbers.split(",")[min(1, given.numbers.count(","))]
    shares(middle)
    speed(middle, int(middle.name))
    same = killed(middle, given.kills)
    if given.directory is None:
        shutil.rmtree(directory)
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
