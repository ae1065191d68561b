"""The takers of a new volume: the mounts that a fix turns into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from volfix.knowledge.carry_service import MARK_SUFFIX
from volfix.project.compose.mounts import BIND
from volfix.project.compose.part import Part
from volfix.project.stack import Use
from volfix.rules.context import Context, once
from volfix.rules.findings import Fix, MountChange, Move


@dataclass(frozen=True, slots=True)
class Takers:
    """The mounts that become the volume with the key `volume`, in every project that has them."""

    volume: str
    uses: tuple[Use, ...]
    left_out: tuple[str, ...] = ()
    """Directories of the source that are mounted separately and stay where they are, as paths below the source."""

    @property
    def mark(self) -> str:
        """The key of the volume in which a mark says what was carried."""
        return self.volume + MARK_SUFFIX

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles of the services; empty if one of the services runs in every case."""
        profiles = [use.service.profiles for use in self.uses]
        return tuple(dict.fromkeys(name for each in profiles for name in each)) if all(profiles) else ()

    @property
    def writers(self) -> Iterator[Use]:
        return (use for use in self.uses if not use.mount.read_only)


def takers_of(context: Context, fix: Fix, move: Move) -> Takers:
    """The mounts that the fix turns into the move's volume; no mounts if the fix adds a mount."""
    places = {
        (change.path, change.place)
        for change in fix.changes
        if isinstance(change, MountChange) and change.volume == move.volume and not change.added
    }
    numbered = sorted(found for place in places for found in _uses_at(context).get(place, ()))
    own = tuple(use for use in (context.stack.uses[number] for number in numbered) if not use.mount.overridden)
    hosts = {context.host_of(use.mount) for use in own if use.mount.kind == BIND}
    inner = {
        other.key.removeprefix(f"{host.key}/") for host in hosts for other in context.below(host) if other not in hosts
    }
    return Takers(move.volume, own, tuple(sorted(inner)))


@once
def _uses_at(context: Context) -> dict[tuple[Path, int], list[int]]:
    """The numbers of the stack's mounts by their places: file and character."""
    found: dict[tuple[Path, int], list[int]] = {}
    for number, use in enumerate(context.stack.uses):
        found.setdefault((use.mount.file.path, use.mount.place), []).append(number)
    return found


def waiting_part(use: Use) -> Part:
    """The part of the service to which `depends_on` is added: its own part, if possible the one with the mount."""
    own = [
        part for part in use.service.parts if part.service == use.service.name and part.file in use.project.merged
    ] or list(use.service.parts)
    return next((part for part in own if part.file.source is use.mount.file), own[-1])
