"""Records beside the journal what was carried: for VF112, which asks no engine, and for `volfix undo`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volfix.cli.carry_next import naming
from volfix.cli.carry_shown import say
from volfix.fixes.write.carried import forget, keep
from volfix.fixes.write.journal import WriteProblem
from volfix.rules.carried import Carried
from volfix.syntax.pasted import pasted

if TYPE_CHECKING:
    from volfix.docker.carry_jobs import Job
    from volfix.docker.find_moves import MoveSearch


def keep_record(search: MoveSearch, job: Job, when: float, given: Path, options: Mapping[str, Any]) -> None:
    """Record which sources are in the volume as they were at a moment, and how the project is named."""
    place, flags = os.path.abspath(given), tuple(naming(options))  # noqa: PTH100 - links stay
    new = [
        Carried(
            os.path.realpath(os.path.join(item.name, item.path)) if item.kind == "bind" else item.shown,  # noqa: PTH118
            *(job.key, job.name, when, flags, place),
        )
        for item in job.origins
    ]
    try:
        keep(search.deployed.project.root, new)
    except WriteProblem as problem:
        say(f"that {job.key} is carried is not recorded, and VF112 will say that it is not: {problem}")


def drop_record(search: MoveSearch, jobs: Sequence[Job]) -> None:
    """Forget the carry of these volumes after `--back`: the rows are in the directories again."""
    try:
        forget(search.deployed.project.root, {job.name for job in jobs})
    except WriteProblem as problem:
        say(f"the record of what was carried is not changed: {problem}")


def back_command(item: Carried) -> str:
    """The command that takes the volume's rows back to where they were."""
    place = os.path.relpath(item.place)
    return pasted(["volfix", "carry", "--back", "--write", *item.flags, *([] if place == "." else [Path(place)])])
