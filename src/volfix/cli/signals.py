"""Signals for a command that has stopped containers: each acts as Ctrl-C, and none while services are started again."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

CLOSED = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()
"""The signal of a closed terminal; Windows does not have it."""
ENDING = (signal.SIGINT, signal.SIGTERM, *CLOSED)


@contextmanager
def as_by_ctrl_c() -> Iterator[None]:
    """SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does: the command starts the services again."""
    before = {number: signal.getsignal(number) for number in ENDING}
    try:
        for number in (signal.SIGTERM, *CLOSED):
            signal.signal(number, signal.default_int_handler)
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


def finish_undisturbed() -> None:
    """Ignore signals until the end of `as_by_ctrl_c`, while the services are started again."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
