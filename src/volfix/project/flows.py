"""What runs when a script, target or step is run: its commands in order, those of what it calls in their place.

Followed are functions, `cd`, variables set in the same script, `sh -c`, `eval`, `ssh`, here-documents, and the scripts,
make targets, npm scripts, recipes and tasks of the same repository. What runs inside a container is not followed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from volfix.knowledge import commands as knowledge
from volfix.project.command_files import CommandFile
from volfix.project.entries import Entry
from volfix.project.shell_state import State
from volfix.syntax.fragment import Character, Fragment
from volfix.syntax.shell import Command, Script, parse
from volfix.syntax.shell_words import Word, characters, heredoc_characters
from volfix.syntax.source import Span

DEPTH = 12
"""Calls within calls."""
LIMIT = 4000
"""Commands of one entry: scripts that call each other could go on for ever."""
RUNNERS = {
    "npm": "npm",
    "yarn": "npm",
    "pnpm": "npm",
    "bun": "npm",
    "just": "recipe",
    "task": "task",
    "go-task": "task",
}
RUN_WORDS = frozenset({"run", "run-script", "-s", "--silent", "-s"})


@dataclass(frozen=True, slots=True)
class Argument:
    """A word that a command gets. `span` are characters of `fragment`; `expanded`, where a variable says it there."""

    value: str
    fragment: Fragment
    span: Span
    expanded: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """A command that is run. `directory` and `here` as in State; `hosted` on a machine that is thrown away.

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


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is known about the text that is being read."""

    entry: Entry
    start: Entry
    functions: Mapping[str, tuple[tuple[Command, ...], Fragment]]
    arguments: tuple[Argument, ...] = ()
    guards: tuple[str, ...] = ()
    handler: bool = False
    hosted: bool = False
    calls: tuple[str, ...] = ()
    stack: tuple[object, ...] = ()


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Script:
    return parse(text)


@dataclass(slots=True)
class Reader:
    """Reads entries; `files` are the repository's command files by real path."""

    root: Path
    files: Mapping[Path, CommandFile]
    unread: dict[tuple[Path, int], Span] = field(default_factory=dict)
    left: int = LIMIT

    def acts(self, entry: Entry, directory: str | None = None) -> list[Act]:
        """The commands that running the entry runs, in order."""
        self.left = LIMIT
        start = directory or str(entry.directory)
        state = State(start, here=True, script_directory=str(entry.source.path.parent), home=start)
        if entry.remote:
            state = state.remote()
        frame = _Frame(entry, entry, {}, hosted=entry.hosted, calls=())
        return list(self._entry(entry, state, frame))

    def _entry(self, entry: Entry, state: State, frame: _Frame) -> Iterator[Act]:
        key = (entry.source.path, entry.name)
        if key in frame.stack or len(frame.stack) > DEPTH:
            return
        frame = replace(frame, entry=entry, stack=(*frame.stack, key), functions={})
        for name in entry.needs:
            for other in self._named(entry.source.path, name):
                yield from self._entry(other, state.copy(), replace(frame, calls=(*frame.calls, name)))
        for fragment in entry.fragments:
            own = state.copy() if entry.separate else state
            yield from self._text(fragment, own, frame)

    def _named(self, path: Path, name: str) -> list[Entry]:
        file = self.files.get(path)
        return [entry for entry in file.entries if entry.name == name] if file else []

    def _text(self, fragment: Fragment, state: State, frame: _Frame) -> Iterator[Act]:
        script = _parsed(fragment.text)
        for span in script.unread:
            if span.end > span.start:
                self.unread[fragment.source.path, fragment.starts[span.start]] = fragment.place(span.start, span.end)
        own = {name: (commands, fragment) for name, commands in script.functions.items()}
        frame = replace(frame, functions={**frame.functions, **own})
        yield from self._commands(script.commands, fragment, state, frame)

    def _commands(self, commands: Sequence[Command], fragment: Fragment, state: State, frame: _Frame) -> Iterator[Act]:
        for command in commands:
            state.enter(command.scope)
            if not command.words:
                for item in command.assignments:
                    state.assign(item.name, item.value)
                continue
            words = [argument for word in command.words for argument in self._expanded(word, fragment, state, frame)]
            inner = replace(frame, guards=(*frame.guards, *command.guards))
            yield from self._run(words, command, fragment, state, inner)
        state.enter(())

    def _expanded(self, word: Word, fragment: Fragment, state: State, frame: _Frame) -> Iterator[Argument]:
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

    def _run(
        self, words: list[Argument], command: Command, fragment: Fragment, state: State, frame: _Frame
    ) -> Iterator[Act]:
        words = _unwrapped(words)
        if not words or self.left <= 0 or len(frame.stack) > DEPTH:
            return
        self.left -= 1
        name = posixpath.basename(words[0].value)
        values = [word.value for word in words]
        if name in ("cd", "pushd"):
            places = [value for value in values[1:] if not value.startswith("-")]
            self._change(places[0] if places else "~", state)
        elif name == "trap":
            yield from self._inner(words[1:2], state.copy(), replace(frame, handler=True))
        elif name == "eval":
            yield from self._inner(words[1:], state, frame)
        elif knowledge.is_remote(name):
            at = knowledge.skip_options(values, 1, knowledge.option_values("remotes")) + 1
            away = replace(frame, hosted=False)
            yield from self._inner(words[at:], state.remote(), away)
            yield from self._heredoc(command, fragment, state.remote(), away)
        elif knowledge.is_shell(name) or name in ("source", ".", "su"):
            yield from self._shell(words, command, fragment, state, frame)
        elif values[0] in frame.functions:
            body, text = frame.functions[values[0]]
            if values[0] not in frame.stack:
                inner = replace(frame, arguments=tuple(words[1:]), stack=(*frame.stack, values[0]))
                yield from self._commands(body, text, state, inner)
        elif name in ("make", "gmake") or name in RUNNERS:
            yield from self._target(name, values, state, frame)
        elif (file := self._script(values[0], state)) is not None:
            yield from self._call(file, words, state.copy(), frame)
        else:
            yield Act(
                tuple(words),
                frame.entry,
                state.directory,
                state.here,
                frame.hosted,
                frame.guards,
                frame.handler,
                frame.calls,
                frame.start,
            )

    def _change(self, place: str, state: State) -> None:
        path = state.path(place)
        state.here = state.here and not path.startswith(("~", "$", "`")) and self._inside(path)
        state.directory = path

    def _inside(self, path: str) -> bool:
        return Path(path) == self.root or self.root in Path(path).parents

    def _inner(self, words: Sequence[Argument], state: State, frame: _Frame) -> Iterator[Act]:
        """Words that are a command by themselves, as `ssh` and `eval` put them together."""
        if not words:
            return
        if any(word.fragment is not words[0].fragment for word in words):
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
        if len(words) == 1 and name in frame.functions:
            yield from self._commands(*frame.functions[name], state, frame)
        else:
            yield from self._text(fragment.inner(found), state, frame)

    def _heredoc(self, command: Command, fragment: Fragment, state: State, frame: _Frame) -> Iterator[Act]:
        if command.heredoc is None:
            return
        body = command.heredoc.body
        inner = heredoc_characters(fragment.text, body.start, body.end, quoted=command.heredoc.quoted)
        yield from self._text(fragment.inner(inner), state, frame)

    def _shell(
        self, words: list[Argument], command: Command, fragment: Fragment, state: State, frame: _Frame
    ) -> Iterator[Act]:
        """`sh -c text`, `sh script`, `source script`, `sh <<EOF`."""
        values = [word.value for word in words]
        at = 1
        while at < len(values) and values[at].startswith(("-", "+")):
            if values[at].startswith("-") and not values[at].startswith("--") and values[at].endswith("c"):
                yield from self._inner(words[at + 1 : at + 2], state.copy(), frame)
                return
            at += 2 if values[at] in knowledge.option_values("shells") else 1
        if values[0] == "su" and "-c" in values:
            at = values.index("-c")
            yield from self._inner(words[at + 1 : at + 2], state.copy(), frame)
        elif at >= len(words):
            yield from self._heredoc(command, fragment, state.copy(), frame)
        elif (file := self._script(values[at], state, any_name=True)) is not None:
            sourced = values[0] in ("source", ".")
            yield from self._call(file, words[at:], state if sourced else state.copy(), frame)

    def _script(self, name: str, state: State, *, any_name: bool = False) -> CommandFile | None:
        """The repository's file that a command's name leads to."""
        if "/" not in name and not any_name and not name.endswith((".sh", ".bash")):
            return None
        if "$" in name or "`" in name:
            name = posixpath.basename(name)
            if "$" in name or not name.endswith((".sh", ".bash")):
                return None
        for path in self._candidates(name, state):
            file = self.files.get(path)
            if file is None and path.is_file() and self._inside(str(path)):
                file = CommandFile(path)
            if file is not None:
                return file
        return None

    def _candidates(self, name: str, state: State) -> Iterator[Path]:
        """Where a file may be that the shell finds by this name: elsewhere the checkout's directories lie differently."""
        if state.here:
            yield Path(state.path(name))
            if not name.startswith("/"):
                yield Path(posixpath.normpath(f"{state.script_directory}/{name}"))
            return
        parts = [part for part in state.path(name).split("/") if part not in ("", "~")]
        for start in range(len(parts)):
            yield Path(state.home).joinpath(*parts[start:])

    def _call(self, file: CommandFile, words: Sequence[Argument], state: State, frame: _Frame) -> Iterator[Act]:
        if state.here:
            state.script_directory = str(file.path.parent)
        name = file.path.name
        inner = replace(frame, arguments=tuple(words[1:]), calls=(*frame.calls, name), guards=frame.guards)
        entries = file.entries
        if len(entries) == 1 and entries[0].kind == "script":
            yield from self._entry(entries[0], state, inner)
        elif file.source is not None and not entries:
            whole = Fragment.whole(file.source)
            yield from self._entry(Entry("script", file.source, name, (whole,), file.path.parent), state, inner)

    def _target(self, name: str, values: list[str], state: State, frame: _Frame) -> Iterator[Act]:
        """`make target`, `npm run script`, `just recipe`, `task name`."""
        words, kind = values[1:], RUNNERS.get(name, "target")
        directory, asked = state.directory, []
        at = 0
        while at < len(words):
            if words[at] in ("-C", "--directory", "--prefix", "-f", "--file", "--cwd", "-d", "--dir"):
                if words[at] not in ("-f", "--file") and at + 1 < len(words):
                    directory = state.path(words[at + 1])
                at += 2
                continue
            if (
                not words[at].startswith("-")
                and "=" not in words[at]
                and not (kind == "npm" and words[at] in RUN_WORDS)
            ):
                asked.append(words[at])
            at += 1
        if kind != "target":
            asked = asked[:1]
        for entry in self._entries_in(directory, kind, state):
            if entry.name in asked or (not asked and kind != "npm"):
                away = state.copy()
                away.directory = directory
                yield from self._entry(entry, away, replace(frame, calls=(*frame.calls, f"{name} {entry.name}")))
                if not asked:
                    return

    def _entries_in(self, directory: str, kind: str, state: State) -> list[Entry]:
        place = Path(directory if state.here else state.home)
        return [
            entry
            for path, file in self.files.items()
            if path.parent == place and _may_hold(path, kind)
            for entry in file.entries
            if entry.kind == kind
        ]


def _may_hold(path: Path, kind: str) -> bool:
    name = path.name.lower()
    return {
        "target": "makefile" in name or name.endswith(".mk"),
        "npm": name == "package.json",
        "recipe": "justfile" in name,
        "task": name.startswith("taskfile"),
    }[kind]


def _unwrapped(words: list[Argument]) -> list[Argument]:
    """The words without the programs before them that only run what follows: `sudo -u app nohup docker ...`."""
    for _ in range(8):
        values = [word.value for word in words]
        if not values:
            return words
        found = knowledge.wrapper(posixpath.basename(values[0]))
        if found is None:
            return words
        at = knowledge.skip_options(values, 1, found.values) + found.skip
        while at < len(values) and "=" in values[at] and values[at].partition("=")[0].isidentifier():
            at += 1
        rest = words[at:]
        if found.appends and rest:
            rest = [*rest, Argument("$(xargs)", words[0].fragment, words[0].span, expanded=True)]
        words = rest
    return words
