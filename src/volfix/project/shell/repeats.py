"""Limits how often commands are read again: if each script calls the next twice, commands double at each step."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from volfix.project.shell.calls import Call, Frame
from volfix.syntax import disk

DEPTH = 50
"""How deep calls may nest."""
MOST, MOST_OF_EACH = 5_000, 10
"""How many repeated commands are read, and how many more for each written command."""
MOST_OF_ENTRY = 2_500
"""How many commands of a script, target or step are read, those of what it calls included."""
TOO_MANY = f"it runs more than {MOST_OF_ENTRY} commands, with those of what it calls: volfix does not read them all"
TOO_MUCH = "volfix did not follow all its commands: they call each other too often or too deeply"


@dataclass(slots=True)
class Repeats:
    """The places of the commands read so far, and how many were read again. Further repeats are refused (disk.py)."""

    read: set[tuple[Path, int]] = field(default_factory=set)
    again: int = 0

    def allow(self, call: Call) -> bool:
        """Whether to read the command; False after too many repeats or too deep calls, which it refuses."""
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
    """Whether the calls nest too deeply to be followed; the file at `path` is then refused."""
    if len(frame.stack) > DEPTH:
        disk.refuse(path, TOO_MUCH)
    return len(frame.stack) > DEPTH
