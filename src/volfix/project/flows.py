"""What runs when a script, target or step is run: its commands in order, those of what it calls in their place.

Followed are functions, `cd`, variables set in the same script, `sh -c`, `eval`, `ssh`, here-documents, and the scripts,
make targets, npm scripts, recipes and tasks of the same repository. What runs inside a container is not followed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from volfix.knowledge import commands as knowledge
from volfix.project.acts import Act, Argument, unwrapped
from volfix.project.called import Checkout
from volfix.project.command_files import CommandFile
from volfix.project.entries import RUNNERS, Entry
from volfix.project.shell_state import State
from volfix.syntax.fragment import Character, Fragment
from volfix.syntax.shell import Command, Script, parse
from volfix.syntax.shell_words import Word, characters, heredoc_characters
from volfix.syntax.source import Span

DEPTH = 12
"""Calls within calls."""
LIMIT = 4000
"""Commands of one entry: scripts that call each other could go on for ever."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is known about the text that is being read."""

    entry: Entry
    start: Entry
    arguments: tuple[Argument, ...] = ()
    guards: tuple[str, ...] = ()
    handler: bool = False
    hosted: bool = False
    calls: tuple[str, ...] = ()
    stack: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class _Call:
    """A command about to run: its words, how it is written, and what surrounds it."""

    words: list[Argument]
    command: Command
    fragment: Fragment
    state: State
    frame: _Frame

    @property
    def values(self) -> list[str]:
        return [word.value for word in self.words]


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Script:
    return parse(text)


@dataclass(slots=True)
class Reader:
    """Reads entries; `unread` are the parts of files that are no shell, by file and place."""

    checkout: Checkout
    unread: dict[tuple[Path, int], Span] = field(default_factory=dict)
    left: int = LIMIT

    def acts(self, entry: Entry, directory: str | None = None) -> list[Act]:
        """The commands that running the entry runs, in order."""
        self.left = LIMIT
        start = directory or str(entry.directory)
        state = State(start, here=True, script_directory=str(entry.source.path.parent), home=start)
        if entry.remote:
            state = state.remote()
        return list(self._entry(entry, state, _Frame(entry, entry, hosted=entry.hosted)))

    def _entry(self, entry: Entry, state: State, frame: _Frame) -> Iterator[Act]:
        key = (entry.source.path, entry.name)
        if key in frame.stack or len(frame.stack) > DEPTH:
            return
        frame = replace(frame, entry=entry, stack=(*frame.stack, key))
        file = self.checkout.files.get(entry.source.path)
        for name in entry.needs:
            for other in file.entries if file else ():
                if other.name == name:
                    yield from self._entry(other, state.copy(), replace(frame, calls=(*frame.calls, name)))
        for fragment in entry.fragments:
            yield from self._text(fragment, state.copy() if entry.separate else state, frame)

    def _text(self, fragment: Fragment, state: State, frame: _Frame) -> Iterator[Act]:
        script = _parsed(fragment.text)
        for span in script.unread:
            if span.end > span.start:
                self.unread[fragment.source.path, fragment.starts[span.start]] = fragment.place(span.start, span.end)
        state.functions.update((name, (commands, fragment)) for name, commands in script.functions.items())
        yield from self._commands(script.commands, fragment, state, frame)

    def _commands(self, commands: Sequence[Command], fragment: Fragment, state: State, frame: _Frame) -> Iterator[Act]:
        for command in commands:
            state.enter(command.scope)
            if not command.words:
                for item in command.assignments:
                    state.assign(item.name, item.value)
                continue
            words = [argument for word in command.words for argument in _expanded(word, fragment, state, frame)]
            inner = replace(frame, guards=(*frame.guards, *command.guards))
            yield from self._run(_Call(unwrapped(words), command, fragment, state, inner))
        state.enter(())

    def _run(self, call: _Call) -> Iterator[Act]:
        if not call.words or self.left <= 0 or len(call.frame.stack) > DEPTH:
            return
        self.left -= 1
        first = call.words[0].value
        name = posixpath.basename(first)
        if name in ("cd", "pushd"):
            self._change_directory(call)
        elif name == "trap":
            yield from self._inner(call.words[1:2], call.state.copy(), replace(call.frame, handler=True))
        elif name == "eval":
            yield from self._inner(call.words[1:], call.state, call.frame)
        elif knowledge.is_remote(name):
            yield from self._remote(call)
        elif knowledge.is_shell(name) or name in ("source", ".", "su"):
            yield from self._shell(call)
        elif first in call.state.functions:
            yield from self._function(call)
        elif name in RUNNERS:
            yield from self._runner(call)
        elif (file := self.checkout.script(first, call.state)) is not None:
            yield from self._script(file, call.words, call.state.process(), call.frame)
        else:
            state, frame = call.state, call.frame
            yield Act(
                words=tuple(call.words),
                entry=frame.entry,
                directory=state.directory,
                here=state.here,
                elsewhere=state.elsewhere,
                hosted=frame.hosted,
                guards=frame.guards,
                handler=frame.handler,
                calls=frame.calls,
                start=frame.start,
            )

    def _change_directory(self, call: _Call) -> None:
        places = [value for value in call.values[1:] if not value.startswith("-")]
        state = call.state
        path = state.path(places[0] if places else "~")
        state.here = state.here and path.startswith("/") and self.checkout.contains(path)
        state.directory = path

    def _remote(self, call: _Call) -> Iterator[Act]:
        """`ssh host command`, and a here-document that it sends."""
        at = knowledge.skip_options(call.values, 1, knowledge.option_values("remotes")) + 1
        away = replace(call.frame, hosted=False)
        yield from self._inner(call.words[at:], call.state.remote(), away)
        yield from self._heredoc(call, call.state.remote(), away)

    def _function(self, call: _Call) -> Iterator[Act]:
        name = call.words[0].value
        body, text = call.state.functions[name]
        if name not in call.frame.stack:
            stack = (*call.frame.stack, name)
            inner = replace(call.frame, arguments=tuple(call.words[1:]), stack=stack)
            yield from self._commands(body, text, call.state, inner)

    def _runner(self, call: _Call) -> Iterator[Act]:
        name = posixpath.basename(call.words[0].value)
        for entry, directory in self.checkout.run_by(call.values, call.state):
            state = call.state.process()
            state.directory = directory
            yield from self._entry(entry, state, replace(call.frame, calls=(*call.frame.calls, f"{name} {entry.name}")))

    def _inner(self, words: Sequence[Argument], state: State, frame: _Frame) -> Iterator[Act]:
        """Words that are a command by themselves, as `ssh` and `eval` put them together."""
        if not words or any(word.fragment is not words[0].fragment for word in words):
            return
        fragment = words[0].fragment
        found: list[Character] = []
        for number, word in enumerate(words):
            if number:
                found.append((" ", words[number - 1].span.end, word.span.start))
            if word.expanded:
                found += [(char, word.span.start, word.span.end) for char in word.value]
            else:
                found += characters(fragment.text, word.span.start, word.span.end)
        name = words[0].value
        if len(words) == 1 and name in state.functions:
            yield from self._commands(*state.functions[name], state, frame)
        else:
            yield from self._text(fragment.inner(found), state, frame)

    def _heredoc(self, call: _Call, state: State, frame: _Frame) -> Iterator[Act]:
        document = call.command.heredoc
        if document is not None:
            body = document.body
            inner = heredoc_characters(call.fragment.text, body.start, body.end, quoted=document.quoted)
            yield from self._text(call.fragment.inner(inner), state, frame)

    def _shell(self, call: _Call) -> Iterator[Act]:
        """`sh -c text`, `sh script`, `source script`, `sh <<EOF`, `su -c text`."""
        values, words = call.values, call.words
        name = posixpath.basename(values[0])
        if name == "su":
            at = values.index("-c") + 1 if "-c" in values else len(values)
            yield from self._inner(words[at : at + 1], call.state.copy(), call.frame)
            return
        at = 1
        while at < len(values) and values[at].startswith(("-", "+")):
            if values[at].startswith("-") and not values[at].startswith("--") and values[at].endswith("c"):
                yield from self._inner(words[at + 1 : at + 2], call.state.copy(), call.frame)
                return
            at += 2 if values[at] in knowledge.option_values("shells") else 1
        if at >= len(words):
            yield from self._heredoc(call, call.state.copy(), call.frame)
        elif (file := self.checkout.script(values[at], call.state, any_name=True)) is not None:
            state = call.state if name in ("source", ".") else call.state.process()
            yield from self._script(file, words[at:], state, call.frame)

    def _script(self, file: CommandFile, words: Sequence[Argument], state: State, frame: _Frame) -> Iterator[Act]:
        if state.here:
            state.script_directory = str(file.path.parent)
        name = file.path.name
        inner = replace(frame, arguments=tuple(words[1:]), calls=(*frame.calls, name))
        if len(file.entries) == 1 and file.entries[0].kind == "script":
            yield from self._entry(file.entries[0], state, inner)


def _expanded(word: Word, fragment: Fragment, state: State, frame: _Frame) -> Iterator[Argument]:
    """The words that a word becomes when its variables are put in."""
    if word.value in ("$@", "$*", "${@}"):
        yield from frame.arguments
        return
    value = state.expanded(word.value)
    is_array = word.value.endswith(("[@]}", "[*]}"))
    if value == word.value:
        yield Argument(value, fragment, word.span)
    elif (word.quoted and not is_array) or " " not in value or "$(" in value:
        yield Argument(value, fragment, word.span, expanded=True)
    else:
        for part in value.split():
            yield Argument(part, fragment, word.span, expanded=True)
