"""How long carrying takes: `python tests/benchmarks/carry.py [FILES BYTES [PAIRS]]`, against tar into `docker run`.

It starts an engine of its own (as root, docker.io installed), and measures both in turn, in pairs, now the one first,
now the other: the whole `volfix carry`, the comparison included, and a plain copy that compares nothing. A pair shares
what else the machine has to do, so that the ratio means something where the seconds do not. The seconds of processor
time are those of the client's side alone: the engine's are not its children's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from conftest import Host, own_engine

PAIRS = 9
SHAPES = ((4, 500_000_000), (20_000, 1_500))
"""Files and the bytes of each."""
PIECE = 1_000_000
TIMES, MEGABYTES = 2.0, 150
COMPOSE = """\
name: shop
services:
  app:
    image: box:1
    volumes: ["app-db:/app/data"]
volumes:
  app-db:
"""


def fill(directory: Path, files: int, size: int) -> None:
    """Files of random bytes, a hundred in a directory; what this process has in memory would count as its child's."""
    for number in range(files):
        path = directory / str(number // 100) / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for start in range(0, size, PIECE):
                file.write(os.urandom(min(PIECE, size - start)))


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds that went by, seconds of processor time, and the largest memory in bytes."""

    spent: float
    processor: float
    memory: int


def timed(words: list[str], host: Host) -> Run:
    """Run a command with all its children, which must succeed."""
    started = time.perf_counter()
    process = subprocess.Popen(words, env=host.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(words)}")
    return Run(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def plain(host: Host, project: Path) -> Run:
    """Tar into `docker run`."""
    command = f"tar -C {project}/data -cf - . | docker run --rm -i --network=none -v plain:/to box:1 tar -C /to -xf -"
    run = timed(["sh", "-ec", command], host)
    host.docker("volume", "rm", "plain")
    return run


def carried(host: Host, project: Path) -> Run:
    """`volfix carry`."""
    run = timed(["volfix", "carry", "--write", "--map", "./data=app-db", str(project)], host)
    host.docker("volume", "rm", "shop_app-db")
    return run


def measure(host: Host, files: int, size: int, pairs: int) -> None:
    """Measure one shape, and print each pair, their median and their spread."""
    project = host.directory / f"shop-{files}"
    fill(project / "data", files, size)
    (project / "compose.yaml").write_text(COMPOSE)
    plain(host, project)  # both read what is in memory, and volfix is compiled
    carried(host, project)
    ratios: list[float] = []
    for number in range(pairs):
        order = (plain, carried) if number % 2 else (carried, plain)
        runs = {run: run(host, project) for run in order}
        copied, volfix = runs[plain], runs[carried]
        ratios.append(volfix.spent / copied.spent)
        memory = f"{volfix.memory / 1e6:.0f} MB of memory (at most {MEGABYTES})"
        took = f"{copied.spent:.1f} s, {volfix.spent:.1f} s: {ratios[-1]:.2f} times"
        print(f"    {took}; volfix: {volfix.processor:.2f} s of processor time, {memory}", flush=True)
    shutil.rmtree(project)
    print(f"{files} files of {size} bytes, {pairs} pairs; load {os.getloadavg()[0]:.1f}")
    print(f"  median {median(ratios):.2f} times (at most {TIMES}), from {min(ratios):.2f} to {max(ratios):.2f}")


def main() -> None:
    """Measure the shape that the command line names, else each."""
    given = [*map(int, sys.argv[1:])]
    pairs = given[2] if len(given) > 2 else PAIRS
    with own_engine() as host:
        for files, size in [(given[0], given[1])] if given else SHAPES:
            measure(host, files, size, pairs)


if __name__ == "__main__":
    main()
