"""`volfix carry`: move the data of rewritten mounts into their volumes."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from volfix.cli.carry_next import (
    after_back,
    after_failure,
    mapped,
    refusals,
    replaces,
    still_stopped,
    typed,
    until_deployed,
)

if TYPE_CHECKING:
    from volfix.docker.engine import Engine
    from volfix.docker.jobs import Job, Surveyed
    from volfix.docker.moves import Search

STATES = {
    "missing": "does not exist yet",
    "empty": "is empty",
    "equal": "holds this already",
    "different": "is not empty and holds something else",
    "carried": "was filled by an earlier run: nothing to do",
    "interrupted": "was filled in part by a run that was interrupted",
}


def _pairs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    del ctx
    pairs = []
    for value in values:
        source, equals, volume = value.rpartition("=")
        if not (source and equals and volume):
            raise click.BadParameter(f"{value} is not SOURCE=VOLUME", param=param)
        pairs.append((source, volume))
    return tuple(pairs)


@click.command("carry", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("path", metavar="[PATH]", default=".", type=click.Path(exists=True, path_type=Path))
@click.option("--write", is_flag=True, help="Carry; without it, only say what would be done.")
@click.option("--back", is_flag=True, help="Copy the volumes to the host directories that were mounted before.")
@click.option(
    "--replace",
    is_flag=True,
    help="Fill a volume that holds something else: with --map, the volumes named there only. What it holds is first "
    "copied to another volume, and its rows are counted.",
)
@click.option(
    "--map", "maps", multiple=True, callback=_pairs, metavar="SOURCE=VOLUME", help="What became which volume."
)
@click.option("--from-project", metavar="NAME", help="The name under which the project ran before.")
@click.option(
    "-p", "--project-name", envvar="COMPOSE_PROJECT_NAME", metavar="NAME", help="The name that it runs under."
)
@click.option("--no-up", is_flag=True, help="Leave the services stopped that had to be; the deployment starts them.")
@click.option("--script", is_flag=True, help="Print a shell script that does the same with the docker command alone.")
@click.pass_context
def command(ctx: click.Context, /, path: Path, **options: Any) -> None:
    """Move the data of rewritten mounts into their volumes, compared file by file; the source is never deleted.

    SOURCE is a host path, volume:NAME, anonymous:TARGET or container:PATH, VOLUME the volume's key in the Compose file.
    Exit status: 0 everything is where it belongs or can be carried, 1 something cannot be carried, 2 no engine.
    """
    from volfix.docker.engine import Engine, EngineProblem
    from volfix.docker.jobs import CarryProblem
    from volfix.docker.members import BrokenArchive

    try:
        engine = Engine.connect()
    except EngineProblem as problem:
        click.echo(f"volfix: {problem}", err=True)
        ctx.exit(2)
    try:
        ctx.exit(0 if _run(engine, path, options) else 1)
    except (CarryProblem, EngineProblem, BrokenArchive) as problem:
        click.echo(f"volfix: {problem}", err=True)
        ctx.exit(1)


def _run(engine: Engine, given: Path, options: dict[str, Any]) -> bool:
    from volfix.docker.deployed import deployed_at
    from volfix.docker.moves import Maps, Search

    path = Path(os.path.abspath(given))  # noqa: PTH100 - links stay
    deployed = deployed_at(path, options["project_name"])
    search = Search(engine, deployed, Maps(options["maps"], options["from_project"]))
    if options["back"]:
        return _back(engine, search, given, options)
    quick = options["write"] and not options["script"]
    found, failed, doubts = _surveyed(engine, search.jobs(), given, options, quick=quick)
    for note in search.notes:
        click.echo(f"volfix: {note}", err=True)
    if options["script"]:
        from volfix.docker.script import script

        click.echo(script(search, found), nl=False)
        return not failed
    _free(engine, found)
    for one in found:
        _show(one, overwrite=replaces(options, one.job.key))
    if not found and not failed and not doubts:
        click.echo(
            "nothing to carry: no volume of the project is known to have been something else. If rows are missing, say "
            f"where they are: {typed(given, options, write=False, maps=(('SOURCE', 'VOLUME'),))}"
        )
    refused = list(refusals(found, given, options))
    for line in refused:
        click.echo(line)
    if failed or refused or not options["write"]:  # all volumes or none: half a deployment is nobody's plan
        click.echo(still_stopped(search, found), nl=False)
        if not (failed or refused) and any(one.state != "carried" for one in found):
            click.echo(f"Nothing is carried yet. Next: {typed(given, options)}")
        return not (failed or doubts or refused)
    _write(engine, search, found, given, options)
    return not doubts


def _surveyed(
    engine: Engine, jobs: list[Job], given: Path, options: dict[str, Any], *, quick: bool
) -> tuple[list[Surveyed], bool, bool]:
    """What can be carried; whether something cannot, so that nothing is; whether a volume in use lacks older data."""
    from volfix.docker.carry import survey
    from volfix.docker.jobs import CarryProblem

    found, failed, doubts = [], False, False
    named = {key for _, key in options["maps"]}
    for job in jobs:
        again = job.key in named and replaces(options, job.key)
        try:
            one = survey(engine, job, _say, again=again, quick=quick)
        except CarryProblem as problem:
            if job.doubtful:
                then = mapped(given, options, "SOURCE", job.key)
                _say(f"{problem}. {job.key} is in use all the same: if rows are missing, {then}")
                doubts = True
                continue
            _say(str(problem))
            failed = True
            continue
        if job.doubtful and one.state == "different":
            shown = job.origins[0]
            _say(
                f"{job.key} is in use and holds other data than {shown.shown} ({shown.evidence}): if rows are missing, "
                f"{mapped(given, options, shown.shown, job.key)}"
            )
            doubts = True
            continue
        found.append(one)
    return found, failed, doubts


def _write(engine: Engine, search: Search, found: list[Surveyed], given: Path, options: dict[str, Any]) -> None:
    from volfix.docker.carry import carry
    from volfix.docker.compose import up
    from volfix.docker.engine import EngineProblem
    from volfix.docker.held import size
    from volfix.docker.jobs import CarryProblem
    from volfix.docker.members import BrokenArchive

    project = search.deployed.project
    for number, one in enumerate(found):
        try:
            with _progress(2 * one.bytes) as progress:
                overwrite = replaces(options, one.job.key)
                there = carry(engine, one, overwrite=overwrite, say=_say, progress=progress)
        except (CarryProblem, EngineProblem, BrokenArchive) as problem:
            then = f"Once the cause is mended: {typed(given, options)}"
            raise CarryProblem(f"{problem}\n{after_failure(search, found, number)}\n{then}") from problem
        except KeyboardInterrupt:
            _say(f"{after_failure(search, found, number)}\nTo go on: {typed(given, options)}")
            raise
        if there:
            click.echo(f"{one.job.key}: carried to {one.job.name} and compared: {size(there)}")
    _retire(engine, search)
    moved = [one.job for one in found if not (one.job.doubtful and one.state == "carried")]
    names = {name for job in moved for name in job.services if search.containers_of(project.services[name])}
    if options["no_up"]:
        click.echo(until_deployed(search, moved))
    elif names:
        up(project, sorted(names))
        click.echo(f"started {', '.join(sorted(names))}")


def _retire(engine: Engine, search: Search) -> None:
    """After the project got another name: its old containers give way; those of others are named."""
    from volfix.docker.stop import retire

    for old, new in retire(engine, search.former(), search.in_memory, _say):
        click.echo(f"stopped and kept: the old container {old}, now {new}")


def _back(engine: Engine, search: Search, given: Path, options: dict[str, Any]) -> bool:
    from volfix.docker.back import back_jobs, give_back

    jobs = list(back_jobs(search))
    for job in jobs:
        click.echo(f"{job.name} -> {job.origins[0].shown} ({job.origins[0].evidence})")
        if options["write"]:
            with _progress(0) as progress:
                copied = give_back(engine, job, _say, progress)
            place = job.origins[0].name
            click.echo(f"{job.key}: {f'copied to {place} and compared' if copied else f'{place} equals it already'}")
    if not jobs:
        click.echo("nothing to carry back: no host directory is known to have been mounted before (see --map)")
    elif options["write"]:
        click.echo(after_back(search, jobs))
    else:
        click.echo(f"Nothing is copied yet. Next: {typed(given, options)}")
    return bool(jobs)


def _show(one: Surveyed, *, overwrite: bool) -> None:
    from volfix.docker.held import size
    from volfix.docker.stop import ASIDE

    job = one.job
    click.echo(f"{job.key} ({job.name}), mounted by {', '.join(job.services)} at {', '.join(job.targets)}")
    for origin in job.origins:
        click.echo(f"  from {origin.shown}: {origin.evidence}")
    click.echo(f"  the volume {STATES[one.state]}")
    for line in one.held:
        click.echo(f"  it holds {line}")
    if one.held and overwrite:
        click.echo(
            f"  what it holds will be copied to the volume {job.name}{ASIDE}<time>, compared, before it is replaced"
        )
    if one.state != "carried":
        owners = Counter(f"{entry.owner}:{entry.group}" for entry in one.source.values())
        shown = ", ".join(f"{owner} ({count})" for owner, count in owners.most_common(5))
        click.echo(f"  {size(one.source)}; owners {shown}; files with holes are not kept sparse")
    for container in one.running:
        click.echo(f"  {container.name} is running and will be stopped")
    for container in one.foreign:
        click.echo(f"  {container.name} is running and belongs to something else: stop it first")


def _free(engine: Engine, found: list[Surveyed]) -> None:
    """Free space where the daemon keeps volumes, where that is this machine. Sparse files are not kept sparse."""
    from volfix.docker.held import amount
    from volfix.docker.here import data_root

    wanted = sum(one.bytes for one in found if one.state not in ("carried", "equal"))
    root = data_root(engine)
    if root is None or not wanted:
        return
    status = os.statvfs(root)
    free = status.f_bavail * status.f_frsize
    click.echo(f"{amount(wanted)} to carry; {amount(free)} free in {root}")
    if free < wanted:
        from volfix.docker.jobs import CarryProblem

        raise CarryProblem(f"{root} has too little free space")


def _say(line: str) -> None:
    click.echo(f"volfix: {line}", err=True)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None] | None]:
    """Bytes and time left on standard error, for a person who waits."""
    if not sys.stderr.isatty():
        yield None
        return
    from volfix.docker.held import amount

    started = shown = time.monotonic()
    done = 0

    def show(size: int) -> None:
        nonlocal done, shown
        done += size
        now = time.monotonic()
        if now - shown > 0.2:
            shown = now
            left = f", {(now - started) * (total - done) / done:.0f} s left" if 0 < done < total else ""
            of = f" of {amount(total)}" if total else ""
            click.echo(f"\r\x1b[K{amount(done)}{of}{left}", nl=False, err=True)

    try:
        yield show
    finally:
        click.echo("\r\x1b[K", nl=False, err=True)
