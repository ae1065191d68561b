"""Bulk's work on one repository, killed at any file call or with an error at it: a branch is there whole, or not."""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from volfix import __version__
from volfix.bulk.message import DEFAULT
from volfix.bulk.records import Status
from volfix.bulk.sources import Source, sources
from volfix.bulk.worker import Job, JobOutcome, Task, work
from volfix.report.json_report import render

from .system_calls import repository
from .table import Outcome
from .traced import ERRORS, calls_of, disturbed

BRANCH = "volfix/persistent-databases"
TASK = Task(__version__, render, DEFAULT, 1_700_000_001, 600, None, BRANCH, write=True, unsafe_fixes=True)


def one_call(seed: int, directory: Path) -> Outcome:
    """The next file call of the work: seeds one after the other try each with a kill and with an error."""
    calls, tree = _expected()
    call = calls[seed // 2 % len(calls)]
    effect = "KILL" if seed % 2 == 0 else random.Random(seed).choice(ERRORS)
    root = repository(directory, git=True)
    before = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain")
    source = _source(root)
    result = disturbed(lambda: _status(_done(source, directory)), call, effect)
    found = [result.errors] if result.has_failed else []
    if _git(root, "rev-parse", "HEAD") + _git(root, "status", "--porcelain") != "".join(before):
        found.append("the clone's own branch or files have changed")
    if _tree(root) not in ("", tree):
        found.append("the branch holds something else")
    if effect != "KILL" and result.status == 0 and _tree(root) != tree:
        found.append(f"it says that all went well: {result.errors}")
    again = _done(source, directory)
    if _tree(root) != tree:
        found.append(f"the next run does not end it: {again.status.value}, {again.reason}")
    if broken := _git(root, "fsck", "--no-dangling"):
        found.append(f"git fsck: {broken}")
    return Outcome(1, tuple(f"{effect} at {call[0]} number {call[1]}: {problem}" for problem in found))


def _source(root: Path) -> Source:
    with Path(os.devnull).open("rb") as nothing:
        (source,) = sources([str(root)], nothing)
    return source


def _done(source: Source, directory: Path) -> JobOutcome:
    scratch = directory / "scratch"
    return work(TASK, Job(source, scratch=str(scratch)))


def _status(outcome: JobOutcome) -> int:
    return 1 if outcome.status in (Status.FAILED, Status.SKIPPED) else 0


@cache
def _expected() -> tuple[tuple[tuple[str, int], ...], str]:
    """The file calls of the work undisturbed, and the tree of the branch that it makes."""
    with tempfile.TemporaryDirectory(prefix="volfix-campaign-") as where:
        root = repository(Path(where, "first"), git=True)
        _done(_source(root), Path(where, "first"))  # it imports what it needs
        again = repository(Path(where, "again"), git=True)
        source = _source(again)
        calls = calls_of(lambda: _status(_done(source, Path(where, "again"))))
        return tuple(calls), _tree(root)


def _tree(root: Path) -> str:
    return _git(root, "rev-parse", "-q", "--verify", f"{BRANCH}^{{tree}}")


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False)
    return done.stdout.decode().strip()
