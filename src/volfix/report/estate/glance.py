"""The estate in numbers, counted one repository at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from volfix.bulk.records import Hazard, RepositoryRecord, Status
from volfix.report.estate.assessment import SEVERITIES, Assessment, Outcome
from volfix.rules.registry import REGISTRY

LEFT_OUT = (Status.FAILED, Status.SKIPPED)
KINDS_OF_REASON = 500
"""Reasons that are counted apart: more would be names of files and hosts, not reasons."""
OTHER_REASONS = "other reasons"


@dataclass(slots=True)
class _Cause:
    findings: Counter[Outcome] = field(default_factory=Counter)
    repositories: int = 0


@dataclass(slots=True)
class Glance:
    """Counters only: as large for ten repositories as for ten thousand."""

    statuses: Counter[Status] = field(default_factory=Counter)
    endangered: int = 0
    databases: Counter[Outcome] = field(default_factory=Counter)
    findings: Counter[Outcome] = field(default_factory=Counter)
    repositories: Counter[Outcome] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)
    not_carried: Counter[str] = field(default_factory=Counter)
    causes: dict[str, _Cause] = field(default_factory=dict)
    reasons: Counter[tuple[Status, str]] = field(default_factory=Counter)

    def add(self, record: RepositoryRecord, assessment: Assessment) -> None:
        self.statuses[record.status] += 1
        self.endangered += assessment.at_risk > 0
        self.databases.update(assessment.databases)
        self.findings.update(assessment.outcomes)
        self.repositories.update({*assessment.outcomes, *assessment.databases})
        self.severities.update(assessment.severities)
        self.not_carried.update(databases=assessment.not_carried, repositories=assessment.not_carried > 0)
        for code, outcome in assessment.findings:
            self.causes.setdefault(code, _Cause()).findings[outcome] += 1
        for code in assessment.codes:
            self.causes[code].repositories += 1
        if record.status in LEFT_OUT:
            key = (record.status, _kind_of(record.reason))
            known = key in self.reasons or len(self.reasons) < KINDS_OF_REASON
            self.reasons[key if known else (record.status, OTHER_REASONS)] += 1

    def summary(self, hazards: Sequence[Hazard]) -> dict[str, Any]:
        """The numbers as the JSON and the page show them."""
        return {
            "repositories": {
                "all": self.statuses.total(),
                "with_databases_at_risk": self.endangered,
                "by_status": {status.value: self.statuses[status] for status in Status},
            },
            "databases": {
                "at_risk": self.databases.total() - self.databases[Outcome.FIXED],
                "fixed": self.databases[Outcome.FIXED],
                "not_carried": self.not_carried["databases"],
                "repositories_not_carried": self.not_carried["repositories"],
            },
            "severities": {severity: self.severities[severity] for severity in SEVERITIES},
            "outcomes": {
                outcome.value: {
                    "databases": self.databases[outcome],
                    "findings": self.findings[outcome],
                    "repositories": self.repositories[outcome],
                }
                for outcome in Outcome
            },
            "causes": [self._cause(code) for code in sorted(self.causes, key=self._by_size)],
            "left_out": [
                {"status": status.value, "reason": reason, "repositories": number}
                for (status, reason), number in sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
            ],
            "hazards": dict(sorted(Counter(hazard.kind.value for hazard in hazards).items())),
        }

    def _by_size(self, code: str) -> tuple[int, str]:
        return -self.causes[code].findings.total(), code

    def _cause(self, code: str) -> dict[str, Any]:
        cause = self.causes[code]
        return {
            "code": code,
            "name": REGISTRY[code].name if code in REGISTRY else "",
            "findings": cause.findings.total(),
            "repositories": cause.repositories,
            **{outcome.value: cause.findings[outcome] for outcome in Outcome},
        }


def _kind_of(reason: str | None) -> str:
    """A reason without what it is about: `uncommitted changes: README.md` is one of its kind."""
    return (reason or "no reason given").partition(": ")[0]
