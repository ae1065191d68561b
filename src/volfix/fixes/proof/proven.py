"""The fixes that a plan makes: all that are chosen, without those that the proof rejects and what needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from volfix.fixes.changes import FileChange, MadeFixes, Seen
from volfix.fixes.fix_selection import fixes_to_make, with_their_volumes
from volfix.fixes.proof.rejections import proofs_of
from volfix.project.loader import Loader
from volfix.project.stack import Stack
from volfix.rules.findings import Applicability, Finding
from volfix.syntax.source import CannotEdit, Source


def made_of(findings: Sequence[Finding], stack: Stack, wanted: Sequence[Finding], loader: Loader) -> MadeFixes:
    """Make what is wanted as far as the proof lets it."""
    shown, chosen = fixes_to_make(findings, stack, wanted)
    if not chosen:
        return MadeFixes(shown)
    prover = _Prover(stack, loader, proofs_of(file.source for file in stack.files))
    reasons: dict[int, str] = {}
    while chosen and (rejection := prover.rejection(chosen)) is not None:
        for finding, reason in prover.culprits(chosen, rejection):
            reasons[id(finding)] = reason
        shown, chosen = fixes_to_make(findings, stack, [each for each in wanted if id(each) not in reasons])
    rejected: list[Finding] = []
    for number, finding in enumerate(findings):
        if id(finding) in reasons:
            shown[number] = replace(finding, fix=None, reason=reasons[id(finding)])
            rejected.append(shown[number])
    shown, fixed = _with_needed(shown, chosen)
    failure = None if chosen else next(iter(reasons.values()), None)
    changes, seen = prover.proven if chosen else ((), {})
    return MadeFixes(shown, fixed, rejected, changes, seen, failure)


def _with_needed(shown: list[Finding], chosen: list[Finding]) -> tuple[list[Finding], list[Finding]]:
    """All findings and those that are fixed: also those whose whole edit the others make, as safe as these are."""
    made = {id(finding.fix.operations): finding.fix.operations for finding in chosen if finding.fix}
    safe = (finding for finding in chosen if finding.applicability is Applicability.SAFE)
    sure = {id(finding.fix.operations): finding.fix.operations for finding in safe if finding.fix}
    of_made, of_sure = ({each for operations in some.values() for each in operations} for some in (made, sure))
    every = {id(finding.fix.operations): finding.fix.operations for finding in shown if finding.fix}
    all_made = {key for key, operations in every.items() if of_made and of_made.issuperset(operations)}
    all_sure = {key for key, operations in every.items() if of_sure and of_sure.issuperset(operations)}
    found, fixed = [], []
    for finding in shown:
        fix = finding.fix
        if fix is not None and not fix.changes and id(fix.operations) in all_sure:
            finding = replace(finding, fix=replace(fix, applicability=Applicability.SAFE), reason=None)
        if fix is not None and id(fix.operations) in all_made:
            fixed.append(finding)
        found.append(finding)
    return found, fixed


@dataclass(slots=True)
class _Prover:
    """Proves sets of fixes, `left` times yet; `proven` are the changes of the last one that was proven."""

    stack: Stack
    loader: Loader
    left: int
    proven: tuple[tuple[FileChange, ...], Seen] = ((), {})

    def rejection(self, chosen: Sequence[Finding]) -> str | None:
        """Why these fixes cannot be made together; None where they can, and do what they declare."""
        from volfix.fixes.proof.proof import (
            ProofFailed,  # the parts that change files are imported where there is a change
        )

        self.left -= 1
        try:
            self.proven = changes_of(self.stack, chosen, self.loader)
        except (ProofFailed, CannotEdit) as error:
            return str(error)
        return None

    def culprits(self, chosen: Sequence[Finding], rejection: str) -> list[tuple[Finding, str]]:
        """The first finding whose fix is rejected beside those before it, with the reason: found by halving.

        All of them, where the proofs are used up.
        """
        proven, rejected = 0, len(chosen)
        while rejected - proven > 1:
            if self.left <= 0:
                return [(finding, rejection) for finding in chosen]
            middle = (proven + rejected) // 2
            found = self.rejection(with_their_volumes(list(chosen[:middle]), self.stack))
            proven, rejected, rejection = (middle, rejected, rejection) if found is None else (proven, middle, found)
        return [(chosen[proven], rejection)]


def changes_of(stack: Stack, chosen: Sequence[Finding], loader: Loader) -> tuple[tuple[FileChange, ...], Seen]:
    """The files that the fixes change, and what Compose will see.

    Raises CannotEdit where the text has no place for a fix, or ProofFailed.
    """
    from volfix.fixes.masking.secrets import with_secrets
    from volfix.fixes.proof.proof import prove
    from volfix.fixes.render import rendered

    fixes = [finding.fix for finding in chosen if finding.fix]
    operations = list(dict.fromkeys(operation for fix in fixes for operation in fix.operations))
    declared = tuple(dict.fromkeys(change for fix in fixes for change in fix.changes))
    files = rendered(operations)
    after: dict[Path, Source] = {path: source for path, (source, _) in files.items()}
    seen = prove(stack, operations, declared, after, loader)
    before = {operation.source.path: operation.source for operation in operations}
    changes = (FileChange(before[path], files[path][0], tuple(files[path][1])) for path in sorted(after))
    return tuple(map(with_secrets, changes)), seen
