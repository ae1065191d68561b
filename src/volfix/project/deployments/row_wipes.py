"""Finds commands of deployments that delete the rows of a database, wherever the database is stored."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.knowledge.commands import is_shell
from volfix.knowledge.wipes import Statement, Wipe, wipe_of

if TYPE_CHECKING:
    from volfix.project.deployments.flow import Flow
    from volfix.project.deployments.flows import CommandFiles
    from volfix.project.shell.command import Command
    from volfix.syntax.source import Span

DECIDES = re.compile(r"[$`]|^\W*(?:\[|test\b)")
"""A test of an input or a file: the command below it runs on request, or only once."""


@dataclass(frozen=True, slots=True)
class RowWipe:
    """A command of a deployment that deletes rows; `wipe` says how."""

    flow: Flow
    command: Command
    wipe: Wipe | Statement


def row_wipes(files: CommandFiles) -> Iterator[RowWipe]:
    """Every command that deletes rows at a deployment, each once."""
    seen: set[tuple[Path, Span]] = set()
    for flow in files.flows:
        for number, command in enumerate(flow.commands):
            wipe = wipe_by(command.values)
            if wipe is None or any(DECIDES.search(guard) for guard in command.guards):
                continue
            key = (command.fragment.source.path, command.place)
            if key not in seen and files.counts(flow, number):
                seen.add(key)
                yield RowWipe(flow, command, wipe)


def wipe_by(words: Sequence[str]) -> Wipe | Statement | None:
    """How the command with these words deletes rows, itself or in a text that it passes to a shell; None if not."""
    options = [number for number, word in enumerate(words[:-1]) if word.startswith("-") and word.endswith("c")]
    shells = (number for number, word in enumerate(words) if is_shell(posixpath.basename(word)))
    shell = next(shells, len(words)) if options else len(words)
    text = next((words[number + 1] for number in options if number >= shell), None)
    if text is None:
        return wipe_of(words)
    from volfix.syntax.shell import parse

    inner = (wipe_of([each.value for each in command.words]) for command in parse(text).commands)
    return next((found for found in inner if found is not None), None)
