"""`volfix carry --back`: copies the volumes to the directories that were mounted before, and says what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volfix.cli.carry_next import typed, until_deployed
from volfix.cli.carry_record import drop_record
from volfix.cli.carry_shown import progress_of, say
from volfix.cli.outputs import tell
from volfix.cli.signals import finish_undisturbed
from volfix.syntax.failures import failure

if TYPE_CHECKING:
    from volfix.docker.carry_back import Return
    from volfix.docker.carry_jobs import Job
    from volfix.docker.carry_rollback import EarlierRun
    from volfix.docker.container_layers import LayerPath
    from volfix.docker.engine import Engine
    from volfix.docker.find_moves import MoveSearch


def back(engine: Engine, search: MoveSearch, given: Path, options: dict[str, Any]) -> bool:
    """Copy each volume back, or say where it would go. False if there is none. Raises CarryProblem, EngineProblem."""
    from volfix.docker.carry_back import back_jobs, look
    from volfix.docker.container_layers import from_layers

    jobs = back_jobs(search)
    for note in search.notes:
        say(note)
    for job in jobs:
        tell(f"{job.name} -> {job.origins[0].shown} ({job.origins[0].evidence})")
    lost = [_from_layer(item, jobs) for item in from_layers(search, jobs)]
    if not jobs:
        tell("nothing to carry back: no host directory is known to have been mounted before (see --map)")
    elif options["write"]:
        _give_back(engine, search, [look(engine, job) for job in jobs], given, options)
        drop_record(search, jobs)
        tell(_after_back(search, jobs))
    else:
        for job in jobs:
            look(engine, job)  # what --write would refuse is said now
        tell(f"Nothing is copied yet. Next: {typed(given, options)}")
    for line in lost:
        tell(line)
    return bool(jobs)


def _from_layer(item: LayerPath, jobs: Sequence[Job]) -> str:
    """Says that the earlier files name a place without rows, where the rows are, and what to do."""
    place = next((job.origins[0].name for job in jobs if job.name == item.volume), None)
    text = (
        f"{item.key}: {item.old} was in a container's own layer, which no new container has: with the files of before, "
        "the application would start there without its rows."
    )
    volume = f"in the volume {item.volume}{f' ({item.below})' if item.below else ''}"
    if place is None:
        return f"{text} They are {volume}. Do not put the files back: only the mount of {item.key} has {item.new}."
    copy = f"{place}/{item.below}".rstrip("/")
    return (
        f"{text} Once copied, they are in {copy}, and they stay {volume}. "
        f"Before you deploy the files of before, have them name {item.new} in place of {item.old}."
    )


def _give_back(engine: Engine, search: MoveSearch, found: list[Return], given: Path, options: dict[str, Any]) -> None:
    """Stop the containers of all volumes, look again, and only then copy the first volume. Raises CarryProblem."""
    from volfix.docker.carry_back import give_back, stopped
    from volfix.docker.carry_jobs import CarryProblem
    from volfix.docker.carry_rollback import ran
    from volfix.docker.engine_problems import EngineProblem
    from volfix.docker.tar_stream import BrokenArchive

    before = ran(engine, (item for one in found for item in one.running))
    try:
        for number, one in enumerate(found):
            found[number] = stopped(engine, one, say)
        for one in found:
            with progress_of(0) as progress:
                copied = give_back(engine, one, progress)
            place = one.job.origins[0].name
            done = f"copied to {place} and compared" if copied else f"{place} equals it already"
            tell(f"{one.job.key}: {done}")
    except Exception as error:
        known = isinstance(error, (CarryProblem, EngineProblem, BrokenArchive))
        problem = error if known else failure(given, error, "not copied")
        then = f"Once the cause is repaired: {typed(given, options)}"
        raise CarryProblem(f"{problem}\n{_after_failed_back(search, found, before)}\n{then}") from error
    except KeyboardInterrupt:
        say(f"{_after_failed_back(search, found, before)}\nTo go on: {typed(given, options)}")
        raise


def _after_failed_back(search: MoveSearch, found: list[Return], before: list[EarlierRun]) -> str:
    """Start the stopped services again, unless a directory has a copy, which would lack their new rows; the text."""
    from volfix.docker.carry_back import left
    from volfix.docker.carry_rollback import start_again
    from volfix.docker.engine_problems import EngineProblem

    copies = [item for item in found if item.begun]
    finish_undisturbed()
    try:
        copies = left(search.engine, found)
        if not copies and start_again(search.engine, before, say):
            return _after_failure([], before, running=True)
    except EngineProblem as problem:
        say(f"the services are not started again: {problem}")
    return _after_failure(copies, before, running=False)


def _after_failure(copies: Sequence[Return], before: Sequence[EarlierRun], *, running: bool) -> str:
    """The text after `--back` failed: which directories hold a part of the copy, which containers run or do not."""
    names = ", ".join(sorted(item.container.name for item in before))
    if running:
        text = "Nothing is copied; the volumes are as they were."
        return f"{text}\nRunning as before, on the volumes: {names}." if names else text
    places = ", ".join(item.job.origins[0].name for item in copies)
    text = f"Stopped, and left so, also by a restart of the daemon: {names}." if names else "No service was stopped."
    if not places:
        return f"{text} Nothing is copied."
    return (
        f"{text} {places} may hold a copy, or a part of it: rows that are written to the volumes from now on would be "
        "missing there. Do not deploy yet. To go on with the volumes instead, move that away first"
        + (f", then: docker start {names.replace(',', '')}" if names else "")
    )


def _after_back(search: MoveSearch, jobs: Sequence[Job]) -> str:
    """The text after `--back`, as `until_deployed`; files that still name the volume have to be put back first."""
    mounts = [mount for service in search.deployed.project.services.values() for mount in service.mounts]
    still = [job.key for job in jobs if any((item.kind, item.source) == ("volume", job.key) for item in mounts)]
    text = until_deployed(search, [name for job in jobs for name in job.services])
    if still:
        first = f"put the files back that mount {', '.join(still)} (`volfix undo`, or git), then "
        text = text.replace("Next: ", f"Next: {first}", 1)
    return f"The volumes stay as they are. {text}"
