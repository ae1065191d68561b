"""Finds the place in a Dockerfile where a new RUN still runs as root.

A base image's user is taken to be root, unless the first USER of the stage is root, which shows that it was another.
Source: docker/docs, Dockerfile reference (FROM, USER, SHELL).
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from volfix.project.image.ownership import ROOT
from volfix.syntax.dockerfile import Instruction

POSIX_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"})
METADATA = frozenset({"CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "LABEL", "MAINTAINER", "VOLUME"})


@dataclass(frozen=True, slots=True)
class RootPlace:
    """A place for a RUN that runs as root: before the instruction at offset `start`.

    `shell` are the words of SHELL; None for the default shell.
    """

    start: int
    shell: tuple[str, ...] | None

    def run(self, commands: Sequence[str]) -> str | None:
        """The RUN instruction that runs the commands in a POSIX shell; None on an image for Windows."""
        script = " && ".join(commands)
        program = posixpath.basename(self.shell[0]).lower() if self.shell else "sh"
        if program in POSIX_SHELLS:
            return f"RUN {script}"
        if program.removesuffix(".exe") in ("cmd", "powershell"):
            return None
        return f'RUN ["/bin/sh", "-c", "{script}"]'


@dataclass(frozen=True, slots=True)
class _Stage:
    name: str
    base: str
    instructions: tuple[Instruction, ...]


def root_place(instructions: Sequence[Instruction], target: str | None) -> RootPlace | None:
    """The last place at which the stage `target` (None: the last stage) is still root; None if it never is."""
    stages = _stages(instructions)
    number = _number(stages, target)
    while number is not None:
        stage = stages[number]
        base = _number(stages[:number], stage.base) if stage.base else None
        found = _in_stage(stage.instructions, as_root=base is None or _ends_as_root(stages, base))
        if found is not None:
            return found
        number = base
    return None


def _stages(instructions: Sequence[Instruction]) -> list[_Stage]:
    starts = [number for number, item in enumerate(instructions) if item.keyword == "FROM"]
    found = []
    for start, end in zip(starts, [*starts[1:], len(instructions)], strict=True):
        words = instructions[start].text.lower().split()
        name = words[2] if words[1:2] == ["as"] and len(words) > 2 else ""
        found.append(_Stage(name, words[0] if words else "", tuple(instructions[start + 1 : end])))
    return found


def _number(stages: Sequence[_Stage], name: str | None) -> int | None:
    """The index of the stage with a name or number; of the last stage for None. None if there is no such stage."""
    if name is None:
        return len(stages) - 1 if stages else None
    named = [number for number, stage in enumerate(stages) if stage.name == name.lower()]
    if named:
        return named[-1]
    return int(name) if name.isascii() and name.isdigit() and int(name) < len(stages) else None


def _ends_as_root(stages: Sequence[_Stage], number: int) -> bool:
    users = [item.text for item in stages[number].instructions if item.keyword == "USER"]
    if users:
        return is_root(users[-1])
    base = _number(stages[:number], stages[number].base)
    return base is None or _ends_as_root(stages, base)


def is_root(user: str) -> bool:
    """Whether `user`, the text of a USER instruction, is root, with or without a group."""
    return user.partition(":")[0].strip() in ROOT


def _in_stage(instructions: Sequence[Instruction], *, as_root: bool) -> RootPlace | None:
    found: RootPlace | None = None
    shell: tuple[str, ...] | None = None
    first = next((item for item in instructions if item.keyword == "USER"), None)
    if first is not None and is_root(first.text):
        as_root = False  # `USER root` comes first, so the base image has another user
    for item in instructions:
        if item.keyword == "SHELL" and item.array:
            shell = tuple(item.array)
        elif item.keyword == "USER":
            if as_root and not is_root(item.text):
                found = RootPlace(item.span.start, shell)
            as_root = is_root(item.text)
    return _before_metadata(instructions, shell) if as_root else found


def _before_metadata(instructions: Sequence[Instruction], shell: tuple[str, ...] | None) -> RootPlace | None:
    """The place before the instructions at the end that only describe the image (CMD, LABEL ...); None without any."""
    at = len(instructions)
    while at and instructions[at - 1].keyword in METADATA:
        at -= 1
    return RootPlace(instructions[at].span.start, shell) if at < len(instructions) else None
