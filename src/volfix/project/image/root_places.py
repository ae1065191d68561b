"""Where in a Dockerfile a command can still run as root, so that what it makes is in the image of a stage.

Source: docker/docs, Dockerfile reference (FROM, USER, SHELL); a base image's own user is taken to be root unless the
stage itself goes back to root first.
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
    """Before the character `start`, where an instruction begins, a RUN runs as root, under `shell` (SHELL's words)."""

    start: int
    shell: tuple[str, ...] | None

    def run(self, commands: Sequence[str]) -> str | None:
        """The RUN that makes a POSIX shell run the commands there; None where there may be no such shell."""
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
    """The last place before the stage (the last one, or `target`) leaves root; None where it never is root."""
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
    """The stage of a name or number; the last one for None."""
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
    """Whether a USER's text is root, with or without a group."""
    return user.partition(":")[0].strip() in ROOT


def _in_stage(instructions: Sequence[Instruction], *, as_root: bool) -> RootPlace | None:
    found: RootPlace | None = None
    shell: tuple[str, ...] | None = None
    first = next((item for item in instructions if item.keyword == "USER"), None)
    if first is not None and is_root(first.text):
        as_root = False  # it would not say so if the base image were root already
    for item in instructions:
        if item.keyword == "SHELL" and item.array:
            shell = tuple(item.array)
        elif item.keyword == "USER":
            if as_root and not is_root(item.text):
                found = RootPlace(item.span.start, shell)
            as_root = is_root(item.text)
    return _before_metadata(instructions, shell) if as_root else found


def _before_metadata(instructions: Sequence[Instruction], shell: tuple[str, ...] | None) -> RootPlace | None:
    """The end of a stage that stays root, before what only describes the image."""
    at = len(instructions)
    while at and instructions[at - 1].keyword in METADATA:
        at -= 1
    return RootPlace(instructions[at].span.start, shell) if at < len(instructions) else None
