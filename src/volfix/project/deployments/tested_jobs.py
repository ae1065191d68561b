"""Decides which jobs of a pipeline are tests, by what they run and remove, not by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from volfix.knowledge.commands import docker_call
from volfix.knowledge.purposes import speaks_of_tests
from volfix.project.deployments.flow import starts
from volfix.project.deployments.temporary_stacks import stack_of, takes_down
from volfix.project.shell.command import Command

RUNS = frozenset({"run", "exec", "container run", "container exec"})
"""Docker's and Compose's verbs that run a command in a container."""
FILES = frozenset(
    {"echo", "printf", "cat", "cd", "cp", "mv", "rm", "mkdir", "ls", "find", "chmod", "chown", "git", "test", "["}
)
"""Programs that never run tests, even if their arguments mention tests."""
TEST_FLAGS = frozenset({"--abort-on-container-exit", "--abort-on-container-failure", "--exit-code-from"})
"""Options of `up` that stop the stack when one of its containers stops."""


def are_tests(jobs: Iterable[Sequence[Command]]) -> bool:
    """Whether jobs named as tests really are tests: any of them runs tests, or removes a stack at its end."""
    return any(any(map(_runs_tests, commands)) or _ends_down(commands) for commands in jobs)


def is_test(commands: Sequence[Command]) -> bool:
    """Whether a job with these commands runs tests and removes every stack that it starts."""
    up = dict[tuple[object, ...] | None, None]()
    for command in commands:
        if starts(command):
            up[stack_of(command)] = None
        elif takes_down(command) and not command.start.after_failure:
            up.pop(stack_of(command), None)
    return not up and any(map(starts, commands)) and any(map(_runs_tests, commands))


def _runs_tests(command: Command) -> bool:
    if any(map(speaks_of_tests, command.calls)):
        return True
    call = docker_call(command.values)
    if call is not None:
        if call.verb not in RUNS:
            return any(option.name in TEST_FLAGS for option in call.options)
        return any(speaks_of_tests(command.values[number]) for number in call.arguments)
    return command.program not in FILES and any(map(speaks_of_tests, command.values))


def _ends_down(commands: Sequence[Command]) -> bool:
    last = next((command for command in reversed(commands) if starts(command) or takes_down(command)), None)
    return last is not None and takes_down(last)
