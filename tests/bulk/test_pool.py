"""Processes that die, or take too long, take no other repository with them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bulk_factory import COMPOSE, NOT_BUSY, TASK, source
from repository_factory import repository

from volfix.bulk import pool
from volfix.bulk.pool import LocalPool
from volfix.bulk.records import Status
from volfix.bulk.worker import Job
from volfix.fixes.results import RunResult


def dies_at_bad(result: RunResult) -> str:
    if result.projects[0].name == "bad":
        os.kill(os.getpid(), signal.SIGKILL)
    return "{}"


def hangs_at_bad(result: RunResult) -> str:
    if result.projects[0].name == "bad":
        time.sleep(60)
    return "{}"


@pytest.fixture
def jobs(tmp_path: Path) -> list[tuple[int, Job]]:
    names = ("a", "bad", "b", "c", "d")
    clones = [repository(tmp_path / "clones" / name, {"compose.yaml": COMPOSE}) for name in names]
    return [(number, Job(source(clone))) for number, clone in enumerate(clones)]


@pytest.mark.parametrize(
    ("render", "limit", "reason"),
    [
        pytest.param(dies_at_bad, 60.0, "its worker died: it may have used up the memory", id="killed"),
        pytest.param(hangs_at_bad, 9.0, "it took longer than 9 seconds (--time-limit)", id="too long", marks=NOT_BUSY),
    ],
)
def test_a_worker_that_is_lost_loses_its_own_repository(
    render: object,
    limit: float,
    reason: str,
    jobs: list[tuple[int, Job]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "GRACE", 0.0)
    workers = LocalPool(2, tmp_path / "scratch")
    task = replace(TASK, render=render, limit=limit)  # type: ignore[arg-type]
    found = dict(workers.stream(task, jobs))
    workers.close()
    assert found[1].status is Status.FAILED
    assert found[1].reason == reason
    assert {number: found[number].status for number in (0, 2, 3, 4)} == dict.fromkeys((0, 2, 3, 4), Status.FINDINGS)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_no_more_repositories_are_taken_than_are_worked_on(jobs: list[tuple[int, Job]], tmp_path: Path) -> None:
    taken = 0

    def counted() -> Iterator[tuple[int, Job]]:
        nonlocal taken
        for job in jobs:
            taken += 1
            yield job

    workers = LocalPool(1, tmp_path / "scratch")
    for done, _ in enumerate(workers.stream(TASK, counted())):
        assert taken <= done + 2
    workers.close()
    assert taken == len(jobs)
