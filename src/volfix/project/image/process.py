"""How a service's process starts: its entrypoint and command, and the commands that these run in the container.

Source: moby/moby, daemon/commit.go (merge); docker/docs, Dockerfile reference (ENTRYPOINT, CMD); compose-spec/
compose-spec, 05-services.md (entrypoint, command).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.compose.effective_environment import effective_values
from volfix.project.compose.model import Project
from volfix.project.compose.service import Service
from volfix.syntax.source import FileProblem, Source

if TYPE_CHECKING:
    from volfix.project.image.container_files import ContainerFiles
    from volfix.project.shell.command import Command

RUNS_OTHERS = frozenset({".", "source", "eval", "trap"})
"""Shell builtins that run the words after them or another file."""


@dataclass(frozen=True, slots=True)
class Process:
    """The words that start a service's process; None if the base image decides."""

    entrypoint: tuple[str, ...] | None
    command: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class StartedCommand:
    """A command that the process runs, with its environment.

    `script` is the repository's file that contains the command. `is_unread` says that the first word is a script that
    volfix cannot read, or that the words run commands that it cannot read.
    """

    words: tuple[str, ...]
    environment: Mapping[str, str | None]
    script: str | None = None
    is_unread: bool = False


def process_of(service: Service) -> Process:
    """The entrypoint and command of the service, from Compose, otherwise from its Dockerfile.

    An entrypoint in Compose discards the Dockerfile's command; an ENTRYPOINT discards the base image's command.
    """
    stage = service.stage
    entrypoint, command = service.entrypoint, service.command
    if entrypoint is None and stage is not None and stage.entrypoint is not None:
        entrypoint = stage.entrypoint
        command = command if command is not None else (stage.command or ())
    elif entrypoint:
        command = command or ()
    elif command is None and stage is not None:
        command = stage.command
    return Process(entrypoint, command)


def commands_run(project: Project, service: Service, words: tuple[str, ...]) -> tuple[StartedCommand, ...]:
    """The commands that run, in order, when the service's container runs `words`; scripts are followed."""
    known: dict[tuple[str, ...], tuple[StartedCommand, ...]] = service.known.setdefault("commands run", {})
    if words not in known:
        environment, follows = effective_values(service), _runs_others(words)
        alone = (StartedCommand(words, environment),)
        known[words] = tuple(_interpreted(project, service, words, environment)) if follows else alone
    return known[words]


def _runs_others(words: tuple[str, ...]) -> bool:
    """Whether the first word may run other commands. Otherwise the shell interpreter is not needed."""
    from volfix.knowledge.commands import is_shell, is_user_switch, wrapper

    name = words[0].rpartition("/")[2]
    is_script = "/" in words[0] or name.endswith((".sh", ".bash"))
    return is_script or name in RUNS_OTHERS or is_shell(name) or is_user_switch(name) or wrapper(name) is not None


def _interpreted(
    project: Project, service: Service, words: tuple[str, ...], environment: Mapping[str, str | None]
) -> Iterator[StartedCommand]:
    from volfix.project.image.container_files import ContainerFiles
    from volfix.project.shell.entry import Entry
    from volfix.project.shell.interpreter import Interpreter
    from volfix.syntax.fragment import Fragment

    files = ContainerFiles(project, service)
    directory = service.text("working_dir") or (service.stage.workdir if service.stage else None) or "/"
    try:
        source = Source.of(Path("/command"), shlex.join(words).encode())
    except (FileProblem, UnicodeEncodeError):  # no program can have these words
        yield StartedCommand(words, environment, is_unread=True)
        return
    entry = Entry(
        "service", source, service.name, (Fragment.whole(source),), Path(directory), environment=dict(environment)
    )
    interpreter = Interpreter(files)
    for command in interpreter.commands(entry, directory):
        yield _ran(command, files)
    if interpreter.unread:
        yield StartedCommand(words, environment, is_unread=True)


def _ran(command: Command, files: ContainerFiles) -> StartedCommand:
    from volfix.knowledge.commands import is_shell
    from volfix.project.shell.payload import shell_call

    words = tuple(command.values)
    script = files.read.get(command.entry.source.path)
    if is_shell(command.program) and (unread := shell_call(command.words)).script is not None:
        words = (unread.script.value, *(word.value for word in unread.arguments))
        return StartedCommand(words, command.environment, script, is_unread=True)
    return StartedCommand(words, command.environment, script, files.hides(words[0]))
