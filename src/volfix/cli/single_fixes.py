"""Whether a run makes all fixes or single ones, which few runs ask for: those import what reads places and asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volfix.api import Plan
    from volfix.cli.asking import Place
    from volfix.report.view import View


def split(selected: Iterable[str]) -> tuple[tuple[str, ...], frozenset[Place]]:
    """The values of `--select` as rule codes and as places of single findings; raises click.BadParameter."""
    texts = list(selected)
    codes = tuple(text for text in texts if "@" not in text)
    if len(codes) == len(texts):
        return codes, frozenset()
    from volfix.cli.asking import Place

    return codes, frozenset(Place.read(text) for text in texts if "@" in text)


def planned(make: Callable[..., Plan], options: dict[str, Any], view: Callable[[], View]) -> Plan:
    """The plan with all fixes, or with some (see asking); the places of what is chosen are in the options then."""
    if not options["interactive"] and not options["places"]:
        return make()
    from volfix.cli.asking import some

    return some(make, options, view)
