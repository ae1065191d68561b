"""Which fixes a format for machines leaves out, because what they write would show a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from volfix.fixes.changes import FileChange
from volfix.fixes.masking.secrets import writes_secrets
from volfix.fixes.proof.rejections import proofs_of, rejected
from volfix.fixes.results import RunResult
from volfix.rules.findings import Fix
from volfix.syntax.source import CannotEdit


def hidden_fixes(result: RunResult, wanted: Callable[[Fix], bool] = lambda _: True) -> set[int]:
    """The identities of the operations of these fixes, and of those for which that would take too long to find out."""
    found: set[int] = set()
    for project in result.projects:
        fixes = (each.finding.fix for each in project.findings if each.finding.fix and wanted(each.finding.fix))
        found.update(_hidden({id(fix.operations): fix for fix in fixes if fix.operations}))
    return found


def _hidden(fixes: dict[int, Fix]) -> Iterable[int]:
    """All are looked at together: a look at the words of a whole file for each would be quadratic."""
    sources = {operation.source.path: operation.source for fix in fixes.values() for operation in fix.operations}
    return rejected(fixes, _secret, most=proofs_of(sources.values(), most=2 * len(fixes)))


def _secret(fixes: Sequence[Fix]) -> str | None:
    """Why the fixes may not be shown; None if they may."""
    from volfix.fixes.render import rendered

    operations = list(dict.fromkeys(operation for fix in fixes for operation in fix.operations))
    before = {operation.source.path: operation.source for operation in operations}
    try:
        files = rendered(operations)
    except CannotEdit as error:  # two of them change one place differently
        return str(error)
    changes = (FileChange(before[path], after, tuple(edits)) for path, (after, edits) in files.items())
    return "what it writes would show a secret" if any(map(writes_secrets, changes)) else None
