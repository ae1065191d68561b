"""What a repository's findings come to: for each database and each finding, what volfix can do or has done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from volfix.bulk.records import RepositoryRecord, Status

Carried = Callable[[str, Mapping[str, Any]], "str | None"]
"""When and from where the data of a move (as in the JSON) of the repository at a root was carried; None: not known."""


class Outcome(str, Enum):
    """From the best to the worst; a database has that of its worst finding.

    `uncarried` is a database whose fix is on the branch while nothing carries its data: a deployment starts it empty.
    """

    FIXED = "fixed"
    FIXABLE = "fixable"
    UNSAFE = "unsafe"
    REFUSED = "refused"
    UNCARRIED = "uncarried"


WORST_LAST = tuple(Outcome)
DONE = (Status.WRITTEN, Status.PUSHED)
SEVERITIES = ("error", "warning", "info")


def nothing_known(root: str, move: Mapping[str, Any]) -> str | None:
    """Of no move is known that it was carried."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """`findings` are code and outcome, notes of severity info left away; `databases` one outcome each.

    `severities` are those of the findings that the branch does not fix, notes among them; `not_carried` counts the
    databases whose fix, made or planned, leaves their data behind.
    """

    findings: tuple[tuple[str, Outcome], ...]
    databases: tuple[Outcome, ...]
    severities: Counter[str]
    not_carried: int = 0

    @property
    def at_risk(self) -> int:
        """How many databases the next deployment could lose, as far as volfix found."""
        return sum(outcome is not Outcome.FIXED for outcome in self.databases)

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many findings have which outcome."""
        return Counter(outcome for _, outcome in self.findings)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(sorted({code for code, _ in self.findings}))


def assess(record: RepositoryRecord, carried: Carried = nothing_known) -> Assessment:
    """A database is what is mounted (a host directory, a volume), however many services, projects and findings say so.

    Where no mount says it, a database is a service.
    """
    left = set(_left(record, carried))
    databases = _Databases(record)
    findings: list[tuple[str, Outcome]] = []
    severities: Counter[str] = Counter()
    for project, finding in found(record):
        outcome = outcome_of(finding, record.status, is_left=_mount_of(project, finding) in left)
        if outcome is not Outcome.FIXED:
            severities[finding["severity"]] += 1
        if finding["severity"] == "info" and not is_made(finding):
            continue
        findings.append((finding["code"], outcome))
        if finding["service"] is not None:
            databases.add(project, finding, outcome)
    not_carried = {databases.named(*mount) for mount in left}
    if record.status in DONE:
        for name in not_carried:
            databases.worst[name] = Outcome.UNCARRIED
    return Assessment(tuple(findings), tuple(databases.worst.values()), severities, len(not_carried))


Mounted = tuple[str, str, str]
"""A project (its main file), a service of it and a target."""


class _Databases:
    """The outcome of each database, by what is mounted."""

    def __init__(self, record: RepositoryRecord) -> None:
        self.worst: dict[object, Outcome] = {}
        self._at: dict[Mounted, str] = {}
        self._of: dict[tuple[str, str], str] = {}
        for project, finding in found(record):
            service, data = finding["service"], finding.get("data")
            if service is not None and data is not None:
                self._at[_mount_of(project, finding)] = data
                self._of.setdefault((_directory(project), service), data)

    def named(self, project: str, service: str, target: str) -> object:
        """What tells the database apart: what is mounted at the target, else the service with its data."""
        at, of = (project, service, target), (project.rpartition("/")[0], service)
        return self._at.get(at) or self._of.get(of) or of

    def add(self, project: Mapping[str, Any], finding: Mapping[str, Any], outcome: Outcome) -> None:
        name = self.named(*_mount_of(project, finding))
        self.worst[name] = max(outcome, self.worst.get(name, outcome), key=WORST_LAST.index)


def _left(record: RepositoryRecord, carried: Carried) -> Iterator[Mounted]:
    """Where the moves of the changes go that no carry service carries, and of which no carry is known."""
    for project in record.result.get("projects", ()):
        for move in project["moves"]:
            if move.get("carry_service") is None and carried(project["root"], move) is None:
                yield _main(project), move["service"], move["target"]


def _main(project: Mapping[str, Any]) -> str:
    return f"{project['root']}/{project['files'][0] if project['files'] else ''}"


def _directory(project: Mapping[str, Any]) -> str:
    return _main(project).rpartition("/")[0]


def _mount_of(project: Mapping[str, Any], finding: Mapping[str, Any]) -> Mounted:
    return _main(project), finding["service"] or "", finding["target"] or ""


def found(record: RepositoryRecord) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each finding with its project, both as the JSON output has them."""
    for project in record.result.get("projects", ()):
        for finding in project["findings"]:
            yield project, finding


def is_made(finding: Mapping[str, Any]) -> bool:
    """Whether the plan makes the finding's fix, written or not."""
    return bool(finding["fixed"] or finding["fixable"])


def outcome_of(finding: Mapping[str, Any], status: Status, *, is_left: bool = False) -> Outcome:
    """A fix is made once it is committed; a safe one that the plan does not make was refused by its proof.

    `is_left`: nothing carries the data of its mount.
    """
    if is_made(finding):
        if status not in DONE:
            return Outcome.FIXABLE
        return Outcome.UNCARRIED if is_left else Outcome.FIXED
    return Outcome.UNSAFE if finding["applicability"] == "unsafe" else Outcome.REFUSED
