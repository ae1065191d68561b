"""What a command prints: lines without secrets, and the formats, files and colours of a run's results."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import click

LOST = (errno.EPIPE, errno.ENOSPC, errno.EIO)
WRITTEN: ContextVar[str] = ContextVar("WRITTEN", default="look at what the command did before you run it again")
"""What the command has written so far; the message says it if the output cannot be printed."""


class OutputLost(Exception):
    """Standard output cannot be written: its reader has ended, or its disk is full; the message is one line."""

    @classmethod
    @contextmanager
    def raised(cls) -> Iterator[None]:
        """Raise OutputLost for an error of the output: an OSError without a file name."""
        try:
            yield
        except OSError as error:
            if error.filename is not None or error.errno not in LOST:
                raise
            raise cls(f"the output is lost ({error.strerror}): {WRITTEN.get()}") from error


def tell(text: str, *, err: bool = False) -> None:
    """Print lines that contain foreign text: secrets as `***`, characters that a terminal obeys as escapes."""
    click.echo(clean(text), err=err)


def clean(text: str) -> str:
    """The lines as `tell` prints them."""
    from volfix.fixes.masking.messages import scrub
    from volfix.report.encoding import encodable
    from volfix.syntax.visible import one_line

    return encodable("\n".join(one_line(scrub(line)) for line in text.split("\n")), sys.stdout.encoding)


def outputs(options: dict[str, Any]) -> list[tuple[str, Path | None]]:
    """Each output format with its file, None for standard output; raises click.UsageError.

    The files are those of the last forms: with one file less than forms, the first form is printed.
    """
    forms, files = options["output_format"] or ("text",), options["output_file"]
    printed = len(forms) - len(files)
    if printed < 0 or printed > 1:
        counts = f"{len(forms)} of --output-format and {len(files)} of --output-file"
        raise click.UsageError(f"{counts}: each format but the first needs an --output-file")
    if len({path.absolute() for path in files}) < len(files):
        raise click.UsageError("two results cannot go to the same file")
    return list(zip(forms, (*[None] * printed, *files), strict=True))


def wants_color(options: dict[str, Any]) -> bool:
    """What --color says, else NO_COLOR, FORCE_COLOR, and whether standard output is a terminal."""
    if options["color"] != "auto":
        return bool(options["color"] == "always")
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
