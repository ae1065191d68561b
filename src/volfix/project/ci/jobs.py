"""The commands in the files of systems whose jobs are read as commands alone: the first that knows a file reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from volfix.project.ci import code_deploy, github_actions, gitlab_ci
from volfix.project.ci.nodes import roots_of
from volfix.project.shell.entry import Entry
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Mapping


class Jobs(Protocol):
    """What the module of such a system has."""

    def is_named(self, path: Path) -> bool:
        """Whether a YAML file at this path is of the system."""

    def entries(self, source: Source, root: Mapping) -> Iterator[Entry]:
        """What the jobs in a document of the file run."""


SYSTEMS: tuple[Jobs, ...] = (code_deploy, gitlab_ci, github_actions)


def entries(source: Source) -> Iterator[Entry]:
    """What the jobs in a YAML file run; nothing where it is of no system, or no YAML."""
    for system in SYSTEMS:
        if system.is_named(source.path):
            for root in roots_of(source):
                yield from system.entries(source, root)
            return
