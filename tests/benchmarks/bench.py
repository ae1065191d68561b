"""How long volfix takes, compiled as installed: `python tests/benchmarks/bench.py [CORPUS]` prints medians of
whole-process runs.

CORPUS is a directory with many Compose files; without it only the single projects are measured.
"""

from __future__ import annotations

import compileall
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNS = 10
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
COMPOSE_NAME = re.compile(r"(^|[-_.])(compose|stack)[^/]*\.ya?ml$")


def run(*arguments: str) -> float:
    """Seconds of one whole process."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "volfix", *arguments]
    done = subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT)
    spent = time.perf_counter() - started
    if done.returncode not in (0, 1, 2) or b"Traceback" in done.stderr:
        sys.exit(done.stderr.decode())
    return spent


def median(*arguments: str) -> float:
    run(*arguments)
    return statistics.median(run(*arguments) for _ in range(RUNS))


def main() -> None:
    """Measure and print."""
    compileall.compile_dir(ROOT / "src", quiet=1)
    with tempfile.TemporaryDirectory() as directory:
        fixable = Path(directory, "fixable")
        shutil.copytree(ROOT / "fixtures" / "fastapi-sqlite-drone" / "repository", fixable)
        print(f"one project, a fix and its proof: {median(str(fixable)):.3f} s (median of {RUNS}; at most 0.40)")
        done = Path(directory, "done")
        shutil.copytree(ROOT / "fixtures" / "overrides-and-anchors" / "repository", done)
        run("--write", "--unsafe-fixes", str(done))
        print(f"one project, nothing to fix:      {median(str(done)):.3f} s (median of {RUNS}; at most 0.20)")
        run("--write", str(fixable))
        print(f"the same with a pipeline beside:  {median(str(fixable)):.3f} s (median of {RUNS})")
    if len(sys.argv) > 1:
        corpus = Path(sys.argv[1])
        files = sum(bool(COMPOSE_NAME.search(path.name)) for path in corpus.rglob("*.y*ml"))
        seconds = run("--output-format", "json", str(corpus))
        print(
            f"{files} Compose files in one run:   {seconds:.2f} s, {1000 * seconds / files:.2f} ms a file (at most 6)"
        )


if __name__ == "__main__":
    main()
