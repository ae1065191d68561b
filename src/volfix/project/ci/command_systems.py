"""Systems of which volfix reads only the commands (Ansible, CodeDeploy, Jenkins), not mounts or runners."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from volfix.project.ci import ansible, code_deploy, jenkins
from volfix.project.shell.entry import Entry
from volfix.syntax.source import Source


class CommandSystem(Protocol):
    """The functions that the module of a system has."""

    def is_named(self, path: Path) -> bool:
        """Whether the path is that of a file of the system."""

    def entries(self, source: Source) -> Iterator[Entry]:
        """What the jobs in the file run; empty if the content is not what the name promises."""


SYSTEMS: tuple[CommandSystem, ...] = (ansible, code_deploy, jenkins)


def entries(source: Source) -> Iterator[Entry] | None:
    """What the jobs in a file run, read by the first system that knows its name; None if no system does."""
    return next((system.entries(source) for system in SYSTEMS if system.is_named(source.path)), None)
