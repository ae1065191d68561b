"""`volfix fix`, which is `volfix`: show what the next deployment could lose, and with --write change it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from volfix.cli.baseline import read_baseline, write_baseline
from volfix.cli.config import SEVERITIES, configuration_options, configured, selection
from volfix.cli.groups import Fix, complete_first_word
from volfix.cli.outputs import WRITTEN, outputs, tell, wants_color
from volfix.cli.writing import check_can_write

if TYPE_CHECKING:
    import volfix
    from volfix.fixes.results import RunResult
    from volfix.report.view import View

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "rdjson")
SLOW_PARSER = "YAML is read by the parser in Python, four times slower: `pip install ruamel.yaml.clib` adds libyaml"


@click.command("fix", cls=Fix, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument(
    "paths",
    metavar="[PATH]...",
    nargs=-1,
    type=click.Path(exists=True, path_type=Path),
    shell_complete=complete_first_word,
)
@click.option("--write/--dry-run", default=False, help="Write the fixes, or only show them (the default).")
@click.option("-i", "--interactive", is_flag=True, help="Ask about each fix.")
@click.option("--unsafe-fixes", is_flag=True, help="Also make the fixes that need your decision.")
@click.option(
    "--carry-service", is_flag=True, help="Also add the services that carry the data when the change is deployed."
)
@click.option("--trusted", is_flag=True, help="Assume that Drone's `trusted` setting is on.")
@click.option(
    "--no-outside", is_flag=True, help="Read no file outside of the repository, also if a Compose file names one."
)
@selection
@configuration_options
@click.option("--min-severity", type=click.Choice(SEVERITIES), help="Leave out findings that are less severe.")
@click.option("--no-ignores", is_flag=True, help="Also show the findings that comments ignore. They are never fixed.")
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Leave out the findings in FILE, and name those in it that are gone.",
)
@click.option("--write-baseline", is_flag=True, help="Write today's findings to the file of --baseline.")
@click.option(
    "--output-format",
    type=click.Choice(FORMATS),
    multiple=True,
    metavar="FORMAT",
    help=f"Form of the result: {', '.join(FORMATS)}. Several times: with an --output-file for each but the first.",
)
@click.option(
    "--output-file",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    metavar="F",
    help="Write the result to F.",
)
@click.option("--diff-context", type=click.IntRange(0), default=3, metavar="N", help="Lines around a change (3).")
@click.option("--diff", is_flag=True, help="Also print the whole change as a unified diff.")
@click.option("--changes", is_flag=True, help="Also print what Compose will see, before and after.")
@click.option("--statistics", is_flag=True, help="Print only how many findings each rule has.")
@click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto", help="Colours (auto).")
@click.option(
    "--verify-with-compose", is_flag=True, help="Also ask `docker compose` whether it takes every changed file."
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Work with N processes (one; for more than 48 stacks, one for each CPU).",
)
@click.option("--show-secrets", is_flag=True, help="Do not mask values in the output.")
@click.option("--allow-dirty", is_flag=True, help="Write even to files with uncommitted changes.")
@click.option(
    "--exit-zero", is_flag=True, help="Exit with 0 although findings remain, as tools for many repositories want."
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="warning",
    help="Exit with 1 only for findings of at least this severity (warning).",
)
@click.option(
    "-q", "--quiet", is_flag=True, help="Print a line for each finding, the data that is not carried, and errors."
)
@click.option("-v", "--verbose", is_flag=True, help="Also print notes, all evidence and every line of a fix.")
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[Path, ...], **options: Any) -> None:
    """Show what the next deployment could lose, with the fixes as a diff; --write makes them."""

    import volfix
    from volfix.cli.single_fixes import planned, split

    if options["write"]:
        check_can_write()
    options["paths"] = paths
    options["select"], options["places"] = split(options["select"])
    WRITTEN.set("no file is written")
    configuration = configured(ctx, options)
    baseline = read_baseline(options)
    results = outputs(options)
    options["output_format"], options["output_file"] = results[0]
    if options["write"]:
        _recover(paths or (Path(),))
    color = wants_color(options)
    make = partial(
        volfix.plan,
        list(paths) or ["."],
        unsafe_fixes=options["unsafe_fixes"],
        configuration=configuration,
        baseline=baseline,
        trusted=options["trusted"],
        carry_service=options["carry_service"],
        outside=not options["no_outside"],
        jobs=options["jobs"],
        ignores=not options["no_ignores"],
        progress=None if options["quiet"] else _progress(),
    )
    plan = planned(make, options, partial(_view, options, color=color))
    if options["verbose"]:
        _say_slow_parser()
    if options["write_baseline"]:
        _print_problems(plan.result, options)
        tell(write_baseline(options["baseline"], plan.findings))
        ctx.exit(2 if plan.result.errors else 0)
    if options["verify_with_compose"]:
        _verify(plan)
    if options["write"]:
        _show_diff(plan.result, options, color=color)
        WRITTEN.set("files may be written; `volfix undo` puts back what they were")
    result = plan.write(allow_dirty=options["allow_dirty"]) if options["write"] else plan.result
    if options["write"]:
        undone = "; `volfix undo` puts back what they were" if result.written else ""
        WRITTEN.set(f"files written: {len(result.written)}{undone}")
    _print_problems(result, options)
    for form, file in results:
        _print(result, {**options, "output_format": form, "output_file": file}, color=color)
    status = result.status_for(options["fail_on"])
    ctx.exit(0 if options["exit_zero"] and status == 1 else status)


def _say_slow_parser() -> None:
    from importlib.util import find_spec

    if find_spec("_ruamel_yaml") is None:
        click.echo(SLOW_PARSER, err=True)


def _recover(paths: Iterable[Path]) -> None:
    """A write that was interrupted is settled before its files are read."""
    from volfix.api import recover
    from volfix.fixes.write.transaction import WriteProblem

    try:
        for line in recover(paths):
            tell(line, err=True)
    except WriteProblem as problem:
        raise click.ClickException(str(problem)) from problem


def _verify(plan: volfix.Plan) -> None:
    from volfix.fixes.compose_check import ComposeMissing

    try:
        for line in plan.verify_with_compose():
            tell(line, err=True)
    except ComposeMissing as missing:
        raise click.UsageError(str(missing)) from missing


def _print_problems(result: RunResult, options: dict[str, Any]) -> None:
    if result.errors or result.notes:
        from volfix.report.text import problem_lines

        for line in problem_lines(result, notes=not options["quiet"], show_secrets=options["show_secrets"]):
            click.echo(line, err=True)


def _print(result: RunResult, options: dict[str, Any], *, color: bool) -> None:
    from volfix.report.encoding import encodable

    text = _rendered(result, options, color=color)
    if options["output_file"] is None:
        text = encodable(text, sys.stdout.encoding)
        click.echo(text, nl=bool(text) and not text.endswith("\n"), color=color)
        return
    try:
        options["output_file"].write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(options["output_file"]), error.strerror or str(error)) from error


def _rendered(result: RunResult, options: dict[str, Any], *, color: bool) -> str:
    from volfix.report.summary import is_silent, nothing_to_do

    form = options["output_format"]
    if form == "text" and is_silent(result):
        return "" if options["quiet"] else nothing_to_do(result)
    if form == "text":
        from volfix.report import text

        return text.render(
            result,
            _view(options, color=color and options["output_file"] is None),
            wrote=options["write"],
            command=_typed(options),
            decide=_typed({**options, "unsafe_fixes": True, "places": frozenset()}),
            quiet=options["quiet"],
            diffs=options["diff"] and not options["write"],
            changes=options["changes"],
            statistics=options["statistics"],
        )
    import importlib

    module = importlib.import_module("volfix.report." + {"json": "json_report"}.get(form, form))
    rendered: str = module.render(result, context=options["diff_context"], show_secrets=options["show_secrets"])
    return rendered


def _view(options: dict[str, Any], *, color: bool) -> View:
    """How the text is shown: as wide as the terminal, or as COLUMNS says; in a pipe no line is wrapped."""
    import shutil

    from volfix.report.view import View

    is_terminal = options["output_file"] is None and sys.stdout.isatty()
    return View(
        Path.cwd(),
        color=color,
        width=shutil.get_terminal_size().columns if is_terminal or os.environ.get("COLUMNS") else None,
        verbose=options["verbose"],
        context=options["diff_context"],
        show_secrets=options["show_secrets"],
        unsafe=options["unsafe_fixes"],
    )


def _show_diff(result: RunResult, options: dict[str, Any], *, color: bool) -> None:
    """The whole change, before it is written; on standard error where a machine reads the result."""
    if not any(project.changes for project in result.projects):
        return
    from volfix.report.encoding import encodable
    from volfix.report.text import diff_text

    is_beside = options["output_format"] == "text" and options["output_file"] is None
    stream = sys.stdout if is_beside else sys.stderr
    text = diff_text(result, _view(options, color=color and is_beside))
    click.echo(encodable(text, stream.encoding), file=stream, color=color)


def _typed(options: dict[str, Any]) -> str:
    """What the person typed, for the command to type next."""
    from volfix.syntax.pasted import pasted

    names = ("unsafe_fixes", "carry_service", "trusted", "no_outside", "no_config")
    flags = [name for name in names if options[name]]
    words = ["volfix", *("--" + name.replace("_", "-") for name in flags)]
    words += [f"--select={place}" for place in sorted(map(str, options["places"]))]
    for name in ("select", "ignore", "exclude"):
        words += [f"--{name}={value}" for value in options[name]]
    for name in ("min_severity", "baseline", "config"):
        words += [f"--{name.replace('_', '-')}={options[name]}"] if options[name] else []
    return pasted([*words, *options["paths"]])


def _progress() -> Callable[[int, int], None] | None:
    """Stacks done on standard error, for a person who waits; silent where nobody looks or all is done in a second."""
    if not sys.stderr.isatty():
        return None
    started = shown = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - started > 1 and (now - shown > 0.2 or done == total):
            shown = now
            click.echo(f"\r{done} of {total} checked" + ("\r\x1b[K" if done == total else ""), nl=False, err=True)

    return show
