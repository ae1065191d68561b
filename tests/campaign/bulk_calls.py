"""Bulk's work on one repository, killed at any file call or with an error at it: a branch is there whole, or not."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from volfix import __version__
from volfix.bulk.message import DEFAULT
from volfix.bulk.sources import Source, sources
from volfix.bulk.worker import Job, JobOutcome, Task, work
from volfix.report.json_report import render

from .system_calls import STACKS, repository
from .table import Outcome
from .traced import ERRORS, STRIDE, calls_of, disturbed

BRANCH = "volfix/persistent-databases"
TASK = Task(__version__, render, DEFAULT, 1_700_000_001, 600, None, BRANCH, write=True, unsafe_fixes=True)


def one_call(seed: int, directory: Path) -> Outcome:
    """The next file call of the work: seeds one after the other try each with a kill and with an error."""
    calls, trees = _expected()
    call = calls[seed // 2 * STRIDE % len(calls)]
    effect = "KILL" if seed % 2 == 0 else random.Random(seed).choice(ERRORS)
    root = repository(directory, git=True)
    before = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain")
    source = _source(root)
    result = disturbed(lambda: _told(_done(source, directory)), call, effect)
    found = [result.errors] if result.has_failed else []
    if _git(root, "rev-parse", "HEAD") + _git(root, "status", "--porcelain") != "".join(before):
        found.append("the clone's own branch or files have changed")
    if not all(_tree(root, stack) in ("", _tree(root, stack, "HEAD"), part) for stack, part in trees.items()):
        found.append("a stack on the branch is neither old nor new")
    if effect != "KILL" and not result.output and any(_tree(root, stack) != part for stack, part in trees.items()):
        found.append(f"it says that all went well: {result.errors}")
    if result.output and _tree(root):  # what it said is on the branch too: who has read it deletes the branch
        _git(root, "branch", "-D", BRANCH)
    again = _done(source, directory)
    if any(_tree(root, stack) != part for stack, part in trees.items()):
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


def _told(outcome: JobOutcome) -> int:
    """Print why some of it was not done, as the summary of a run does."""
    sys.stdout.write(outcome.reason or "")
    sys.stdout.flush()
    return 0


@cache
def _expected() -> tuple[tuple[tuple[str, int], ...], dict[str, str]]:
    """The file calls of the work undisturbed, and each stack's tree on the branch that it makes."""
    with tempfile.TemporaryDirectory(prefix="volfix-campaign-") as where:
        root = repository(Path(where, "first"), git=True)
        _done(_source(root), Path(where, "first"))  # it imports what it needs
        again = repository(Path(where, "again"), git=True)
        source = _source(again)
        calls = calls_of(lambda: _told(_done(source, Path(where, "again"))))
        return tuple(calls), {stack: _tree(again, stack) for stack in STACKS}


def _tree(root: Path, directory: str = "", branch: str = BRANCH) -> str:
    return _git(root, "rev-parse", "-q", "--verify", f"{branch}:{directory.rstrip('/')}")


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False)
    return done.stdout.decode().strip()
