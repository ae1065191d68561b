"""`volfix lsp`: the language server, for an editor."""

from __future__ import annotations

import sys

import click


@click.command("lsp", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--stdio", is_flag=True, help="Use standard input and output (always on).")
def command(stdio: bool) -> None:
    """Answer an editor (Language Server Protocol): findings, fixes and evidence while a person types.

    Needs volfix[lsp]. It reads the repositories of the open documents, within the editor's workspace, and the text that
    is not saved yet. It writes nothing: the editor makes the edits of a fix.
    """
    del stdio  # editors pass it; it changes nothing
    try:
        from volfix.lsp.server import serve
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise click.ClickException("volfix lsp needs pygls: pip install 'volfix[lsp]'") from missing
    if sys.stdin.isatty():
        click.echo("An editor starts volfix lsp: name it in the editor's settings. Ctrl-C ends it.", err=True)
    serve()
