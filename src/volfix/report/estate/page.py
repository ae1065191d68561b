"""`estate.html`: the numbers and the hazards as HTML, each repository as a block of JSON that the script shows.

All text in it is foreign: Jinja2 escapes what it writes, `tojson` what stands in a block, and the script makes text
nodes only. The Content-Security-Policy admits this page's own script and style by their digests and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from volfix import __version__
from volfix.bulk.records import Hazard, RepositoryRecord, Status
from volfix.report.estate.assessment import SEVERITIES, Assessment, Carried, Outcome, outcome_of
from volfix.report.estate.commands import commands
from volfix.syntax.visible import visible

SCRIPTS = ("elements.js", "theme.js", "diff.js", "repository.js", "listing.js", "main.js")
OUTCOMES = {
    Outcome.UNCARRIED: ("Not carried", "fixed on the branch, and the new volume starts empty:", "volfix carry"),
    Outcome.REFUSED: ("Refused", "no fix, and the finding says why", ""),
    Outcome.UNSAFE: ("Need a decision", "the fix rests on what volfix cannot see:", "--unsafe-fixes"),
    Outcome.FIXABLE: ("Can be fixed", "decided by evidence and proven:", "--write"),
    Outcome.FIXED: ("Fixed", "committed on the branch", ""),
}
STATUSES = (Status.FINDINGS, Status.FAILED, Status.SKIPPED, Status.WRITTEN, Status.PUSHED, Status.CLEAN)
"""What needs a person first."""
SHOWN = (
    "code",
    "severity",
    "file",
    "line",
    "column",
    "service",
    "target",
    "step",
    "message",
    "danger",
    "evidence",
    "reason",
)
"""What the page has of a finding."""
HAZARDS_SHOWN = 8
SPAN = re.compile(r"(?<![`\w])`([^`\n]+)`(?![`\w])")
"""Code in a sentence; a name with a backtick of its own stays as it is."""


class Page:
    """Takes repositories one by one and keeps them in a file without a name; `finish` puts the page together."""

    def __init__(self, place: Path, carried: Carried) -> None:
        self._carried = carried
        self._blocks = TemporaryFile("w+", encoding="utf-8", newline="\n", dir=place)  # noqa: SIM115 - for __exit__
        self._environment = Environment(
            loader=PackageLoader("volfix.report.estate", "page"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["visible"] = visible
        self._environment.filters["prose"] = _prose
        self._block = self._environment.get_template("repository.html.j2")

    def __enter__(self) -> Page:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._blocks.close()

    def add(self, record: RepositoryRecord, assessment: Assessment) -> None:
        row, details = _row(record, assessment), _details(record, assessment, self._carried)
        self._blocks.write(self._block.render(row=_visible(row), details=_visible(details)) + "\n")

    def finish(self, path: Path, hazards: Sequence[Hazard], summary: dict[str, Any]) -> None:
        self._blocks.seek(0)
        style, script = _text("page.css"), "".join(map(_text, SCRIPTS))
        stream = self._environment.get_template("page.html.j2").stream(
            style=Markup(style),  # noqa: S704 - a file of this package
            style_digest=_digest(style),
            script=Markup(script),  # noqa: S704 - files of this package
            script_digest=_digest(script),
            blocks=self._read(),
            hazards=hazards,
            hazards_shown=HAZARDS_SHOWN,
            shared=_visible([asdict(hazard) for hazard in hazards]),
            summary=summary,
            databases={outcome.value: summary["outcomes"][outcome.value]["databases"] for outcome in OUTCOMES},
            outcomes=[(outcome.value, *words) for outcome, words in OUTCOMES.items()],
            statuses=[status.value for status in STATUSES],
            version=__version__,
            now=datetime.now(timezone.utc),
        )
        stream.dump(str(path), encoding="utf-8")

    def _read(self) -> Iterator[Markup]:
        for line in self._blocks:
            yield Markup(line)  # noqa: S704 - rendered by `repository.html.j2`, which escapes


def _row(record: RepositoryRecord, assessment: Assessment) -> dict[str, Any]:
    """What the table sorts, filters and shows before a repository is opened."""
    return {
        "name": record.name,
        "source": record.source,
        "status": record.status.value,
        "why": record.reason,
        "risk": assessment.at_risk,
        "left": assessment.not_carried,
        **{severity: assessment.severities[severity] for severity in SEVERITIES},
        **{outcome.value: assessment.outcomes[outcome] for outcome in Outcome},
        "codes": assessment.codes,
        "words": " ".join(dict.fromkeys(_words(record))),
    }


def _words(record: RepositoryRecord) -> Iterator[str]:
    """What a search also finds a repository by."""
    yield record.branch or ""
    for project in record.result.get("projects", ()):
        yield project["name"]
        yield from project["files"]
        for finding in project["findings"]:
            yield from (str(finding[key]) for key in ("code", "file", "service", "target", "step") if finding[key])
        yield from (word for move in project["moves"] for word in (move["source"], move["volume"]))


def _details(record: RepositoryRecord, assessment: Assessment, carried: Carried) -> dict[str, Any]:
    return {
        "head": record.head,
        "branch": record.branch,
        "commit": record.commit,
        "seconds": record.seconds,
        "links": record.links,
        "projects": [_project(project, record, carried) for project in record.result.get("projects", ())],
        "errors": record.result.get("errors", []),
        "commands": [{"purpose": item.purpose, "line": item.line} for item in commands(record, assessment)],
    }


def _project(project: dict[str, Any], record: RepositoryRecord, carried: Carried) -> dict[str, Any]:
    moves = [
        {**move, "carried": None if move.get("carry_service") else carried(project["root"], move)}
        for move in project["moves"]
    ]
    left = {(move["service"], move["target"]) for move in moves if not (move.get("carry_service") or move["carried"])}
    findings = [
        {
            **{key: finding[key] for key in SHOWN if finding.get(key)},
            "outcome": outcome_of(
                finding, record.status, is_left=(finding["service"], finding["target"]) in left
            ).value,
        }
        for finding in project["findings"]
    ]
    shown = {key: project[key] for key in ("name", "files", "diff")}
    return {**shown, "moves": moves, "findings": findings}


def _prose(text: str) -> Markup:
    """Text of volfix's own: what stands between backticks is code. What comes from files is escaped, as all is."""
    parts = SPAN.split(visible(text))
    marked = (Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts))
    return Markup("").join(marked)


def _visible(data: Any) -> Any:
    """The data with every character of its texts that nobody sees, or that turns text around, written out."""
    if isinstance(data, str):
        return visible(data)
    if isinstance(data, dict):
        return {key: _visible(value) for key, value in data.items()}
    return [_visible(item) for item in data] if isinstance(data, (list, tuple)) else data


@cache
def _text(name: str) -> str:
    return (files("volfix.report.estate") / "page" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
