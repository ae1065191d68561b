"""The model of a call of Compose: its verb, and its options for project, files and daemon."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from volfix.knowledge.commands import COMPOSE, DockerCall, docker_call
from volfix.knowledge.purposes import FOR_A_WHILE, file_purposes


@dataclass(frozen=True, slots=True)
class ComposeCall:
    """A call of `docker compose` (`plugin`) or `docker-compose`.

    `flags` are the names of all options; `context` and `host` name a daemon.
    """

    plugin: bool
    verb: str
    flags: frozenset[str]
    files: tuple[str, ...] = ()
    project: str | None = None
    project_directory: str | None = None
    env_files: tuple[str, ...] = ()
    context: str | None = None
    host: str | None = None

    @property
    def brings_up(self) -> bool:
        """Whether the call starts containers."""
        return self.verb in ("up", "start", "restart") and not {"--no-start", "--help"} & self.flags

    @property
    def takes_down(self) -> bool:
        """Whether the call stops or removes containers."""
        return self.verb in ("down", "stop", "kill", "rm")


def compose_call(words: Sequence[str]) -> ComposeCall | None:
    """The call of Compose in a command's words; None if they do not call Compose."""
    call = docker_call(words)
    if call is None or call.program != COMPOSE:
        return None

    def last(*names: str) -> str | None:
        return next(iter(call.values(*names)[::-1]), None)

    return ComposeCall(
        plugin=not posixpath.basename(words[0]).endswith("-compose"),
        verb=call.verb,
        flags=frozenset(option.name for option in call.options),
        files=tuple(call.values("-f", "--file")),
        project=last("-p", "--project-name"),
        project_directory=call.project_directory,
        env_files=tuple(call.values("--env-file")),
        context=last("-c", "--context"),
        host=last("-H", "--host"),
    )


def named_purposes(call: DockerCall) -> frozenset[str]:
    """The purposes (test, development ...) that the files and names in the call's options suggest."""
    names = call.values("-f", "--file", "-p", "--project-name", "--profile", "--env-file")
    return frozenset(
        purpose
        for name in (*names, call.project_directory or "")
        for part in name.split("/")
        for purpose in file_purposes(part)
    )


def is_for_use(call: DockerCall) -> bool:
    """Whether no name in the call says that the stack is for tests or development."""
    return not named_purposes(call) & FOR_A_WHILE
