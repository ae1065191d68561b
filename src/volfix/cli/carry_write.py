"""`volfix carry --write`: fills the volumes and starts the services; after a failure everything is as before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from volfix.cli.carry_next import after_failure, after_taking_back, replaces, stopped_since, typed, until_deployed
from volfix.cli.carry_record import keep_record
from volfix.cli.carry_rows import rows_after, rows_before
from volfix.cli.carry_shown import progress_of, say
from volfix.cli.outputs import tell
from volfix.cli.signals import finish_undisturbed
from volfix.syntax.failures import failure
from volfix.syntax.pasted import word

if TYPE_CHECKING:
    from volfix.docker.carry_jobs import SurveyedJob
    from volfix.docker.carry_rollback import EarlierRun
    from volfix.docker.engine import Engine
    from volfix.docker.find_moves import MoveSearch


def write(
    engine: Engine,
    search: MoveSearch,
    found: list[SurveyedJob],
    given: Path,
    options: dict[str, Any],
    *,
    retiring: bool,
) -> bool:
    """Carry, and start the services. True if they run with every row that was counted before. Raises CarryProblem."""
    from volfix.docker.carry import carry
    from volfix.docker.carry_jobs import CarryProblem
    from volfix.docker.carry_rollback import ran
    from volfix.docker.compose import sharing, up
    from volfix.docker.engine_problems import EngineProblem
    from volfix.docker.tar_stream import BrokenArchive
    from volfix.docker.volume_contents import size

    project = search.deployed.project
    before = ran(engine, (item for one in found for item in one.running))
    new = {name for one in found if one.state != "carried" for name in one.job.services}
    counted = rows_before(search, new) if new and not options["no_rows"] else []
    replaced = any(one.state == "different" for one in found)
    for number, one in enumerate(found):
        try:
            with progress_of(2 * one.bytes) as progress:
                overwrite = replaces(options, one.job.key)
                filled = carry(engine, one, overwrite=overwrite, say=say, progress=progress)
            if filled.when is None:
                say(
                    f"{one.job.key}: {one.job.name} was filled by an earlier volfix, which noted no time: look whether "
                    f"{', '.join(item.shown for item in one.job.origins)} has changed since. If not, move that away"
                )
            else:
                keep_record(search, one.job, filled.when, given, options)
        except Exception as error:
            known = isinstance(error, (CarryProblem, EngineProblem, BrokenArchive))
            problem = error if known else failure(given, error, "not carried")
            then = f"Once the cause is repaired: {typed(given, options)}"
            state = _after_failure(search, found, number, before)
            raise CarryProblem(f"{problem}\n{state}\n{then}") from error
        except KeyboardInterrupt:
            state = _after_failure(search, found, number, before)
            say(f"{state}\nTo go on: {typed(given, options)}")
            raise
        if filled.there:
            tell(f"{one.job.key}: carried to {one.job.name} and compared: {size(filled.there)}")
    moved = [one.job for one in found if not (one.job.doubtful and one.state == "carried")]
    services = {name for job in moved for name in job.services} | (_retire(engine, search) if retiring else set())
    names = {name for name in services if search.containers_of(project.services[name])}
    if options["no_up"]:
        tell(until_deployed(search, services))
        return True
    if names:
        names |= sharing(project, names) & search.running
        up(project, sorted(names), say)
        tell(f"started {', '.join(sorted(names))}")
    elif new:
        tell("No service had a container. Next: deploy as always.")
    complete = rows_after(search, new, counted, replaced=replaced) if counted and names else True
    idle = stopped_since(search) if names else []
    for name in idle:
        tell(f"{name} does not run: docker compose logs {word(name)} says why")
    return complete and not idle


def _after_failure(search: MoveSearch, found: list[SurveyedJob], number: int, before: list[EarlierRun]) -> str:
    """Start the stopped services again if no volume of this run stays. Returns what to say of volumes and services."""
    from volfix.docker.carry_rollback import start_again, take_back
    from volfix.docker.engine_problems import EngineProblem

    finish_undisturbed()
    try:
        if take_back(search.engine, found[: number + 1], say) and start_again(search.engine, before, say):
            return after_taking_back(found, before)
    except EngineProblem as problem:
        say(f"the services are not started again: {problem}")
    return after_failure(search, found, number)


def _retire(engine: Engine, search: MoveSearch) -> set[str]:
    """Stop and rename the containers of the project's former name. Returns the services that ran in them."""
    from volfix.docker.stop_containers import retire

    old = search.former()
    for name, new in retire(engine, old, search.in_memory, say):
        tell(f"stopped and kept: the old container {name}, now {new}")
    ran = {item.service for item in old if item.is_running}
    return {name for name in search.deployed.project.services if name in ran}
