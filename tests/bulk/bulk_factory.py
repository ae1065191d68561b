"""What the tests of single repositories share: a task, its outcome, and a picture of a clone."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from volfix import __version__
from volfix.bulk.message import DEFAULT
from volfix.bulk.sources import Source, sources
from volfix.bulk.worker import Job, JobOutcome, Task, work
from volfix.report.json_report import render

NOT_BUSY = pytest.mark.skipif(
    os.getloadavg()[0] > 4 * (os.cpu_count() or 1),
    reason="runs of many processes end in time on a machine with time only",
)
BRANCH = "volfix/persistent-databases"
COMPOSE = b"services:\n  db:\n    image: postgres:16\n    volumes:\n      - ./pg:/var/lib/postgresql/data\n"
FIXED = COMPOSE.replace(b"./pg:", b"db-data:") + b"\nvolumes:\n  db-data:\n    driver: local\n"
TASK = Task(__version__, render, DEFAULT, 1_700_000_001, 60, None, BRANCH)
WRITE = replace(TASK, write=True)


def source(text: str | Path) -> Source:
    """The one repository that a source names."""
    (found,) = sources([str(text)], open(os.devnull, "rb"))  # noqa: SIM115, PTH123
    return found


def done(text: str | Path, task: Task = WRITE, **more: Any) -> JobOutcome:
    """What becomes of the repository."""
    return work(task, Job(source(text), **more))


def result(outcome: JobOutcome) -> dict[str, Any]:
    assert outcome.result is not None
    found: dict[str, Any] = json.loads(zlib.decompress(outcome.result))
    return found


def picture(clone: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, time of change and bytes of every file of a clone, without objects and what belongs to the new branch."""
    found = {}
    for directory, names, files in os.walk(clone):
        if directory.endswith("/.git"):
            names.remove("objects")
        for name in files:
            path = Path(directory, name)
            relative = path.relative_to(clone).as_posix()
            if "volfix" not in relative:
                status = path.lstat()
                found[relative] = (status.st_mode, status.st_mtime_ns, path.read_bytes())
    return found
