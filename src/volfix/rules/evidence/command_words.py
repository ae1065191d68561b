"""What the rules about commands share: how a command is shown, and the edit that removes an option."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from volfix.edits.command_edits import SetText
from volfix.project.compose.host_directories import relative
from volfix.rules.findings import shortened
from volfix.syntax.source import Span

if TYPE_CHECKING:
    from pathlib import Path

    from volfix.knowledge.commands import Option
    from volfix.project.deployments.flow import Flow
    from volfix.project.shell.command import Command

LONGEST, END = 200, 60
"""The most characters of a command that are shown, and how many of them are from its end."""
NO_READERS = frozenset(
    {"cd", "mkdir", "chown", "chmod", "test", "[", "echo", "ls", "du", "rm", "rmdir", "git", "docker", "docker-compose"}
)
"""Programs that do not read the data that their arguments name."""
WHAT = {"target": "make target", "npm": "npm script", "cron": "cron job", "unit": "systemd unit"}


def shown_command(command: Command) -> str:
    """The command as it is written, on one line; the beginning and the end of a long script."""
    place = command.place
    text = " ".join(command.fragment.source.text[place.start : place.end].replace("\\\n", " ").split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - END].rstrip()} ... {text[-END:].lstrip()}"


def place_of(command: Command, root: Path) -> str:
    """The place of the command, as `deploy.sh:3`; the path is relative to the root."""
    source = command.fragment.source
    return f"{relative(source.path, root)}:{source.place(command.place.start)[0]}"


def brief_command(command: Command) -> str:
    """The command for a headline, without its middle if it is long."""
    return shortened(shown_command(command), 36)


def how_it_runs(flow: Flow, command: Command) -> str:
    """How the deployment runs the command, in words."""
    from volfix.project.deployments.flow import INSTALLED, NAMED, PIPELINE, STARTS  # reads shell

    entry = command.start
    name = entry.name or entry.source.path.name
    through = f", through {', '.join(command.calls)}" if command.calls else ""
    if flow.why == PIPELINE:
        return f"{entry.source.path.name} runs it in {name}{through}"
    runs = {
        NAMED: "is taken for the deployment (by its name or its directory)",
        INSTALLED: "works on a stack outside the checkout",
        STARTS: "brings the stack up",
    }
    return f"the {WHAT.get(entry.kind, entry.kind)} {name} {runs[flow.why]}{through}"


def removal(command: Command, option: Option, flow: Flow) -> tuple[SetText, ...] | str:
    """The edit that removes an option, and nothing else, from a command; or why it is not possible.

    The option stays if another command of the flow receives the same word.
    """
    word = command.words[option.word]
    if flow.takers.get((word.fragment.source.path, word.place), set()) - {_written_by(command)}:
        return f"other commands use this {option.name} too"
    if option.shared:
        start = word.span.start + option.offset
        if word.expanded or not _is_plain(command, option.word):
            return f"{option.name} is in a word that volfix does not edit"
        return (SetText(word.fragment.source, word.fragment.place(start, start + 1)),)
    numbers = [option.word]
    if option.value is not None and "=" not in word.value:
        numbers.append(option.word + 1)
    before = command.words[option.word - 1]
    last = command.words[numbers[-1]]
    if any(not _is_plain(command, number) for number in numbers) or before.fragment is not word.fragment:
        return f"{option.name} is not written in the command itself"
    begin, end = before.span.end, last.span.end
    if begin >= word.span.start or word.fragment.text[begin : word.span.start].strip(" \t\\\n"):
        return f"volfix cannot remove {option.name}: unexpected text before it"
    places = [word.fragment.place(at, at + 1) for at in range(begin, end)]
    before_it = word.fragment.source.text[places[0].start : word.fragment.starts[word.span.start]]
    if before_it.strip(" \t\\\r\n") or any(one.end > other.start for one, other in pairwise(places)):
        return f"{option.name} is in a text that volfix does not edit"
    return (SetText(word.fragment.source, Span(places[0].start, places[-1].end)),)


def _written_by(command: Command) -> tuple[Path, Span]:
    """Where the program of a command is written: the file and the characters."""
    first = command.words[0]
    return first.fragment.source.path, first.place


def _is_plain(command: Command, number: int) -> bool:
    """Whether the file has the word exactly as the command receives it."""
    word = command.words[number]
    text = word.fragment.text[word.span.start : word.span.end]
    return not word.expanded and text == word.value and word.fragment.is_verbatim(word.span.start, word.span.end)


def static_arguments(command: Command, numbers: tuple[int, ...]) -> list[str] | None:
    """The values of these words; None if one of them is known only when the command runs."""
    values = [command.words[number].value for number in numbers]
    return None if not values or any("$" in value or "`" in value or "*" in value for value in values) else values
