"""What a rule reports: a finding with its evidence, and the fix that it proposes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from volfix.edits.operation import Operation
from volfix.syntax.source import Source, Span

BETWEEN = " -_./,:"
WORDS = re.compile(rf"[{BETWEEN}]*[^{BETWEEN}]+|[{BETWEEN}]+")
"""A word with the separators before it, or separators at the end of the name."""


def shortened(name: str, most: int = 24) -> str:
    """A name from the files for a headline, at most `most` characters long.

    A longer name loses its middle. Where possible whole words are left: `customer...replica`.
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
    """How bad a finding is; `info` never changes the exit status."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Applicability(str, Enum):
    """`safe`: evidence decides, and the change is proven. `unsafe`: rests on something that volfix cannot see. `none`:
    no fix.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    NONE = "none"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """Where a mount, value or command is written. `span` counts characters of `source`, `line` and `column` from 1."""

    path: Path
    span: Span
    line: int
    column: int
    source: Source = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """A second place that explains a finding. `label` says in a few words what is there: `keeps its data in /data`.

    With `names_file` the value there is the path or URL of a database file, which every output shows.
    """

    location: Location
    label: str
    names_file: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """Data that must be carried into a volume, because it stays behind otherwise.

    `source` is a host path as written, `volume:<name>`, `anonymous:<target>` or `container:<path>`; `volume` is the
    volume's key in the Compose file; `target` is the mount target as written. `file` is the path in the container of a
    single file that was mounted from the host: SQLite's files beside it are in the container, not on the host.
    """

    service: str
    source: str
    volume: str
    target: str
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Carriage:
    """Who carries a move: the carry service `carrier`, or nobody, with the `reason`. `unkept` says what the copy does
    not keep.
    """

    move: Move
    carrier: str | None
    reason: str | None = None
    unkept: str | None = None


@dataclass(frozen=True, slots=True)
class MountChange:
    """After the fix the service's mount at `target` is the named volume `volume`; read-only stays read-only.

    The mount is written in the file `path`, at the character `place`. `target` is the target as Compose compares it.
    `added`: the fix adds the mount. `new_target`: the mount moves to this target.
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
    """After the fix the variable `name` has the value `value`, in every service that takes it from the file at `path`.

    `place` is the first character of the scalar or assignment in the file, `before` the old value.
    """

    path: Path
    place: int
    name: str
    before: str
    value: str


@dataclass(frozen=True, slots=True)
class WordChange:
    """After the fix the scalar at character `place` of the file at `path` (a command or a health check) is `value`."""

    path: Path
    place: int
    value: str


@dataclass(frozen=True, slots=True)
class NameChange:
    """After the fix every project that the file at `path` belongs to has the name `name`."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class VolumeName:
    """After the fix the volume `key` in the file at `path` has the name `name`, whatever the project's name is."""

    path: Path
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class InstructionChange:
    """After the fix the Dockerfile at `path` also has the instruction `text`; its other instructions stay."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class DeploymentName:
    """After the fix the pipeline deploys the projects of the file at `path` under the name `name`; the Compose files do
    not change.
    """

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class CarrierChange:
    """After the fix the file at `path` has the carry service `name` and declares the volume `mark`.

    The carry service uses the image of the service `like`, and reads a mount of the kind `kind` with the source
    `source`. `like` is None where the fix removes the carry service and its mark.
    """

    path: Path
    name: str
    mark: str
    like: str | None = None
    kind: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class WaitChange:
    """After the fix `service` in the file at `path` waits for the carry service `carrier`; with `gone` it no longer
    waits.
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
    """One fix: the operations on files, and the intended difference between the parsed models (`changes`)."""

    operations: tuple[Operation, ...]
    changes: tuple[Change, ...]
    applicability: Applicability
    moves: tuple[Move, ...] = ()
    carried: tuple[Carriage, ...] = ()
    """How each move is carried; empty unless the run asked for carry services."""


HEADLINE = 72
"""The most characters that a headline may have."""


def headline(danger: str, detail: str) -> str:
    """A headline: the danger, and a detail of the evidence if the line has room for it."""
    line = f"{danger}: {detail}"
    return line if len(line) <= HEADLINE else danger


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a deployment can lose data.

    `message` is the headline, at most 72 characters. `danger` is the sentence that says what happens to which data.
    Each line of `evidence` says how volfix knows. `reason` says why there is no fix, or why the fix is unsafe. `target`
    is the mount target as written, `step` a pipeline step. `label` explains the marked place, `places` are other places
    that explain the finding. `mark` is the part of the location that is marked; None marks all of it. `loses` names the
    data that can be lost; `left` is data that an earlier change has not carried.
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
