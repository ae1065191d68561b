"""A run over many repositories: plans each, writes those that may be written, and keeps the outcomes in the state."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Protocol

from volfix.bulk.hazards import not_to_write
from volfix.bulk.state import TO_PLAN, TO_WRITE, State, Turn
from volfix.bulk.worker import Job, JobOutcome, Task

WITHOUT_EFFECT = frozenset({"render", "date", "limit", "cache"})
"""The fields of a task that change neither findings nor files."""


class PatchProblem(Exception):
    """A patch that cannot be written; the message is one line."""


class Workers(Protocol):
    """Where the work is done: processes of this machine, or a cluster."""

    def stream(self, task: Task, jobs: Iterable[tuple[int, Job]]) -> Iterator[tuple[int, JobOutcome]]: ...


def choices(task: Task) -> str:
    """volfix's version and the options, as JSON: a record depends on them beside the repository's commit."""
    values = {item.name: getattr(task, item.name) for item in fields(task) if item.name not in WITHOUT_EFFECT}
    return json.dumps(values, sort_keys=True)


def fingerprint(task: Task) -> str:
    """A digest of the choices, which is kept with each record."""
    return hashlib.sha256(choices(task).encode()).hexdigest()[:32]


def run(
    state: State,
    task: Task,
    workers: Workers,
    *,
    addresses: Mapping[str, str],
    patches: Path | None = None,
    progress: Callable[[], None] | None = None,
) -> None:
    """Do what is left to do in the state; `patches` is the directory for them, `addresses` are URLs with credentials.

    First all are planned, and written too unless they may share a volume with others. Those wait until it is known
    what all the others are, and are written then or left with the reason. Raises PatchProblem.
    """
    for todo in (TO_PLAN, TO_WRITE):
        if todo == TO_WRITE and (task.write or task.patches):
            _leave_those_that_share(state)
        jobs = ((turn.id, _job(turn, task, todo)) for turn in state.turns(todo, addresses))
        for id_, outcome in workers.stream(task, jobs):
            if patches is not None and outcome.patch:
                keep_patch(patches, state.name_of(id_), outcome.patch)
            state.save(id_, outcome)
            if progress is not None:
                progress()


def _job(turn: Turn, task: Task, todo: int) -> Job:
    if todo == TO_WRITE or task.patches:  # the findings are known; the change is not
        return Job(turn.source, hold=todo == TO_PLAN)
    return Job(turn.source, turn.known_head, turn.known_commit, hold=True)


def _leave_those_that_share(state: State) -> None:
    reasons = not_to_write(state)
    for turn in list(state.turns(TO_WRITE, {})):
        if turn.id in reasons:
            state.skip(turn.id, reasons[turn.id])


def keep_patch(directory: Path, name: str, data: bytes) -> Path:
    """Write a patch with the true bytes of its files, readable only by this user; raises PatchProblem."""
    path, part = directory / f"{name}.patch", directory / f".{name}.part"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        part.replace(path)
    except OSError as error:
        raise PatchProblem(f"{path}: {error.strerror or error}") from error
    return path
