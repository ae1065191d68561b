"""A command that is run: its words as it gets them, each with the place where it is written, and where it runs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from volfix.knowledge.commands import docker_call
from volfix.project.shell.entry import Entry
from volfix.syntax.fragment import Character, Fragment
from volfix.syntax.source import Source, Span


@dataclass(frozen=True, slots=True)
class Argument:
    """A word that a command gets. `span` are characters of `fragment`, as is `home`, the command that it is written in.

    `expanded` says that a variable gave it, or a part of it; `characters` are then the word's, with the characters of
    the fragment that say each.
    """

    value: str
    fragment: Fragment
    span: Span
    home: Span
    expanded: bool = False
    characters: tuple[Character, ...] = ()

    @property
    def place(self) -> Span:
        """The characters of the file that say the word."""
        return self.fragment.place(self.span.start, self.span.end)

    @property
    def is_unknown(self) -> bool:
        """Whether the word is an expansion whose value is not known."""
        return not self.characters and self.value.startswith(("$", "`"))

    def in_file(self) -> Iterator[Character]:
        """The characters of the word, with those of the file that say each."""
        text, starts, ends = self.fragment.text, self.fragment.starts, self.fragment.ends
        written = self.characters or ((text[at], at, at + 1) for at in range(self.span.start, self.span.end))
        return ((char, starts[start], ends[end - 1]) for char, start, end in written)

    def blank_before(self, other: Argument) -> Character:
        """The blank between this word and another one, with the characters of the file that say it."""
        start, end = self.span.end, other.span.start
        if self.fragment is not other.fragment or start >= end:
            start, end = start - 1, start
        place = self.fragment.place(start, end)
        return " ", place.start, place.end


CHECKOUT, MACHINE, ELSEWHERE = "checkout", "machine", "elsewhere"
"""Where a text lies: in the checkout that is read, elsewhere on the machine that runs it, on another machine."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that is run, in `directory`; `environment` are the variables that are handed to it, as far as known.

    `in_checkout` says that the directory lies in the checkout that is read; `is_remote`, that the command runs on
    another machine; `hosted`, on one that is thrown away. `start` is the entry that was run, `entry` the one that the
    command is written in, `origin` what of the start's text led to it, in the file `origin_in`. `guards` are the texts
    of the tests that it depends on; `trap` the signal whose handler it is a part of; `calls` what was called on the way
    to it. `outputs` are the files that its output goes to, `says` the text that it writes, where that stands here: that
    of echo, a here-document; `is_fed` says that it reads a file, a here-document or another command's output,
    `decides` that what runs next depends on whether it succeeds.
    """

    words: tuple[Argument, ...]
    home: Span
    entry: Entry
    start: Entry
    origin: Span
    origin_in: Source
    directory: str
    in_checkout: bool
    is_remote: bool
    hosted: bool
    guards: tuple[str, ...] = ()
    trap: str | None = None
    calls: tuple[str, ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)
    given_at: Mapping[str, tuple[Source, int]] = field(default_factory=dict)
    """Where the values of that environment are written."""
    number: int = 0
    """How many commands of the start run before it."""
    read_after: int = 0
    """How many commands of the start had run when the text that the command is written in was read."""
    text_place: str = CHECKOUT
    """Where that text lies."""
    outputs: tuple[Argument, ...] = ()
    says: Fragment | None = None
    is_fed: bool = False
    decides: bool = False

    @property
    def values(self) -> list[str]:
        return [word.value for word in self.words]

    @property
    def is_written(self) -> bool:
        """Whether the command stands in one place of one text, as it is run."""
        text = self.words[0].fragment
        return all(word.fragment is text and word.home == self.home for word in self.words)

    @property
    def program(self) -> str:
        """The name of the program, without its directory."""
        return posixpath.basename(self.words[0].value)

    @property
    def written(self) -> Sequence[Argument]:
        """The words that stand in one text: those of the command itself, or of the call that hands the verb to it."""
        call = docker_call(self.values)
        verb = self.words[call.word] if call is not None else self.words[0]
        key = verb if verb.home != self.home or verb.fragment is not self.words[0].fragment else self.words[0]
        return [word for word in self.words if word.fragment is key.fragment and word.home == key.home]

    @property
    def fragment(self) -> Fragment:
        return self.written[0].fragment

    @property
    def place(self) -> Span:
        """The characters of the file from the first of the written words to the last."""
        spans = [word.span for word in self.written]
        return self.fragment.place(min(span.start for span in spans), max(span.end for span in spans))
