"""The output of `volfix carry`: each volume with what becomes of it, the space that is needed, the progress."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from volfix.cli.carry_next import replaces
from volfix.cli.outputs import tell

if TYPE_CHECKING:
    from volfix.docker.carry_jobs import SurveyedJob
    from volfix.docker.engine import Engine
    from volfix.docker.find_moves import MoveSearch

STATES = {
    "missing": "does not exist yet",
    "empty": "is empty",
    "equal": "holds this already",
    "different": "is not empty and holds something else",
    "carried": "was filled by an earlier run: nothing to do",
    "interrupted": "was filled in part by a run that was interrupted",
}


def show(search: MoveSearch, found: list[SurveyedJob], options: dict[str, Any]) -> None:
    """Print each volume, and the containers that a new project name replaces."""
    for one in found:
        _show(one, overwrite=replaces(options, one.job.key))
    for container in search.former():
        tell(f"{container.name}, of the former name {container.project}, will be stopped, renamed and kept")


def _show(one: SurveyedJob, *, overwrite: bool) -> None:
    from volfix.docker.stop_containers import ASIDE
    from volfix.docker.volume_contents import size

    job = one.job
    tell(f"{job.key} ({job.name}), mounted by {', '.join(job.services)} at {', '.join(job.targets)}")
    for origin in job.origins:
        tell(f"  from {origin.shown}: {origin.evidence}")
    tell(f"  the volume {STATES[one.state]}")
    for line in (*one.counted, *one.held):
        tell(f"  it holds {line}")
    if one.held and overwrite:
        tell(f"  what it holds will be copied to the volume {job.name}{ASIDE}<time>, compared, before it is replaced")
    if one.state != "carried":
        owners = Counter(f"{entry.owner}:{entry.group}" for entry in one.source.values())
        shown = ", ".join(f"{owner} ({count})" for owner, count in owners.most_common(5))
        tell(f"  {size(one.source)}; owners {shown}; files with holes are not kept sparse")
    for line in one.uncarried:
        tell(f"  NOT carried, as the engine's archive has no place for it: {line}")
    for container in one.running:
        tell(f"  {container.name} is running and will be stopped")
    for container in one.foreign:
        tell(f"  {container.name} is running and belongs to something else: stop it first")


def check_space(engine: Engine, found: list[SurveyedJob], *, replace: bool) -> None:
    """Free space where the daemon keeps volumes, where that is this machine. Sparse files are not kept sparse.

    What an interrupted run left is removed before the copy; what `replace` puts aside is copied first. Raises
    CarryProblem where it is too little.
    """
    from volfix.docker.local_files import data_root
    from volfix.docker.volume_contents import amount

    wanted = sum(one.bytes for one in found if one.state not in ("carried", "equal"))
    wanted += sum(one.target_bytes for one in found if one.state == "different" and replace)
    root = data_root(engine)
    if root is None or not wanted:
        return
    left = sum(one.target_bytes for one in found if one.state == "interrupted")
    status = os.statvfs(root)
    free = status.f_bavail * status.f_frsize + left
    besides = f", with the {amount(left)} that an interrupted run left and this one removes" if left else ""
    tell(f"{amount(wanted)} to carry; {amount(free)} free in {root}{besides}")
    if free < wanted:
        from volfix.docker.carry_jobs import CarryProblem

        raise CarryProblem(
            f"{root} has too little free space: {amount(wanted)} are needed, and {amount(free)} are free"
        )


@contextmanager
def progress_of(total: int) -> Iterator[Callable[[int], None] | None]:
    """Yields a function that shows bytes and the time left on standard error; None if that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from volfix.docker.volume_contents import amount

    started = shown = time.monotonic()
    done = 0

    def went_by(size: int) -> None:
        nonlocal done, shown
        done += size
        now = time.monotonic()
        if now - shown > 0.2:
            shown = now
            left = f", {(now - started) * (total - done) / done:.0f} s left" if 0 < done < total else ""
            of = f" of {amount(total)}" if total else ""
            click.echo(f"\r\x1b[K{amount(done)}{of}{left}", nl=False, err=True)

    try:
        yield went_by
    finally:
        click.echo("\r\x1b[K", nl=False, err=True)


def say(line: str) -> None:
    """Print a line on standard error: what volfix does, or what the person has to know."""
    tell(f"volfix: {line}", err=True)
