"""What a repository's findings come to: for each database and each finding, what volfix can do or has done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from volfix.bulk.records import RepositoryRecord, Status


class Outcome(str, Enum):
    """From the best to the worst; a database has that of its worst finding."""

    FIXED = "fixed"
    FIXABLE = "fixable"
    UNSAFE = "unsafe"
    REFUSED = "refused"


WORST_LAST = tuple(Outcome)
DONE = (Status.WRITTEN, Status.PUSHED)


@dataclass(frozen=True, slots=True)
class Assessment:
    """`findings` are code and outcome, notes of severity info left away; `databases` one outcome each."""

    findings: tuple[tuple[str, Outcome], ...]
    databases: tuple[Outcome, ...]

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


def assess(record: RepositoryRecord) -> Assessment:
    """A database is a service of a project (base file and variants are one) that a finding is about."""
    findings: list[tuple[str, Outcome]] = []
    databases: dict[tuple[str, str], Outcome] = {}
    for project, finding in found(record):
        if finding["severity"] == "info" and not is_made(finding):
            continue
        outcome = outcome_of(finding, record.status)
        findings.append((finding["code"], outcome))
        if finding["service"] is not None:
            database = (project["root"], finding["service"])
            databases[database] = max(outcome, databases.get(database, outcome), key=WORST_LAST.index)
    return Assessment(tuple(findings), tuple(databases.values()))


def found(record: RepositoryRecord) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each finding with its project, both as the JSON output has them."""
    for project in record.result.get("projects", ()):
        for finding in project["findings"]:
            yield project, finding


def is_made(finding: dict[str, Any]) -> bool:
    """Whether the plan makes the finding's fix, written or not."""
    return bool(finding["fixed"] or finding["fixable"])


def outcome_of(finding: dict[str, Any], status: Status) -> Outcome:
    """A fix is made once it is committed; a safe one that the plan does not make was refused by its proof."""
    if is_made(finding):
        return Outcome.FIXED if status in DONE else Outcome.FIXABLE
    return Outcome.UNSAFE if finding["applicability"] == "unsafe" else Outcome.REFUSED
