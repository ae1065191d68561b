"""Which fixes a run makes: what is allowed and agreed to, and stands without those that are not made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from volfix.project.stack import Stack
from volfix.rules.findings import Finding, VolumeChange


def chosen_of(
    findings: Sequence[Finding], stack: Stack, is_wanted: Callable[[Finding], bool]
) -> tuple[list[Finding], list[Finding]]:
    """All findings, and those whose fix is made; one that needs a volume that no other makes loses its fix."""
    wanted = [finding for finding in findings if is_wanted(finding)]
    chosen = wanted
    while chosen != (held := [finding for finding in chosen if _missing(finding, _volumes(stack, chosen)) is None]):
        chosen = held
    volumes = _volumes(stack, chosen)
    dropped = {id(finding): volume for finding in wanted if (volume := _missing(finding, volumes))}
    shown = [_without_fix(finding, dropped[id(finding)]) if id(finding) in dropped else finding for finding in findings]
    return shown, chosen


def _volumes(stack: Stack, chosen: Sequence[Finding]) -> set[str]:
    """The keys of the volumes that are there once these fixes are made."""
    made = {
        change.key
        for finding in chosen
        if finding.fix
        for change in finding.fix.changes
        if isinstance(change, VolumeChange)
    }
    return made | {key for project in stack.projects for key in project.declared}


def _missing(finding: Finding, volumes: set[str]) -> str | None:
    """A volume that the fix carries data into and that is not there."""
    moves = finding.fix.moves if finding.fix else ()
    return next((move.volume for move in moves if move.volume not in volumes), None)


def _without_fix(finding: Finding, volume: str) -> Finding:
    return replace(
        finding, fix=None, reason=f"its data would need the volume {volume}, and the fix that makes it is not made"
    )
