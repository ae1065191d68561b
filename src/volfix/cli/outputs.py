"""Which results a run gives, and where each goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def outputs(options: dict[str, Any]) -> list[tuple[str, Path | None]]:
    """Each form of the result with its file, None for standard output; raises click.UsageError.

    The files are those of the last forms: with one file less than forms, the first form is printed.
    """
    forms, files = options["output_format"] or ("text",), options["output_file"]
    printed = len(forms) - len(files)
    if printed < 0 or printed > 1:
        counts = f"{len(forms)} of --output-format and {len(files)} of --output-file"
        raise click.UsageError(f"{counts}: each form needs a file, but for the first, which may be printed")
    if len({path.absolute() for path in files}) < len(files):
        raise click.UsageError("two results cannot go to one file")
    return list(zip(forms, (*[None] * printed, *files), strict=True))
