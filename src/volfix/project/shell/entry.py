"""The model of an entry: a script, make target or pipeline step whose shell commands run as a unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path

from volfix.syntax.fragment import Fragment
from volfix.syntax.shell import parse
from volfix.syntax.source import Source


@dataclass(frozen=True, eq=False)
class Entry:
    """A script, make target, pipeline step or similar that runs as a unit.

    - `directory`: where its commands start; `group`: the job that the step belongs to.
    - `labels`: names that suggest its purpose.
    - `hosted`: it runs on a machine that is deleted afterwards; `remote`: on another machine.
    - `separate`: each fragment runs in its own shell.
    - `needs`, `brings`: names of entries of the same file that run before and after it.
    - `after_failure`: it runs only if an earlier step failed.
    - `mounted`: in a container, the paths of the host's directories in it (those in the workspace as paths of the
      checkout); None for an entry that runs on the machine itself.
    - `environment`: its variables, None for an unknown value; `given_at`: where each is written.
    - `workspace`: the checkout's path where it runs, None if unknown; `home`: the checkout's directory here.
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
    brings: tuple[str, ...] = ()
    after_failure: bool = False
    mounted: tuple[str, ...] | None = None
    environment: Mapping[str, str | None] = field(default_factory=dict)
    given_at: Mapping[str, tuple[Source, int]] = field(default_factory=dict)
    workspace: str | None = None
    home: Path | None = None

    def with_variables(self, given: Mapping[str, str], at: tuple[Source, int]) -> Entry:
        """The entry with the variables `given` that its caller passes; `at` is where the caller writes them."""
        if not given:
            return self
        given_at = {**self.given_at, **dict.fromkeys(given, at)}
        return replace(self, environment={**self.environment, **given}, given_at=given_at)

    @property
    def is_pipeline(self) -> bool:
        """Whether a CI system runs the entry."""
        return self.kind in ("pipeline", "hook")

    @cached_property
    def texts(self) -> tuple[Fragment, ...]:
        """The text for each shell: all fragments joined, unless each has its own shell or they are invalid together."""
        if self.separate:
            return self.fragments
        files = groupby(self.fragments, lambda fragment: id(fragment.source))
        return tuple(text for _, part in files for text in _as_script(tuple(part)))


def _as_script(fragments: tuple[Fragment, ...]) -> tuple[Fragment, ...]:
    whole = Fragment.joined(fragments)
    return fragments if len(fragments) < 2 or parse(whole.text).unread else (whole,)
