"""Where a command that writes is refused: the write needs what Windows does not have."""

from __future__ import annotations

import click


def check_can_write() -> None:
    """Refuse the command where this system has not what a safe write is made of; raises click.ClickException."""
    from volfix.fixes.write.journal import CAN_WRITE, LACKING

    if not CAN_WRITE:
        raise click.ClickException(LACKING)
