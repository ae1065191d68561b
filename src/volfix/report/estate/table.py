"""The estate as CSV: a line for each finding, and one for a repository without any, for spreadsheets and scripts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from volfix.bulk.records import RepositoryRecord
from volfix.report.estate.assessment import found, outcome_of
from volfix.syntax.visible import one_line

FIELDS = (
    "repository",
    "source",
    "status",
    "why",
    "branch",
    "commit",
    "head",
    "project",
    "code",
    "severity",
    "file",
    "line",
    "column",
    "service",
    "target",
    "step",
    "message",
    "evidence",
    "applicability",
    "reason",
    "outcome",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for a formula (OWASP, CSV injection); a `'` before it makes it text."""


class Table:
    """One CSV file with the columns FIELDS, each cell on one line."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.DictWriter(self._file, FIELDS, restval="", lineterminator="\n")
        self._rows.writeheader()

    def __enter__(self) -> Table:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, record: RepositoryRecord) -> None:
        for row in _rows(record):
            self._rows.writerow({name: _cell(value) for name, value in row.items()})


def _rows(record: RepositoryRecord) -> Iterator[dict[str, Any]]:
    repository = {
        "repository": record.name,
        "source": record.source,
        "status": record.status.value,
        "why": record.reason,
        "branch": record.branch,
        "commit": record.commit,
        "head": record.head,
    }
    empty = True
    for project, finding in found(record):
        empty = False
        shown = {name: value for name, value in finding.items() if name in FIELDS}
        outcome = outcome_of(finding, record.status).value
        evidence = "\n".join(finding["evidence"])
        yield {**repository, **shown, "project": project["name"], "evidence": evidence, "outcome": outcome}
    if empty:
        yield repository


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return one_line(f"'{text}" if text.startswith(FORMULA) else text)
