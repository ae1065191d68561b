"""`--baseline`: the findings that are known, read from a file or written to it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from volfix.fixes.baseline import Baseline
    from volfix.rules.findings import Finding


def read_baseline(options: dict[str, Any]) -> Baseline | None:
    """The baseline that `--baseline` names, None without it; raises click.UsageError, also for a missing file."""
    path: Path | None = options["baseline"]
    if options["write_baseline"]:
        if path is None or options["write"]:
            raise click.UsageError("--write-baseline needs --baseline FILE, and cannot be used with --write")
        return None
    if path is None:
        return None
    from volfix.fixes.baseline import Baseline, BaselineProblem

    try:
        return Baseline.read(path.absolute(), path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise click.UsageError(f"{path} does not exist: the same command with --write-baseline makes it") from error
    except (OSError, UnicodeDecodeError, BaselineProblem) as error:
        raise click.UsageError(str(error)) from error


def write_baseline(path: Path, findings: Iterable[Finding]) -> str:
    """Write the findings to the file, and return a line that says so; raises click.FileError."""
    from volfix.fixes.baseline import Baseline
    from volfix.syntax.pasted import word

    baseline = Baseline.of(path.absolute(), findings)
    try:
        path.write_text(baseline.text, encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise click.FileError(str(path), error.strerror or str(error)) from error
    number = baseline.findings.total()
    told = f"{number} finding{'' if number == 1 else 's'}"
    return f"{path}: {told}; from now on --baseline {word(str(path))} reports what is new"
