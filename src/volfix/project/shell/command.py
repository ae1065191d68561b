"""The model of a command that runs: its expanded words, where each is written, and where the command runs."""

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
    """A word of a command after expansion. `span` is its position in `fragment`, `home` that of its written command.

    `expanded` says that the word, or a part of it, comes from a variable; `characters` then gives the position in the
    fragment for each character of the word.
    """

    value: str
    fragment: Fragment
    span: Span
    home: Span
    expanded: bool = False
    characters: tuple[Character, ...] = ()

    @property
    def place(self) -> Span:
        """The position of the word in the file."""
        return self.fragment.place(self.span.start, self.span.end)

    @property
    def is_unknown(self) -> bool:
        """Whether the word is an expansion with an unknown value."""
        return not self.characters and self.value.startswith(("$", "`"))

    def in_file(self) -> Iterator[Character]:
        """The characters of the word, each with its position in the file."""
        text, starts, ends = self.fragment.text, self.fragment.starts, self.fragment.ends
        if self.characters:
            return iter([(char, starts[start], ends[end - 1]) for char, start, end in self.characters])
        start, end = self.span.start, self.span.end
        return zip(text[start:end], starts[start:end], ends[start:end], strict=True)

    def blank_before(self, other: Argument) -> Character:
        """A blank to write between this word and `other`, with its position in the file."""
        start, end = self.span.end, other.span.start
        if self.fragment is not other.fragment or start >= end:
            start, end = start - 1, start
        place = self.fragment.place(start, end)
        return " ", place.start, place.end


CHECKOUT, MACHINE, ELSEWHERE = "checkout", "machine", "elsewhere"
"""Where a text is: in the checkout, elsewhere on the machine that runs it, or on another machine."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that runs.

    - `directory`: where it runs; `in_checkout`: this is in the checkout.
    - `is_remote`: it runs on another machine; `hosted`: on a machine that is deleted afterwards.
    - `environment`: the variables passed to it, None for unknown values.
    - `start`: the entry that was run; `entry`: the entry in which the command is written.
    - `origin`: the position in the start's text (file `origin_in`) that led to the command; `calls`: the calls on the
      way; `guards`: the texts of the tests it depends on; `trap`: the signal in whose handler it is.
    - `outputs`: the files its output goes to; `says`: the text that it prints, if that is written here (echo, a
      here-document); `is_fed`: its input is redirected; `decides`: what runs next depends on its success.
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
    """The file and offset of the variables in `environment`."""
    number: int = 0
    """How many commands of the start run before this command."""
    read_after: int = 0
    """How many commands of the start had run when the shell read the text that contains this command."""
    text_place: str = CHECKOUT
    """Where that text is: CHECKOUT, MACHINE or ELSEWHERE."""
    outputs: tuple[Argument, ...] = ()
    says: Fragment | None = None
    is_fed: bool = False
    decides: bool = False

    @property
    def values(self) -> list[str]:
        """The words as texts."""
        return [word.value for word in self.words]

    @property
    def is_written(self) -> bool:
        """Whether all words of the command are written together in one place."""
        text = self.words[0].fragment
        return all(word.fragment is text and word.home == self.home for word in self.words)

    @property
    def program(self) -> str:
        """The name of the program, without its directory."""
        return posixpath.basename(self.words[0].value)

    @property
    def written(self) -> Sequence[Argument]:
        """The words written in one place: those of the command, or of the call that passes the verb to it."""
        call = docker_call(self.values)
        verb = self.words[call.word] if call is not None else self.words[0]
        key = verb if verb.home != self.home or verb.fragment is not self.words[0].fragment else self.words[0]
        return [word for word in self.words if word.fragment is key.fragment and word.home == key.home]

    @property
    def fragment(self) -> Fragment:
        """The text that contains the `written` words."""
        return self.written[0].fragment

    @property
    def place(self) -> Span:
        """The position in the file from the first of the `written` words to the last."""
        spans = [word.span for word in self.written]
        return self.fragment.place(min(span.start for span in spans), max(span.end for span in spans))
