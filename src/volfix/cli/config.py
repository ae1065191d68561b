"""`volfix config`: which settings are in force, and where each comes from; and the options that choose them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from volfix.cli.groups import complete_codes
from volfix.cli.outputs import tell

if TYPE_CHECKING:
    from volfix.configuration.nearest import Configuration
    from volfix.configuration.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])
SEVERITIES = ("info", "warning", "error")


def codes_of(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Rule codes, or beginnings of codes, separated by commas; an unknown one is an error."""
    texts = (text.strip() for value in values for text in value.split(","))
    codes = tuple(code.upper() + at + place for code, at, place in (text.partition("@") for text in texts) if code)
    if codes:
        from volfix.rules.codes import nearest, unknown

        for code in codes:
            code, _, place = code.partition("@")
            if place and (param.name != "select" or ctx.command.name != "fix"):
                raise click.BadParameter("only --select of `volfix` takes CODE@FILE:LINE", param=param)
            if unknown(code, whole=bool(place)):
                raise click.BadParameter(f"there is no rule {code}: {nearest(code)}", param=param)
    return codes


def configured(ctx: click.Context, options: dict[str, Any]) -> Configuration:
    """The configuration that the options ask for. Keys that only a named file may set are put into `options`."""
    from volfix.configuration.nearest import given

    configuration = given(options["select"], options["ignore"], options["exclude"], options["min_severity"] or "")
    configuration.discovers = not options["no_config"]
    if options["config"] is not None:
        if options["no_config"]:
            raise click.UsageError("--config and --no-config exclude each other")
        configuration.file = named_file(options["config"])
        for key, value in configuration.file.options.items():
            _set(ctx, options, key, value)
    return configuration


def named_file(path: Path) -> Settings:
    """The settings of the file that `--config` names; raises click.BadParameter where it cannot be used."""
    from volfix.configuration.reading import settings_of
    from volfix.syntax import disk
    from volfix.syntax.source import FileProblem

    path = path.absolute()
    disk.begin(outside=True)
    disk.enclose(path)
    try:
        found = settings_of(path, named=True)
    except FileProblem as problem:
        raise click.BadParameter(str(problem), param_hint="--config") from problem
    if found is None:
        raise click.BadParameter(f"{path}: there is no table [tool.volfix]", param_hint="--config")
    return found


def named_text(path: Path) -> tuple[str, str]:
    """The name and the text of a configuration file for many repositories; raises click.BadParameter."""
    settings = named_file(path)
    if settings.options:
        names = ", ".join(f"--{key}" for key in settings.options)
        raise click.BadParameter(f"{path}: give {names} on the command line", param_hint="--config")
    return path.name, path.read_text(encoding="utf-8")


def _set(ctx: click.Context, options: dict[str, Any], key: str, value: Any) -> None:
    """The value of an option that the command line does not give, checked as click checks it there."""
    name = key.replace("-", "_")
    source = ctx.get_parameter_source(name)
    if source is not None and source.name == "DEFAULT":
        option = next(each for each in ctx.command.params if each.name == name)
        options[name] = option.type_cast_value(ctx, value) if not isinstance(value, bool) else value


def selection(command: Command) -> Command:
    """The options that choose rules and paths."""
    codes: dict[str, Any] = {"callback": codes_of, "shell_complete": complete_codes, "metavar": "CODES"}
    for option in (
        click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out paths that match."),
        click.option("--ignore", multiple=True, help="Leave out these rules.", **codes),
        click.option(
            "--select",
            multiple=True,
            help="Take only these rules (VF1: all VF1xx) or fixes (VF101@FILE:LINE).",
            **codes,
        ),
    ):
        command = option(command)
    return command


def configuration_options(command: Command) -> Command:
    """The options that say which configuration file counts."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    command = click.option("--no-config", is_flag=True, help="Read no configuration file.")(command)
    named = click.option("--config", type=file, metavar="FILE", help="Read only this configuration file.")
    return named(command)


@click.command("config", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("path", metavar="[PATH]", default=".", type=click.Path(exists=True, path_type=Path))
@configuration_options
@click.pass_context
def command(ctx: click.Context, path: Path, config: Path | None, no_config: bool) -> None:
    """Show the settings that are in force at PATH, and the file and line that each comes from.

    The nearest file counts, from PATH up to the repository's root: .volfix.toml, volfix.toml in a folder such as
    .github or .config, or [tool.volfix] in pyproject.toml. The output is TOML.
    """
    from volfix.api import root_of
    from volfix.syntax import disk
    from volfix.syntax.source import FileProblem

    options = {
        "select": (),
        "ignore": (),
        "exclude": (),
        "min_severity": None,
        "config": config,
        "no_config": no_config,
    }
    configuration = configured(ctx, options)
    directory = path.absolute() if path.is_dir() else path.absolute().parent
    root = root_of(directory)
    disk.begin(outside=True)
    disk.enclose(root)
    problems: list[FileProblem] = []
    configuration.begin(problems)
    settings = configuration.of(directory, root)
    for problem in problems:
        tell(str(problem), err=True)
    from volfix.syntax.visible import one_line

    click.echo("\n".join(map(one_line, _lines(settings))))
    ctx.exit(2 if problems else 0)


def _lines(settings: Settings) -> list[str]:
    from volfix.configuration.keys import KEYS

    file = "no configuration file" if settings.path is None else str(settings.path)
    lines = [f"# {file}", *([] if settings.path is None else [f"# its paths start from {settings.home}"]), ""]
    for key in (key for key, known in KEYS.items() if not known.named or key in settings.options):
        if key in ("engines", "applications"):
            kind = key.removesuffix("s")
            names = [entry.name for entry in settings.entries if entry.kind == kind]
            lines += [f"# {key}: {', '.join(names)}{_where(settings, key)}"] if names else []
        else:
            lines.append(f"{key} = {_toml(_value(settings, key))}{_where(settings, key)}")
    return lines


def _value(settings: Settings, key: str) -> Any:
    if key in settings.options:
        return settings.options[key]
    value = getattr(settings, key.replace("-", "_"))
    return value or (SEVERITIES[0] if key == "min-severity" else value)


def _where(settings: Settings, key: str) -> str:
    line = settings.lines.get(key)
    return "  # the default" if line is None or settings.path is None else f"  # {settings.path.name}:{line}"


def _toml(value: Any) -> str:
    """A value in one line of TOML: strings are written there as in JSON."""
    from volfix.report.encoding import dumps

    if isinstance(value, dict):
        return "{" + ", ".join(f"{dumps(key, None)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return dumps(value, None)
