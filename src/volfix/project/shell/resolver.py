"""The interface through which the interpreter finds files: it knows neither CI systems nor runners itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from volfix.project.shell.entry import Entry
from volfix.project.shell.state import State


class Resolver(Protocol):
    """Finds what commands call."""

    def contains(self, path: str, /) -> bool:
        """Whether the absolute path is in the checkout."""

    def script(self, name: str, state: State, /, *, any_name: bool = False) -> Entry | None:
        """The script that a command calls by `name`; None if there is none.

        Without `any_name` the name must look like a script's.
        """

    def is_runner(self, name: str, /) -> bool:
        """Whether the program runs entries by name, as `make` and `npm` do."""

    def run_by(self, words: Sequence[str], state: State, /) -> Iterator[tuple[Entry, str]]:
        """The entries that a call such as `make target` runs, each with the directory that it starts in."""

    def given_by(self, words: Sequence[str], /) -> dict[str, str]:
        """The variables that a call such as `make NAME=value target` passes to what it runs."""

    def beside(self, entry: Entry, names: Sequence[str], /) -> Iterator[Entry]:
        """The entries with these names in the file of `entry`, which run before or after it."""
