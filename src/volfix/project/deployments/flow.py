"""A flow: the commands that one job, script or target runs, and those of them that delete volumes."""

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
"""Why a flow is a deployment: a pipeline's job; a script or target by its name, since it works on a stack that lies
outside of the checkout, or since it brings the stack up. What someone asks for is none."""

Place = tuple[Path, Span]


@dataclass(frozen=True, eq=False)
class Flow:
    """The commands that one job, script or target runs; `why` says what makes it a deployment."""

    why: str
    entry: Entry
    commands: tuple[Command, ...]

    @cached_property
    def starting(self) -> tuple[int, ...]:
        """The numbers of the commands that bring the stack up."""
        return tuple(number for number, command in enumerate(self.commands) if starts(command))

    @cached_property
    def numbers(self) -> dict[int, int]:
        """The numbers of the commands by their identities."""
        return {id(command): number for number, command in enumerate(self.commands)}

    @cached_property
    def on_own_daemon(self) -> tuple[bool, ...]:
        """Of each command, whether it speaks to the daemon of the machine that runs the flow, as far as words say."""
        found, context = [], "default"
        for command in self.commands:
            found.append(not (command.is_remote or reaches_other_host(command)) and context == "default")
            context = chosen_context(command) or context
        return tuple(found)

    def starts_beside(self, guards: tuple[str, ...]) -> bool:
        """Whether the guards let a command run where the stack is brought up: those of one begin with the other's."""
        branches, beginnings = self._branches
        guards = _asking(guards)
        return guards in beginnings or any(guards[:length] in branches for length in range(len(guards)))

    @cached_property
    def _branches(self) -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
        """The guards of the commands that bring the stack up, and everything that they begin with."""
        branches = frozenset(_asking(self.commands[number].guards) for number in self.starting)
        return branches, frozenset(each[:length] for each in branches for length in range(len(each) + 1))

    @cached_property
    def takers(self) -> dict[Place, set[Place]]:
        """By the place of a word, where the programs are written whose commands take it."""
        found: dict[Place, set[Place]] = {}
        for command in self.commands:
            program = command.words[0].fragment.source.path, command.words[0].place
            for word in command.words:
                found.setdefault((word.fragment.source.path, word.place), set()).add(program)
        return found

    @cached_property
    def by_origin(self) -> dict[tuple[int, Path, Span], list[Command]]:
        """The commands by the identity of their start and by what of its text led to them."""
        found: dict[tuple[int, Path, Span], list[Command]] = {}
        for command in self.commands:
            found.setdefault((id(command.start), command.origin_in.path, command.origin), []).append(command)
        return found


@dataclass(frozen=True, eq=False)
class VolumeDeletion:
    """A command of a deployment that deletes volumes; `option` is the option that makes it, where one does."""

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
        """Whether the command speaks to the daemon of the machine that runs the flow."""
        return self.flow.on_own_daemon[self._number]

    @property
    def removed_by(self) -> str | None:
        """What has removed the stack's containers before the command; None where they may run."""
        return removed_by(self.flow.commands, self._number, self.flow.starting)

    @property
    def is_up(self) -> bool:
        """Whether the flow has brought the stack up before, and has not removed it since."""
        return self.removed_by is None and any(each < self._number for each in self.flow.starting)


def starts(command: Command) -> bool:
    """Whether the command brings a stack up that people use."""
    call = docker_call(command.values)
    return call is not None and call.starts and is_for_use(call)


def _asking(guards: Iterable[str]) -> tuple[str, ...]:
    """The tests that a command depends on, but for those of what is there: nobody asks for anything by them."""
    return tuple(guard for guard in guards if not FILE_TEST.match(guard))
