"""How long volfix takes beside others: `bench.py [CORPUS] [--runs N] [--monorepo]` prints ratios.

Each row runs two whole processes in turn and prints the median of the ratios of their processor time and of the clock:
what a noisy machine does to one it does to the other. compose-lint and dclint are taken from PATH where they are there.
CORPUS is a directory with many Compose files; without it only the single projects are measured.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPOSE_NAME = re.compile(r"(^|[-_.])compose[^/]*\.ya?ml$")
CLEAN = (
    "services:\n  db:\n    image: mysql:8.4\n    volumes: ['db-data:/var/lib/mysql']\n"
    "volumes:\n  db-data:\n    driver: local\n"
)
CLICK = (sys.executable, "-c", "import click")
COMMAND = (sys.executable, "-c", "from volfix.cli.main import main; main()")
"""As the installed command `volfix` does, and as the peers' commands are measured."""
LIBYAML = """
import sys, _ruamel_yaml
for name in sys.argv[1:]:
    parser = _ruamel_yaml.CParser(open(name, 'rb').read())
    try:
        while type(parser.get_event()).__name__ != 'StreamEndEvent':
            pass
    except Exception:
        pass
"""
PHASES = """
import sys, time
from pathlib import Path
clock, marks = time.process_time, []
def mark(name):
    marks.append((name, clock()))
mark('')
import volfix.api, volfix.report.json_report
from volfix.project.discovery import directories
from volfix.project.loader import Loader
from volfix.project.stacks import read_stacks
from volfix.syntax import disk
mark('imports')
disk.begin(outside=True)
found = list(directories([Path(sys.argv[1])], []))
mark('looking for files')
list(read_stacks(found, Loader([], [])))
mark('reading them')
before = clock()
result = volfix.plan(sys.argv[1]).result
start = clock()
volfix.report.json_report.render(result, context=3, show_secrets=False)
spent = {name: after - last for (_, last), (name, after) in zip(marks, marks[1:])}
spent['rules, fixes and proofs'] = start - before - spent['looking for files'] - spent['reading them']
spent['the report'] = clock() - start
print('; '.join(f'{name} {seconds / sum(spent.values()):.0%}' for name, seconds in spent.items()))
"""


def spent(command: Sequence[str], directory: Path) -> tuple[float, float]:
    """Seconds of processor time, and by the clock, of one whole process."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=directory, capture_output=True, check=False)
    clock, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if b"Traceback" in done.stderr:
        sys.exit(done.stderr.decode())
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock


def compare(what: str, ours: Sequence[str], peer: str, theirs: Sequence[str], directory: Path, runs: int) -> None:
    """Print the row of one comparison: below 1 volfix is the faster."""
    spent(ours, directory), spent(theirs, directory)
    pairs = [(spent(ours, directory), spent(theirs, directory)) for _ in range(runs)]
    processor = statistics.median(one[0] / other[0] for one, other in pairs)
    clock = statistics.median(one[1] / other[1] for one, other in pairs)
    seconds = statistics.median(one[0] for one, _ in pairs)
    print(f"{what:32} {seconds:8.3f} s  {processor:6.2f} x {peer} (by the clock {clock:.2f} x)", flush=True)


def volfix(*words: str) -> tuple[str, ...]:
    return (*COMMAND, *words)


def single(directory: Path, runs: int) -> None:
    """One project with nothing to fix, and the reference with its fix and the proof."""
    clean = directory / "clean"
    clean.mkdir()
    (clean / "compose.yaml").write_text(CLEAN)
    for peer, theirs in (("import click", CLICK), *peers(["compose.yaml"], ".")):
        compare("a clean project", volfix("."), peer, theirs, clean, runs)
    reference = directory / "reference"
    shutil.copytree(ROOT / "fixtures" / "fastapi-sqlite-drone" / "repository", reference)
    compare("the reference, fix and proof", volfix("."), "import click", CLICK, reference, runs)


def monorepo(directory: Path, runs: int) -> None:
    """A git repository of 50,000 files, 20 of them Compose files, beside git's own look at it and these files alone."""
    whole, alone = directory / "monorepo", directory / "its Compose files"
    reference = ROOT / "fixtures" / "fastapi-sqlite-drone" / "repository" / "docker-compose.yml"
    for number in range(1250):
        base = Path(f"team{number % 40}", f"service{number}")
        names = [f"{part}/file{each}.ts" for part in ("src", "src/api", "src/model", "test") for each in range(8)]
        files = {
            **dict.fromkeys(names, "export const a = 1;\n"),
            **dict.fromkeys((f"deploy/{kind}.yaml" for kind in ("app", "service", "ingress")), "apiVersion: v1\n"),
            "package.json": '{"scripts": {"build": "tsc", "test": "jest"}}\n',
            "README.md": "# A service\n",
            "Dockerfile": "FROM node:22\n",
            "scripts/build.sh": "#!/bin/sh\nnpm ci\nnpm run build\n",
            "openapi.yaml": "openapi: 3.1.0\n",
        }
        for name, text in files.items():
            (whole / base / name).parent.mkdir(parents=True, exist_ok=True)
            (whole / base / name).write_text(text)
        for place in (whole, alone) if number < 20 else ():
            (place / base).mkdir(parents=True, exist_ok=True)
            shutil.copy(reference, place / base)
    for place in (whole, alone):
        for words in (
            ("init", "-q"),
            ("add", "-A"),
            ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"),
        ):
            subprocess.run(["git", "-C", str(place), *words], check=True)
    compare("a monorepo", volfix("."), "git ls-files -co", ("git", "ls-files", "-co"), whole, runs)
    compare("a monorepo", volfix("."), "its Compose files alone", volfix(str(alone)), whole, runs)


def peers(files: Sequence[str], directory: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The other linters that are there, with the command over these files."""
    if found := shutil.which("compose-lint"):
        yield "compose-lint", (found, *files)
    if found := shutil.which("dclint"):
        yield "dclint", (found, "--recursive", directory)


def many(corpus: Path, runs: int) -> None:
    """All Compose files below a directory in one run, and what the time goes to."""
    files = [str(path) for path in sorted(corpus.rglob("*.y*ml")) if COMPOSE_NAME.search(path.name)]
    ours = volfix("--output-format", "json", "--quiet", str(corpus))
    seconds = statistics.median(spent(ours, corpus)[0] for _ in range(runs))
    print(f"{len(files)} Compose files: {1000 * seconds / len(files):.2f} ms a file")
    libyaml = ("libyaml alone", (sys.executable, "-c", LIBYAML, *files))
    for peer, theirs in (libyaml, *peers(files, str(corpus))):
        compare(f"{len(files)} Compose files", ours, peer, theirs, corpus, runs)
    phases = subprocess.run([sys.executable, "-c", PHASES, str(corpus)], capture_output=True, text=True, check=True)
    print(f"what the time goes to: {phases.stdout.strip()}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How long volfix takes beside others.")
    parser.add_argument("corpus", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--monorepo", action="store_true", help="also a repository of 50,000 files")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ |= {"PYTHONPATH": str(ROOT / "src"), "PYTHONPYCACHEPREFIX": str(Path(directory, "compiled"))}
        print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors; processor time, medians of {given.runs}")
        single(Path(directory), given.runs)
        if given.monorepo:
            monorepo(Path(directory), given.runs)
        if given.corpus is not None:
            many(given.corpus.resolve(), given.runs)


if __name__ == "__main__":
    main()
