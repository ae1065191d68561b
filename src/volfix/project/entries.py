"""Something with shell commands that is run as one: a script, a make target, the step of a pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from volfix.syntax.fragment import Fragment
from volfix.syntax.source import Source

RUNNERS = {
    **dict.fromkeys(("make", "gmake"), "target"),
    **dict.fromkeys(("npm", "yarn", "pnpm", "bun"), "npm"),
    **dict.fromkeys(("task", "go-task"), "task"),
    "just": "recipe",
}
"""Programs that run entries of a file, and the kind of entry that they run."""


@dataclass(frozen=True, eq=False)
class Entry:
    """Something that is run as one: a script, a make target, a pipeline's step.

    `group` joins the steps of one job; `labels` are the names that say what it is for; `hosted` says that it runs on
    a machine that is thrown away, `remote` on another one; `separate` that each fragment has a shell of its own;
    `needs` are entries of the same file that run first; `directory` is where its commands start; `after_failure` says
    that it runs only where one before it has failed. `mounted` is None for what runs on a machine itself; in a
    container with a workspace of its own it is where directories of the host are, in the workspace by the place in the
    checkout.
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
    after_failure: bool = False
    mounted: tuple[str, ...] | None = None

    @property
    def is_pipeline(self) -> bool:
        return self.kind in ("pipeline", "hook")
