"""`volfix undo`: put back what the last --write changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click

from volfix.cli.outputs import tell
from volfix.cli.writing import check_can_write


@click.command("undo")
@click.argument("path", metavar="[PATH]", default=".", type=click.Path(exists=True, path_type=Path))
def command(path: Path) -> None:
    """Put back the files that the last --write changed, unless someone has changed them since."""
    from volfix.api import root_of
    from volfix.fixes.write.transaction import WriteProblem
    from volfix.fixes.write.undo import undo

    check_can_write()
    root = root_of(Path(os.path.abspath(path)))  # noqa: PTH100 - links stay
    try:
        restored = undo(root)
    except WriteProblem as problem:
        raise click.ClickException(str(problem)) from problem
    for file in restored:
        tell(f"put back {os.path.relpath(file)}")
    if not restored:
        tell(f"nothing to undo in {root}")
        return
    for line in _carried(root):
        tell(line)


def _carried(root: Path) -> Iterator[str]:
    """The warning that rows written after a carry are in the volumes only, with the commands that carry them back."""
    from volfix.cli.carry_record import back_command
    from volfix.fixes.write.carried import carried_in

    found = carried_in(root)
    if found:
        volumes = ", ".join(dict.fromkeys(item.volume for item in found))
        yield f"Do not deploy yet: {volumes} may hold newer rows than the places that are mounted again."
        yield "This copies them there, on the host that runs the containers:"
        yield from dict.fromkeys(f"  {back_command(item)}" for item in found)
