"""volfix's command line, called in this process: its status, and what it prints."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from volfix.cli.main import main
from volfix.syntax import disk


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its status, None where it was killed; 70 where it raised what nobody caught."""

    status: int | None
    output: str
    errors: str

    @property
    def has_failed(self) -> bool:
        """Whether it met an error that nobody expected, and either told it in a line or did not catch it."""
        return "Traceback" in self.errors or "please report it" in self.output + self.errors


def status_of(*words: str) -> int:
    """Run a command line with this process's output, and return its status."""
    disk.begin(outside=True)
    try:
        main(words)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
    return 0


def ended(*words: str) -> Ended:
    """Run a command line, and return how it ended."""
    with io.TextIOWrapper(io.BytesIO(), "utf-8") as output, io.TextIOWrapper(io.BytesIO(), "utf-8") as errors:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            try:
                status = status_of(*words)
            except Exception:  # noqa: BLE001 - what nobody caught is what is looked for
                errors.write(raised())
                status = 70
        return Ended(status, _written(output), _written(errors))


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


def raised() -> str:
    """The exception that is handled, with the places in volfix that it went through."""
    kind, error, trace = sys.exc_info()
    frames = [frame for frame in traceback.extract_tb(trace) if "volfix" in Path(frame.filename).parts]
    places = ", ".join(f"{os.path.basename(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames[-4:])  # noqa: PTH119
    return f"Traceback: {kind.__name__ if kind else ''}: {error} ({places})"
