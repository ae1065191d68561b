"""Lists the commands that an entry runs, in order; a call is replaced by the commands of the script that it calls.

It follows functions, aliases, `cd`, variables, arrays, `sh -c`, `eval`, `su`, `trap`, `ssh`, here-documents, and what
the resolver finds: scripts, make targets, npm scripts. It does not follow what runs inside a container.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from volfix.knowledge import commands as knowledge
from volfix.project.shell import builtins
from volfix.project.shell.calls import Call, Frame
from volfix.project.shell.command import CHECKOUT, ELSEWHERE, MACHINE, Argument, Command
from volfix.project.shell.entry import Entry
from volfix.project.shell.expansion import expanded
from volfix.project.shell.payload import echoed, shell_call, together, user_call
from volfix.project.shell.repeats import MOST_OF_ENTRY, TOO_MANY, Repeats, is_too_deep
from volfix.project.shell.resolver import Resolver
from volfix.project.shell.state import UNSET, State
from volfix.project.shell.wrappers import unwrapped
from volfix.syntax import disk
from volfix.syntax.fragment import Fragment
from volfix.syntax.shell import parse
from volfix.syntax.shell_commands import SimpleCommand
from volfix.syntax.source import Span

KEYWORDS = frozenset({"then", "elif", "else", "fi", "do", "done", "esac"})
"""Words that appear as a command only if the parser misread the text."""


@dataclass(slots=True)
class Interpreter:
    """Interprets entries. `unread` are the parts of files that are not valid shell, by file and offset.

    A text that calls itself too often is refused (see Repeats).
    """

    resolver: Resolver
    unread: dict[tuple[Path, int], Span] = field(default_factory=dict)
    repeats: Repeats = field(default_factory=Repeats)
    count: int = 0

    def commands(self, entry: Entry, directory: str | None = None) -> list[Command]:
        """The commands that the entry runs, in order; `directory` is where it is called (default: its own).

        The file of an entry that runs more than MOST_OF_ENTRY commands is refused.
        """
        self.count = 0
        start = directory or str(entry.directory)
        home = str(entry.home or start)
        state = State(start, home, workspace=entry.workspace)
        if entry.remote and entry.workspace is None:
            state = state.remote()
        state.is_remote = entry.remote
        state.in_checkout = state.has_checkout and self.resolver.contains(state.directory)
        state.script = str(entry.source.path)
        state.zero = state.script if entry.kind == "script" else ""
        frame = Frame(entry, entry, hosted=entry.hosted)
        found = list(islice(self._process(self._entry(entry, state, frame), state, frame), MOST_OF_ENTRY + 1))
        if len(found) > MOST_OF_ENTRY:
            disk.refuse(entry.source.path, TOO_MANY)
        return found[:MOST_OF_ENTRY]

    def _process(self, commands: Iterator[Command], state: State, frame: Frame) -> Iterator[Command]:
        """The commands of a process, and then those of its handlers for EXIT."""
        yield from commands
        state.ended_by = ""
        for handler, origin, file in list(state.traps):
            yield from self._inner([handler], state, replace(frame, trap="EXIT", origin=origin, origin_in=file))

    def _entry(self, entry: Entry, state: State, frame: Frame) -> Iterator[Command]:
        key = (entry.source.path, entry.name)
        if key in frame.stack or is_too_deep(frame, entry.source.path):
            return
        frame = replace(frame, entry=entry, stack=(*frame.stack, key))
        for name, value in entry.environment.items():
            state.set(name, value, exported=True, at=entry.given_at.get(name))
        for other in self.resolver.beside(entry, entry.needs):
            yield from self._entry(other, state.copy(), frame.entering(other.name))
        for fragment in entry.texts:
            yield from self._text(fragment, state.copy() if entry.separate else state, frame)
        for other in self.resolver.beside(entry, entry.brings):
            yield from self._entry(other, replace(state.copy(), ended_by=""), frame.entering(other.name))

    def _text(self, fragment: Fragment, state: State, frame: Frame) -> Iterator[Command]:
        script = parse(fragment.text)
        for span in script.unread:
            if span.end > span.start:
                self.unread[fragment.source.path, fragment.starts[span.start]] = fragment.place(span.start, span.end)
        state.functions.update((name, (commands, fragment)) for name, commands in script.functions.items())
        yield from self._commands(script.commands, fragment, state, frame)

    def _commands(
        self, commands: Sequence[SimpleCommand], fragment: Fragment, state: State, frame: Frame
    ) -> Iterator[Command]:
        outer, state.scope, state.scopes = (state.scope, state.scopes), (), []
        for command in commands:
            state.enter(command.around.scope)
            inner = None if state.ended_by else frame.of(command, fragment, state)
            if inner is None:
                continue
            state.maybe = inner.conditional or state.leaves_early
            if command.words:
                words = expanded(command.words, command, fragment, state)
                call = Call(words, command, commands, fragment, state, inner)
                yield from self._run(call)
                if not state.maybe and call.ends and self._is_parsed_well(commands, fragment):
                    state.ended_by = call.first
            else:
                builtins.declare(command, fragment, state)
        state.enter(())
        state.scope, state.scopes = outer

    def _is_parsed_well(self, commands: Sequence[SimpleCommand], fragment: Fragment) -> bool:
        """Whether the text was parsed without doubt; otherwise commands could wrongly seem to come after the end."""
        lost = any(command.words and command.words[0].value in KEYWORDS for command in commands)
        return not lost and all(path != fragment.source.path for path, _ in self.unread)

    def _run(self, call: Call) -> Iterator[Command]:
        if call.words and call.words[0].value in call.state.aliases:
            call = call.aliased()
        command = unwrapped(call.words)
        if not command.words or not self.repeats.allow(call):
            return
        call = replace(call, words=command.words, assigned=call.given() | command.assigned)
        if command.directory is not None:
            call = replace(call, state=call.state.copy())
            builtins.go(call.state, call.state.path(command.directory), self.resolver)
        if command.finds_functions and call.first in call.state.functions and call.first not in call.frame.stack:
            yield from self._function(call)
        elif call.program in builtins.BUILTINS:
            builtins.BUILTINS[call.program](call, self.resolver)
        elif (follow := self._follower(call.program)) is not None:
            yield from follow(call)
        elif (script := self.resolver.script(call.first, call.state)) is not None:
            yield from self._script(script, call.words, call)
        else:
            yield self._leaf(call)

    def _follower(self, name: str) -> Callable[[Call], Iterator[Command]] | None:
        """The function that follows what a program runs; None for a program that runs no other commands."""
        if name in ("trap", "eval", ".", "source"):
            return {"trap": self._trap, "eval": self._eval}.get(name, self._source)
        if knowledge.is_remote(name):
            return self._remote
        if knowledge.is_shell(name):
            return self._shell
        if knowledge.is_user_switch(name):
            return self._user
        return self._runner if self.resolver.is_runner(name) else None

    def _eval(self, call: Call) -> Iterator[Command]:
        if any("$" in word.value or "`" in word.value for word in call.words[1:]):
            call.state.doubt()
        yield from self._inner(call.words[1:], call.state, call.frame)

    def _leaf(self, call: Call) -> Command:
        self.count += 1
        return call.leaf(self.count - 1)

    def _file_frame(self, frame: Frame, state: State) -> Frame:
        """The frame of a file that the shell reads now."""
        text_place = CHECKOUT if state.has_checkout and state.in_checkout else ELSEWHERE if state.is_remote else MACHINE
        return replace(frame, read_after=self.count, text_place=text_place)

    def _function(self, call: Call) -> Iterator[Command]:
        body, text = call.state.functions[call.first]
        state, frame = call.state, replace(call.frame, stack=(*call.frame.stack, call.first))
        before = state.call(tuple(call.words[1:]))
        for name, value in call.assigned.items():
            state.local[name] = state.variables.get(name, UNSET)
            state.set(name, value, exported=True, at=call.place)
        yield from self._commands(body, text, state, frame)
        state.back(before)

    def _trap(self, call: Call) -> Iterator[Command]:
        """`trap 'commands' SIGNAL`: commands for EXIT run at the end of the shell, others when the signal comes."""
        words = [word for word in call.words[1:] if word.value != "--"]
        if len(words) < 2 or words[0].value in ("", "-"):
            return
        signals = {word.value.upper().removeprefix("SIG") for word in words[1:]}
        if signals & {"EXIT", "0"}:
            assert call.frame.origin is not None and call.frame.origin_in is not None
            call.state.traps.append((words[0], call.frame.origin, call.frame.origin_in))
        else:
            frame = replace(call.frame, trap=min(signals))
            yield from self._inner(words[:1], call.state.copy(), frame)

    def _remote(self, call: Call) -> Iterator[Command]:
        """`ssh host command`, and the text that it sends to a shell there."""
        at = knowledge.skip_options(call.values, 1, knowledge.option_values("remotes")) + 1
        state, frame = call.state.remote(), replace(call.frame, hosted=False)
        words = [word for word in call.words[at:] if word.value != "--"]
        first = unwrapped(words).words
        if not first or knowledge.is_shell(posixpath.basename((first[0].value.split() or [""])[0])):
            yield from self._process(self._input(call, state, frame), state, frame)
        yield from self._process(self._inner(words, state, frame), state, frame)

    def _runner(self, call: Call) -> Iterator[Command]:
        start = call.process()
        entries = list(self.resolver.run_by(call.values, start))
        if not entries:
            yield self._leaf(call)
        given = self.resolver.given_by(call.values)
        for entry, directory in entries:
            state = start.process()
            builtins.go(state, directory, self.resolver)
            state.arguments = None
            state.script = str(entry.source.path)
            frame = self._file_frame(call.frame.entering(f"{call.program} {entry.name}"), state)
            yield from self._process(self._entry(entry.with_variables(given, call.place), state, frame), state, frame)

    def _inner(self, words: Sequence[Argument], state: State, frame: Frame) -> Iterator[Command]:
        """The commands in words that `ssh` or `eval` joins into one text."""
        if (text := together(words)) is not None:
            yield from self._text(text, state, frame.deeper())

    def _input(self, call: Call, state: State, frame: Frame) -> Iterator[Command]:
        """The commands in a shell's input: a here-document, a file, or another command's output."""
        command = call.command
        if (lines := call.heredoc()) is not None:
            yield from self._text(lines, state, frame.deeper())
        elif command.text is not None:
            yield from self._inner(expanded([command.text], command, call.fragment, call.state), state, frame)
        elif command.around.input is not None:
            for word in expanded([command.around.input], command, call.fragment, call.state):
                yield from self._read(word.value, call, state, frame)
        elif (before := call.piped_from()) is not None:
            words = expanded(before.words, before, call.fragment, state)
            if words and posixpath.basename(words[0].value) == "cat":
                for word in words[1:]:
                    yield from self._read(word.value, call, state, frame)
                if len(words) == 1:
                    yield from self._input(replace(call, command=before), state, frame)
            else:
                yield from self._inner(echoed(words), state, frame)

    def _read(self, name: str, call: Call, state: State, frame: Frame) -> Iterator[Command]:
        """The commands in a file that a shell reads as its input."""
        script = self.resolver.script(name, call.state, any_name=True)
        if script is not None:
            for fragment in script.fragments:
                inner = self._file_frame(frame.entering(script.source.path.name), state)
                yield from self._text(fragment, state, inner.deeper())

    def _shell(self, call: Call) -> Iterator[Command]:
        """`sh -c text`, `sh script`, `sh <<EOF`."""
        payload = shell_call(call.words)
        state = call.process()
        if payload.script is not None:
            script = self.resolver.script(payload.script.value, call.state, any_name=True)
            if script is not None:
                yield from self._script(script, [payload.script, *payload.arguments], call)
            else:
                yield self._leaf(call)
        else:
            state.arguments = tuple(payload.arguments)
            if payload.text is not None:  # `sh -c text name argument`
                state.arguments, state.zero = state.arguments[1:], ""
            yield from self._text_or_input(payload.text, call, state)

    def _text_or_input(self, text: Argument | None, call: Call, state: State) -> Iterator[Command]:
        """The commands in the text that a program is told to run; without a text, those in its input."""
        frame = call.frame
        found = self._input(call, state, frame) if text is None else self._inner([text], state, frame)
        yield from self._process(found, state, frame)

    def _user(self, call: Call) -> Iterator[Command]:
        """`su - app -c text`, `runuser -u app -- command`."""
        payload = user_call(call.words)
        state = call.process()
        if payload.logs_in:
            builtins.go(state, "~", self.resolver)
        if payload.words and payload.text is None:
            yield from self._run(replace(call, words=payload.words, state=state))
        else:
            yield from self._text_or_input(payload.text, call, state)

    def _source(self, call: Call) -> Iterator[Command]:
        words = [word for word in call.words[1:] if word.value != "--"]
        script = self.resolver.script(words[0].value, call.state, any_name=True) if words else None
        if script is None:
            call.state.doubt()
            yield self._leaf(call)
            return
        state = call.state
        before = state.script, state.arguments
        state.script = str(script.source.path)
        if len(words) > 1:
            state.arguments = tuple(words[1:])
        yield from self._entry(script, state, self._file_frame(call.frame.entering(script.source.path.name), state))
        state.script, state.arguments = before

    def _script(self, script: Entry, words: Sequence[Argument], call: Call) -> Iterator[Command]:
        state = call.process()
        state.zero = str(script.source.path) if state.has_checkout else state.path(words[0].value)
        state.script, state.arguments = state.zero, tuple(words[1:])
        frame = self._file_frame(call.frame.entering(script.source.path.name), state)
        yield from self._process(self._entry(script, state, frame), state, frame)
