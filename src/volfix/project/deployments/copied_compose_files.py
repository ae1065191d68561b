"""Follows Compose files that a flow copies out of the checkout to the directory in which it calls Compose.

Source: docs.docker.com, docker compose (the names that it looks for, in their order); docs.ansible.com, copy, template.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from volfix.knowledge.commands import DockerCall
from volfix.knowledge.file_copies import copy_of
from volfix.project.compose.compose_file import BASE_NAMES, OVERRIDE_NAMES
from volfix.project.deployments.flow import Flow
from volfix.project.deployments.project_lookup import project_directory
from volfix.project.shell.command import Command
from volfix.project.shell.file_deletions import HOST
from volfix.project.shell.paths import joined
from volfix.syntax import disk

YAML = (".yml", ".yaml")
Place = tuple[bool, str]
"""A path, after whether it is on another machine."""


@dataclass(frozen=True, slots=True)
class CopiedFiles:
    """By place, the files of the checkout that a flow copies there, each with the number of the copying command."""

    put: dict[Place, list[tuple[int, Path]]]

    @classmethod
    def of(cls, flow: Flow) -> CopiedFiles:
        """The files that the commands of a flow copy."""
        put: dict[Place, list[tuple[int, Path]]] = {}
        for number, command in enumerate(flow.commands):
            for place, path in _copies(command):
                put.setdefault(place, []).append((number, path))
        return cls(put)

    def read_by(self, flow: Flow, start: Command, call: DockerCall) -> tuple[Path, ...]:
        """The files of the checkout that the call `start` reads as copies; empty if the flow copied none before."""
        directory = project_directory(start, call)
        if not self.put or (start.in_checkout and directory.startswith(start.directory)):
            return ()
        number, is_remote = flow.numbers[id(start)], start.is_remote
        if named := call.values("-f", "--file"):
            found = [self._at(number, (is_remote, joined(start.directory, name))) for name in named]
            return tuple(path for path in found if path is not None)
        base, others = (
            next((path for name in names if (path := self._at(number, (is_remote, joined(directory, name))))), None)
            for names in (BASE_NAMES, OVERRIDE_NAMES)
        )
        return () if base is None else (base, *([others] if others is not None else []))

    def _at(self, number: int, place: Place) -> Path | None:
        """The last file that was copied to the place before the command with this number; None if none was."""
        found = self.put.get(place, [])
        before = bisect_left(found, number, key=lambda each: each[0])
        return found[before - 1][1] if before else None


def _copies(command: Command) -> Iterator[tuple[Place, Path]]:
    """The YAML files that a command copies out of the checkout, each after its new place."""
    copy = copy_of(command.values) if command.in_checkout and command.trap is None else None
    if copy is None:
        return
    host = HOST.match(copy.target)
    target = copy.target[host.end() :] if host else copy.target
    place = joined("~" if host else command.directory, target)
    for source in copy.sources:
        path = Path(joined(command.directory, source))
        if path.name.endswith(YAML) or place.endswith(YAML):
            into = target.endswith("/") or not place.endswith(YAML)
            if disk.is_file(path):
                yield (host is not None, posixpath.join(place, path.name) if into else place), path
