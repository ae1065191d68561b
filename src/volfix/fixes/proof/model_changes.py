"""What Compose will see: how a project's model changes, in words for people and without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from volfix.fixes.changes import ModelChange
from volfix.fixes.masking.messages import scrub
from volfix.fixes.masking.secrets import HIDDEN
from volfix.fixes.proof.differences import Model
from volfix.fixes.proof.project_model import MOUNTS, WAITS
from volfix.project.compose.mounts import VOLUME

PARAMETERS = re.compile(r"[?;#].+", re.DOTALL)
"""What follows a path in a value: options, of which any may be a key."""
SHOWN = ("image", "environment", MOUNTS, WAITS)
"""The keys of a service whose values Compose shows as they are."""


def told(before: Model, after: Model) -> tuple[ModelChange, ...]:
    """What differs between two models as `docker compose config` would show it, each place once, in order."""
    places = {place for both in (before, after) for place in _places(both)}
    changes = (
        ModelChange(_named(place), _words(before, place), _words(after, place))
        for place in sorted(places, key=lambda place: [*map(repr, place)])
        if _value(before, place) != _value(after, place)
    )
    return tuple(change for change in changes if change.before != change.after)


def _places(model: Model) -> Iterator[tuple[Any, ...]]:
    """The keys that lead to each value which Compose shows: others are what only the files say."""
    yield ("name",)
    yield from (("volumes", key) for key in model["volumes"])
    for name, service in model["services"].items():
        for key in SHOWN:
            if isinstance(values := service.get(key), dict):
                yield from (("services", name, key, each) for each in values)
            elif key in service:
                yield ("services", name, key)


def _value(model: Model, place: tuple[Any, ...]) -> Any:
    value: Any = model
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _words(model: Model, place: tuple[Any, ...]) -> str | None:
    """What the model says there; None for nothing."""
    value = _value(model, place)
    if value is None:
        return None
    if place[0] == "volumes":
        return _driver(model, place[1])
    key = place[2] if len(place) > 2 else None
    if key == MOUNTS:
        return next((scrub(_mount(model, *mount)) for mount in value if not mount[3]), None)
    if key == WAITS:
        conditions = [each["condition"] for each in value.values() if isinstance(each, dict) and "condition" in each]
        return str(conditions[-1]) if conditions else ""
    return PARAMETERS.sub(lambda part: part[0][0] + HIDDEN, scrub(value)) if key == "environment" else scrub(str(value))


def _mount(model: Model, kind: str, source: str, read_only: object, *_: object) -> str:
    words = [kind, *([source] if source else []), *([f"({_driver(model, source)})"] if kind == VOLUME else [])]
    return " ".join([*words, *(["(read-only)"] if read_only else [])])


def _driver(model: Model, key: str) -> str:
    entries = [*model["volumes"].get(key, {}).values()]
    entry = entries[-1] if entries else None
    return str(entry.get("driver", "local")) if isinstance(entry, dict) else "local"


def _named(place: tuple[Any, ...]) -> str:
    """`services.app.volumes[/app/data]`."""
    words = ""
    for part in place:
        text = str(part)
        words += f"[{text}]" if not re.fullmatch(r"[\w-]+", text) else f".{text}" if words else text
    return words
