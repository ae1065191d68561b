"""The commands in the files of systems whose jobs are read as commands alone: the first that knows a file reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from volfix.project.ci import ansible, code_deploy, jenkins
from volfix.project.shell.entry import Entry
from volfix.syntax.source import Source


class CommandSystem(Protocol):
    """What the module of such a system has."""

    def is_named(self, path: Path) -> bool:
        """Whether a file at this path is of the system."""

    def entries(self, source: Source) -> Iterator[Entry]:
        """What the jobs in the file run; nothing where it is not what its name says."""


SYSTEMS: tuple[CommandSystem, ...] = (ansible, code_deploy, jenkins)


def entries(source: Source) -> Iterator[Entry] | None:
    """What the jobs in a file run; None where it is of no system."""
    return next((system.entries(source) for system in SYSTEMS if system.is_named(source.path)), None)
