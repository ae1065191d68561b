"""The model of a flow (the commands that one job, script or target runs) and of its commands that delete volumes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from volfix.knowledge.commands import Deletion, DockerCall, Option, docker_call
from volfix.project.ci.daemons import chosen_context, reaches_other_host
from volfix.project.deployments.temporary_stacks import removed_by
from volfix.project.shell.command import Command
from volfix.project.shell.compose_call import is_for_use
from volfix.project.shell.entry import Entry
from volfix.syntax.shell_nodes import FILE_TEST
from volfix.syntax.source import Span

PIPELINE, NAMED, INSTALLED, STARTS, ASKED = "pipeline", "named", "installed", "starts", "asked"
"""Why a flow is a deployment: it is a pipeline's job; its name says so; it works on a stack outside the checkout; it
starts the stack. ASKED marks a flow that is not a deployment: a person runs it on request."""

Place = tuple[Path, Span]


@dataclass(frozen=True, eq=False)
class Flow:
    """The commands that one job, script or target (`entry`) runs. `why` is one of the reasons above."""

    why: str
    entry: Entry
    commands: tuple[Command, ...]

    @cached_property
    def starting(self) -> tuple[int, ...]:
        """The indexes of the commands that start the stack."""
        return tuple(number for number, command in enumerate(self.commands) if starts(command))

    @cached_property
    def numbers(self) -> dict[int, int]:
        """The index of each command, by its `id()`."""
        return {id(command): number for number, command in enumerate(self.commands)}

    @cached_property
    def on_own_daemon(self) -> tuple[bool, ...]:
        """For each command, whether it talks to the daemon of the machine that runs the flow."""
        found, context = [], "default"
        for command in self.commands:
            found.append(not (command.is_remote or reaches_other_host(command)) and context == "default")
            context = chosen_context(command) or context
        return tuple(found)

    def starts_beside(self, guards: tuple[str, ...]) -> bool:
        """Whether a command below these tests can run together with a command that starts the stack.

        That is so if the tests of one of them are the first tests of the other.
        """
        branches, beginnings = self._branches
        guards = _without_file_tests(guards)
        return guards in beginnings or any(guards[:length] in branches for length in range(len(guards)))

    @cached_property
    def _branches(self) -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
        """The tests of the commands that start the stack, and all beginnings of these lists."""
        branches = frozenset(_without_file_tests(self.commands[number].guards) for number in self.starting)
        return branches, frozenset(each[:length] for each in branches for length in range(len(each) + 1))

    @cached_property
    def takers(self) -> dict[Place, set[Place]]:
        """By the place of a word, the places of the programs whose commands contain the word."""
        found: dict[Place, set[Place]] = {}
        for command in self.commands:
            program = command.words[0].fragment.source.path, command.words[0].place
            for word in command.words:
                found.setdefault((word.fragment.source.path, word.place), set()).add(program)
        return found

    @cached_property
    def by_origin(self) -> dict[tuple[int, Path, Span], list[Command]]:
        """The commands by the `id()` of the entry that they start from and the position in it that led to them."""
        found: dict[tuple[int, Path, Span], list[Command]] = {}
        for command in self.commands:
            found.setdefault((id(command.start), command.origin_in.path, command.origin), []).append(command)
        return found


@dataclass(frozen=True, slots=True)
class Called:
    """A call of Docker or Compose that runs at a deployment."""

    flow: Flow
    command: Command
    call: DockerCall


@dataclass(frozen=True, eq=False)
class VolumeDeletion:
    """A command of a flow that deletes volumes; `option` is the option that makes it delete, if an option does."""

    flow: Flow
    command: Command
    call: DockerCall
    deletion: Deletion
    option: Option | None

    @property
    def _number(self) -> int:
        return self.flow.numbers[id(self.command)]

    @property
    def is_on_own_daemon(self) -> bool:
        """Whether the command talks to the daemon of the machine that runs the flow."""
        return self.flow.on_own_daemon[self._number]

    @property
    def removed_by(self) -> str | None:
        """The command that removed the stack's containers before; None if the containers may still run."""
        return removed_by(self.flow.commands, self._number, self.flow.starting)

    @property
    def is_up(self) -> bool:
        """Whether the flow started the stack before and has not removed it since."""
        return self.removed_by is None and any(each < self._number for each in self.flow.starting)


def starts(command: Command) -> bool:
    """Whether the command starts a stack that people use, not a stack for tests."""
    call = docker_call(command.values)
    return call is not None and call.starts and is_for_use(call)


def _without_file_tests(guards: Iterable[str]) -> tuple[str, ...]:
    """The tests without those of files: whether a file exists is not a person's choice."""
    return tuple(guard for guard in guards if not FILE_TEST.match(guard))
