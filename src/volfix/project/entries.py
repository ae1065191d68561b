"""Something with shell commands that is run as one: a script, a make target, the step of a pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from volfix.syntax.fragment import Fragment
from volfix.syntax.source import Source


@dataclass(frozen=True, eq=False)
class Entry:
    """Something that is run as one: a script, a make target, a pipeline's step.

    `group` joins the steps of one job; `labels` are the names that say what it is for; `hosted` says that it runs on
    a machine that is thrown away, `remote` on another one; `separate` that each fragment has a shell of its own;
    `needs` are entries of the same file that run first; `directory` is where its commands start.
    """

    kind: str
    source: Source
    name: str
    fragments: tuple[Fragment, ...]
    directory: Path
    group: str = ""
    step: str | None = None
    labels: tuple[str, ...] = ()
    hosted: bool = False
    remote: bool = False
    separate: bool = False
    needs: tuple[str, ...] = ()

    @property
    def is_pipeline(self) -> bool:
        return self.kind in ("pipeline", "hook")
