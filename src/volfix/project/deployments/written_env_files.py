"""The values that a deployment passes to Compose, each with the place where it is written.

They come from the command's environment (a step's `environment:`, `export`) and from lines that the flow wrote before:
into env files (`echo "NAME=value" > .env`, `cat > .env <<EOF`, `printf ... | tee -a .env`), or into the file from which
the CI system takes the variables of later steps.

Source: docs.github.com, Workflow commands (GITHUB_ENV); circleci.com/docs, Set an environment variable (BASH_ENV).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.compose.origins import Variable
from volfix.project.compose.outer_origins import InFlow
from volfix.project.shell.paths import joined
from volfix.syntax import dotenv
from volfix.syntax.source import FileProblem, Source, Span

if TYPE_CHECKING:
    from volfix.project.compose.model import Project
    from volfix.project.shell.command import Command
    from volfix.syntax.fragment import Fragment

OF_STEPS = frozenset({"$GITHUB_ENV", "${GITHUB_ENV}", "$BASH_ENV", "${BASH_ENV}"})
"""The files from which later steps take variables, as shell words."""
NAMED = re.compile(r"^(?:export +)?(\w+)=", re.MULTILINE)
Written = dict[Path, dict[str, Variable]]
"""By the path of an env file, the variables that a flow writes into it."""


def written_before(commands: Sequence[Command], start: Command, project: Project, named: Sequence[Path]) -> Written:
    """What a flow writes into the project's env files, or into the files `named`, before the command `start`."""
    places = {*project.env_places, project.directory / ".env", *named}
    found: Written = {}
    for command, name, appends, values in _writes(commands, start):
        path = _place(command, name, project)
        if path in places:
            found[path] = (found.get(path, {}) if appends else {}) | values
    return found


def handed_on(commands: Sequence[Command], start: Command) -> dict[str, Variable]:
    """The variables that steps before the command `start` pass to all later steps."""
    found: dict[str, Variable] = {}
    for command, name, _, values in _writes(commands, start):
        if name in OF_STEPS and command.start is not start.start and not start.is_remote:
            found |= values
    return found


def written_into(commands: Sequence[Command], places: Sequence[str]) -> dict[str, Variable] | None:
    """The variables that commands leave in env files at these paths, as written; None if their output is unknown."""
    found: dict[str, Variable] = {}
    for command in commands:
        for name, appends in _targets(command):
            if not command.is_remote and joined(command.directory, name) in places:
                if command.says is None:
                    return None
                found = (found if appends else {}) | dict(_written(command.says))
    return found


def _writes(commands: Sequence[Command], start: Command) -> Iterator[tuple[Command, str, bool, dict[str, Variable]]]:
    """What is written to files, on the machine of the command `start`, before it runs.

    Each item is the writing command, the file's name, whether it appends, and the variables.
    """
    for command in commands:
        if command is start:
            return
        if command.is_remote == start.is_remote and command.trap in (None, "EXIT"):
            values = {} if command.says is None else _values(command.says)
            yield from ((command, name, appends, values) for name, appends in _targets(command))


def _targets(command: Command) -> Iterator[tuple[str, bool]]:
    """The files that a command writes, each with whether it appends."""
    for word in command.outputs:
        yield word.value, word.fragment.text[: word.span.start].rstrip().endswith(">>")
    if command.program == "tee":
        appends = any(word in ("-a", "--append") for word in command.values[1:])
        yield from ((word, appends) for word in command.values[1:] if not word.startswith("-"))


def _place(command: Command, name: str, project: Project) -> Path:
    """The path in the repository that stands for the file; on a server it is taken to be beside the project's files."""
    path = Path(joined(command.directory, name))
    if command.in_checkout and path.is_relative_to(project.root):
        return path
    return project.directory / posixpath.basename(name)


def _values(text: Fragment) -> dict[str, Variable]:
    """The assignments in a text; a value that contains a variable or command is None."""
    return {
        name: replace(variable, value=None if re.search(r"[$`%]", variable.value or "$") else variable.value)
        for name, variable in _written(text)
    }


def _written(text: Fragment) -> Iterator[tuple[str, Variable]]:
    """The assignments in a text as written; only the names if the text is not a valid env file."""
    try:
        assignments = dotenv.read(Source.of(Path(".env"), text.text.encode()))
    except FileProblem:
        for found in NAMED.finditer(text.text):
            yield found[1], Variable(found[1], None, InFlow(text.source, text.place(*found.span(1)).start, None))
        return
    for item in assignments:
        start, end = item.value_span.start, item.value_span.end
        span = text.place(start, end) if start < end and text.is_verbatim(start, end) else None
        at = text.place(item.span.start, item.span.end).start
        yield item.name, Variable(item.name, item.value if start < end else None, InFlow(text.source, at, span))


def origin_of(command: Command, name: str) -> InFlow:
    """Where a variable of the command's environment is written; if that is unknown, the place of the command."""
    source, at = command.given_at.get(name, (command.fragment.source, command.place.start))
    value = command.environment.get(name)
    return InFlow(source, at, _literal(source.text, at, name, value) if value else None)


def _literal(text: str, at: int, name: str, value: str) -> Span | None:
    """The position of the value on the assignment's line or lines; None if it is not there exactly once."""
    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    while end > 0 and text[end - 1] == "\\":
        end = text.find("\n", end + 1)
    says = rf"(?<![\w.-]){re.escape(name)}[\"']?\s*(?::=|\?=|=|:)\s*[\"']?({re.escape(value)})(?![^\s\"');,}}\]])"
    found = list(re.compile(says).finditer(text, start, end if end >= 0 else len(text)))
    return Span(found[0].start(1), found[0].end(1)) if len(found) == 1 else None
