"""`volfix undo`: put back what the last --write changed."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command("undo")
@click.argument("path", metavar="[PATH]", default=".", type=click.Path(exists=True, path_type=Path))
def command(path: Path) -> None:
    """Put back what the last --write changed, if the files still are as volfix left them."""
    from volfix.api import root_of
    from volfix.fixes.write.transaction import WriteProblem
    from volfix.fixes.write.undo import undo

    root = root_of(Path(os.path.abspath(path)))  # noqa: PTH100 - links stay
    try:
        restored = undo(root)
    except WriteProblem as problem:
        raise click.ClickException(str(problem)) from problem
    for file in restored:
        click.echo(f"put back {os.path.relpath(file)}")
    if not restored:
        click.echo(f"nothing to undo in {root}")
