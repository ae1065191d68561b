"""`volfix explain --markdown`: pages on the rules, the command line and the configuration."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import click


def write(directory: Path) -> int:
    """Write every page below the directory, and return the number of pages; raises click.FileError."""
    number = 0
    for name, text in _pages():
        path = directory / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.FileError(str(path), error.strerror or str(error)) from error
        number += 1
    return number


def _pages() -> Iterator[tuple[str, str]]:
    from volfix import __version__
    from volfix.configuration.schema import schema
    from volfix.report.markdown import configuration_page, index_page, rule_page
    from volfix.rules.registry import REGISTRY

    rules = [rule for _, rule in sorted(REGISTRY.items())]
    yield "index.md", index_page(rules, __version__)
    yield "command-line.md", _command_line()
    yield "configuration.md", configuration_page(schema())
    for rule in rules:
        yield f"rules/{rule.code}.md", rule_page(rule)


def _command_line() -> str:
    """The help of every command, as the terminal shows it."""
    from volfix.cli.main import COMMANDS, volfix

    parts = ["# The command line", "[All rules](index.md)", _help(volfix, "volfix")]
    for name in COMMANDS:
        command: click.Command = importlib.import_module(f"volfix.cli.{name}").command
        parts += [f"## volfix {name}", _help(command, f"volfix {name}")]
    return "\n\n".join(parts) + "\n"


def _help(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=name, terminal_width=100, max_content_width=100)
    return f"```text\n{command.get_help(context)}\n```"
