"""Which fixes a run makes: those that are allowed and wanted, and that need no fix that is not made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from volfix.edits.operation import Operation
from volfix.project.stack import Stack
from volfix.rules.findings import Finding, VolumeChange
from volfix.syntax.source import Span


def fixes_to_make(
    findings: Sequence[Finding], stack: Stack, wanted: Sequence[Finding]
) -> tuple[list[Finding], list[Finding]]:
    """All findings, and those of the wanted whose fix is made, in an order in which each has the volumes that it needs.

    A finding that needs a volume that no other makes loses its fix; so do two that make different things of one place.
    """
    rivals = _rivals(wanted)
    chosen = with_their_volumes([finding for finding in wanted if id(finding) not in rivals], stack)
    volumes = _volumes(stack, chosen)
    reasons = {
        id(finding): f"this fix needs the volume {volume}, and the fix that makes the volume is not made"
        for finding in wanted
        if (volume := _missing(finding, volumes))
    }
    for finding in wanted:
        if other := rivals.get(id(finding)):
            reasons[id(finding)] = f"{other.code} changes this line differently: choose one with --select"
    shown = [
        replace(finding, fix=None, reason=reasons[id(finding)]) if id(finding) in reasons else finding
        for finding in findings
    ]
    return shown, sorted(chosen, key=_needs_another(stack))


def with_their_volumes(chosen: list[Finding], stack: Stack) -> list[Finding]:
    """Those of the findings whose fixes have every volume that they need, once all of them are made."""
    while True:
        volumes = _volumes(stack, chosen)
        held = [finding for finding in chosen if _missing(finding, volumes) is None]
        if held == chosen:
            return chosen
        chosen = held


def _rivals(wanted: Sequence[Finding]) -> dict[int, Finding]:
    """By the identity of a finding, another finding whose fix replaces the same characters differently."""
    alike: dict[int, list[Finding]] = {}
    for finding in wanted:
        alike.setdefault(id(finding.fix.operations) if finding.fix else 0, []).append(finding)
    found = _first_rivals([findings[0] for findings in alike.values()])
    return {
        id(finding): found[id(findings[0])]
        for findings in alike.values()
        if id(findings[0]) in found
        for finding in findings
    }


def _first_rivals(wanted: Sequence[Finding]) -> dict[int, Finding]:
    """As `_rivals`, for findings with different operations."""
    places: dict[Path, list[tuple[Span, Operation, Finding]]] = {}
    for finding in wanted:
        for operation in finding.fix.operations if finding.fix else ():
            if (span := operation.replaced()) is not None:
                places.setdefault(operation.source.path, []).append((span, operation, finding))
    found: dict[int, Finding] = {}
    for group in places.values():
        group.sort(key=lambda item: item[0])
        for number, (span, operation, finding) in enumerate(group):
            for other_span, other_operation, other in group[number + 1 :]:
                if other_span.start >= span.end:
                    break
                if other is not finding and other_operation != operation:
                    found[id(finding)], found[id(other)] = other, finding
    return found


def _volumes(stack: Stack, chosen: Sequence[Finding]) -> set[str]:
    """The keys of the volumes that exist once these fixes are made."""
    changes = {id(finding.fix.changes): finding.fix.changes for finding in chosen if finding.fix}
    made = {change.key for each in changes.values() for change in each if isinstance(change, VolumeChange)}
    return made | {key for project in stack.projects for key in project.declared}


def _needs_another(stack: Stack) -> Callable[[Finding], bool]:
    """Whether the fix of a finding needs a volume that another fix makes."""
    declared, known = _volumes(stack, []), dict[int, set[str]]()

    def needs(finding: Finding) -> bool:
        changes = finding.fix.changes if finding.fix else ()
        if id(changes) not in known:
            known[id(changes)] = {change.key for change in changes if isinstance(change, VolumeChange)}
        return _missing(finding, declared | known[id(changes)]) is not None

    return needs


def _missing(finding: Finding, volumes: set[str]) -> str | None:
    """A volume that the fix carries data into and that is not there."""
    moves = finding.fix.moves if finding.fix else ()
    return next((move.volume for move in moves if move.volume not in volumes), None)
