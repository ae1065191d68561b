"""The order of a project's findings, the most dangerous first; equal findings are told once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from volfix.fixes.changes import ReportedFinding
from volfix.fixes.results import SEVERITIES, ProjectResult
from volfix.report.finding import Standing, standing
from volfix.rules.findings import HEADLINE, Finding, Location, shortened

MOST_DANGEROUS = ("VF402", "VF403", "VF401", "VF112", "VF309", "VF308", "VF304", "VF1", "VF2", "VF3")
"""Beginnings of codes: rules about deleted rows, then about empty volumes, then all others."""
SERVICE = "\0"
"""The sign for a service in a text that several services share."""


@dataclass(frozen=True, slots=True)
class Told:
    """Findings that are told together: the first gives the words, each its places and evidence."""

    findings: tuple[Finding, ...]
    how: Standing

    @property
    def places(self) -> frozenset[Location]:
        """Every place that the report shows for these findings."""
        own = (finding.mark or finding.location for finding in self.findings)
        return frozenset([*own, *(place.location for finding in self.findings for place in finding.places)])


def told_findings(project: ProjectResult, items: Iterable[ReportedFinding], *, unsafe: bool) -> Iterator[Told]:
    """The findings in order; findings with the same words, or about several services of one line, together."""
    groups: dict[object, list[Finding]] = {}
    for item in ordered(items):
        how = standing(project, item, unsafe=unsafe)
        groups.setdefault((how, _said(item.finding)), []).append(item.finding)
    for (how, _), findings in groups.items():  # type: ignore[misc]
        yield Told(tuple(_of_all(findings)), how)


def ordered(items: Iterable[ReportedFinding]) -> list[ReportedFinding]:
    """The findings, errors before warnings, the most dangerous rules first."""

    def danger(item: ReportedFinding) -> tuple[int, int]:
        ranks = (rank for rank, code in enumerate(MOST_DANGEROUS) if item.finding.code.startswith(code))
        return SEVERITIES.index(item.finding.severity.value), next(ranks, len(MOST_DANGEROUS))

    return sorted(items, key=danger)


def listed(things: Sequence[str], most: int = 3) -> str:
    """`a, b and c`; `a, b, c and 2 more`."""
    shown = [*things[:most], *([f"{len(things) - most} more"] if len(things) > most else [])]
    *first, last = shown
    return f"{', '.join(first)} and {last}" if first else last


def together(things: Sequence[str]) -> list[str]:
    """The things, with equal beginnings joined: `the database of web and worker`."""
    found: dict[str, list[str]] = {}
    for thing in dict.fromkeys(things):
        what, of, name = thing.partition(" of ")
        found.setdefault(what + of if of else thing, []).append(name)
    return [f"{what}{listed(names)}" if names != [""] else what for what, names in found.items()]


def _said(finding: Finding) -> object:
    """A key for the words of a finding; without the service where several services share the place."""
    same = (finding.code, finding.severity, finding.label)
    texts = _texts(finding)
    general = tuple(_without(text, finding.service) for text in texts)
    if general == texts:
        return (*same, texts)
    operations = finding.fix.operations if finding.fix is not None else ()
    return (*same, general, finding.location, frozenset(operations))


def _without(text: str, service: str | None) -> str:
    """The text with a sign in the place of the service after `of`: `the database of web`."""
    for name in dict.fromkeys((service, shortened(service)) if service else ()):
        text = re.sub(rf"(?<=\bof ){re.escape(name)}(?![\w-])", SERVICE, text)
    return text


def _of_all(findings: Sequence[Finding]) -> Iterator[Finding]:
    """The findings; the words of the first name the services of all."""
    first, services = findings[0], list(dict.fromkeys(filter(None, (each.service for each in findings))))
    if len(services) > 1:
        message, danger, reason = (_without(text, first.service) for text in _texts(first))
        headline = message.replace(SERVICE, listed(services))
        if len(headline) > HEADLINE:
            headline = message.replace(SERVICE, f"{len(services)} services")
        every = listed(services, len(services))
        shared = all(each.location == first.location for each in findings)
        named = (f"{every} share this line: {len(services)} findings",) if shared else ()
        first = replace(
            first,
            message=headline,
            danger=danger.replace(SERVICE, every),
            reason=reason.replace(SERVICE, every) or None,
            evidence=(*named, *first.evidence),
        )
    yield first
    yield from findings[1:]


def _texts(finding: Finding) -> tuple[str, str, str]:
    return finding.message, finding.danger, finding.reason or ""
