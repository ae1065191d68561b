"""Applies the shell's own commands to its state: directories, variables, arguments, aliases."""

from __future__ import annotations

import re
from collections.abc import Callable

from volfix.project.shell.calls import Call
from volfix.project.shell.command import Argument
from volfix.project.shell.expansion import expanded, plain
from volfix.project.shell.resolver import Resolver
from volfix.project.shell.state import UNSET, State, Value
from volfix.syntax.fragment import Fragment
from volfix.syntax.shell_commands import Assignment, SimpleCommand

LONGEST_PATH = 1024
"""The longest path of a directory, in characters: macOS allows no longer path (limits.h, PATH_MAX)."""
EXPORTING = re.compile(r"-\w*x")


def declare(command: SimpleCommand, fragment: Fragment, state: State) -> None:
    """Apply an assignment or declaration to `state`: `NAME=value`, `export NAME=value`, `local NAME`, `unset NAME`."""
    words = [each.value for each in expanded(command.declaration, command, fragment, state)]
    keyword = words[0] if words else ""
    if keyword == "unset":
        for name in words[1:]:
            state.variables.pop(name, None)
            state.exported.discard(name)
        return
    exported = keyword == "export" or any(EXPORTING.match(word) for word in words[1:])
    if keyword in ("local", "declare", "typeset"):
        names = [item.name for item in command.assignments] + [word.partition("=")[0] for word in words[1:]]
        state.local.update((name, state.variables.get(name, UNSET)) for name in names if name not in state.local)
    at = fragment.source, fragment.place(command.span.start, command.span.end).start
    for item in command.assignments:
        state.set(item.name, _value(item, command, fragment, state), exported=exported, at=at)
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not name.isidentifier():  # an option, or unknown words: `export $(cat .env)`
            if not name.startswith(("-", "+")):
                state.doubt()
            continue
        if equals:
            state.set(name, value, exported=exported, at=at)
        elif exported:
            state.exported.add(name)


def _value(item: Assignment, command: SimpleCommand, fragment: Fragment, state: State) -> Value:
    before = state.variables.get(item.name, "") if item.appends else ""
    if item.elements is not None:
        found = tuple(each.value for each in expanded(item.elements, command, fragment, state))
        first = before if isinstance(before, tuple) else (before,) if before else ()
        return (*first, *found)
    text = plain(fragment.text[item.span.start : item.span.end], state)
    if not item.appends:
        return text
    return before + text if isinstance(before, str) else None


def _change_directory(call: Call, resolver: Resolver) -> None:
    state = call.state
    places = [value for value in call.values[1:] if not re.fullmatch(r"-\w*|--", value) or value == "-"]
    if call.program == "pushd":
        state.pushed.append(state.directory)
    go(state, state.previous if places[:1] == ["-"] else state.path(places[0] if places else "~"), resolver)


def go(state: State, path: str, resolver: Resolver) -> None:
    """Change the shell's directory to `path`, if a directory can have so long a path."""
    if len(path) > LONGEST_PATH:
        return
    state.previous, state.directory = state.directory, path
    state.in_checkout = state.has_checkout and path.startswith("/") and resolver.contains(path)


def _pop_directory(call: Call, resolver: Resolver) -> None:
    if call.state.pushed:
        go(call.state, call.state.pushed.pop(), resolver)


def _set(call: Call, _: Resolver) -> None:
    """Apply `set -a`, `set -eo pipefail`, `set -- words`."""
    values = call.values
    at = 1
    while at < len(values):
        value = values[at]
        if value == "--" or not value.startswith(("-", "+")):
            _give(call.state, tuple(call.words[at + (value == "--") :]))
            return
        named = values[at + 1 : at + 2] if value.endswith("o") else []
        if re.match(r"[-+]\w*a", value) or named == ["allexport"]:
            call.state.exports_all = value[0] == "-"
        at += 1 + len(named)


def _shift(call: Call, _: Resolver) -> None:
    if call.state.arguments is not None:
        count = int(call.values[1]) if len(call.values) > 1 and call.values[1].isdigit() else 1
        _give(call.state, call.state.arguments[count:])


def _give(state: State, words: tuple[Argument, ...]) -> None:
    state.arguments = words
    (state.uncertain.add if state.maybe else state.uncertain.discard)("@")


def _leave(call: Call, _: Resolver) -> None:
    """Apply `return` or `break`: if it may run, the commands after it may not run."""
    call.state.leaves_early = call.state.leaves_early or call.state.maybe


def _read(call: Call, _: Resolver) -> None:
    """Apply `read NAME` or `mapfile NAME`: the value becomes unknown."""
    for value in call.values[1:]:
        if value.isidentifier():
            call.state.set(value, None)


def _alias(call: Call, _: Resolver) -> None:
    for value in call.values[1:]:
        name, equals, text = value.partition("=")
        if equals:
            call.state.aliases[name] = text


def _unalias(call: Call, _: Resolver) -> None:
    for value in call.values[1:]:
        call.state.aliases.pop(value, None)


def _nothing(_call: Call, _resolver: Resolver) -> None:
    """A command that changes nothing in the state."""


BUILTINS: dict[str, Callable[[Call, Resolver], None]] = {
    "cd": _change_directory,
    "pushd": _change_directory,
    "popd": _pop_directory,
    "set": _set,
    "shift": _shift,
    "read": _read,
    "mapfile": _read,
    "readarray": _read,
    "alias": _alias,
    "unalias": _unalias,
    "return": _leave,
    "break": _leave,
    "continue": _leave,
    "true": _nothing,
    ":": _nothing,
}
