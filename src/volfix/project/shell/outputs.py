"""The output of simple `$(...)`, which only asks for directories and texts: `$(cd "$(dirname "$0")" && pwd)`.

Source: POSIX, Utilities (basename, dirname, echo, printf, pwd, command); coreutils (realpath, readlink).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence

from volfix.knowledge.commands import skip_options
from volfix.project.shell.parameters import Expand
from volfix.project.shell.state import State
from volfix.syntax.shell import parse


def output(text: str, state: State, expand: Expand) -> str | None:
    """The output of the commands in `text`, without the last line end; None if only running them would tell."""
    script = parse(text)
    if script.unread or not script.commands:
        return None
    inner = state.copy()
    outputs: list[str] = []
    for command in script.commands:
        if command.around.substituted:  # its output is part of a word of the next command
            continue
        inner.enter(command.around.scope)
        words = [expand(text[word.span.start : word.span.end], inner) for word in command.words]
        if not words or command.around.piped_from is not None:
            return None
        output = OUTPUTS.get(posixpath.basename(words[0]), _unknown)(words[1:], inner)
        if output is None or "\n" in output:
            return None
        outputs += [output] if output else []
    if "||" in text:  # the others print only if the first fails
        outputs = outputs[:1]
    return "\n".join(outputs)


def _unknown(_words: Sequence[str], _state: State) -> None:
    """The unknown output of a command that would have to run."""


def _nothing(_words: Sequence[str], _state: State) -> str:
    return ""


def _change(words: Sequence[str], state: State) -> str | None:
    places = _plain(words)
    if not places or places[0] == "-":
        return None
    state.directory = state.path(places[0])
    return ""


def _plain(words: Sequence[str]) -> Sequence[str]:
    return words[skip_options(words, 0, frozenset()) :]


def _directory(words: Sequence[str], _: State) -> str | None:
    names = _plain(words)
    return posixpath.dirname(names[0].rstrip("/")) or "." if len(names) == 1 else None


def _last_part(words: Sequence[str], _: State) -> str | None:
    names = _plain(words)
    if not names or len(names) > 2 or "$" in names[0]:
        return None
    return posixpath.basename(names[0].rstrip("/")).removesuffix(names[1] if len(names) > 1 else "")


def _real(words: Sequence[str], state: State) -> str | None:
    names = _plain(words)
    return state.path(names[0]) if len(names) == 1 else None


def _echo(words: Sequence[str], _: State) -> str | None:
    return " ".join(words[1:] if words[:1] == ["-n"] else words)


def _printf(words: Sequence[str], _: State) -> str | None:
    if words and words[0].removesuffix("\\n") == "%s":
        return " ".join(words[1:]) if len(words) == 2 else None
    return words[0].removesuffix("\\n") if len(words) == 1 and "%" not in words[0] else None


def _git(words: Sequence[str], state: State) -> str | None:
    return state.home if list(words) == ["rev-parse", "--show-toplevel"] and state.has_checkout else None


def _found(words: Sequence[str], _: State) -> str | None:
    names = _plain(words)
    return names[0] if len(names) == 1 else None


OUTPUTS: dict[str, Callable[[Sequence[str], State], str | None]] = {
    "cd": _change,
    "true": _nothing,
    ":": _nothing,
    "pwd": lambda _, state: state.directory,
    "dirname": _directory,
    "basename": _last_part,
    "realpath": _real,
    "readlink": _real,
    "echo": _echo,
    "printf": _printf,
    "git": _git,
    "command": _found,
    "which": _found,
    "type": _found,
}
