"""Fixes as the code actions of an editor: each is planned and proven as `volfix --write` does it, and the editor makes
the edits. A fix of the whole repository is no `source.fixAll`: editors run these when a file is saved, and nobody would
read that a volume starts empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lsprotocol import types

from volfix.lsp.checks import Check, Choice, check
from volfix.lsp.diagnostics import Shown, clean, title
from volfix.report.entries import Entry
from volfix.rules.findings import Applicability
from volfix.syntax.source import ordered


class Refused(Exception):
    """A fix that is not made; the message says why."""


def offered(shown: Shown, path: Path, asked: types.Range) -> Iterator[types.CodeAction]:
    """The fixes of the findings that touch a range, then all safe ones; none has its edit yet."""
    by_choice: dict[Choice, list[Entry]] = {}
    for entry in shown.at(path, asked.start, asked.end):
        if entry.finding is not None and entry.finding.fix is not None:
            by_choice.setdefault(Choice.of(entry.finding), []).append(entry)
    for choice, found in by_choice.items():
        finding = found[0].finding
        assert finding is not None
        is_safe = all(each.finding and each.finding.applicability is Applicability.SAFE for each in found)
        yield types.CodeAction(
            title=f"{choice.code}: {title(finding)}" if is_safe else _unsafe_title(choice, found),
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[shown.diagnostic(entry) for entry in found],
            is_preferred=is_safe,
            data={
                "root": str(shown.check.root),
                "code": choice.code,
                "path": str(choice.path),
                "line": choice.line,
                "unsafe": not is_safe,
            },
        )
    safe = sum(item.fixed for project in shown.check.result.projects for item in project.findings)
    if by_choice and safe > 1:
        yield types.CodeAction(
            title=f"volfix: make all {safe} safe fixes of this repository",
            kind=types.CodeActionKind.QuickFix,
            data={"root": str(shown.check.root)},
        )


def _unsafe_title(choice: Choice, found: list[Entry]) -> str:
    finding = found[0].finding
    assert finding is not None
    reason = f" ({clean(finding.reason)})" if finding.reason else ""
    return f"{choice.code}: UNSAFE, decide first: {title(finding)}{reason}"


def made(checked: Check, data: dict[str, Any], encoding: str) -> types.WorkspaceEdit:
    """The edits of an action, from a new run over the same documents; raises Refused where the fix is not made."""
    chosen = Choice(data["code"], Path(data["path"]), data["line"]) if "code" in data else None
    run = check(checked.root, checked.documents, unsafe=data.get("unsafe", False), chosen=chosen)
    changes = [change for project in run.result.projects for change in project.changes]
    if not changes:
        raise Refused(f"volfix does not make this fix: {_reason(run, chosen)}")
    shown = Shown(run, encoding)
    edits: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = []
    for change in changes:
        uri, lines = shown.uri(change.before.path), shown.lines(change.before)
        version = next((each.version for each in run.documents.values() if each.uri == uri), None)
        edits.append(
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(uri, version),
                [types.TextEdit(lines.range(edit.span), edit.replacement) for edit in ordered(change.edits)],
            )
        )
    return types.WorkspaceEdit(document_changes=edits)


def _reason(run: Check, chosen: Choice | None) -> str:
    """Why a run does not make the chosen fix."""
    failed = [clean(project.failure) for project in run.result.projects if project.failure]
    own = [
        clean(item.finding.reason)
        for project in run.result.projects
        for item in project.findings
        if item.finding.reason and Choice.of(item.finding) == chosen
    ]
    return next(iter((*failed, *own)), "the files have changed, and the finding is not there any more")
