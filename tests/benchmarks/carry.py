"""How long carrying takes: `python tests/benchmarks/carry.py [FILES BYTES]`, against tar into `docker run`.

It starts an engine of its own (as root, docker.io installed), and measures both in turn, in pairs: the whole `volfix
carry`, the comparison included, and a plain copy that compares nothing. A pair shares what else the machine has to do,
so that the ratio means something where the seconds do not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from conftest import Host, own_engine

RUNS = 3
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


def plain(host: Host, source: Path) -> float:
    """Seconds of tar into `docker run`."""
    command = f"tar -C {source} -cf - . | docker run --rm -i --network=none -v plain:/to box:1 tar -C /to -xf -"
    started = time.perf_counter()
    host.command(source, "sh", "-ec", command)
    spent = time.perf_counter() - started
    host.docker("volume", "rm", "plain")
    return spent


def carried(host: Host, project: Path) -> tuple[float, int]:
    """Seconds of `volfix carry`, and its largest memory in bytes."""
    started = time.perf_counter()
    words = ["volfix", "carry", "--write", "--map", "./data=app-db", str(project)]
    process = subprocess.Popen(words, env=host.environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    spent = time.perf_counter() - started
    if status:
        sys.exit("volfix carry failed")
    host.docker("volume", "rm", "shop_app-db")
    return spent, usage.ru_maxrss * 1024


def measure(host: Host, files: int, size: int) -> None:
    """Measure one shape, and print each pair and the median one."""
    project = host.directory / f"shop-{files}"
    fill(project / "data", files, size)
    (project / "compose.yaml").write_text(COMPOSE)
    pairs = [(plain(host, project / "data"), *carried(host, project)) for _ in range(RUNS)]
    shutil.rmtree(project)
    for copied, spent, memory in pairs:
        print(f"    {copied:.1f} s, {spent:.1f} s: {spent / copied:.2f} times; {memory / 1e6:.0f} MB")
    copied, spent, memory = sorted(pairs, key=lambda pair: pair[1] / pair[0])[RUNS // 2]
    print(f"{files} files of {size} bytes, the median of {RUNS} pairs; load {os.getloadavg()[0]:.1f}")
    print(f"  tar into docker run: {copied:.1f} s; volfix carry, compared: {spent:.1f} s")
    print(f"  {spent / copied:.2f} times (at most {TIMES}), {memory / 1e6:.0f} MB of memory (at most {MEGABYTES})")


def main() -> None:
    """Measure the shape that the command line names, else each."""
    given = tuple(map(int, sys.argv[1:]))
    with own_engine() as host:
        for files, size in [given] if given else SHAPES:
            measure(host, files, size)


if __name__ == "__main__":
    main()
