"""What Compose will see: the differences that the proof has found, in words for people and without secrets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from volfix.fixes.masking.messages import scrub
from volfix.fixes.masking.secrets import HIDDEN
from volfix.fixes.proof.differences import Difference, Model
from volfix.fixes.proof.project_model import MOUNTS, WAITS
from volfix.fixes.results import ModelChange
from volfix.project.compose.mounts import VOLUME

PARAMETERS = re.compile(r"[?;#].+", re.DOTALL)
"""What follows a path in a value: options, of which any may be a key."""
SHOWN = {"image": 3, "environment": 4, MOUNTS: 4, WAITS: 4}
"""The keys of a service that Compose shows as they are, and how many keys lead to a value there."""


def told(found: Sequence[Difference], before: Model, after: Model) -> tuple[ModelChange, ...]:
    """The differences between two models as `docker compose config` would show them, each place once."""
    places = dict.fromkeys(place for each in found if (place := _place(each.path)))
    changes = (ModelChange(_named(place), _words(before, place), _words(after, place)) for place in places)
    return tuple(change for change in changes if change.before != change.after)


def _place(path: tuple[Any, ...]) -> tuple[Any, ...]:
    """The value that a difference is in; nothing for what only the files say, and Compose does not show."""
    keys = (
        SHOWN.get(path[2], 0) if path[0] == "services" and len(path) > 2 else {"name": 1, "volumes": 2}.get(path[0], 0)
    )
    return path[:keys] if len(path) >= keys else ()


def _words(model: Model, place: tuple[Any, ...]) -> str | None:
    """What the model says there; None for nothing."""
    value: Any = model
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
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
