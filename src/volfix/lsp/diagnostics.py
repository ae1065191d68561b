"""The findings of a check as an editor shows them: diagnostics beside the text, and hover text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lsprotocol import types

from volfix.lsp.checks import Check
from volfix.lsp.positions import BOM, Lines
from volfix.project.compose.host_directories import relative
from volfix.report.encoding import encodable
from volfix.report.entries import Entry, entries
from volfix.report.finding import fix_words
from volfix.report.view import View
from volfix.rules.findings import Finding, Place
from volfix.syntax.source import Source

SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
}


class Shown:
    """A check in the terms of an editor: its documents' names, and columns in the encoding agreed on."""

    def __init__(self, check: Check, encoding: str) -> None:
        self.check, self.encoding = check, encoding
        self._lines: dict[Path, Lines] = {}

    def uri(self, path: Path) -> str:
        """The URI of a file; of an open file the URI that the editor uses."""
        document = self.check.documents.get(os.path.realpath(path))
        return document.uri if document else path.as_uri()

    def lines(self, source: Source) -> Lines:
        """The lines of a file, as the editor counts them."""
        if source.path not in self._lines:
            document = self.check.documents.get(os.path.realpath(source.path))
            shows_bom = document is not None and document.text.startswith(BOM)
            self._lines[source.path] = Lines(source.text, self.encoding, shows_bom=shows_bom)
        return self._lines[source.path]

    def diagnostics(self) -> dict[str, list[types.Diagnostic]]:
        """The findings, and a line for each file that cannot be read, by the document that each is about."""
        found: dict[str, list[types.Diagnostic]] = {each.uri: [] for each in self.check.documents.values()}
        for entry in entries(self.check.result, self.check.root):
            path = self.check.root / entry.path
            if entry.finding is None and path.is_dir():  # editors open no directory: shown at an open document
                for document in self.check.documents.values():
                    found[document.uri].append(self._problem(entry, document.path))
            else:
                own = self.diagnostic(entry) if entry.finding else self._problem(entry, path)
                found.setdefault(self.uri(path), []).append(own)
        return found

    def diagnostic(self, entry: Entry) -> types.Diagnostic:
        """A finding: its headline and danger, with the second places that explain it."""
        finding = entry.finding
        assert finding is not None
        danger = [clean(finding.danger)] if finding.danger else []
        return types.Diagnostic(
            range=self.lines(finding.location.source).range(finding.location.span),
            message="\n".join([clean(entry.message), *danger]),
            severity=SEVERITIES[entry.severity.value],
            code=entry.code,
            source="volfix",
            related_information=[self._related(place) for place in finding.places],
        )

    def at(self, path: Path, start: types.Position, end: types.Position) -> Iterator[Entry]:
        """The findings that touch a range of an open document."""
        for entry in entries(self.check.result, self.check.root):
            location = entry.finding.location if entry.finding else None
            if location is not None and os.path.realpath(location.path) == os.path.realpath(path):
                lines = self.lines(location.source)
                if location.span.start <= lines.offset(end) and lines.offset(start) <= location.span.end:
                    yield entry

    def hover(self, path: Path, position: types.Position) -> types.Hover | None:
        """The findings at a place with all evidence. It is plain text: a picture's address in it would be fetched."""
        told = [self._told(entry) for entry in self.at(path, position, position)]
        if not told:
            return None
        return types.Hover(types.MarkupContent(types.MarkupKind.PlainText, "\n\n".join(told)))

    def _told(self, entry: Entry) -> str:
        finding = entry.finding
        assert finding is not None
        lines = [f"{entry.severity.value}[{entry.code}] {entry.message}", *entry.details]
        for place in finding.places:
            where = relative(place.location.path, self.check.root)
            lines.append(f"{where}:{place.location.line}: {place.label}")
        if finding.fix is not None:
            lines.append(f"fix ({finding.fix.applicability.value}): {title(finding)}")
        return "\n".join(map(clean, lines))

    def _related(self, place: Place) -> types.DiagnosticRelatedInformation:
        location = place.location
        where = types.Location(self.uri(location.path), self.lines(location.source).range(location.span))
        return types.DiagnosticRelatedInformation(where, clean(place.label) or "see here")

    def _problem(self, entry: Entry, path: Path) -> types.Diagnostic:
        document = self.check.documents.get(os.path.realpath(path))
        if document is not None:
            place = Lines(document.text, self.encoding).whole_line(entry.line, entry.column)
        else:
            start = types.Position(entry.line - 1, entry.column - 1)
            place = types.Range(start, start)
        severity = types.DiagnosticSeverity.Error
        return types.Diagnostic(place, clean(entry.message), severity=severity, code=entry.code, source="volfix")


def clean(text: str) -> str:
    """Foreign text as one line, without secrets and control characters."""
    return encodable(View(Path()).clean(text), "utf-8")


def title(finding: Finding) -> str:
    """The title of a finding's fix: what it does, and the step it needs."""
    assert finding.fix is not None
    return clean(fix_words(finding.fix))
