"""`estate.html`, `estate.json` and `estate.csv` from one pass over the records of a bulk run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TextIO

from volfix.bulk.records import Hazard, RepositoryRecord
from volfix.fixes.masking.credentials import hide_credentials
from volfix.fixes.masking.messages import scrub
from volfix.report.encoding import dumps
from volfix.report.estate.assessment import Carried, assess, nothing_known
from volfix.report.estate.glance import Glance
from volfix.report.estate.page import Page
from volfix.report.estate.table import Table

VERSION = 1
NAMES = ("estate.html", "estate.json", "estate.csv")


def write_report(
    directory: Path,
    records: Iterable[RepositoryRecord],
    hazards: Sequence[Hazard],
    carried: Carried = nothing_known,
) -> None:
    """Write the three files into the directory, which is made where it is missing; each appears whole or not at all.

    `records` is read once, and one record at a time is held; `carried` says of which moves a carry is known. OSError
    where the directory cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".estate-", dir=directory, ignore_cleanup_errors=True) as made:
        place = Path(made)
        glance = Glance()
        with Page(place, carried) as page, _Json(place / "estate.json") as json, Table(place / "estate.csv") as table:
            for record in map(_without_passwords, records):
                assessment = assess(record, carried)
                glance.add(record, assessment)
                page.add(record, assessment)
                json.add(record)
                table.add(record)
            summary = glance.summary(hazards)
            json.finish(hazards, summary)
            page.finish(place / "estate.html", hazards, summary)
        for name in NAMES:
            (place / name).replace(directory / name)


def _without_passwords(record: RepositoryRecord) -> RepositoryRecord:
    """The record without those of URLs in what git and the forge said; the result has none."""
    return replace(
        record, reason=record.reason and scrub(record.reason), links=tuple(map(hide_credentials, record.links))
    )


class _Json:
    """One object, `{"version", "repositories", "hazards", "summary"}`, with a line for each repository."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("w", encoding="utf-8", newline="\n")
        self._file.write(f'{{"version": {VERSION}, "repositories": [')
        self._separator = "\n"

    def __enter__(self) -> _Json:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, record: RepositoryRecord) -> None:
        self._file.write(
            self._separator + dumps({item.name: getattr(record, item.name) for item in fields(record)}, None)
        )
        self._separator = ",\n"

    def finish(self, hazards: Sequence[Hazard], summary: dict[str, object]) -> None:
        shown = dumps([asdict(hazard) for hazard in hazards])
        self._file.write(f'\n],\n"hazards": {shown},\n"summary": {dumps(summary)}}}\n')
