"""The progress of a run over many repositories, on standard error: done, rate, and time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click

ON_TERMINAL, IN_LOG = 0.2, 30.0
"""Seconds between two lines."""


class Progress:
    """Called after each repository; `left` returns how many repositories are left."""

    def __init__(self, left: Callable[[], int]) -> None:
        self._left, self._total = left, left()
        self._started = self._shown = time.monotonic()
        self._terminal = sys.stderr.isatty()

    def __call__(self) -> None:
        now = time.monotonic()
        if now - self._shown < (ON_TERMINAL if self._terminal else IN_LOG):
            return
        self._shown = now
        line = progress_line(self._total, self._left(), now - self._started)
        click.echo(f"\r\x1b[K{line}" if self._terminal else line, nl=not self._terminal, err=True)

    def end(self) -> None:
        """Clear the line of the terminal."""
        if self._terminal:
            click.echo("\r\x1b[K", nl=False, err=True)


def progress_line(total: int, left: int, seconds: float) -> str:
    """A line with the repositories done of `total`, the rate per second, and the time that the rest needs."""
    done = total - left
    rate = done / seconds if seconds else 0.0
    if not rate:
        return f"{done} of {total} repositories"
    return f"{done} of {total} repositories, {rate:.1f}/s, {duration(left / rate)} left"


def duration(seconds: float) -> str:
    """`45 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
