"""Finds project names that change at each deployment: each time, volumes named after the project start EMPTY.

Source: compose-spec/compose-go, cli/options.go (`-p`, COMPOSE_PROJECT_NAME, `name:`, the directory, in this order).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from volfix.knowledge.commands import COMPOSE, DockerCall
from volfix.knowledge.systems import changes
from volfix.project.ci.nodes import masked, unmasked
from volfix.project.compose.model import Project, normalized_name
from volfix.project.shell.command import Command
from volfix.syntax.source import Source, Span

DIRECTORY = "the directory"
PART = re.compile(r"[-_.]?(?:\$\{\{.*?\}\}|\$\{[^{}]*\}|\$\([^()]*\)|`[^`]*`|\$\w+)[-_.]?")
"""A variable or command inside a name, with the `-`, `_` or `.` around it."""


@dataclass(frozen=True, slots=True)
class ChangingName:
    """A project name that differs at the next deployment.

    `text` is the name with a pipeline's expressions as written. `given_by` is what sets it (`-p` ...). `place` is its
    position in `source`, if known.
    """

    text: str
    given_by: str
    source: Source | None = None
    place: Span | None = None

    @property
    def written(self) -> str:
        """The name as written in the file; `text` if its position is unknown."""
        if self.source is None or self.place is None:
            return self.text
        return self.source.text[self.place.start : self.place.end]

    @property
    def part(self) -> Span | None:
        """The position of the only part that makes the name change; None if it is unknown or if there are several."""
        if self.source is None or self.place is None:
            return None
        written = self.source.text[self.place.start : self.place.end]
        parts = [found for found in PART.finditer(written) if "$" in found[0] or "`" in found[0]]
        if len(parts) != 1 or not changes(masked(parts[0][0])):
            return None
        start, end = parts[0].span()
        keeps = start > 0 and end < len(written) and parts[0][0][-1] in "-_."  # keep one separator
        return Span(self.place.start + start, self.place.start + end - keeps)

    @property
    def pinned(self) -> str | None:
        """The name without the changing part; None if the rest is not a valid name."""
        if self.source is None or self.place is None or (part := self.part) is None:
            return None
        text = self.source.text
        kept = text[self.place.start : part.start] + text[part.end : self.place.end]
        return kept if re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", kept) else None


def changing_name(command: Command, call: DockerCall, project: Project) -> ChangingName | None:
    """The name that a starting command gives to the project, if the next deployment gives another; otherwise None."""
    if call.program != COMPOSE:
        return None
    found = _name_and_origin(command, call, project)
    if found is None or not changes(found.text):
        return None
    return replace(found, text=unmasked(found.text, (found.source or command.fragment.source).text))


def unknown_name(command: Command, call: DockerCall, project: Project) -> ChangingName | None:
    """The name that a command gives to the project, if only the machine that deploys knows it; otherwise None."""
    found = _name_and_origin(command, call, project) if call.program == COMPOSE else None
    if found is None or changes(found.text) or not re.search(r"[$`%]|\A~", found.text):
        return None
    return None if found.given_by == DIRECTORY and command.in_checkout else found


def given_name(command: Command, call: DockerCall, project: Project) -> str | None:
    """The normalised name that a starting command gives to the project; None if it is unknown.

    None also if the command gives no name: it then comes from the Compose files or from their directory.
    """
    if call.program != COMPOSE:  # `docker stack deploy NAME`
        text = command.values[call.arguments[-1]] if call.arguments else ""
    elif (found := _name_and_origin(command, call, project)) is None or (
        found.given_by == DIRECTORY and command.in_checkout
    ):
        return None
    else:
        text = found.text
    return normalized_name(text) if re.fullmatch(r"[\w.-]*\w[\w.-]*", text) else None


def _name_and_origin(command: Command, call: DockerCall, project: Project) -> ChangingName | None:
    options = [option for option in call.options if option.name in ("-p", "--project-name") and option.value]
    if options:
        number = options[-1].word
        return ChangingName(options[-1].value or "", "-p", *_place_of_option(command, number, options[-1].value or ""))
    if "COMPOSE_PROJECT_NAME" in command.environment:
        value = command.environment["COMPOSE_PROJECT_NAME"] or ""
        return ChangingName(value, "COMPOSE_PROJECT_NAME", *_place_of_variable(command, value))
    if any(file.name for file in project.files):
        return None
    files = call.values("-f", "--file")
    directory = call.project_directory or (posixpath.dirname(files[0]) if files else "")
    return ChangingName(posixpath.basename(directory.rstrip("/") or command.directory), DIRECTORY)


def _place_of_option(command: Command, number: int, value: str) -> tuple[Source, Span] | tuple[None, None]:
    """The position of the value of the option at word `number`; None twice if it is not written literally."""
    for word in command.words[number : number + 2]:
        text = word.fragment.text[word.span.start : word.span.end]
        start = word.span.start + text.rfind(value)
        if not value or value not in text or "$(" in value or "`" in value:  # a command substitution is not literal
            continue
        place = word.fragment.place(start, start + len(value))
        if place.end - place.start == len(value):  # a masked expression has the same length
            return word.fragment.source, place
    return None, None


def _place_of_variable(command: Command, value: str) -> tuple[Source, Span] | tuple[None, None]:
    """The position of the value of COMPOSE_PROJECT_NAME on the variable's line; None twice if it is not there once."""
    at = command.given_at.get("COMPOSE_PROJECT_NAME")
    if at is None:
        return None, None
    source, offset = at
    start = source.text.rfind("\n", 0, offset) + 1
    line = source.text[start:].partition("\n")[0]
    shown = next(_spellings(line, value), None)
    if shown is None or line.count(shown) != 1:
        return None, None
    return source, Span(start + line.index(shown), start + line.index(shown) + len(shown))


def _spellings(line: str, value: str) -> Iterator[str]:
    """The spellings of the value that occur on the line: itself, or with a pipeline's expressions unmasked."""
    if value in line:
        yield value
    for found in re.finditer(r"[^\s\"'=:]+(?:\$\{\{.*?\}\}[^\s\"']*)+|\$\{\{.*?\}\}[^\s\"']*", line):
        if masked(found[0]) == value:
            yield found[0]


def changing_text(source: Source, span: Span, given_by: str) -> ChangingName | None:
    """The name at this position of the file, if it changes at each deployment; otherwise None."""
    text = source.text[span.start : span.end]
    start = span.start + (text[:1] in "\"'")
    end = span.end - (text[-1:] in "\"'")
    return ChangingName(text, given_by, source, Span(start, end)) if changes(text) else None
