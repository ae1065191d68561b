"""Refuses commands that write where a safe write is not possible, as on Windows."""

from __future__ import annotations

import click


def check_can_write() -> None:
    """Refuse the command where this system lacks directory descriptors; raises click.ClickException."""
    from volfix.fixes.write.journal import CAN_WRITE, LACKING

    if not CAN_WRITE:
        raise click.ClickException(LACKING)
