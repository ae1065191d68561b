"""Any bytes for the readers of YAML, env files, mounts, Dockerfiles, shell and database URLs."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from .command_line import raised
from .hostile_inputs import WAYS
from .readers_fuzzed import READERS, held
from .table import Outcome

RUNS = 3000
"""Inputs of one case with atheris; without it, each is a whole run of the reader and a tenth of them will do."""
CORPUS = (Path(os.environ.get("VOLFIX_SHARED", "../shared")) / "corpus", Path(__file__).parents[2] / "fixtures")
"""Where real files are read from to begin with, as far as they are there."""
KINDS = {
    "yaml_splicer": ("*.y*ml",),
    "dotenv": (".env*", "*.env"),
    "dockerfile": ("Dockerfile*",),
    "shell": ("*.sh",),
}
LINES = {
    "mount": (
        *("./a:/b:ro", "${A:-./x}:/y", "name:/data:z,ro", "C:\\x:/y", "/a:/b:", "~/x:/${Y}"),
        *("${A?b:c}:/d", "$$a:/b"),
    ),
    "url": (
        *("??sqlite:///./app.db?x=1", "??sqlite+aiosqlite:////a/b%20c.db", "??file:./dev.db?mode=rwc", "??/x/y.db"),
        *("??jdbc:h2:file:./x;A=B", "??Data Source=a.db;Cache=Shared", "??sqlite://{DIR}/x", "??jdbc:sqlite:a.db"),
        "??data/app.sqlite3",
    ),
}


def any_bytes(seed: int, directory: Path) -> Outcome:
    """The reader of the seed is given thousands of inputs, each made of real ones."""
    name = list(READERS)[seed % len(READERS)]
    chance = random.Random(seed)
    seeds = chance.sample(_seeds(name), min(40, len(_seeds(name))))
    if importlib.util.find_spec("atheris") is None:
        return _by_chance(name, chance, seeds)
    for number, data in enumerate(seeds):
        (directory / f"seed-{number}").write_bytes(data)
    words = [sys.executable, "-m", "tests.campaign.readers_fuzzed", name, str(seed % 2**31), str(RUNS), str(directory)]
    done = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, check=False)
    failed = [path for path in directory.iterdir() if path.name.startswith("failed-")]
    if done.returncode == 0 and not failed:
        return Outcome(RUNS)
    said = done.stderr.decode(errors="replace")
    reason = said[said.find("=== Uncaught") :][:1500] if "=== Uncaught" in said else said[-800:]
    return Outcome(RUNS, (f"{name}: {[path.read_bytes() for path in failed]!r}: {reason}",))


def _by_chance(name: str, chance: random.Random, seeds: list[bytes]) -> Outcome:
    """Without atheris: real inputs, spoiled at random."""
    failures = []
    for _ in range(RUNS // 10):
        data = chance.choice(seeds)
        for way in chance.choices(WAYS, k=chance.randint(1, 4)):
            data = way(chance, data) or b"\n"
        if problem := _problem(READERS[name], data):
            failures.append(f"{name}: {data[:600]!r}: {problem}")
    return Outcome(RUNS // 10, tuple(failures[:3]))


def _problem(reader: Callable[[bytes], None], data: bytes) -> str | None:
    try:
        held(reader, data)
    except Exception:  # noqa: BLE001 - whatever is raised is what is looked for
        return raised()
    return None


@cache
def _seeds(name: str) -> list[bytes]:
    if name in LINES:
        return [line.encode() for line in LINES[name]]
    found = {path for root in CORPUS if root.is_dir() for kind in KINDS[name] for path in root.rglob(kind)}
    return [b"ab" + path.read_bytes()[:4000] for path in sorted(found) if path.is_file()]
