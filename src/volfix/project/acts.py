"""A command that is run: its words as it gets them, each with the place where it is written."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from volfix.knowledge.commands import skip_options, wrapper
from volfix.project.entries import Entry
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import Span


@dataclass(frozen=True, slots=True)
class Argument:
    """A word that a command gets. `span` are characters of `fragment`; `expanded`, where a variable says it there."""

    value: str
    fragment: Fragment
    span: Span
    expanded: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """A command that is run. `directory`, `here`, `elsewhere` as in State; `hosted` on a machine that is thrown away.

    `guards` are the texts of the tests that it depends on; `handler` says that it runs when a trap does.
    """

    words: tuple[Argument, ...]
    entry: Entry
    directory: str
    here: bool
    hosted: bool
    guards: tuple[str, ...]
    handler: bool
    calls: tuple[str, ...]
    start: Entry
    """What was run; `entry` is what the command is written in."""
    elsewhere: bool = False

    @property
    def values(self) -> list[str]:
        return [word.value for word in self.words]

    @property
    def fragment(self) -> Fragment:
        return self.words[0].fragment

    @property
    def place(self) -> Span:
        """The characters of the file from the command's first word to its last that stand in one text."""
        own = [word.span for word in self.words if word.fragment is self.fragment]
        return self.fragment.place(min(span.start for span in own), max(span.end for span in own))


def unwrapped(words: list[Argument]) -> list[Argument]:
    """The words without the programs before them that only run what follows: `sudo -u app nohup docker ...`."""
    for _ in range(8):
        values = [word.value for word in words]
        if not values:
            return words
        found = wrapper(posixpath.basename(values[0]))
        if found is None:
            return words
        at = skip_options(values, 1, found.values) + found.skip
        while at < len(values) and "=" in values[at] and values[at].partition("=")[0].isidentifier():
            at += 1
        rest = words[at:]
        if found.appends and rest:
            rest = [*rest, Argument("$(xargs)", words[0].fragment, words[0].span, expanded=True)]
        words = rest
    return words
