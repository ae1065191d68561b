"""What a pipeline's step runs: its commands in order, each with its directory, its variables and the host it runs on.

Scripts, make targets and npm scripts of the repository that a step calls are followed; ssh and `sh -c` are looked into.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from volfix.knowledge.commands import is_remote, is_shell, option_values, skip_options, wrapper
from volfix.project.entries import RUNNERS, Entry
from volfix.project.substitution import substituted
from volfix.syntax import shell
from volfix.syntax.shell_words import VARIABLE
from volfix.syntax.yaml_tree import Scalar

DEPTH = 5
"""Scripts within scripts that are followed."""
MENTIONS = re.compile(r"docker|compose")
LIMIT = 5000
"""Commands of one step that are looked at: scripts that call each other would never end."""


@dataclass(frozen=True, slots=True)
class Run:
    """One simple command of a step.

    `words` have the variables of known value replaced; `directory` is None where it is not known; `remote` commands
    run on another host; `scalar` is the pipeline's command that leads to it.
    """

    words: tuple[str, ...]
    directory: str | None
    environment: dict[str, str | None]
    remote: bool
    scalar: Scalar


@dataclass(slots=True)
class _State:
    directory: str | None
    environment: dict[str, str | None]
    stack: list[str | None] = field(default_factory=list)
    functions: dict[str, tuple[shell.Script, tuple[shell.Command, ...]]] = field(default_factory=dict)

    def copy(self) -> _State:
        return _State(self.directory, dict(self.environment), list(self.stack), dict(self.functions))

    def process(self) -> _State:
        """The state of a program that starts here: a shell's functions are its own."""
        return replace(self.copy(), functions={})


@dataclass(frozen=True, slots=True)
class Start:
    """Where a step's commands begin: directory, variables, and how a path of the step is found in the repository.

    `unread` gets the pipeline's commands that lead to something that is no shell and speaks of Docker.
    """

    directory: str | None
    environment: dict[str, str | None]
    find: Callable[[str], Path | None]
    unread: list[Scalar] = field(default_factory=list)


def runs(commands: Sequence[Scalar], start: Start, *, remote: bool = False) -> Iterator[Run]:
    """The commands that these scalars run, one script as the runner makes it of them."""
    offsets, parts, at = [], [], 0
    for scalar in commands:
        part = substituted(scalar.value)
        offsets.append(at)
        parts.append(part)
        at += len(part) + 1
    reader = _Reader(start, lambda offset: commands[max(n for n, begin in enumerate(offsets) if begin <= offset)])
    state = _State(start.directory, dict(start.environment))
    if parts:
        yield from reader.script("\n".join(parts), state, remote=remote, origin=None, depth=0)


@dataclass(slots=True)
class _Reader:
    start: Start
    scalar_at: Callable[[int], Scalar]
    seen: int = 0

    def script(self, text: str, state: _State, *, remote: bool, origin: Scalar | None, depth: int) -> Iterator[Run]:
        script = shell.parse(text)
        for span in script.unread:
            if MENTIONS.search(text[span.start : span.end]):
                self.start.unread.append(origin or self.scalar_at(span.start))
        state.functions.update((name, (script, body)) for name, body in script.functions.items())
        yield from self.commands(script, script.commands, state, remote, origin, depth)

    def commands(
        self,
        script: shell.Script,
        commands: Sequence[shell.Command],
        state: _State,
        remote: bool,
        origin: Scalar | None,
        depth: int,
    ) -> Iterator[Run]:
        scopes: dict[tuple[int, ...], _State] = {(): state}
        for command in commands:
            for length in range(1, len(command.scope) + 1):
                inner = command.scope[:length]
                scopes.setdefault(inner, scopes[inner[:-1]].copy())
            here = scopes[command.scope]
            scalar = origin or self.scalar_at(command.span.start)
            yield from self.command(script, command, here, remote, scalar, depth)

    def command(
        self, script: shell.Script, command: shell.Command, state: _State, remote: bool, scalar: Scalar, depth: int
    ) -> Iterator[Run]:
        self.seen += 1
        if self.seen > LIMIT:
            return
        assigned = {item.name: _expanded(item.value, state.environment) for item in command.assignments}
        if not command.words:
            state.environment.update(assigned)
            return
        words = _unwrapped(tuple(_expanded(word.value, state.environment) for word in command.words), assigned)
        if not words:
            return
        program = posixpath.basename(words[0])
        if program in ("cd", "pushd", "popd"):
            _change_directory(program, words[1:], state)
        elif program == "export":
            state.environment.update(dict(word.split("=", 1) for word in words[1:] if "=" in word))
        elif words[0] in state.functions and depth < DEPTH:
            yield from self.commands(*state.functions[words[0]], state, remote, scalar, depth + 1)
        else:
            here = state.process()
            here.environment.update(assigned)
            yield Run(words, here.directory, here.environment, remote, scalar)
            inner = state if program in (".", "source") else here
            yield from self.nested(script, command, words, inner, remote, scalar, depth)

    def nested(
        self,
        script: shell.Script,
        command: shell.Command,
        words: tuple[str, ...],
        state: _State,
        remote: bool,
        scalar: Scalar,
        depth: int,
    ) -> Iterator[Run]:
        """What a command that takes commands runs in its turn."""
        if depth >= DEPTH:
            return
        program = posixpath.basename(words[0])
        body = script.text[command.heredoc.body.start : command.heredoc.body.end] if command.heredoc else None
        if is_remote(program):
            for told in filter(None, (_ssh_command(words), body)):
                yield from self.script(told, _State(None, {}), remote=True, origin=scalar, depth=depth + 1)
        elif is_shell(program) and (text := _shell_command(words)) is not None:
            yield from self.script(text, state, remote=remote, origin=scalar, depth=depth + 1)
        elif program in RUNNERS and not remote:
            for entry, inner in self.called(words, state):
                yield from self.entry(entry, inner, scalar, depth + 1)
        elif (path := _script_path(words)) is not None and not remote:
            if (called := self.read(path, state)) is not None:
                yield from self.script(called, state, remote=remote, origin=scalar, depth=depth + 1)
        elif is_shell(program) and body is not None:
            yield from self.script(body, state, remote=remote, origin=scalar, depth=depth + 1)

    def called(self, words: tuple[str, ...], state: _State) -> Iterator[tuple[Entry, _State]]:
        """What `make target`, `npm run script` and the like run, each with where it starts."""
        here = self.start.find(state.directory) if state.directory is not None else None
        if here is None or state.directory is None:
            return
        from volfix.project.called import Checkout  # most steps call no runner
        from volfix.project.shell_state import State

        start = State(str(here), here=True, script_directory=str(here), home=str(here))
        for entry, directory in Checkout(here, {}).run_by(words, start):
            inner = state.copy()
            inner.directory = posixpath.normpath(
                posixpath.join(state.directory, posixpath.relpath(directory, start.home))
            )
            yield entry, inner

    def entry(self, entry: Entry, state: _State, scalar: Scalar, depth: int) -> Iterator[Run]:
        """What an entry runs, after those of its file that it needs."""
        if depth > DEPTH:
            return
        from volfix.project.command_files import entries_of

        beside = entries_of(entry.source) if entry.needs else ()
        for needed in (other for name in entry.needs for other in beside if other.name == name):
            yield from self.entry(needed, state.copy(), scalar, depth + 1)
        for fragment in entry.fragments:
            inner = state.copy() if entry.separate else state
            yield from self.script(fragment.text, inner, remote=False, origin=scalar, depth=depth)

    def read(self, path: str, state: _State) -> str | None:
        """The text of a script of the repository; None where there is none, or it is no shell script."""
        if state.directory is None and not path.startswith("/"):
            return None
        found = self.start.find(posixpath.normpath(posixpath.join(state.directory or "/", path)))
        if found is None or not found.is_file() or found.stat().st_size > 256 * 1024:
            return None
        text = found.read_bytes().decode(errors="replace")
        first = text.split("\n", 1)[0]
        return text if not first.startswith("#!") or re.search(r"\b(?:ba|da|a|z)?sh\b", first) else None


def _expanded(text: str, environment: dict[str, str | None]) -> str:
    def value(found: re.Match[str]) -> str:
        known = environment.get(found[1] or found[2])
        return found[0] if known is None else known

    return VARIABLE.sub(value, text) if "$" in text else text


def _unwrapped(words: tuple[str, ...], assigned: dict[str, str]) -> tuple[str, ...]:
    """The command behind `sudo`, `env NAME=value`, `timeout 60` and the like."""
    while words and (runner := wrapper(posixpath.basename(words[0]))) is not None:
        at = skip_options(words, 1, runner.values)
        while at < len(words) and re.match(r"\w+=", words[at]):
            name, _, value = words[at].partition("=")
            assigned[name] = value
            at += 1
        words = words[at + runner.skip :]
    return words


def _change_directory(program: str, arguments: tuple[str, ...], state: _State) -> None:
    if program == "popd":
        state.directory = state.stack.pop() if state.stack else None
        return
    if program == "pushd":
        state.stack.append(state.directory)
    place = next((word for word in arguments if not word.startswith("-") or word == "-"), None)
    if place is None or place == "-" or place.startswith("~") or "$" in place or "`" in place:
        state.directory = None
    elif place.startswith("/") or state.directory is not None:
        state.directory = posixpath.normpath(posixpath.join(state.directory or "/", place))


def _ssh_command(words: tuple[str, ...]) -> str | None:
    return " ".join(words[skip_options(words, 1, option_values("remotes")) + 1 :]) or None


def _shell_command(words: tuple[str, ...]) -> str | None:
    """The text behind `-c`, also in a cluster such as `-lc`."""
    for number, word in enumerate(words[1:], 1):
        if re.match(r"-\w*c\Z", word):
            return words[number + 1] if number + 1 < len(words) else None
        if not word.startswith("-"):
            return None
    return None


def _script_path(words: tuple[str, ...]) -> str | None:
    """The script that the words call: `sh x.sh`, `. ./x.sh`, `./x.sh`, `/drone/src/x.sh`."""
    if words[0] in (".", "source") or is_shell(posixpath.basename(words[0])):
        return next((word for word in words[1:] if not word.startswith("-") and "$" not in word), None)
    return words[0] if "/" in words[0] and "$" not in words[0] else None
