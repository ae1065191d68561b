"""What ends a command that has stopped or paused containers: every signal as Ctrl-C, and none while it cleans up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

CLOSED = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()
"""The signal of a terminal that is closed: Windows has none."""
ENDING = (signal.SIGINT, signal.SIGTERM, *CLOSED)


@contextmanager
def as_by_ctrl_c() -> Iterator[None]:
    """Who ends the command by SIGTERM or SIGHUP finds the services as after Ctrl-C, which is KeyboardInterrupt."""
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
    """Signals are ignored until the end of `as_by_ctrl_c`: the services are about to be started again."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
