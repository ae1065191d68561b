"""SARIF 2.1.0, which code scanning reads: the rules, the findings, and their fixes as replacements.

Source: oasis-tcs/sarif-spec, Static Analysis Results Interchange Format 2.1.0 (sections 3.19, 3.27, 3.55).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from volfix import __version__
from volfix.fixes.results import RunResult
from volfix.project.compose.host_directories import relative
from volfix.report.encoding import dumps
from volfix.report.entries import Entry, base_of, entries
from volfix.report.rule_links import rule_link
from volfix.report.shown_fixes import hidden_fixes
from volfix.rules.findings import Fix
from volfix.rules.rule import Rule
from volfix.rules.severities import highest_severity
from volfix.syntax.source import Edit, Source

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}
ROOT = "SRCROOT"


def render(result: RunResult, *, context: int = 3, base: Path | None = None, show_secrets: bool = False) -> str:
    """The log of one run as JSON, with URIs from `base` (the directory of all projects if None)."""
    del context  # for diffs, which this format does not show
    from volfix.rules.registry import REGISTRY

    base = base or base_of(result)
    rules = sorted(REGISTRY.values(), key=lambda rule: rule.code)
    numbers = {rule.code: number for number, rule in enumerate(rules)}
    found = list(entries(result, base, show_secrets=show_secrets))
    hidden = set() if show_secrets else hidden_fixes(result)
    run = {
        "tool": {"driver": {"name": "volfix", "version": __version__, "rules": [_rule(rule) for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"uri": f"{base.as_uri()}/"}},
        "invocations": [
            {
                "executionSuccessful": result.status != 2,
                "toolExecutionNotifications": [_notification(entry) for entry in found if entry.finding is None],
            }
        ],
        "results": [_result(entry, base, numbers, hidden) for entry in found if entry.finding],
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    address = rule_link(rule.code)
    return {
        "id": rule.code,
        "name": rule.name,
        **({} if address is None else {"helpUri": address}),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.summary} {rule.why}"},
        "help": {"text": f"{rule.why}\n\nFix: {rule.fix}\n\nSources: {'; '.join(rule.sources)}"},
        "defaultConfiguration": {"enabled": rule.default, "level": LEVELS[highest_severity(rule.code).value]},
    }


def _result(entry: Entry, base: Path, numbers: dict[str, int], hidden: set[int]) -> dict[str, Any]:
    data: dict[str, Any] = {
        "ruleId": entry.code,
        "level": LEVELS[entry.severity.value],
        "message": {"text": entry.text},
        "locations": [{"physicalLocation": _place(entry)}],
        "partialFingerprints": {"volfix/v1": entry.fingerprint},
    }
    if entry.code in numbers:
        data["ruleIndex"] = numbers[entry.code]
    if entry.finding and entry.finding.fix:
        data["properties"] = {"applicability": entry.finding.applicability.value}
        fix = entry.finding.fix
        if id(fix.operations) not in hidden and (changes := list(_changes(fix, base))):
            description = f"{entry.finding.applicability.value} fix of {entry.code}"
            data["fixes"] = [{"description": {"text": description}, "artifactChanges": changes}]
    return data


def _notification(entry: Entry) -> dict[str, Any]:
    return {
        "descriptor": {"id": entry.code},
        "level": "error",
        "message": {"text": entry.text},
        "locations": [{"physicalLocation": _place(entry)}],
    }


def _place(entry: Entry) -> dict[str, Any]:
    region = {"startLine": entry.line, "startColumn": entry.column}
    if entry.end_line is not None and entry.end_column is not None:
        region |= {"endLine": entry.end_line, "endColumn": entry.end_column}
    return {"artifactLocation": _artifact(entry.path), "region": region}


def _artifact(path: str) -> dict[str, str]:
    encoded = quote(path.encode("utf-8", "surrogateescape"))
    return {"uri": f"file://{encoded}"} if path.startswith("/") else {"uri": encoded, "uriBaseId": ROOT}


def _changes(fix: Fix, base: Path) -> Iterator[dict[str, Any]]:
    """The fix as replacements in each file."""
    from volfix.fixes.render import edited

    for source, edits in edited(fix.operations):
        yield {
            "artifactLocation": _artifact(relative(source.path, base)),
            "replacements": list(_replacements(source, edits)),
        }


def _replacements(source: Source, edits: Iterable[Edit]) -> Iterator[dict[str, Any]]:
    for edit in edits:
        (line, column), (end_line, end_column) = source.place(edit.span.start), source.place(edit.span.end)
        yield {
            "deletedRegion": {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column},
            "insertedContent": {"text": edit.replacement},
        }
