"""The marker of a carry that is at work, or was killed: where it is found, what its volume holds may be half.

It is an empty volume, which `docker container prune` leaves, and a container, which `docker volume prune` leaves. Its
name is taken once, so that two runs do not fill one volume.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable

from volfix.docker.carry_jobs import CarryProblem
from volfix.docker.containers import Container, Volume
from volfix.docker.engine import Engine
from volfix.docker.engine_problems import EngineProblem
from volfix.docker.helper_containers import CARRIER

CARRIED = "dev.volfix.carried-from"
"""Label of a volume that carry made: without a marker beside it, its data was carried and compared."""
CARRIED_AT = "dev.volfix.carried-at"
"""Label of such a volume: when carry began to read the sources, in seconds since 1970."""
OWNER = "dev.volfix.process"
"""Label of a marker: the host and the process that made it."""


def is_carried(engine: Engine, volume: str) -> bool:
    """Whether carry made the volume and came to its end."""
    found = engine.volume(volume)
    return found is not None and CARRIED in found.labels and not is_marked(engine, volume)


def carried_at(volume: Volume) -> float | None:
    """When carry read the sources of a volume that it made, in seconds since 1970; None where no time is noted.

    The time at which the engine made the volume does not serve: before Docker 24 it is the last change in the volume's
    directory. Source: docker/engine, volume/local (CreatedAt).
    """
    try:
        return float(volume.labels.get(CARRIED_AT, ""))
    except ValueError:
        return None


def is_marked(engine: Engine, volume: str) -> bool:
    """Whether a run that filled the volume has not come to its end."""
    name = _name(volume)
    return engine.volume(name) is not None or any(item.name == name for item in engine.containers())


def used_since(engine: Engine, volume: str, users: Iterable[Container]) -> bool:
    """Whether one of these containers may have written to a marked volume since it was marked."""
    marker = next((item for item in engine.containers() if item.name == _name(volume)), None)
    since = engine.made_and_used(marker.id)[0] if marker else ""
    return any(item.is_running or engine.made_and_used(item.id)[1] >= since for item in users)


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


def is_mine(engine: Engine, volume: str) -> bool:
    """Whether this process has marked the volume."""
    own = f"{socket.gethostname()}:{os.getpid()}"
    return any(item.name == _name(volume) and item.labels.get(OWNER) == own for item in engine.containers())


def unmark(engine: Engine, volume: str, marker: str | None = None) -> None:
    """Remove the marker, its container last: until then the volume is marked. A part that is gone is no error."""
    if engine.volume(_name(volume)) is not None:
        engine.remove_volume(_name(volume))
    if marker and any(item.id == marker for item in engine.containers()):
        engine.remove_container(marker, anonymous_volumes=True)


def sweep(engine: Engine, volume: str) -> None:
    """Remove the containers that a killed run left.

    Raises CarryProblem, and removes none, if that run may still be at work, on this machine or on another.
    """
    left = [item for item in engine.containers() if item.labels.get(CARRIER) == volume]
    for container in left:
        host, _, process = container.labels.get(OWNER, "").rpartition(":")
        if not host:
            continue
        if host != socket.gethostname():
            raise CarryProblem(
                f"another carry may be at work on {volume}, from {host}. If it is not: docker rm {container.name}"
            )
        if process.isdigit() and int(process) != os.getpid() and _is_alive(int(process)):
            raise CarryProblem(f"another carry (process {process}) is at work on {volume}")
    for container in left:
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
