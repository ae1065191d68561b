"""Compares a volume after a copy with what was sent, entry by entry, and has SQLite check its files."""

from __future__ import annotations

from contextlib import suppress

from volfix.docker.archive import Manifest, differences
from volfix.docker.carry_jobs import CarryProblem, Job, Say
from volfix.docker.engine import Engine
from volfix.docker.helper_containers import INSIDE, Carriers, Progress, manifest_of
from volfix.docker.local_files import contents, volume_directory
from volfix.docker.sqlite_files import NotAsked, Spool, integrity

SHOWN = 10
"""Differences that a message names."""


def verify(
    engine: Engine, carriers: Carriers, job: Job, sent: Manifest, say: Say, progress: Progress | None = None
) -> None:
    """Raise CarryProblem where the volume holds anything else than what was sent, or a SQLite file that is damaged.

    It is read on this machine's disk where the daemon's volumes are there. Only equality is taken from that: owners
    are others under a user namespace, so what differs is what the daemon says.
    """
    carrier = carriers.mounting("volume", job.name)
    directory = volume_directory(engine, job.name, carrier)
    if directory is not None:
        with suppress(OSError), Spool() as spool:
            if contents(directory, spool.keep, progress) == sent:
                _examine(job, spool, say)
                return
    with Spool() as spool:
        there = manifest_of(engine, carrier, INSIDE, "", spool.keep, progress)
        if wrong := differences(sent, there):
            raise CarryProblem(f"{job.key}: the copy differs from its source: {shown(wrong)}")
        _examine(job, spool, say)


def shown(wrong: list[str]) -> str:
    """The first differences, and how many there are besides."""
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return "; ".join(wrong[:SHOWN]) + more


def _examine(job: Job, spool: Spool, say: Say) -> None:
    """Ask SQLite whether the files are whole. Raises CarryProblem if one is damaged: then its source is damaged too."""
    for path, local in spool.paths.items():
        try:
            problem = integrity(local)
        except NotAsked as reason:
            say(f"{path}: the integrity of this SQLite file is not checked: {reason}")
            continue
        if problem:
            raise CarryProblem(
                f"{job.key}: {path} is as its source is, which is damaged: SQLite says {problem}. Repair the source"
            )
