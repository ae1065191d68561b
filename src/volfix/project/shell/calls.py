"""A command that is about to run, with its surroundings."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from volfix.knowledge.purposes import FOR_A_WHILE, purposes
from volfix.project.shell.command import CHECKOUT, Argument, Command
from volfix.project.shell.entry import Entry
from volfix.project.shell.expansion import document, expanded, plain
from volfix.project.shell.payload import said
from volfix.project.shell.state import State
from volfix.syntax.fragment import Fragment
from volfix.syntax.shell_commands import Guard, SimpleCommand
from volfix.syntax.source import Source, Span

REFERENCE = re.compile(r"\$\{?[!#]?(\w+|\W)")


@dataclass(frozen=True, slots=True)
class Frame:
    """What is known about the text that is being read (see Command); `stack` are the calls that led to it."""

    entry: Entry
    start: Entry
    origin: Span | None = None
    origin_in: Source | None = None
    guards: tuple[str, ...] = ()
    trap: str | None = None
    conditional: bool = False
    repeated: bool = False
    hosted: bool = False
    calls: tuple[str, ...] = ()
    stack: tuple[object, ...] = ()
    read_after: int = 0
    text_place: str = CHECKOUT

    def deeper(self) -> Frame:
        """The frame of a text that is inside a command of this frame."""
        return replace(self, stack=(*self.stack, None))

    def of(self, command: SimpleCommand, fragment: Fragment, state: State) -> Frame | None:
        """The frame of a command in the text; None if a test with a known outcome prevents it from running."""
        origin = self.origin or fragment.place(command.span.start, command.span.end)
        repeated = self.repeated or command.around.repeated
        guards: list[str] = []
        for guard in command.around.guards:
            holds = None if repeated else outcome(guard, fragment.text, state)
            if holds is False:
                return None
            guards += [text for text in guard.texts if not holds or purposes(text) & FOR_A_WHILE]
        return replace(
            self,
            origin=origin,
            origin_in=self.origin_in or fragment.source,
            guards=(*self.guards, *guards),
            conditional=self.conditional or command.around.conditional,
            repeated=repeated,
        )

    def entering(self, name: str) -> Frame:
        """The frame of the script or target that this text calls by `name`."""
        return replace(self, calls=(*self.calls, name))


def outcome(guard: Guard, text: str, state: State) -> bool | None:
    """Whether a test in `text` succeeds; None if that is uncertain."""
    if guard.subject is None or any(re.search(r"[$`]", pattern) for pattern in (*guard.patterns, *guard.earlier)):
        return None
    written = text[guard.subject.span.start : guard.subject.span.end]
    if "$" not in written or not all(map(state.is_certain, REFERENCE.findall(written))):
        return None
    value = plain(written, state)
    if "$" in value or "`" in value:
        return None
    taken = any(fnmatch.fnmatchcase(value, pattern) for pattern in guard.earlier)
    return not taken and any(fnmatch.fnmatchcase(value, pattern) for pattern in guard.patterns)


@dataclass(frozen=True, slots=True)
class Call:
    """A command about to run: its words, how it is written, the shell's state and the frame.

    `siblings` are all commands of the same text. `assigned` are variables set only for this command.
    """

    words: list[Argument]
    command: SimpleCommand
    siblings: Sequence[SimpleCommand]
    fragment: Fragment
    state: State
    frame: Frame
    assigned: dict[str, str] = field(default_factory=dict)

    @property
    def values(self) -> list[str]:
        """The words as texts."""
        return [word.value for word in self.words]

    @property
    def first(self) -> str:
        """The first word, which names the program."""
        return self.words[0].value

    @property
    def program(self) -> str:
        """The program's name without its directory."""
        return posixpath.basename(self.first)

    @property
    def ends(self) -> bool:
        """Whether nothing runs after the command, in the shell or in the function that contains it."""
        name = self.first if self.words else ""
        in_function = bool(self.frame.stack) and isinstance(self.frame.stack[-1], str)
        return name == "exit" or (name == "exec" and len(self.words) > 1) or (name == "return" and in_function)

    @property
    def place(self) -> tuple[Source, int]:
        """The file and offset of the command."""
        span = self.command.span
        return self.fragment.source, self.fragment.place(span.start, span.end).start

    def given(self) -> dict[str, str]:
        """The variables assigned before the command (`NAME=value command`)."""
        text = self.fragment.text
        return {
            item.name: plain(text[item.span.start : item.span.end], self.state) for item in self.command.assignments
        }

    def outputs(self) -> tuple[Argument, ...]:
        """The files to which the command's output is redirected."""
        return tuple(expanded(self.command.around.outputs, self.command, self.fragment, self.state))

    @property
    def is_fed(self) -> bool:
        """Whether the command's input is redirected: from a file, a text or another command's output."""
        around, text = self.command.around, self.command.text
        return any(item is not None for item in (around.input, around.heredoc, text, around.piped_from))

    def heredoc(self) -> Fragment | None:
        """The here-document that the command reads; None without one."""
        found, text = self.command.around.heredoc, self.fragment.text
        if found is None:
            return None
        if found.quoted:
            return self.fragment.inner((text[at], at, at + 1) for at in range(found.body.start, found.body.end))
        return self.fragment.inner(document(text, found.body, self.state))

    def says(self) -> Fragment | None:
        """The text that the command prints, if it is written here: by echo or printf, or read by cat or tee."""
        if self.program not in ("cat", "tee"):
            return said(self.words)
        before = self.piped_from()
        if self.command.around.heredoc is not None or before is None:
            return self.heredoc()
        words = expanded(before.words, before, self.fragment, self.state)
        if words and posixpath.basename(words[0].value) == "cat":
            return replace(self, command=before).heredoc()
        return said(words)

    def aliased(self) -> Call:
        """The call with its first word, an alias, replaced."""
        name, words = self.words[0], list[Argument]()
        for part in self.state.aliases[self.first].split():
            characters = tuple((char, name.span.start, name.span.end) for char in part)
            words.append(replace(name, value=part, expanded=True, characters=characters))
        return replace(self, words=[*words, *self.words[1:]])

    def process(self) -> State:
        """The state of the process that the call starts."""
        state = self.state.process()
        for name, value in self.assigned.items():
            state.set(name, value, exported=True, at=self.place)
        return state

    def piped_from(self) -> SimpleCommand | None:
        """The simple command whose output the call reads through a pipe; None without one."""
        span = self.command.around.piped_from
        return next((each for each in self.siblings if each.span == span and each.words), None) if span else None

    def leaf(self, number: int) -> Command:
        """The command as it runs; `number` commands of the same start run before it."""
        frame, state, outputs = self.frame, self.state, self.outputs()
        assert frame.origin is not None and frame.origin_in is not None
        return Command(
            words=tuple(self.words),
            home=self.command.span,
            entry=frame.entry,
            start=frame.start,
            origin=frame.origin,
            origin_in=frame.origin_in,
            directory=state.directory,
            in_checkout=state.in_checkout,
            is_remote=state.is_remote,
            hosted=frame.hosted,
            guards=frame.guards,
            trap=frame.trap,
            calls=frame.calls,
            environment={**state.environment(), **self.assigned},
            given_at={**state.given_at, **dict.fromkeys(self.assigned, self.place)},
            number=number,
            read_after=frame.read_after,
            text_place=frame.text_place,
            outputs=outputs,
            says=self.says() if outputs or self.program == "tee" else None,
            is_fed=self.is_fed,
            decides=self.command.around.decides,
        )
