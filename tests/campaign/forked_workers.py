"""Workers of bulk that are copies of this process: one that starts anew imports volfix, most of what a short run takes.

What a new process adds, that tasks are pickled and that the start counts for nothing, has its tests in tests/bulk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from volfix.project.workers import Worker


@contextmanager
def forked_workers() -> Iterator[None]:
    """Have the workers of a local pool forked until the end."""
    with mock.patch("volfix.bulk.pool.Worker", _forked):
        yield


def _forked(work: Callable[[Any], Any], _method: str) -> Worker:
    return Worker(work, "fork")
