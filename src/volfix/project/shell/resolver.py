"""What the interpreter asks of the files around a text of commands: it knows no CI system and no runner itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from volfix.project.shell.entry import Entry
from volfix.project.shell.state import State


class Resolver(Protocol):
    """Finds what commands call."""

    def contains(self, path: str, /) -> bool:
        """Whether an absolute path lies in the checkout."""

    def script(self, name: str, state: State, /, *, any_name: bool = False) -> Entry | None:
        """The script that a command's name leads to; with `any_name` the name need not look like a script's."""

    def is_runner(self, name: str, /) -> bool:
        """Whether the program runs entries by their names: `make`, `npm`."""

    def run_by(self, words: Sequence[str], state: State, /) -> Iterator[tuple[Entry, str]]:
        """The entries that a runner runs, each with the directory that it starts in."""

    def given_by(self, words: Sequence[str], /) -> dict[str, str]:
        """The variables that the words of a runner hand on to what it runs: `make NAME=value target`."""

    def beside(self, entry: Entry, names: Sequence[str], /) -> Iterator[Entry]:
        """The entries with these names that the runner finds for another one: what it needs, what runs behind it."""
