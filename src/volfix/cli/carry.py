"""`volfix carry`: move the data of rewritten mounts into their volumes."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from volfix.cli.carry_back import back
from volfix.cli.carry_next import mapped, refusals, replaces, still_stopped, typed
from volfix.cli.carry_places import FROM_INPUT, places, summary
from volfix.cli.carry_shown import check_space, say, show
from volfix.cli.carry_write import write
from volfix.cli.outputs import OutputLost, clean, tell
from volfix.cli.signals import as_by_ctrl_c
from volfix.cli.writing import check_can_write
from volfix.knowledge.carry_service import GATE
from volfix.syntax.failures import failure

OF_ONE = ("maps", "from_project", "project_name", "script")
"""Options that are for one project only."""

if TYPE_CHECKING:
    from volfix.docker.carry_jobs import SurveyedJob
    from volfix.docker.engine import Engine
    from volfix.docker.find_moves import MoveSearch


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
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Carry the data; without this option only say what would be done.")
@click.option("--back", is_flag=True, help="Copy the volumes to the host directories that were mounted before.")
@click.option(
    "--replace",
    is_flag=True,
    help="Fill a volume that holds something else: with --map, the volumes named there only. What it holds is first "
    "copied to another volume, and its rows are counted.",
)
@click.option(
    "--map",
    "maps",
    multiple=True,
    callback=_pairs,
    metavar="SOURCE=VOLUME",
    help="Say which data belongs in which volume: SOURCE=VOLUME.",
)
@click.option("--from-project", metavar="NAME", help="The project's earlier name.")
@click.option(
    "-p", "--project-name", envvar="COMPOSE_PROJECT_NAME", metavar="NAME", help="The project's name on this host."
)
@click.option("--no-up", is_flag=True, help="Do not start the stopped services again; the deployment starts them.")
@click.option("--no-rows", is_flag=True, help="Do not count the rows before and after.")
@click.option("--script", is_flag=True, help="Print a shell script that does the same with the docker command alone.")
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[Path, ...], **options: Any) -> None:
    """Move the data of rewritten mounts into their volumes, compared file by file; the source is never deleted.

    PATH is a directory with a project or with projects below it, a Compose file, or a list of these (`-`: standard
    input). SOURCE is a host path, volume:NAME, anonymous:TARGET or container:PATH, VOLUME the volume's key in the
    Compose file. With several projects, each is carried or refused by itself, and the last lines are a list of those
    that were not. Exit status: 0 everything is where it belongs or can be carried, and no row is missing, 1 something
    cannot be carried or is missing, 2 no engine, or a project cannot be read.
    """
    from volfix.docker.engine import Engine
    from volfix.docker.engine_problems import EngineProblem

    if options["write"]:
        check_can_write()
    for path in paths:
        if path != FROM_INPUT and not path.exists():
            raise click.BadParameter(f"{path}: there is no such file or directory")
    found = places(paths)
    if len(found) > 1 and (given := [f"--{name.replace('_', '-')}" for name in OF_ONE if options[name]]):
        raise click.UsageError(f"{', '.join(given)} is for one project, and these are {len(found)}: name one")
    try:
        engine = Engine.connect()
    except EngineProblem as problem:
        tell(f"volfix: {problem}", err=True)
        ctx.exit(2)
    if len(found) == 1:
        ctx.exit(_one(engine, found[0], options)[0])
    ctx.exit(_each(engine, found, options))


def _each(engine: Engine, found: list[Path], options: dict[str, Any]) -> int:
    """Carry one project after the other; the exit status."""
    failed: list[tuple[Path, str]] = []
    left, worst = list(found), 0
    try:
        while left:
            tell(f"# {left[0]}")
            status, reason = _one(engine, left[0], options)
            if status:
                failed.append((left[0], reason))
            worst = max(worst, status)
            left.pop(0)
    finally:
        failed += [(path, "interrupted before its end") for path in left]
        for line in summary(len(found) - len(failed), failed, wrote=options["write"]):
            is_path = not line.startswith("#")  # in a pipe another `volfix carry -` reads it, unchanged
            click.echo(line) if is_path and not sys.stdout.isatty() else tell(line)
    return worst


def _one(engine: Engine, path: Path, options: dict[str, Any]) -> tuple[int, str]:
    """Carry one project. Returns the exit status, and the reason if it is not carried, or not known to be."""
    from volfix.docker.carry_jobs import CarryProblem, NotRead
    from volfix.docker.engine_problems import EngineProblem
    from volfix.docker.tar_stream import BrokenArchive

    problem: Exception
    try:
        with as_by_ctrl_c(), OutputLost.raised():
            return (0, "") if _run(engine, path, options) else (1, "what is said above")
    except (CarryProblem, EngineProblem, BrokenArchive) as error:
        problem, status = error, 2 if isinstance(error, NotRead) else 1
    except (click.ClickException, OutputLost):
        raise
    except Exception as error:  # noqa: BLE001 - an error of one project must not stop the others
        problem, status = failure(path, error), 2
    tell(f"volfix: {problem}", err=True)
    return status, str(problem)


def _run(engine: Engine, given: Path, options: dict[str, Any]) -> bool:
    from volfix.docker.deployed import deployed_at
    from volfix.docker.find_moves import MapOption, MoveSearch

    path = Path(os.path.abspath(given))  # noqa: PTH100 - links stay
    deployed = deployed_at(path, options["project_name"])
    search = MoveSearch(engine, deployed, MapOption(options["maps"], options["from_project"]), back=options["back"])
    if options["back"]:
        return back(engine, search, given, options)
    quick = options["write"] and not options["script"]
    found, failed, doubts = _surveyed(search, given, options, quick=quick)
    for note in search.notes:
        say(note)
    if options["script"]:
        return not failed and _print_script(search, found)
    check_space(engine, found, replace=options["replace"])
    show(search, found, options)
    if not found and not failed and not doubts:
        tell(
            "nothing to carry: no moved mounts found. If rows are missing, say "
            f"where they are: {typed(given, options, write=False, maps=(('SOURCE', 'VOLUME'),))}"
        )
    refused = list(refusals(found, given, options))
    for line in refused:
        tell(line)
    if (
        failed or refused or not options["write"]
    ):  # all volumes or none: otherwise some services would start without their rows
        click.echo(clean(still_stopped(search, found)), nl=False)
        if not (failed or refused) and any(one.state != "carried" for one in found):
            tell(f"Nothing is carried yet. Next: {typed(given, options)}")
        return not (failed or doubts or refused)
    complete = write(engine, search, found, given, options, retiring=not doubts)
    return complete and not doubts


def _print_script(search: MoveSearch, found: list[SurveyedJob]) -> bool:
    from volfix.docker.script import script

    if all(one.state == "carried" for one in found):
        say("nothing to carry: the script would do nothing")
    click.echo(script(search, found), nl=False)
    return True


def _surveyed(
    search: MoveSearch, given: Path, options: dict[str, Any], *, quick: bool
) -> tuple[list[SurveyedJob], bool, bool]:
    """The jobs that can be carried; whether another cannot, so that none is; whether a volume in use may lack data."""
    from volfix.docker.carry_jobs import CarryProblem
    from volfix.docker.survey import survey

    found, failed, doubts = [], False, False
    named = {key for _, key in options["maps"]}
    for job in search.jobs():
        again = job.key in named and replaces(options, job.key)
        try:
            one = _with_rows(search, survey(search.engine, job, say, again=again, quick=quick))
        except CarryProblem as problem:
            if job.doubtful:
                then = mapped(given, options, "SOURCE", job.key)
                say(f"{problem}. {job.key} is in use all the same. If rows are missing: {then}")
                doubts = True
                continue
            say(str(problem))
            failed = True
            continue
        if job.doubtful and one.state == "different":
            shown = job.origins[0]
            doubts = True
            if one.target and GATE in one.target:
                say(
                    f"{job.key}: a carry service has copied {shown.shown} in part. Keep {shown.shown}. Next: deploy "
                    f"again. To copy without the service: {mapped(given, options, shown.shown, job.key)}"
                )
                continue
            say(
                f"{job.key} is in use and holds other data than {shown.shown} ({shown.evidence}). "
                f"If no row is missing, move {shown.shown} away. "
                f"If rows are missing: {mapped(given, options, shown.shown, job.key)}"
            )
            continue
        found.append(one)
    return found, failed, doubts


def _with_rows(search: MoveSearch, one: SurveyedJob) -> SurveyedJob:
    """The job with the rows that the servers on its volume count: a server may have rows only in memory."""
    from volfix.docker.rows import on_volume
    from volfix.docker.volume_contents import tables

    if one.state in ("missing", "carried") or not one.job.clients:
        return one
    counted = list(on_volume(search.engine, search.deployed, search.found, one.job.name))
    counts = tuple(f"{item.engine} {item.database}: {tables(item.tables)}" for item in counted if item.tables)
    is_in_use = any(item.tables for item in counted)
    return replace(one, counted=counts, state="different" if is_in_use else one.state)
