"""Stopping the services that write, before their data is copied."""

from __future__ import annotations

import time

from volfix.docker.containers import Container
from volfix.docker.engine import Engine
from volfix.docker.jobs import CarryProblem, Job, Say

PATIENCE = 60
"""Seconds in which an engine has to write what it has in memory to its files, and to end."""
MOMENT = 0.2
"""Seconds between two looks at whether it did."""


def stop(engine: Engine, job: Job, container: Container, say: Say) -> None:
    """Stop a container, for good. One whose engine may have rows in memory only is never killed.

    Raises CarryProblem where such a one runs on: Redis does so when it cannot save.
    """
    say(f"stopping {container.name}")
    if container.service in job.in_memory and container.state != "restarting":
        engine.ask_to_stop(container.id)
        end = time.monotonic() + PATIENCE
        while engine.is_running(container.id):
            if time.monotonic() > end:
                raise CarryProblem(
                    f"{job.key}: {container.name} was asked to stop and runs on after {PATIENCE} seconds. It is not "
                    "killed, because rows that are only in its memory would be gone. Its log (docker logs "
                    f"{container.name}) says why; stop it so that it saves, and run this again"
                )
            time.sleep(MOMENT)
    engine.stop(container.id)
