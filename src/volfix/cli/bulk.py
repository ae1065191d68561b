"""`volfix bulk`: many repositories in one run, that can be interrupted and continued."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from volfix.cli.bulk_options import begun_with, check, default_state, task_of
from volfix.cli.config import codes_of, selection
from volfix.cli.groups import complete_codes
from volfix.cli.outputs import tell
from volfix.cli.writing import check_can_write

if TYPE_CHECKING:
    from volfix.bulk.records import Hazard
    from volfix.bulk.run import Workers
    from volfix.bulk.sources import Source
    from volfix.bulk.state import State
    from volfix.bulk.worker import Task
    from volfix.report.bulk_summary import RunRequest

BRANCH = "volfix/persistent-databases"
SCRATCH = "volfix-bulk-"


@click.command("bulk", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("arguments", metavar="SOURCE...", nargs=-1)
@click.option(
    "--write/--dry-run", default=False, help="Commit the fixes on a new branch, or only show them (the default)."
)
@click.option("--push", is_flag=True, help="Write, and push the branch to the remote that the clone comes from.")
@click.option(
    "--local-remote",
    type=click.Path(exists=True, file_okay=False),
    multiple=True,
    metavar="DIR",
    help="Also push to repositories at or below DIR, on this machine: a push runs their hooks.",
)
@click.option("--branch", default=BRANCH, show_default=True, metavar="NAME", help="The new branch.")
@click.option(
    "--message-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Template of the commit message: $findings, $moves, $repository, $branch, $head.",
)
@click.option(
    "--patches",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write each change as a patch to DIR.",
)
@click.option(
    "--report", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write HTML, JSON and CSV to DIR."
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What the run knows (for this directory, in ~/.local/state/volfix).",
)
@click.option("--resume", is_flag=True, help="Go on with the run that was interrupted.")
@click.option("--only-failed", is_flag=True, help="Take only the repositories that failed in the last run.")
@click.option(
    "--only",
    multiple=True,
    callback=codes_of,
    shell_complete=complete_codes,
    metavar="CODES",
    help="Take only repositories that had findings of these rules.",
)
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes (one for each CPU).")
@click.option(
    "--time-limit",
    type=click.FloatRange(1),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="For a repository.",
)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Clones of URLs (~/.cache/volfix/...).",
)
@click.option("--scheduler", metavar="ADDRESS", help="Work on the Dask cluster of this scheduler: tcp://host:8786.")
@click.option("--unsafe-fixes", is_flag=True, help="Also make the fixes that need your decision.")
@click.option(
    "--carry-service/--no-carry-service",
    default=True,
    help="Add the services that carry the data when a change is deployed (the default), or none.",
)
@click.option("--trusted", is_flag=True, help="Assume that Drone's `trusted` setting is on.")
@selection
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A configuration file for all of them; their own ones only ignore.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.pass_context
def command(ctx: click.Context, /, arguments: tuple[str, ...], **options: Any) -> None:
    """Look at many repositories; with --write commit the fixes on a new branch of each, with --push push it.

    SOURCE is a clone, a directory that holds clones, the URL of a repository, or a file (`-`: standard input) with one
    path or URL a line. Every commit is made beside the checkout: nothing but the new branch is ever changed, and no
    hook or filter is run. Standard output is a summary whose last lines, the failed repositories, are a source again.
    Exit status: 0 nothing left to do, 1 findings remain or repositories were skipped, 2 one failed.
    """
    check_can_write()
    check(arguments, options)
    options["named_state"] = options["state"] is not None
    options["state"] = options["state"] or default_state()
    signal.signal(signal.SIGTERM, _terminated)
    from volfix.bulk.state import State
    from volfix.bulk.state_file import StateProblem

    try:
        with State(options["state"]) as state:
            ctx.exit(_run(state, arguments, options))
    except StateProblem as problem:
        raise click.ClickException(str(problem)) from problem


def _terminated(*_: object) -> None:
    raise SystemExit(143)


def _run(state: State, arguments: tuple[str, ...], options: dict[str, Any]) -> int:
    from volfix.bulk.hazards import hazards
    from volfix.bulk.run import PatchProblem, run
    from volfix.cli.bulk_progress import Progress

    task = task_of(options)
    addresses = _begin(state, task, arguments, options)
    task = replace(task, date=int(os.environ.get("SOURCE_DATE_EPOCH") or state.started))
    progress = None if options["quiet"] else Progress(state.left)
    try:
        with _workers(state, options) as workers:
            run(state, task, workers, addresses=addresses, patches=options["patches"], progress=progress)
    except PatchProblem as problem:
        raise click.ClickException(f"{problem}; type the same with --resume to continue") from problem
    except KeyboardInterrupt:
        _say_how_to_continue(state, options)
        raise
    finally:
        if progress is not None:
            progress.end()
    shared = hazards(state)
    if options["report"] is not None:
        _report(options["report"], state, shared)
    if options.get("part") == 0:
        which = "failed" if options["only_failed"] else f"had findings of {', '.join(options['only'])}"
        tell(f"# nothing {which}: nothing to do")
    else:
        _print(state, shared, options)
    return _status(state)


def _report(directory: Path, state: State, shared: Sequence[Hazard]) -> None:
    try:
        from volfix.cli.bulk_carried import CarriedVolumes
        from volfix.report.estate import write_report

        write_report(directory, state.records(), shared, CarriedVolumes())
    except ImportError as missing:
        raise click.ClickException(
            f"--report needs the extra `report`: pip install 'volfix[report]' ({missing})"
        ) from None
    except OSError as error:
        raise click.FileError(str(directory), error.strerror or str(error)) from error


def _begin(state: State, task: Task, arguments: tuple[str, ...], options: dict[str, Any]) -> dict[str, str]:
    """Say in the state what is to be done; returns the URLs whose credentials the arguments have."""
    from volfix.bulk.run import choices, fingerprint
    from volfix.bulk.sources import SourceProblem

    wanted = fingerprint(task)
    is_partial = options["resume"] or options["only_failed"] or options["only"]
    addresses: dict[str, str] = {}
    given = _sources(arguments, addresses, urls_only=options["scheduler"] is not None)
    try:
        if state.options is None or not is_partial:
            if not arguments:
                raise click.UsageError(f"{state.path} has no earlier run: name the repositories")
            state.begin(given, wanted, choices(task))
            return addresses
        for _ in given:  # the state keeps no credentials: the arguments give them again
            pass
    except SourceProblem as problem:
        raise click.UsageError(str(problem)) from problem
    if not options["resume"]:
        options["part"] = state.begin_part(wanted, choices(task), failed=options["only_failed"], codes=options["only"])
    elif state.options != wanted:
        before = begun_with(state.choices, choices(task))
        raise click.UsageError(f"the run was begun {before}: give the same options, or begin anew without --resume")
    return addresses


def _sources(arguments: tuple[str, ...], addresses: dict[str, str], *, urls_only: bool) -> Iterator[Source]:
    """The repositories that the arguments name; URLs with credentials are added to `addresses`."""
    from volfix.bulk.sources import SourceProblem, sources

    for source in sources(arguments, sys.stdin.buffer):
        if source.address is None and urls_only:
            raise SourceProblem(f"{source.text} is a path of this machine: a cluster takes URLs")
        if source.address is not None and source.address != source.place:
            addresses[source.place] = source.address
        yield source


@contextmanager
def _workers(state: State, options: dict[str, Any]) -> Iterator[Workers]:
    """Where the work is done; at the end, or when it is interrupted, nothing of it is left."""
    if options["scheduler"]:
        from volfix.bulk.cluster import Cluster, ClusterProblem

        try:
            cluster = Cluster(options["scheduler"])
        except ClusterProblem as problem:
            raise click.ClickException(str(problem)) from problem
        with _closing(cluster):
            yield cluster
        return
    from volfix.bulk.pool import LocalPool
    from volfix.project.workers import processors

    scratch = Path(tempfile.mkdtemp(prefix=SCRATCH))
    before = state.take_scratch(str(scratch))
    if before is not None and Path(before).name.startswith(SCRATCH):  # of a run that was killed
        shutil.rmtree(before, ignore_errors=True)
    try:
        pool = LocalPool(options["jobs"] or processors(), scratch)
        with _closing(pool):
            yield pool
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        state.drop_scratch()


@contextmanager
def _closing(workers: Any) -> Iterator[None]:
    try:
        yield
    except BaseException:
        workers.stop()
        raise
    workers.close()


def _say_how_to_continue(state: State, options: dict[str, Any]) -> None:
    from volfix.syntax.pasted import word

    where = f" --state {word(str(options['state']))}" if options["named_state"] else ""
    tell(f"{state.left()} repositories are left; the same command with --resume{where} continues", err=True)


def _print(state: State, shared: Sequence[Hazard], options: dict[str, Any]) -> None:
    from volfix.report.bulk_summary import render
    from volfix.report.encoding import encodable

    text = render(state, shared, _request(options))
    click.echo(
        encodable(text, sys.stdout.encoding), color=True
    )  # click would change names that the next run takes as sources


def _request(options: dict[str, Any]) -> RunRequest:
    from volfix.report.bulk_summary import RunRequest

    report = options["report"]
    return RunRequest(
        wrote=options["write"],
        looked_again=options.get("part"),
        report=None if report is None else report / "estate.html",
        on_terminal=sys.stdout.isatty(),
    )


def _status(state: State) -> int:
    from volfix.bulk.records import Status

    counts = state.counts()
    if counts.get(Status.FAILED) or state.with_problems():
        return 2
    return int(bool(counts.get(Status.SKIPPED)) or any(left for *_, left in state.causes()))
