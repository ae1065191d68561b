"""`volfix rows`: count the rows of the project's databases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from volfix.cli.outputs import tell
from volfix.cli.rows_shown import ALL_THERE, not_counted, table_of
from volfix.cli.signals import as_by_ctrl_c
from volfix.syntax.failures import failure

if TYPE_CHECKING:
    from volfix.docker.row_counts import Counted, Loss


@click.command("rows", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("path", metavar="[PATH]", default=".", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--save", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Also save the counts to FILE."
)
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Report each table that has fewer rows than in FILE.",
)
@click.option(
    "--output-format", type=click.Choice(("text", "json")), default="text", show_default=True, help="Output format."
)
@click.option(
    "-p", "--project-name", envvar="COMPOSE_PROJECT_NAME", metavar="NAME", help="The project's name on this host."
)
@click.pass_context
def command(ctx: click.Context, /, path: Path, **options: Any) -> None:
    """Count the rows of each table in the project's running containers: before a deployment, and after it.

    Exit status: 0 counted, and nothing is missing that --against has; 1 something is missing; 2 not counted.
    """
    from volfix.docker.carry_jobs import CarryProblem
    from volfix.docker.deployed import deployed_at
    from volfix.docker.engine import Engine
    from volfix.docker.engine_problems import EngineProblem
    from volfix.docker.row_counts import losses, read, text_of
    from volfix.docker.rows import count, not_running

    if options["save"] and not options["save"].absolute().parent.is_dir():
        raise click.BadParameter(f"{options['save']}: there is no directory {options['save'].parent}")
    try:
        before = read(options["against"].read_text(encoding="utf-8")) if options["against"] else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.BadParameter(f"{options['against']}: not rows that volfix saved: {error}") from error
    try:
        deployed = deployed_at(Path(os.path.abspath(path)), options["project_name"])  # noqa: PTH100 - links stay
        engine = Engine.connect()
        with as_by_ctrl_c():
            found = count(engine, deployed, before or ())
        unknown = any(one.problem for one in found) or not found
        idle = not_running(engine, deployed) if unknown else None
    except Exception as error:  # noqa: BLE001 - said in a line
        known = isinstance(error, (CarryProblem, EngineProblem))
        tell(f"volfix: {error if known else failure(path, error, 'not counted')}", err=True)
        ctx.exit(2)
    lost = losses(before, found) if before is not None else []
    if options["output_format"] == "json":
        click.echo(text_of(deployed.project.name, found, lost), nl=False)
    else:
        _print(found, lost, before is not None)
    if not any(one.tables for one in found) and (unknown or idle):
        why = idle or ("see above" if found else "no database is known in this project")
        tell(f"volfix: nothing could be counted: {why}", err=True)
    if options["save"]:
        try:
            options["save"].write_text(text_of(deployed.project.name, found, ()), encoding="utf-8")
        except OSError as error:
            tell(f"volfix: {options['save']}: not written: {error.strerror or error}", err=True)
            unknown = True
    ctx.exit(1 if lost else 2 if unknown else 0)


def _print(found: list[Counted], lost: list[Loss], compared: bool) -> None:
    rows = [(one, table, f"{number}") for one in found for table, number in one.tables.items()]
    for line in table_of(("rows",), [(one, table, (number,)) for one, table, number in rows]):
        tell(line)
    for one in found:
        if one.problem:
            tell(f"volfix: {not_counted(one)}", err=True)
        elif not one.tables:
            tell(f"{one.service}, {one.engine} {one.database}: no tables")
    for loss in lost:
        tell(f"missing: {loss}")
    if compared and not lost and not any(one.problem for one in found):
        tell(ALL_THERE)
    elif compared and not lost and any(one.tables for one in found):
        tell("no row is missing in what was counted, but not everything was counted")
