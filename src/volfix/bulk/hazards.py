"""Hazards across repositories: several of them use the same project name, volume or directory on one host."""

from __future__ import annotations

from collections.abc import Sequence

from volfix.bulk.records import Hazard, HazardKind
from volfix.bulk.shared_names import ANY_HOST
from volfix.bulk.state import State
from volfix.syntax.visible import one_line, visible

WHAT = {
    HazardKind.PROJECT_NAME: (
        "deploy as the Compose project `{key}`",
        "each deployment replaces the containers of the others and uses their volumes",
    ),
    HazardKind.VOLUME: ("deploy into the volume `{key}`", "they read and write one another's data"),
    HazardKind.HOST_DIRECTORY: (
        "keep a database in the host directory `{key}`",
        "two servers on one data directory destroy it",
    ),
}


def hazards(state: State) -> list[Hazard]:
    """What the repositories of a run share as they are now, by kind, key and host."""
    return [
        Hazard(
            kind,
            visible(key),
            host,
            tuple(sorted(source for _, source in members)),
            _sentence(kind, key, host, members),
        )
        for kind, key, host, members in state.shared("key")
    ]


def _sentence(kind: HazardKind, key: str, host: str, members: Sequence[tuple[int, str]]) -> str:
    what, effect = WHAT[kind]
    number = f"{len(members)} repositories {what.format(key=visible(key))}"
    if host == ANY_HOST:
        return f"{number}: where two of them run on one host, {effect}"
    return f"{number} on {visible(host)}: {effect}"


def not_to_write(state: State) -> dict[int, str]:
    """The repositories, by id, that would deploy into a volume of another one also after their fixes, with the reason.

    Only where the pipelines say which host it is: without that a shared name is a hazard, and no evidence.
    """
    found: dict[int, str] = {}
    for kind, key, host, members in state.shared("after"):
        if kind is HazardKind.VOLUME and host != ANY_HOST:
            for id_, _ in members:
                found.setdefault(id_, _reason(key, host, id_, members))
    return found


def _reason(key: str, host: str, id_: int, members: Sequence[tuple[int, str]]) -> str:
    other = next(source for other, source in members if other != id_)
    others = f"{other} does" if len(members) == 2 else f"{other} and {len(members) - 2} more do"
    return one_line(
        f"it would deploy into the volume {key} on {host}, as {others}: give the project a name of its own "
        "(VF303, --unsafe-fixes) in the same run, or deploy it on another host"
    )
