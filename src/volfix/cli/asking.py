"""Single fixes: `-i` asks about each, `--select VF101@compose.yaml:9` names the fix to make."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from volfix.api import Plan
    from volfix.report.view import View
    from volfix.rules.findings import Finding

YES, NO, ALL, QUIT, EXPLAIN = "y", "n", "a", "q", "e"
HELP = """\
y  make this fix
n  leave it (the default)
a  make this fix and all that follow
q  leave this fix and all that follow
e  explain the rule
?  this help"""


@dataclass(frozen=True, slots=True)
class Place:
    """The findings of a rule in one line of a file."""

    code: str
    path: Path
    line: int

    @classmethod
    def of(cls, finding: Finding) -> Place:
        return cls(finding.code, finding.location.path, finding.location.line)

    @classmethod
    def read(cls, text: str) -> Place:
        """A place from `VF101@compose.yaml:9`, whose path starts from here; raises click.BadParameter."""
        code, _, where = text.partition("@")
        name, _, line = where.rpartition(":")
        if not name or not line.isdigit():
            raise click.BadParameter(f"{text}: write CODE@FILE:LINE", param_hint="--select")
        return cls(code, Path(os.path.abspath(name)), int(line))  # noqa: PTH100 - links stay

    def __str__(self) -> str:
        return f"{self.code}@{os.path.relpath(self.path)}:{self.line}"


def some(make: Callable[..., Plan], options: dict[str, Any], view: Callable[[], View]) -> Plan:
    """The plan with the fixes that `--select` names, or with those that a person chooses.

    The places of what is chosen are in the options then.
    """
    if options["interactive"]:
        named = options["places"]
        from volfix.report.alike import ordered

        found = (item.finding for project in make().projects for item in ordered(project.findings))
        possible = [
            each for each in found if each.fix and (options["unsafe_fixes"] or each.applicability.value == "safe")
        ]
        asked = [each for each in possible if not named or Place.of(each) in named]
        options["places"] = frozenset(_chosen(asked, view()))
    places = options["places"]
    plan = make(confirm=lambda finding: Place.of(finding) in places)
    if lost := sorted(map(str, places - {Place.of(finding) for finding in plan.findings})):
        raise click.UsageError(f"no finding at {', '.join(lost)}")
    return plan


def _chosen(findings: list[Finding], view: View) -> Iterator[Place]:
    from volfix.report.text import question

    asked: dict[Place, list[Finding]] = {}
    for finding in findings:
        asked.setdefault(Place.of(finding), []).append(finding)
    takes_all = False
    for number, (place, same) in enumerate(asked.items(), 1):
        if not takes_all:
            click.echo(question(same[0], view), err=True)
            answer = _answer(f"{number} of {len(asked)}: Make this fix?", place.code)
            if answer == QUIT:
                return
            if answer == NO:
                continue
            takes_all = answer == ALL
        yield place


def _answer(asked: str, code: str) -> str:
    while True:
        try:
            words = click.prompt(f"{asked} [y,n,a,q,e,?]", default=NO, show_default=False, err=True)
        except click.Abort as ended:
            if not isinstance(ended.__context__, EOFError):  # Ctrl-C
                raise
            why = "-i has no more answers to read: run it in a terminal. Nothing was written"
            raise click.UsageError(why) from None
        answer: str = words.strip().lower()[:1]
        if answer in (YES, NO, ALL, QUIT):
            return answer
        if answer == EXPLAIN:
            from volfix.report.explain import in_short
            from volfix.rules.registry import REGISTRY

            click.echo(f"{in_short(REGISTRY[code])}\n\n`volfix explain {code}` also shows examples.\n", err=True)
        else:
            click.echo(HELP, err=True)
