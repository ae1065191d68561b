"""The record of a carry that volfix made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Carried:
    """A host path whose data was carried into a volume, at the time `when` (seconds since 1970, UTC).

    `key` is the volume in the Compose file, `volume` its name on the engine. `flags` are the options of `volfix carry`
    that name the project, `place` is the project's directory or Compose file.
    """

    source: str
    key: str
    volume: str
    when: float
    flags: tuple[str, ...] = ()
    place: str = ""
