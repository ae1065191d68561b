"""Fixes with the carry service of their moves, where the run is asked for it and one carries them safely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from volfix.edits.operation import Operation
from volfix.fixes.proof.rejections import proofs_of, rejected
from volfix.fixes.render import edited, rendered
from volfix.project.compose.compose_file import load
from volfix.project.loader import Loader
from volfix.rules.context import Context
from volfix.rules.evidence.carry_flows import flow_refusals
from volfix.rules.evidence.carry_refusals import move_refusals, stack_refusals
from volfix.rules.evidence.carry_takers import Takers, takers_of
from volfix.rules.findings import Applicability, Carriage, Change, DeploymentName, Finding, Fix, Move, NameChange
from volfix.rules.remedies.carry_removal import removal
from volfix.rules.remedies.carry_service import CarryService, carry_service
from volfix.syntax.source import CannotEdit, FileProblem

MOST = 40
"""The carry services of a stack: each has a script of 5 KB, and volfix reads values of 256 KB in a file."""


def with_carriers(
    context: Context,
    findings: Sequence[Finding],
    possible: Sequence[Finding],
    loader: Loader,
    *,
    offered: bool,
    needed: bool,
) -> list[Finding]:
    """The findings, each fix with the services that carry its moves, or with the reasons why none does.

    `possible` are the findings that the run may fix. Without `offered` no service is added; with `needed`, a fix is
    unsafe whose moves nothing carries.
    """
    renames = any(
        isinstance(change, NameChange | DeploymentName)
        for finding in possible
        for change in (finding.fix.changes if finding.fix else ())
    )
    carriers = _Carriers(context, loader, renames=renames, offered=offered)
    carriers.choose([finding.fix for finding in findings if finding.fix])
    return [
        finding if finding.fix is None or not finding.fix.moves else carriers.added(finding, finding.fix, needed=needed)
        for finding in findings
    ]


@dataclass(frozen=True, slots=True)
class _Offer:
    """A service that could carry a move, with the fix of the move."""

    fix: Fix
    service: CarryService


Parts = tuple[tuple[Operation, ...], tuple[Change, ...]]
"""The operations and the changes of a fix with its carry services."""


@dataclass(slots=True)
class _Carriers:
    """What carries each move: `known` says it by volume and mounts, `keys` names these for each fix and move.

    `parts` keeps the operations and changes of a fix with its carry services, because several findings share them.
    """

    context: Context
    loader: Loader
    renames: bool
    offered: bool
    known: dict[object, CarryService | str] = field(default_factory=dict)
    keys: dict[object, object] = field(default_factory=dict)
    parts: dict[object, Parts] = field(default_factory=dict)

    def added(self, finding: Finding, fix: Fix, *, needed: bool) -> Finding:
        keys = [self.keys[_made(fix), move] for move in fix.moves]
        found = [self.known[key] for key in keys]
        carried = tuple(
            Carriage(move, None, each) if isinstance(each, str) else Carriage(move, each.name, unkept=each.unkept)
            for move, each in zip(fix.moves, found, strict=True)
        )
        made = (_made(fix), *keys)
        if made not in self.parts:
            self.parts[made] = _with_services(fix, [each for each in found if isinstance(each, CarryService)])
        operations, changes = self.parts[made]
        fix = replace(fix, operations=operations, changes=changes, carried=carried)
        left = dict.fromkeys(f"nothing carries its rows: {each.reason}" for each in carried if each.carrier is None)
        if not needed or not left:
            return replace(finding, fix=fix)
        reason = "; ".join([*([finding.reason] if finding.reason else []), *left])
        return replace(finding, fix=replace(fix, applicability=Applicability.UNSAFE), reason=reason)

    def choose(self, fixes: Sequence[Fix]) -> None:
        """Decide for each move which service carries it, or why none does; once for a volume and its mounts."""
        possible: dict[object, tuple[Fix, Takers]] = {}
        for fix in fixes:
            for move in fix.moves:
                if (_made(fix), move) in self.keys:
                    continue
                takers = takers_of(self.context, fix, move)
                key = (move.volume, move.source if not takers.uses else "", tuple(id(use) for use in takers.uses))
                self.keys[_made(fix), move] = key
                if key in self.known or key in possible:
                    continue
                refusal = next(self.refusals(move, takers), None)
                if refusal is None:
                    possible[key] = fix, takers
                else:
                    self.known[key] = refusal
        if len(possible) > MOST:
            reason = f"the stack needs more than {MOST} carry services: `volfix carry --write` copies the data instead"
            self.known |= dict.fromkeys(possible, reason)
        else:
            self.known |= self.services_for(possible)

    def services_for(self, possible: Mapping[object, tuple[Fix, Takers]]) -> dict[object, CarryService | str]:
        """The carry service of each fix and its takers, or why there is none; all services are proven together."""
        found = {key: self.service_for(takers) for key, (_, takers) in possible.items()}
        offers = {
            key: _Offer(possible[key][0], service)
            for key, service in found.items()
            if isinstance(service, CarryService)
        }
        most = proofs_of(file.source for file in self.context.stack.files)
        try:
            return found | rejected(offers, self.rejection, most)
        except FileProblem as problem:  # what volfix could read with some services may be too much with all of them
            reason = f"volfix could not read {problem.path.name} with its carry services: {problem.message}"
            return found | dict.fromkeys(offers, reason)

    def refusals(self, move: Move, takers: Takers) -> Iterator[str]:
        if not self.offered:
            yield "carry services are left out (--no-carry-service)"
        yield from move_refusals(move, takers)
        if self.renames:
            yield "the fix renames the project, and Compose does not stop the containers of the old name"
        yield from stack_refusals(self.context, takers)
        yield from flow_refusals(self.context, takers)

    def service_for(self, takers: Takers) -> CarryService | str:
        """The carry service; or why there is none, or the text leaves no place for it."""
        found = carry_service(self.context, takers)
        try:
            edited(() if isinstance(found, str) else found.operations)
        except CannotEdit as error:
            return str(error)
        return found

    def rejection(self, offers: Sequence[_Offer]) -> str | None:
        """Why the files with the services do not mean what they should, or cannot be given back as they were.

        Raises FileProblem if volfix cannot read a file with the services.
        """
        from volfix.fixes.proof.proof import ProofFailed, prove

        fixed = list(dict.fromkeys(operation for offer in offers for operation in offer.fix.operations))
        operations = [*fixed, *(operation for offer in offers for operation in offer.service.operations)]
        fixes = [change for offer in offers for change in offer.fix.changes]
        changes = dict.fromkeys([*fixes, *(change for offer in offers for change in offer.service.changes)])
        try:
            alone, both = rendered(fixed), rendered(operations)
            after = {path: source for path, (source, _) in both.items()}
            files = [load(path, source) for path, source in after.items() if self.loader.compose(path) is not None]
            prove(self.context.stack, operations, tuple(changes), after, self.loader)
            carriers = {offer.service.name: offer.service.mark for offer in offers}
            back = rendered(removal(files, carriers).operations)
        except (CannotEdit, ProofFailed) as error:
            return str(error)
        for path, (source, _) in both.items():
            before = alone[path][0] if path in alone else next(o.source for o in operations if o.source.path == path)
            if (back[path][0] if path in back else source).data != before.data:
                return f"{path.name} could not be restored byte for byte when the service is removed"
        return None


def _made(fix: Fix) -> tuple[int, int]:
    """What identifies a fix that several findings share: the same objects are its operations and its changes."""
    return id(fix.operations), id(fix.changes)


def _with_services(fix: Fix, services: Sequence[CarryService]) -> Parts:
    operations = dict.fromkeys((*fix.operations, *(each for service in services for each in service.operations)))
    changes = dict.fromkeys((*fix.changes, *(each for service in services for each in service.changes)))
    return tuple(operations), tuple(changes)
