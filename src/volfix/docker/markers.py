"""The marker of a carry that is at work, or was killed: where it is found, what its volume holds may be half.

It is an empty volume, which `docker container prune` leaves, and a container, which `docker volume prune` leaves. Its
name is taken once, so that two runs do not fill one volume.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable

from volfix.docker.carriers import CARRIER
from volfix.docker.containers import Container
from volfix.docker.engine import Engine, EngineProblem
from volfix.docker.jobs import CarryProblem

OWNER = "dev.volfix.process"
"""Label of a marker: the host and the process that made it."""


def is_marked(engine: Engine, volume: str) -> bool:
    """Whether a run that filled the volume has not come to its end."""
    name = _name(volume)
    return engine.volume(name) is not None or any(item.name == name for item in engine.containers())


def used_since(engine: Engine, volume: str, users: Iterable[Container]) -> bool:
    """Whether one of these containers may have written to a marked volume since it was marked."""
    marker = next((item for item in engine.containers() if item.name == _name(volume)), None)
    since = engine.made_and_started(marker.id)[0] if marker else ""
    return any(item.is_running or engine.made_and_started(item.id)[1] >= since for item in users)


def mark(engine: Engine, volume: str, image: str) -> str:
    """Mark the volume, or raise EngineProblem and leave no mark.

    Returns the id of the marker's container, which is made of the image and never started: its name is the lock.
    """
    labels = {CARRIER: volume, OWNER: f"{socket.gethostname()}:{os.getpid()}"}
    marker = engine.create_carrier(image, [], labels, _name(volume))
    try:
        engine.create_volume(_name(volume), {CARRIER: volume})
    except EngineProblem:
        engine.remove_container(marker, anonymous_volumes=True)
        raise
    return marker


def unmark(engine: Engine, volume: str, marker: str) -> None:
    """Remove the marker, the container last: until it is gone, the volume is marked. Who pruned half of it may."""
    if engine.volume(_name(volume)) is not None:
        engine.remove_volume(_name(volume))
    engine.remove_container(marker, anonymous_volumes=True)


def sweep(engine: Engine, volume: str) -> None:
    """Remove the containers that a killed run left. Raises CarryProblem where it is still running on this machine."""
    for container in engine.containers():
        if container.labels.get(CARRIER) != volume:
            continue
        host, _, process = container.labels.get(OWNER, ":").rpartition(":")
        is_here = host == socket.gethostname() and process.isdigit() and int(process) != os.getpid()
        if is_here and _is_alive(int(process)):
            raise CarryProblem(f"another carry (process {process}) is at work on {volume}")
        engine.remove_container(container.id, anonymous_volumes=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _name(volume: str) -> str:
    return f"volfix-carry-{volume}"
