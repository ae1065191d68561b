"""How often commands are read again: texts that call the next one twice would double the commands at each step."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from volfix.project.shell.calls import Call, Frame
from volfix.syntax import disk

DEPTH = 50
"""Calls within calls."""
MOST, MOST_OF_EACH = 5_000, 10
"""How many commands are read again, and how many more of them for each command that is written."""
TOO_MUCH = "its commands call each other too often or too deeply: volfix has not followed all of them"


@dataclass(slots=True)
class Repeats:
    """The places of the commands that were read, and how many were read again. The rest is refused: see disk.py."""

    read: set[tuple[Path, int]] = field(default_factory=set)
    again: int = 0

    def allow(self, call: Call) -> bool:
        """Whether a command is read: not where texts that call each other have been run too often."""
        path, place = call.fragment.source.path, call.fragment.starts[call.command.span.start]
        if (path, place) not in self.read:
            self.read.add((path, place))
        elif self.again < MOST + MOST_OF_EACH * len(self.read):
            self.again += 1
        else:
            disk.refuse(path, TOO_MUCH)
            return False
        return not is_too_deep(call.frame, path)


def is_too_deep(frame: Frame, path: Path) -> bool:
    """Whether calls lie too deep within calls to be followed, which the file at `path` makes."""
    if len(frame.stack) > DEPTH:
        disk.refuse(path, TOO_MUCH)
    return len(frame.stack) > DEPTH
