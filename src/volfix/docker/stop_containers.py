"""Stops the services that write before their data is copied, and the containers that a new project name replaces."""

from __future__ import annotations

import time
from collections.abc import Container as Collection
from collections.abc import Iterable, Iterator

from volfix.docker.carry_jobs import CarryProblem, Say
from volfix.docker.containers import Container
from volfix.docker.engine import Engine

PATIENCE = 60
"""Seconds that an engine has to write its memory to its files, and to end."""
MOMENT = 0.2
"""Seconds between two looks at whether it did."""
ASIDE = "-before-carry-"
"""Stands in the name of each volume and container that carry puts aside, before the time."""


def stop(engine: Engine, container: Container, in_memory: Collection[str | None], say: Say) -> None:
    """Stop a container; it stays stopped. A container whose engine may have rows only in memory is never killed.

    `in_memory` are the services of these engines. Raises CarryProblem if one of them runs on: Redis does when it cannot
    save.
    """
    say(f"stopping {container.name}")
    if container.service in in_memory and container.state != "restarting":
        engine.ask_to_stop(container.id)
        end = time.monotonic() + PATIENCE
        while engine.is_running(container.id):
            if time.monotonic() > end:
                raise CarryProblem(
                    f"{container.name} was asked to stop and runs on after {PATIENCE} seconds. It is not killed, "
                    "because rows that are only in its memory would be gone. Its log (docker logs "
                    f"{container.name}) says why; stop it so that it saves, and run this again"
                )
            time.sleep(MOMENT)
    engine.stop(container.id)


def retire(
    engine: Engine, containers: Iterable[Container], in_memory: Collection[str | None], say: Say
) -> Iterator[tuple[str, str]]:
    """Stop the containers of a former project name and rename them, so that they occupy no port and no name.

    No container is removed: the data in its own layer stays. Yields each old name with the new name.
    """
    for container in containers:
        if container.is_running:
            stop(engine, container, in_memory, say)
        if ASIDE not in container.name:
            name = f"{container.name}{ASIDE}{stamp()}"
            engine.rename(container.id, name)
            yield container.name, name


def stamp() -> str:
    """The time in UTC, for the end of a name of a volume or container that carry puts aside."""
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime())
