"""The diagnostic format of reviewdog, which comments on the lines of a change.

Source: reviewdog/reviewdog, proto/rdf/reviewdog.proto (columns count bytes of UTF-8, an end is behind the last one).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from volfix.fixes.results import RunResult
from volfix.report.encoding import dumps
from volfix.report.entries import Entry, base_of, entries
from volfix.report.shown_fixes import hidden_fixes
from volfix.rules.findings import Applicability, Finding, Fix
from volfix.syntax.source import Source
from volfix.syntax.visible import one_line

SEVERITIES = {"error": "ERROR", "warning": "WARNING", "info": "INFO"}


def render(result: RunResult, *, context: int = 3, base: Path | None = None, show_secrets: bool = False) -> str:
    """One object with a diagnostic for each finding and failure, paths from `base` (that of all projects if None)."""
    del context  # for diffs, which this format does not show
    found = entries(result, base or base_of(result), show_secrets=show_secrets)
    hidden = set() if show_secrets else hidden_fixes(result, _stands_alone)
    diagnostics = [_diagnostic(entry, hidden) for entry in found]
    return dumps({"source": {"name": "volfix"}, "diagnostics": diagnostics})


def _diagnostic(entry: Entry, hidden: set[int]) -> dict[str, Any]:
    finding = entry.finding
    if finding is None:
        place: dict[str, Any] = {"start": {"line": entry.line, "column": entry.column}}
    else:
        span = finding.location.span
        place = _range(finding.location.source, span.start, span.end)
    diagnostic = {
        "message": "\n".join(map(one_line, (entry.message, *entry.details))),
        "location": {"path": entry.path, "range": place},
        "severity": SEVERITIES[entry.severity.value],
        "code": {"value": entry.code},
    }
    suggestions = list(_suggestions(finding, hidden)) if finding else []
    return {**diagnostic, "suggestions": suggestions} if suggestions else diagnostic


def _suggestions(finding: Finding, hidden: set[int]) -> Iterator[dict[str, Any]]:
    """The fix as a suggestion: only a safe fix of one edit that moves no data, since readers apply each alone."""
    fix = finding.fix
    if fix is None or not _stands_alone(fix):
        return
    from volfix.fixes.render import edited

    files = edited(fix.operations)
    if len(files) == 1 and len(files[0][1]) == 1 and files[0][0].path == finding.location.path:
        (_, (edit,)), source = files[0], finding.location.source
        if id(fix.operations) not in hidden:
            yield {"range": _range(source, edit.span.start, edit.span.end), "text": edit.replacement}


def _stands_alone(fix: Fix) -> bool:
    return fix.applicability is Applicability.SAFE and not fix.moves and bool(fix.operations)


def _range(source: Source, start: int, end: int) -> dict[str, Any]:
    return {"start": _position(source, start), "end": _position(source, end)}


def _position(source: Source, offset: int) -> dict[str, int]:
    line = source.text[source.line_start(offset) : offset]
    return {"line": source.place(offset)[0], "column": len(line.encode("utf-8", "surrogateescape")) + 1}
