"""What is known of data that was carried, for the report on an estate: the clones' records, and the engine here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volfix.fixes.write.carried import carried_in
from volfix.knowledge.carry_service import MARK_SUFFIX
from volfix.rules.evidence.left_behind import last_change

if TYPE_CHECKING:
    from volfix.docker.engine import Engine

SECONDS = 3.0
"""How long an engine may take to answer; after that the report does without its answer."""


class CarriedVolumes:
    """Asks a clone for the record that `volfix carry` keeps in it, then the engine for the label of the volume.

    Both are of one moment: data whose source has changed since is not carried. The engine is asked when the first move
    needs it, and not again after it has failed.
    """

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._gone = False

    def __call__(self, root: str, move: Mapping[str, Any]) -> str | None:
        """When and from where the data of the move (as in the JSON) was carried; None where that is not known."""
        volume = str(move["volume_name"])
        records = [item for item in carried_in(Path(root)) if item.volume == volume] if Path(root).is_dir() else []
        if records:
            last = max(records, key=lambda item: item.when)
            return None if _has_changed(last.source, last.when) else f"from {last.source} at {_moment(last.when)}"
        return self._by_engine(root, volume, str(move["source"]))

    def _by_engine(self, root: str, volume: str, source: str) -> str | None:
        from volfix.docker.engine import Engine
        from volfix.docker.engine_problems import EngineProblem
        from volfix.docker.markers import CARRIED, carried_at, is_carried
        from volfix.docker.service_mark import moved_here

        if self._gone:
            return None
        try:
            self._engine = self._engine or Engine.connect(SECONDS)
            found = self._engine.volume(volume) if is_carried(self._engine, volume) else None
            moved = moved_here(self._engine, volume, f"{volume}{MARK_SUFFIX}")
        except EngineProblem:
            self._gone = True
            return None
        except OSError:
            moved = None  # a mark that cannot be seen says nothing
        noted = max((at for at in (found and carried_at(found), moved) if at), default=None)
        if noted is None:
            return None
        came = found.labels[CARRIED] if found else source
        if any(_has_changed(str(Path(root) / place), noted) for place in came.split(", ")):
            return None
        return f"from {came} at {_moment(noted)}, on the Docker engine of the machine that made this report"


def _has_changed(source: str, since: float) -> bool:
    return Path(source).exists() and last_change(Path(source)) > since


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
