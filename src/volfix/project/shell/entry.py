"""Something with shell commands that is run as one: a script, a make target, the step of a pipeline."""

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
    """Something that is run as one: a script, a make target, a pipeline's step.

    `group` joins the steps of one job; `labels` are the names that say what it is for; `hosted` says that it runs on
    a machine that is thrown away, `remote` on another one; `separate` that each fragment has a shell of its own;
    `needs` are entries of the same file that run first, `brings` those that run behind it; `directory` is where its
    commands start; `after_failure` says that it runs only where one before it has failed. `mounted` is None for what
    runs on a machine itself; in a container with a workspace of its own it is where directories of the host are, in
    the workspace by the place in the checkout. `environment` has None for a value that is not known,
    `given_at` says where each is written; `workspace` is the checkout's path where the commands run, None where it is
    not there or not known, and `home` the checkout's directory here.
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
        """The entry as it runs with variables that its caller gives, at a place."""
        if not given:
            return self
        given_at = {**self.given_at, **dict.fromkeys(given, at)}
        return replace(self, environment={**self.environment, **given}, given_at=given_at)

    @property
    def is_pipeline(self) -> bool:
        return self.kind in ("pipeline", "hook")

    @cached_property
    def texts(self) -> tuple[Fragment, ...]:
        """What each shell reads: all fragments as one text, unless each has its own or they make no script together."""
        if self.separate:
            return self.fragments
        files = groupby(self.fragments, lambda fragment: id(fragment.source))
        return tuple(text for _, part in files for text in _as_script(tuple(part)))


def _as_script(fragments: tuple[Fragment, ...]) -> tuple[Fragment, ...]:
    whole = Fragment.joined(fragments)
    return fragments if len(fragments) < 2 or parse(whole.text).unread else (whole,)
