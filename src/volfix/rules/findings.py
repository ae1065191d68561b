"""What a rule says: a finding with its evidence, and the fix that it proposes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from volfix.edits.operation import Operation
from volfix.syntax.source import Source, Span

BETWEEN = " -_./,:"
WORDS = re.compile(rf"[{BETWEEN}]*[^{BETWEEN}]+|[{BETWEEN}]+")
"""The words of a name, each with what stands before it."""


def shortened(name: str, most: int = 24) -> str:
    """A name from the files for a headline, without its middle where it is longer than `most` characters.

    What is left are whole words of the name, where it has some: `customer...replica`.
    """
    if len(name) <= most:
        return name
    head, tail = name[: (most - 2) // 2], name[-((most - 3) // 2) :]
    begins = WORDS.findall(head + name[len(head)])[:-1]
    ends = WORDS.findall(name[-len(tail) - 1] + tail)[1:]
    head, tail = (
        whole if len(whole := "".join(words)) > len(cut) // 3 else cut for words, cut in ((begins, head), (ends, tail))
    )
    return f"{head.rstrip(BETWEEN)}...{tail.lstrip() if ' -' in tail else tail.lstrip(BETWEEN)}"


class Severity(str, Enum):
    """`info` never changes the exit status."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Applicability(str, Enum):
    """`safe`: decided by evidence and proven; `unsafe`: rests on something volfix cannot see; `none`: no fix."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    NONE = "none"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """Where a mount, value or command is written, in a file as it was read; `line` and `column` count from 1."""

    path: Path
    span: Span
    line: int
    column: int
    source: Source = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """A second place that explains a finding, and what is there in a few words: `keeps its data in /data`.

    `names_file` says that the value there is the path or URL of a database's file, which every output shows.
    """

    location: Location
    label: str
    names_file: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """Data that must be carried into a volume, or it stays behind.

    `source` is a host path as written, `volume:<name>`, `anonymous:<target>` or `container:<path>`; `volume` is the
    volume's key in the Compose file; `target` is the mount target as written. `file` is the path in the container of a
    single file that was mounted from the host: what SQLite keeps beside it is in the container, not on the host.
    """

    service: str
    source: str
    volume: str
    target: str
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Carriage:
    """What becomes of a move: the carry service that carries it, or in words why none does; what it does not keep."""

    move: Move
    carrier: str | None
    reason: str | None = None
    unkept: str | None = None


@dataclass(frozen=True, slots=True)
class MountChange:
    """After the fix the service's mount at `target` is the named volume `volume`; read-only stays as it was.

    `path` is the file in which the mount is written and `place` where in it (the first character), `target` as Compose
    compares it; `added` where it was not there, `new_target` where it goes elsewhere.
    """

    path: Path
    service: str
    target: str
    volume: str
    place: int = -1
    added: bool = False
    new_target: str | None = None


@dataclass(frozen=True, slots=True)
class VolumeChange:
    """After the fix the file at `path` declares the volume `key` with `driver: local`."""

    path: Path
    key: str


@dataclass(frozen=True, slots=True)
class ValueChange:
    """After the fix the variable `name` of every service that takes it from the file at `path` is `value`.

    `place` is where in the file the scalar or assignment begins.
    """

    path: Path
    place: int
    name: str
    before: str
    value: str


@dataclass(frozen=True, slots=True)
class WordChange:
    """After the fix the scalar at `place` in the file at `path`, of a command or health check, is `value`."""

    path: Path
    place: int
    value: str


@dataclass(frozen=True, slots=True)
class NameChange:
    """After the fix the projects that the file at `path` is merged into are called `name`."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class VolumeName:
    """After the fix the file at `path` calls the volume `key` by this name, whatever the project is called."""

    path: Path
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class InstructionChange:
    """After the fix the Dockerfile at `path` has the instruction `text`, and all others as before."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class DeploymentName:
    """After the fix the pipeline deploys the projects of the file at `path` as `name`; the files mean what they did."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class CarrierChange:
    """After the fix the file at `path` has the carry service `name`, whose image is the one of the service `like`, and
    declares the volume `mark`. It reads what is mounted from `source`, a mount of this kind. With `like` None the file
    has neither of them any more.
    """

    path: Path
    name: str
    mark: str
    like: str | None = None
    kind: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class WaitChange:
    """After the fix the service in the file at `path` waits until the carry service has done its work; or waits no
    more, where `gone`.
    """

    path: Path
    service: str
    carrier: str
    gone: bool = False


Change = (
    MountChange
    | VolumeChange
    | ValueChange
    | WordChange
    | NameChange
    | VolumeName
    | DeploymentName
    | InstructionChange
    | CarrierChange
    | WaitChange
)


@dataclass(frozen=True, slots=True)
class Fix:
    """What one fix does to the files, and the difference between the parsed models that it is meant to make."""

    operations: tuple[Operation, ...]
    changes: tuple[Change, ...]
    applicability: Applicability
    moves: tuple[Move, ...] = ()
    carried: tuple[Carriage, ...] = ()
    """Who carries the moves, where the run was asked for it."""


HEADLINE = 72
"""How many characters a headline has."""


def headline(danger: str, detail: str) -> str:
    """The danger, with a detail of the evidence where a line has room for it."""
    line = f"{danger}: {detail}"
    return line if len(line) <= HEADLINE else danger


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a deployment can lose data.

    `message` is the headline, at most 72 characters; `danger` the sentence that says what happens to which data.
    `evidence` says in one line each how volfix knows; `reason` says why there is no fix, or why the fix is unsafe;
    `target` is the mount target as written; `step` a pipeline step. `label` stands beside the place, `places` are the
    others that explain it; `loses` is the data that can be lost, `left` what an earlier change has not carried.
    `mark` is the part of the location that is in danger, where that is not all of it.
    """

    code: str
    severity: Severity
    location: Location
    message: str
    evidence: tuple[str, ...]
    service: str | None = None
    target: str | None = None
    step: str | None = None
    fix: Fix | None = None
    reason: str | None = None
    danger: str = ""
    label: str = ""
    places: tuple[Place, ...] = ()
    loses: str | None = None
    left: Move | None = None
    mark: Location | None = None

    @property
    def applicability(self) -> Applicability:
        return self.fix.applicability if self.fix else Applicability.NONE
