"""Recognises stacks and volumes that a flow creates temporarily and deletes again.

Sources: docker/cli, docs/reference/commandline/volume_create.md, container_rm.md; docker/compose, compose_down.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from volfix.knowledge.commands import COMPOSE, DOCKER, DockerCall, docker_call
from volfix.project.shell.command import Command
from volfix.project.shell.compose_call import compose_call

CREATE = (DOCKER, "volume create")
REMOVES = frozenset({"rm", "container rm", "stack rm", "stack down"})
"""Docker's verbs after which a stack's volumes may have no container; a prune removes no running containers."""


def stack_of(command: Command) -> tuple[object, ...] | None:
    """A key that is equal for calls of Compose on the same stack: machine, directory, files, project names.

    None for other commands.
    """
    call = docker_call(command.values)
    if call is None or call.program != COMPOSE:
        return None
    files, names = call.values("-f", "--file"), call.values("-p", "--project-name")
    return command.is_remote, command.directory, tuple(files), tuple(names)


def takes_down(command: Command) -> bool:
    """Whether the command is a call of Compose that stops or removes a stack's containers."""
    call = compose_call(command.values)
    return call is not None and call.takes_down


def deletes_what_it_made(commands: Sequence[Command], number: int, call: DockerCall) -> bool:
    """Whether the flow itself created, before, every volume that the command names (`docker volume create $cache`)."""
    words = [commands[number].values[each] for each in call.arguments]
    made = set(_made(commands[:number])) if words else set()
    return bool(words) and all(word in made or _makes_it_itself(word) for word in words)


def _made(commands: Sequence[Command]) -> Iterator[str]:
    for command in commands:
        call = docker_call(command.values)
        if call is not None and (call.program, call.verb) == CREATE:
            yield from (command.values[each] for each in call.arguments)
            yield from call.values("--name")


def _makes_it_itself(word: str) -> bool:
    """Whether the word is the output of `docker volume create`: `cache=$(docker volume create)`."""
    return word.startswith(("$(", "`")) and " ".join(CREATE) in word


def is_stack_of_its_own(commands: Sequence[Command], number: int, starting: Sequence[int]) -> bool:
    """Whether the command is about a project of its own (`-p`) that the flow starts only before it, beside another."""
    own = stack_of(commands[number])
    if own is None or not own[-1]:
        return False
    same = [each for each in starting if (stack := stack_of(commands[each])) is not None and stack[-1] == own[-1]]
    others = any((stack_of(commands[each]) or (None,))[-1] != own[-1] for each in starting)
    return others and bool(same) and same[-1] < number


def removed_by(commands: Sequence[Command], number: int, starting: Sequence[int]) -> str | None:
    """The command that removed the stack's containers between its last start and the command; None if none did."""
    begin = max((each for each in starting if each < number), default=-1)
    for command in reversed(commands[begin + 1 : number]):
        call = docker_call(command.values)
        if call is not None and takes_down(command):
            return call.verb
        if call is not None and call.program == DOCKER and call.verb in REMOVES:
            return f"docker {call.verb}"
    return None
