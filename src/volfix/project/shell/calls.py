"""A command that is about to run, with what surrounds it, and how the words of `sh`, `su` and `echo` are read."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from volfix.knowledge.commands import option_values
from volfix.knowledge.purposes import FOR_A_WHILE, purposes
from volfix.project.shell.command import CHECKOUT, Argument, Command
from volfix.project.shell.entry import Entry
from volfix.project.shell.expansion import arguments, document, plain
from volfix.project.shell.state import State
from volfix.syntax.fragment import Character, Fragment
from volfix.syntax.shell_commands import Guard, SimpleCommand
from volfix.syntax.source import Source, Span

REFERENCE = re.compile(r"\$\{?[!#]?(\w+|\W)")


@dataclass(frozen=True, slots=True)
class Frame:
    """What is known about the text that is read, see Command; `stack` is what it was called through."""

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
        """The frame of a text that a command of this one holds."""
        return replace(self, stack=(*self.stack, None))

    def of(self, command: SimpleCommand, fragment: Fragment, state: State) -> Frame | None:
        """The frame of a command in the text; None where a test whose outcome is known keeps it from running."""
        origin = self.origin or fragment.place(command.span.start, command.span.end)
        repeated = self.repeated or command.repeated
        guards: list[str] = []
        for guard in command.guards:
            holds = None if repeated else outcome(guard, fragment.text, state)
            if holds is False:
                return None
            guards += [text for text in guard.texts if not holds or purposes(text) & FOR_A_WHILE]
        return replace(
            self,
            origin=origin,
            origin_in=self.origin_in or fragment.source,
            guards=(*self.guards, *guards),
            conditional=self.conditional or command.conditional,
            repeated=repeated,
        )

    def entering(self, name: str) -> Frame:
        """The frame of what this text calls by a name."""
        return replace(self, calls=(*self.calls, name))


def outcome(guard: Guard, text: str, state: State) -> bool | None:
    """Whether a test holds; None where that is not certain."""
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
    """A command about to run: its words, how it is written, and what surrounds it; `siblings` stand in one text.

    `assigned` are the variables that are set for it alone.
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
        return [word.value for word in self.words]

    @property
    def first(self) -> str:
        return self.words[0].value

    @property
    def program(self) -> str:
        return posixpath.basename(self.first)

    @property
    def place(self) -> tuple[Source, int]:
        """Where the command is written."""
        span = self.command.span
        return self.fragment.source, self.fragment.place(span.start, span.end).start

    def given(self) -> dict[str, str]:
        """The variables that are written before the command."""
        text = self.fragment.text
        return {
            item.name: plain(text[item.span.start : item.span.end], self.state) for item in self.command.assignments
        }

    def outputs(self) -> tuple[Argument, ...]:
        """The files that the output goes to."""
        words = self.command.outputs
        return tuple(
            each for word in words for each in arguments(self.fragment, word.span, self.command.span, self.state)
        )

    @property
    def is_fed(self) -> bool:
        """Whether the command's input is a file, a text or another command's output."""
        command = self.command
        return any(item is not None for item in (command.input, command.heredoc, command.text, command.piped_from))

    def heredoc(self) -> Fragment | None:
        """The here-document that the command reads; None where it reads none."""
        found, text = self.command.heredoc, self.fragment.text
        if found is None:
            return None
        if found.quoted:
            return self.fragment.inner((text[at], at, at + 1) for at in range(found.body.start, found.body.end))
        return self.fragment.inner(document(text, found.body, self.state))

    def says(self) -> Fragment | None:
        """What the command writes out, where its text stands here: that of echo, or what cat and tee read."""
        if self.program not in ("cat", "tee"):
            return said(self.words)
        before = self.piped_from()
        if self.command.heredoc is not None or before is None:
            return self.heredoc()
        words = [each for word in before.words for each in arguments(self.fragment, word.span, before.span, self.state)]
        if words and posixpath.basename(words[0].value) == "cat":
            return replace(self, command=before).heredoc()
        return said(words)

    def aliased(self) -> Call:
        """The call with the alias that is its first word put in."""
        name, text = self.words[0], self.state.aliases[self.first]
        words = [
            replace(name, value=part, expanded=True, characters=_characters_at(part, name)) for part in text.split()
        ]
        return replace(self, words=[*words, *self.words[1:]])

    def process(self) -> State:
        """The state of the program that the call starts."""
        state = self.state.process()
        for name, value in self.assigned.items():
            state.set(name, value, exported=True, at=self.place)
        return state

    def piped_from(self) -> SimpleCommand | None:
        """The simple command whose output the call reads."""
        span = self.command.piped_from
        return next((each for each in self.siblings if each.span == span and each.words), None) if span else None

    def leaf(self, number: int) -> Command:
        """The command as it runs, behind `number` others of its start."""
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
            decides=self.command.decides,
        )


def _characters_at(text: str, word: Argument) -> tuple[tuple[str, int, int], ...]:
    return tuple((char, word.span.start, word.span.end) for char in text)


@dataclass(frozen=True, slots=True)
class Payload:
    """What a program that runs others is told to run: a text, a script or words; nothing where it reads its input."""

    text: Argument | None = None
    script: Argument | None = None
    arguments: Sequence[Argument] = ()
    words: list[Argument] = field(default_factory=list)
    logs_in: bool = False


def shell_call(words: Sequence[Argument]) -> Payload:
    """What a shell runs: `bash -eo pipefail deploy.sh`, `sh -c text name argument`.

    Source: POSIX, sh; bash manual, 6.1 Invoking Bash. `-o` takes a word also in a cluster.
    """
    values = option_values("shells")
    at, is_text, reads = 1, False, False
    while at < len(words) and words[at].value.startswith(("-", "+")):
        word = words[at].value
        at += 1
        if word in ("-", "--"):
            break
        if word.startswith("--"):
            at += word in values
            continue
        at += sum(f"-{letter}" in values for letter in word[1:])
        is_text = is_text or (word[0] == "-" and "c" in word)
        reads = reads or (word[0] == "-" and "s" in word)
    rest = list(words[at:])
    if not rest or reads:
        return Payload(arguments=rest)
    if is_text:
        return Payload(text=rest[0], arguments=rest[1:])
    return Payload(script=rest[0], arguments=rest[1:])


def user_call(words: Sequence[Argument]) -> Payload:
    """What `su` and `runuser` run: `su - app -c text`, `runuser -u app -- command`.

    Source: util-linux, su(1) and runuser(1).
    """
    values = option_values("users")
    text: Argument | None = None
    is_named = logs_in = False
    at = 1
    while at < len(words):
        word = words[at].value
        at += 1
        if word == "--":
            break
        if word in ("-", "--login") or re.match(r"-[a-bd-z]*l", word):
            logs_in = True
        name, equals, _ = word.partition("=")
        if word.startswith("-") and re.match(r"--(?:session-)?command\Z|-\w*c\Z", name) and not equals:
            text, at = words[at] if at < len(words) else None, at + 1
        elif word in values:
            is_named = is_named or word in ("-u", "--user")
            at += 1
        elif not word.startswith("-") and is_named:
            at -= 1
            break
    rest = list(words[at:])
    return Payload(text=text, words=rest if is_named else [], logs_in=logs_in)


def echoed(words: Sequence[Argument]) -> Sequence[Argument]:
    """The words that `echo` or `printf` says; none for another program."""
    name = posixpath.basename(words[0].value) if words else ""
    rest = list(words[1:])
    if name == "echo":
        while rest and re.fullmatch(r"-[neE]+", rest[0].value):
            rest = rest[1:]
        return rest
    if name == "printf" and rest:
        return rest[1:] if rest[0].value.startswith("%s") else rest[:1]
    return []


def said(words: Sequence[Argument]) -> Fragment | None:
    """The text that `echo` or `printf` writes, with its line ends; None for another program."""
    found = echoed(words)
    if not found or any(word.fragment.source is not found[0].fragment.source for word in found):
        return None
    between = "\n" if posixpath.basename(words[0].value) == "printf" else " "
    characters: list[Character] = []
    for word in found:
        for char, start, end in word.in_file():
            if char == "n" and characters and characters[-1][0] == "\\":
                characters[-1] = ("\n", characters[-1][1], end)
            else:
                characters.append((char, start, end))
        _, start, end = characters[-1] if characters else ("", word.place.start, word.place.end)
        characters.append((between, start, end))
    return Fragment.of(found[0].fragment.source, characters)
