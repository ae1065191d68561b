"""Programs that only run the command after them: `sudo -u app nohup env A=b docker ...`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from volfix.knowledge.commands import Wrapper, is_program, option_value, skip_options, wrapper
from volfix.project.shell.command import Argument

ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)\Z", re.DOTALL)
KEYWORDS = frozenset({"time", "!"})
"""Shell keywords, which can run functions too; other wrappers can run only programs."""
LIMIT = 8


@dataclass(slots=True)
class Unwrapped:
    """The command after its wrappers: its words, and the variables and the directory that the wrappers set."""

    words: list[Argument]
    assigned: dict[str, str] = field(default_factory=dict)
    directory: str | None = None
    finds_functions: bool = True


def unwrapped(words: Sequence[Argument]) -> Unwrapped:
    """The command that the words finally run.

    An unknown first word before the name of a program counts as a wrapper: it is `sudo` or empty (`$SUDO docker ...`).
    """
    found = Unwrapped(list(words))
    for _ in range(LIMIT):
        if not found.words:
            break
        name = posixpath.basename(found.words[0].value)
        if (runner := wrapper(name)) is not None:
            found.finds_functions = found.finds_functions and name in KEYWORDS
            _take_off(runner, found)
        elif (
            found.words[0].is_unknown and len(found.words) > 1 and is_program(posixpath.basename(found.words[1].value))
        ):
            found.words = found.words[1:]
        else:
            break
    return found


def _take_off(runner: Wrapper, found: Unwrapped) -> None:
    words = found.words
    values = [word.value for word in words]
    if runner.behind:
        found.words = words[values.index(runner.behind) + 1 :] if runner.behind in values else []
        return
    at = skip_options(values, 1, runner.values)
    found.directory = option_value(values[:at], runner.directories) or found.directory
    at += runner.skip
    while at < len(values):
        if (given := ASSIGNMENT.match(values[at])) is not None:
            found.assigned[given[1]] = given[2]
        elif not (runner.assigns and words[at].is_unknown):  # `env $(cat .env) docker ...`
            break
        at += 1
    rest = words[at:]
    if runner.appends and rest:
        first = words[0]
        rest = [*rest, Argument("$(xargs)", first.fragment, first.span, first.home, expanded=True)]
    found.words = rest
