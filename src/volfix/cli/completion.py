"""`volfix completion`: the script with which a shell completes commands, options, codes and paths."""

from __future__ import annotations

import click


@click.command("completion", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("shell", metavar="[bash|zsh|fish]", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print the completion for a shell: type `eval "$(volfix completion bash)"`, or put that into its start file.

    For fish: `volfix completion fish | source`.
    """
    from click.shell_completion import get_completion_class

    from volfix.cli.main import volfix

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(volfix, {}, "volfix", "_VOLFIX_COMPLETE").source()
    # In fish click cuts at every comma, also in a list of codes.
    click.echo(script.replace('string split "," $completion', 'string split --max 1 "," $completion'))
