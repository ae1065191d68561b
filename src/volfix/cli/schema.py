"""`volfix schema`: the JSON schemas of what volfix prints and of its configuration."""

from __future__ import annotations

import json
from pathlib import Path

import click

OUTPUT = Path(__file__).parents[1] / "report" / "schemas" / "output.json"


@click.command("schema", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("which", metavar="[output|config]", default="output", type=click.Choice(("output", "config")))
def command(which: str) -> None:
    """Print the JSON schema of --output-format json (`output`, the default), or of the configuration file (`config`).

    A directory that is called schema is ./schema: `volfix ./schema`.
    """
    if which == "output":
        click.echo(OUTPUT.read_text(encoding="utf-8"), nl=False)
        return
    from volfix.configuration.schema import schema

    click.echo(json.dumps(schema(), indent=2))
