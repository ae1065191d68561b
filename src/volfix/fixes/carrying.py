"""Fixes with the carry service of their moves, where the run is asked for it and one carries them safely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from volfix.edits.operation import Operation
from volfix.fixes.render import rendered
from volfix.project.compose.compose_file import load
from volfix.project.loader import Loader
from volfix.rules.context import Context
from volfix.rules.evidence.carry_flows import flow_refusals
from volfix.rules.evidence.carry_refusals import move_refusals, stack_refusals
from volfix.rules.evidence.carry_takers import Takers, takers_of
from volfix.rules.findings import Applicability, Carriage, DeploymentName, Finding, Fix, Move, NameChange
from volfix.rules.remedies.carry_removal import removal
from volfix.rules.remedies.carry_service import CarryService, carry_service
from volfix.syntax.source import CannotEdit, FileProblem, Source


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
    return [
        finding if finding.fix is None or not finding.fix.moves else carriers.added(finding, finding.fix, needed=needed)
        for finding in findings
    ]


@dataclass(slots=True)
class _Carriers:
    context: Context
    loader: Loader
    renames: bool
    offered: bool
    known: dict[object, CarryService | str] = field(default_factory=dict)

    def added(self, finding: Finding, fix: Fix, *, needed: bool) -> Finding:
        operations, changes = list(fix.operations), list(fix.changes)
        carried: list[Carriage] = []
        for move in fix.moves:
            found = self.of(move, fix)
            if isinstance(found, str):
                carried.append(Carriage(move, None, found))
                continue
            operations += [item for item in found.operations if item not in operations]
            changes += [item for item in found.changes if item not in changes]
            carried.append(Carriage(move, found.name, unkept=found.unkept))
        made = replace(fix, operations=tuple(operations), changes=tuple(changes), carried=tuple(carried))
        left = dict.fromkeys(f"nothing carries its rows: {each.reason}" for each in carried if each.carrier is None)
        if not needed or not left:
            return replace(finding, fix=made)
        reason = "; ".join([*([finding.reason] if finding.reason else []), *left])
        return replace(finding, fix=replace(made, applicability=Applicability.UNSAFE), reason=reason)

    def of(self, move: Move, fix: Fix) -> CarryService | str:
        """The service that carries the move, or why none does; decided once for a volume and its mounts."""
        takers = takers_of(self.context, fix, move)
        key = (move.volume, move.source if not takers.uses else "", tuple(id(use) for use in takers.uses))
        if key not in self.known:
            reason = next(self.refusals(move, takers), None)
            self.known[key] = reason if reason is not None else self.tried(fix, carry_service(self.context, takers))
        return self.known[key]

    def refusals(self, move: Move, takers: Takers) -> Iterator[str]:
        if not self.offered:
            yield "carry services are left out (--no-carry-service)"
        yield from move_refusals(move, takers)
        if self.renames:
            yield "the fix renames the project, and Compose does not stop the containers of the old name"
        yield from stack_refusals(self.context, takers)
        yield from flow_refusals(self.context, takers)

    def tried(self, fix: Fix, service: CarryService | str) -> CarryService | str:
        """The service, where the files with it mean what they should, and can be given back as they were."""
        from volfix.fixes.proof.proof import ProofFailed, prove

        if isinstance(service, str):
            return service
        operations = [*fix.operations, *service.operations]
        try:
            alone, both = rendered(fix.operations), rendered(operations)
            after = {path: source for path, (source, _) in both.items()}
            prove(self.context.stack, operations, (*fix.changes, *service.changes), after, self.loader)
            back = rendered(self.back(service, after))
        except (CannotEdit, ProofFailed, FileProblem) as error:
            return str(error)
        for path, (source, _) in both.items():
            before = alone[path][0] if path in alone else next(o.source for o in operations if o.source.path == path)
            if (back[path][0] if path in back else source).data != before.data:
                return f"{path.name} could not be restored byte for byte when the service is removed"
        return service

    def back(self, service: CarryService, after: dict[Path, Source]) -> tuple[Operation, ...]:
        files = [load(path, source) for path, source in after.items() if self.loader.compose(path) is not None]
        return removal(files, {service.name: service.mark}).operations
