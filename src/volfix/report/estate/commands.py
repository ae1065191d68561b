"""What to type next for a repository, ready to be pasted into a shell."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from volfix.bulk.records import RepositoryRecord, Status
from volfix.report.estate.assessment import Assessment, Outcome, is_made
from volfix.syntax.pasted import operand, word

REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/\\]{2,}:")
"""How a git URL begins (git, urls.txt): a scheme, or `host:` with no slash before the colon."""


@dataclass(frozen=True, slots=True)
class Command:
    """`purpose` is for a person, `line` for a POSIX shell."""

    purpose: str
    line: str


def commands(record: RepositoryRecord, assessment: Assessment) -> Iterator[Command]:
    """The commands that this repository's state asks for, in the order in which they are run.

    The rows are counted before anything is written: afterwards nobody knows how many there were.
    """
    remote = REMOTE.match(record.source) is not None
    path = word(operand(record.source))
    fixable = assessment.outcomes[Outcome.FIXABLE] > 0
    moving = [project for project in record.result.get("projects", ()) if project["moves"]]
    former = next(filter(None, map(_former, moving)), None)
    where = "" if remote else f" {path}"
    counts = f"{re.sub(r'[^A-Za-z0-9._-]', '_', record.name).lstrip('.-')[:60] or 'repository'}-rows.json"
    if record.status in (Status.FAILED, Status.SKIPPED):
        yield Command("Look at it again", f"volfix bulk {path}")
    if assessment.outcomes[Outcome.UNSAFE]:
        options = "bulk --unsafe-fixes" if remote else "--unsafe-fixes"
        yield Command("See the fixes that need a decision", f"volfix {options} {path}")
    if moving:
        runs_as = f" -p {word(former)}" if former else ""
        yield Command(
            "BEFORE anything is written, on the host: count the rows", f"volfix rows --save {counts}{runs_as}{where}"
        )
    if record.status is Status.FINDINGS and fixable:
        yield Command("Make the safe fixes on a branch", f"volfix bulk --write {path}")
        if not remote:
            moves = [move for project in moving for move in project["moves"]]
            carry = " --carry-service" if any(move.get("carry_service") for move in moves) else ""
            yield Command("Or in the checkout itself", f"volfix --write{carry} {path}")
    if record.status is Status.WRITTEN and record.branch and not remote:
        yield Command("Push the branch", f"git -C {path} push origin {word(record.branch)}")
    if assessment.not_carried:
        checkout = "in the checkout with the change" if remote else "with the change checked out"
        purpose = f"BEFORE it is merged or deployed: on the host, {checkout}, carry the data"
        ran_as = f" --from-project {word(former)}" if former else ""
        for options, directory in _carries(moving):
            place = "/".join(filter(None, ("" if remote else record.source, directory)))
            at = f" {word(operand(place))}" if place else ""
            yield Command(purpose, f"volfix carry --write{ran_as}{options}{at}")
    if moving:
        yield Command("After the deployment: see that every row is there", f"volfix rows --against {counts}{where}")


def _carries(moving: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The options of each carry, and the directory below the repository's: one carry for all projects, unless it has to
    be told sources with --map, which name volumes of one project.
    """
    found: dict[str, dict[str, None]] = {}
    for project in moving:
        maps = found.setdefault(posixpath.dirname(next(iter(project["files"]), "")), {})
        told = (move for move in project["moves"] if move.get("needs_map") and not move.get("carry_service"))
        maps |= {f" --map {word(move['source'] + '=' + move['volume'])}": None for move in told}
    if any(found.values()):
        yield from (("".join(maps), directory) for directory, maps in found.items())
    else:
        yield "", ""


def _former(project: Mapping[str, Any]) -> str | None:
    """The name that the containers have, where the change gives the project another one."""
    renamed = any(finding["code"] == "VF303" and is_made(finding) for finding in project["findings"])
    return str(project["name"]) if renamed else None
