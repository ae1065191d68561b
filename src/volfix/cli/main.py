"""The command line: `volfix`, which is `volfix fix`, and the other commands."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from volfix import __version__
from volfix.cli.outputs import WRITTEN, OutputLost, clean
from volfix.cli.signals import as_by_ctrl_c

COMMANDS = ("fix", "bulk", "carry", "rows", "explain", "config", "schema", "completion", "lsp", "undo")
EXTRAS = {"docker": "docker", "report": "jinja2", "cluster": "distributed", "lsp": "pygls"}
"""The extras of pyproject.toml, each with a module that it installs."""


class DefaultsToFix(click.Group):
    """The group of commands: `fix` runs where no command is named. A command's module is imported when it runs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*COMMANDS, "--help", "-h", "--version"):
            if args and not ctx.resilient_parsing:
                _check_word(args[0])
            args = ["fix", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def invoke(self, ctx: click.Context) -> Any:
        with OutputLost.raised():  # click ends the process silently where a pipe is closed
            return super().invoke(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"volfix.cli.{cmd_name}").command
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, then the options of `fix`, which people type most."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._summary(ctx, name)) for name in COMMANDS])
        fix = self.get_command(ctx, "fix")
        assert fix is not None
        fix.format_options(ctx, formatter)

    def _summary(self, ctx: click.Context, name: str) -> str:
        command = self.get_command(ctx, name)
        return " ".join(((command and command.help) or "").partition("\n\n")[0].split())


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Print the versions of volfix and Python, and which extras are installed."""
    del param
    if not value or ctx.resilient_parsing:
        return
    import platform
    from importlib.util import find_spec

    there = [name for name, module in EXTRAS.items() if find_spec(module) is not None]
    missing = [name for name in EXTRAS if name not in there]
    parser = "libyaml" if find_spec("_ruamel_yaml") is not None else "no libyaml"
    click.echo(f"volfix {__version__}")
    click.echo(f"{platform.python_implementation()} {platform.python_version()}, {parser}")
    click.echo(f"extras: {', '.join(there) or 'none'}" + (f"; not installed: {', '.join(missing)}" if missing else ""))
    ctx.exit()


def _check_word(word: str) -> None:
    """Refuse a word that is neither a path nor an option, and looks like a command."""
    if word.startswith("-") or os.sep in word or os.path.lexists(word):
        return
    from difflib import get_close_matches

    if near := get_close_matches(word, COMMANDS, 1):
        raise click.UsageError(f"there is no command {word} and no such path; did you mean `volfix {near[0]}`?")


@click.command(
    cls=DefaultsToFix,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    subcommand_metavar="[fix] [OPTIONS] [PATH]...",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the versions of volfix and Python, and the extras.",
)
def volfix() -> None:
    """Find every way in which the next Docker Compose deployment could lose a database, show the fix, write it.

    PATH is a directory, a repository or a Compose file; the current directory by default. Nothing is written without
    --write. Exit status: 0 nothing left to do, 1 findings remain, 2 something could not be read, proven or written.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process with its exit status, 130 where a person interrupts it."""
    try:
        with as_by_ctrl_c():  # also ends the programs that volfix started
            status = volfix.main(arguments, prog_name="volfix", standalone_mode=False)
    except click.ClickException as error:
        vars(error)["message"] = clean(error.message)  # which click declares final
        with contextlib.suppress(OSError):  # standard error is full or closed
            error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        sys.exit(130)
    except OutputLost as lost:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the interpreter flushes at its end, and nobody reads
        _say(str(lost))
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 - a person or a pipeline gets a line, whatever fails
        _say(_unforeseen(error))
        sys.exit(2)
    gc.freeze()  # else Python searches all objects of the run for garbage before it ends: a sixth of a long run
    sys.exit(status if isinstance(status, int) else 0)


def _unforeseen(error: Exception) -> str:
    """A line for an error that is about no file of a project: of the file system, or of volfix itself."""
    if not isinstance(error, OSError):
        from volfix.syntax.failures import unexpected

        return f"Error: {unexpected(error)}; {WRITTEN.get()}"
    from volfix.syntax.visible import one_line

    place = f"{one_line(os.fsdecode(error.filename))}: " if isinstance(error.filename, str | bytes) else ""
    return f"Error: {place}{error.strerror or type(error).__name__}: {WRITTEN.get()}"


def _say(line: str) -> None:
    """Print a line on standard error; nothing where standard error is full or closed."""
    with contextlib.suppress(OSError):
        click.echo(line, err=True)
