"""From one stack's findings to one proven change of its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.configuration.nearest import Configuration
from volfix.configuration.settings import Settings
from volfix.fixes.bare_results import bare_results
from volfix.fixes.results import ProjectResult
from volfix.project.loader import Loader
from volfix.project.stack import Stack
from volfix.rules.context import Context
from volfix.rules.occasions import may_find
from volfix.rules.registry import REGISTRY
from volfix.syntax.source import CannotEdit

if TYPE_CHECKING:
    from volfix.edits.operation import Operation
    from volfix.fixes.baseline import Baseline
    from volfix.fixes.changes import FileChange
    from volfix.project.git import Known
    from volfix.rules.findings import Finding

CAUTION = ("none", "unsafe", "safe")
"""The kinds of fixes, the most cautious first."""


@dataclass(frozen=True, slots=True, eq=False)
class Options:
    """What a run looks for, and which fixes it makes; `confirm`, where given, is asked about each fix."""

    unsafe_fixes: bool = False
    trusted: bool = False
    configuration: Configuration = field(default_factory=Configuration)
    baseline: Baseline | None = None
    """The findings that are left out."""
    confirm: Callable[[Finding], bool] | None = None
    outside: bool = True
    """Whether volfix reads files outside of the repository that a Compose file names."""
    withheld: Mapping[Path, str] = field(default_factory=dict)
    """Files without content here, each with the reason."""
    known: Mapping[Path, Known] = field(default_factory=dict)
    """What is known of work trees, by their roots; git is asked about others."""
    carry_service: bool = False
    """Whether a fix adds the carry services for its moves."""
    only_carried: bool = False
    """Whether a fix is unsafe where no carry service carries its moves."""
    unsaved: Mapping[str, bytes] = field(default_factory=dict)
    """The text of files in an editor, by their real paths; it is read instead of the file on disk."""
    ignores: bool = True
    """Whether ignore comments leave out findings; else these findings are shown, without their fixes."""
    jobs: int | None = 1
    """How many processes plan the stacks; None: one, and where there are many stacks one for each processor."""


@dataclass(frozen=True, slots=True, eq=False)
class StackPlan:
    """One stack's findings and the changes that fix them: written together or not at all."""

    context: Context
    projects: tuple[ProjectResult, ...]
    changes: tuple[FileChange, ...]

    @property
    def stack(self) -> Stack:
        return self.context.stack


class NotPlanned(Exception):
    """The process that was to plan a stack has died; the message is one line."""


PlanStack = Callable[[Context], StackPlan]


def plan_stack(context: Context, settings: Settings, options: Options, loader: Loader) -> StackPlan:
    """The findings of one stack, the fixes that may be made, and the proof that they do what they declare."""
    known = options.baseline
    found = [
        finding
        for finding in _findings(context, settings, ignores=options.ignores)
        if known is None or not known.has(finding)
    ]
    if not found:
        return StackPlan(context, bare_results(context.stack), ())
    from volfix.fixes.held_back import unless_refused, unless_unread
    from volfix.fixes.project_results import project_results
    from volfix.fixes.proof.proven import made_of

    seen = [unless_unread(finding, context.stack) for finding in found]
    complete = _with_deletions(context, settings, seen)
    objections: dict[int, str | None] = {}
    findings = [unless_refused(_editable(finding, objections), context.stack) for finding in complete]
    findings = _with_carriers(context, options, findings, loader)
    wanted = [finding for finding in findings if _is_wanted(finding, options)]
    made = made_of(findings, context.stack, wanted, loader)
    return StackPlan(context, project_results(context.stack, made), made.changes)


def _with_deletions(context: Context, settings: Settings, findings: list[Finding]) -> list[Finding]:
    """The findings, each fix with the edits of the commands that would delete its volume."""
    if context.commands is None or all(finding.fix is None for finding in findings):
        return findings
    from volfix.fixes.deletions import with_deletions  # imports the shell parser

    return with_deletions(context, context.commands, findings, ignored="VF401".startswith(settings.ignored))


def _with_carriers(context: Context, options: Options, findings: list[Finding], loader: Loader) -> list[Finding]:
    """The findings, each fix with the services that carry its moves."""
    if not options.carry_service and not options.only_carried:
        return findings
    if all(finding.fix is None or not finding.fix.moves for finding in findings):
        return findings
    from volfix.fixes.carrying import with_carriers  # reads the deployment; few fixes move data

    possible = [finding for finding in findings if _is_allowed(finding, options)]
    offered, needed = options.carry_service, options.only_carried
    return with_carriers(context, findings, possible, loader, offered=offered, needed=needed)


def _editable(finding: Finding, objections: dict[int, str | None]) -> Finding:
    """The finding; without its fix where the text leaves no place for one, with the reason, which `objections` keeps by
    the identity of the operations: many findings have the same.
    """
    if finding.fix is None:
        return finding
    operations = finding.fix.operations
    if id(operations) not in objections:
        objections[id(operations)] = _objection(operations)
    objection = objections[id(operations)]
    return finding if objection is None else replace(finding, fix=None, reason=objection)


def _objection(operations: Sequence[Operation]) -> str | None:
    from volfix.fixes.render import edited

    try:
        edited(operations)
    except CannotEdit as refusal:
        return str(refusal)
    return None


def _findings(context: Context, settings: Settings, *, ignores: bool) -> Iterator[Finding]:
    """Each finding once, in the order of files and places; where projects disagree, the most cautious fix counts."""
    stack = context.stack
    others = {file.path for project in stack.projects if not stack.is_asked(project) for file in project.loaded}
    others -= {file.path for project in stack.projects if stack.is_asked(project) for file in project.loaded}
    places = None if stack.projects or stack.workflows else context.asked
    found: dict[tuple[object, ...], Finding] = {}
    for code in sorted(code for code in context.selected if may_find(code, context)):
        for finding in REGISTRY[code].check(context):
            from volfix.rules.ignores import is_ignored

            path = finding.location.path
            if path in others or (places is not None and path.parent not in places):
                continue
            if is_ignored(context, finding.location.source, finding.location.span.start, code):
                if ignores or context.leaves_out(path, code):
                    continue
                finding = replace(finding, fix=None, reason="a comment says to ignore it")
            if not settings.is_severe(finding.severity):
                continue
            key = (code, finding.location, finding.service, finding.target, finding.step)
            other = found.get(key)
            if other is None or _caution(finding) < _caution(other):
                found[key] = finding
    yield from sorted(found.values(), key=lambda finding: (str(finding.location.path), finding.location, finding.code))


def _caution(finding: Finding) -> int:
    return CAUTION.index(finding.applicability.value)


def _is_wanted(finding: Finding, options: Options) -> bool:
    return _is_allowed(finding, options) and (options.confirm is None or options.confirm(finding))


def _is_allowed(finding: Finding, options: Options) -> bool:
    return {"safe": True, "unsafe": options.unsafe_fixes, "none": False}[finding.applicability.value]


def with_written(plan: StackPlan, *, written: bool, failure: str | None = None) -> StackPlan:
    """The plan after its write: what was written, or why it was not."""
    return replace(
        plan,
        projects=tuple(
            replace(project, written=written, failure=failure or project.failure) for project in plan.projects
        ),
    )
