"""The Compose files of the checkout that a flow copies to where it calls Compose, under whatever name.

Source: docs.docker.com, docker compose (the names that it looks for, in their order); docs.ansible.com, copy, template.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path

from volfix.knowledge.commands import DockerCall
from volfix.knowledge.env_files import copy_of
from volfix.project.compose.compose_file import BASE_NAMES, OVERRIDE_NAMES
from volfix.project.deployments.project_lookup import project_directory
from volfix.project.shell.command import Command
from volfix.project.shell.file_deletions import HOST
from volfix.project.shell.paths import joined
from volfix.syntax import disk

YAML = (".yml", ".yaml")


def copied_files(commands: Sequence[Command], start: Command, call: DockerCall) -> tuple[Path, ...]:
    """The files of the checkout that Compose reads in a call, where the flow has copied them there; none elsewhere."""
    if start.in_checkout and project_directory(start, call).startswith(start.directory):
        return ()
    put = dict(_copies(commands, start))
    if not put:
        return ()
    if named := call.values("-f", "--file"):
        return tuple(put[place] for name in named if (place := joined(start.directory, name)) in put)
    directory = project_directory(start, call)
    found = (_first(put, directory, names) for names in (BASE_NAMES, OVERRIDE_NAMES))
    base, *others = found
    return (base, *(other for other in others if other is not None)) if base is not None else ()


def _first(put: dict[str, Path], directory: str, names: Sequence[str]) -> Path | None:
    return next((put[place] for name in names if (place := joined(directory, name)) in put), None)


def _copies(commands: Sequence[Command], start: Command) -> Iterator[tuple[str, Path]]:
    """What is copied out of the checkout before a command, by its place on the machine of the command."""
    for command in commands:
        if command is start:
            return
        copy = copy_of(command.values) if command.in_checkout and command.trap is None else None
        if copy is None:
            continue
        host = HOST.match(copy.target)
        if (host is not None) is not start.is_remote:
            continue
        target = copy.target[host.end() :] if host else copy.target
        place = joined("~" if host else command.directory, target)
        for source in copy.sources:
            path = Path(joined(command.directory, source))
            if disk.is_file(path):
                into = target.endswith("/") or not place.endswith(YAML)
                yield (posixpath.join(place, path.name) if into else place), path
