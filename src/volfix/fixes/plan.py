"""From findings to one proven change of each stack's files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.configuration.nearest import Configuration
from volfix.configuration.settings import Settings
from volfix.fixes.project_results import project_results
from volfix.fixes.results import FileChange, MadeFixes, ProjectResult, RunResult
from volfix.fixes.run_context import FailedTogether, RunContext, home_of
from volfix.fixes.scope import keep_asked, not_checked
from volfix.project.discovery import Directory, directories
from volfix.project.loader import Loader
from volfix.project.stack import Stack
from volfix.project.stacks import read_stacks
from volfix.rules.context import Context
from volfix.rules.occasions import may_find
from volfix.rules.registry import REGISTRY
from volfix.rules.selection import ABOUT_COMMANDS
from volfix.syntax import disk
from volfix.syntax.failures import failure
from volfix.syntax.source import CannotEdit, FileProblem

if TYPE_CHECKING:
    from volfix.edits.operation import Operation
    from volfix.fixes.baseline import Baseline
    from volfix.rules.findings import Finding

CAUTION = ("none", "unsafe", "safe")
"""What a fix may be, the most cautious first."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to look for and how far to go; `confirm`, where given, is asked about each fix."""

    unsafe_fixes: bool = False
    trusted: bool = False
    configuration: Configuration = field(default_factory=Configuration)
    baseline: Baseline | None = None
    """The findings that are left out."""
    confirm: Callable[[Finding], bool] | None = None
    outside: bool = True
    """Whether files outside of the repository are read that a Compose file names."""
    withheld: Mapping[Path, str] = field(default_factory=dict)
    """Files of which only the names are there, with why."""
    carry_service: bool = False
    """Whether a fix adds the services that carry its moves."""
    only_carried: bool = False
    """Whether a fix is unsafe whose moves no such service carries."""
    unsaved: Mapping[str, bytes] = field(default_factory=dict)
    """What files hold in an editor, by their real paths: it is read instead of what is on disk."""


@dataclass(frozen=True, slots=True)
class StackPlan:
    """One stack's findings and the changes that fix them: written together or not at all."""

    context: Context
    projects: tuple[ProjectResult, ...]
    changes: tuple[FileChange, ...]

    @property
    def stack(self) -> Stack:
        return self.context.stack


@dataclass(slots=True)
class RunPlan:
    """A whole run: what each stack needs, and what could not be read; `directories` and `loader` are what it read."""

    options: Options
    loader: Loader
    directories: tuple[Directory, ...]
    stacks: list[StackPlan] = field(default_factory=list)

    @property
    def problems(self) -> list[FileProblem]:
        return self.loader.problems

    @property
    def notes(self) -> list[str]:
        return self.loader.notes

    def result(self) -> RunResult:
        """The run as the reports read it."""
        projects = tuple(project for stack in self.stacks for project in stack.projects)
        return RunResult(projects, tuple(self.problems), tuple(self.notes))


def plan_run(paths: Sequence[Path], options: Options, progress: Callable[[int, int], None] | None = None) -> RunPlan:
    """Find the projects at and below the paths, and plan the fixes of each stack. Nothing is written."""
    disk.begin(outside=options.outside, unsaved=options.unsaved, withheld=options.withheld)
    loader = Loader([], [])
    configuration = options.configuration
    configuration.begin(loader.problems)
    run = RunPlan(options, loader, tuple(directories(paths, loader.problems, configuration.kept)))
    configuration.learn((directory.path, directory.root) for directory in run.directories)
    run.stacks += _plans(run, progress)
    if options.baseline is not None:
        unread = [problem.path for problem in loader.problems]
        for note in options.baseline.stale(paths, configuration.codes(), unread):
            loader.note(note)
    results = [path for plan in run.stacks for project in plan.projects for path in project.files]
    for note in not_checked(paths, run.directories, results, [plan.stack for plan in run.stacks]):
        loader.note(note)
    return run


def _plans(run: RunPlan, progress: Callable[[int, int], None] | None) -> list[StackPlan]:
    """The plan of each stack. Where the whole cannot be planned, each directory that cannot be planned alone is named
    as a problem and left out, and the others are planned without it. Where each can, and only the whole cannot, nothing
    is planned, and the root is named.
    """
    earlier = len(run.problems), len(run.notes)
    try:
        return list(plans_of(run, progress=progress))
    except Exception as error:  # noqa: BLE001 - its cause is found below, and named
        del run.problems[earlier[0] :], run.notes[earlier[1] :]
        whole = failure(run.directories[0].root if run.directories else Path(), error)
    kept, failed = [], []
    for directory in run.directories:
        try:
            list(plans_of(RunPlan(run.options, Loader([], []), (directory,))))
            kept.append(directory)
        except Exception as error:  # noqa: BLE001 - whatever one directory brings about, the others go on
            failed.append(failure(directory.first_file, error))
    if not failed:
        run.problems.append(whole)
        return []
    run.problems.extend(failed)
    run.directories, run.loader = tuple(kept), Loader(run.problems, run.notes)
    return _plans(run, progress)


def _file_of(stack: Stack) -> Path:
    paths = (*(file.path for file in stack.files), *(workflow.file.source.path for workflow in stack.workflows))
    return next(iter(paths), stack.root)


def plans_of(
    run: RunPlan, others: Sequence[Stack] = (), progress: Callable[[int, int], None] | None = None
) -> Iterator[StackPlan]:
    """The plan of each stack in the run's directories; `others` are stacks that are read and planned already."""
    loader, options, found = run.loader, run.options, run.directories
    if options.baseline is not None:
        options.baseline.begin()
    earlier = len(loader.problems), len(loader.notes)
    whole = RunContext(found, tuple(read_stacks(found, loader)), others, loader)
    about_commands = not ABOUT_COMMANDS.isdisjoint(options.configuration.codes())
    stacks = [*whole.stacks, *(whole.without_projects() if about_commands else ())]
    stacks = [stack for stack in stacks if stack.asked is None or stack.asked]
    settings = {stack: options.configuration.of(home_of(stack), stack.root) for stack in stacks}
    for number, context in enumerate(whole.contexts(settings, trusted=options.trusted), 1):
        for path, reason in context.stack.incomplete.items():
            loader.note(f"{path}: not changed: {reason}, and volfix found no Compose file that adds it")
        try:
            yield plan_stack(context, settings[context.stack], options, loader)
        except FailedTogether as failed:  # this stack is named only if it is the cause
            raise failed.error from failed
        except Exception as error:  # noqa: BLE001 - whatever one stack brings about, the others go on
            loader.problems.append(failure(_file_of(context.stack), error))
        if progress is not None:
            progress(number, len(stacks))
    _say_refused(loader)
    for note in whole.notes(about_commands=about_commands):
        loader.note(note)
    keep_asked(found, stacks, loader, *earlier)


def _say_refused(loader: Loader) -> None:
    """Name what is there and was not read, a directory outside of the repository for all in it."""
    refused = disk.refused()
    named = {Path(os.path.normpath(problem.path)) for problem in loader.problems}
    for path, reason in refused.items():
        if path in named or (not disk.is_inside(path) and any(above in refused for above in path.parents)):
            continue
        if reason == disk.OUTSIDE:
            loader.note(f"{path}: not read: it {reason}")
        else:
            loader.problems.append(FileProblem(path, reason))


def plan_stack(context: Context, settings: Settings, options: Options, loader: Loader) -> StackPlan:
    """The findings of one stack, the fixes that may be made, and the proof that they do what they declare."""
    known = options.baseline
    found = [finding for finding in _findings(context, settings) if known is None or not known.has(finding)]
    if not found:
        return StackPlan(context, project_results(context.stack, MadeFixes([])), ())
    from volfix.fixes.held_back import unless_refused, unless_unread
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
    from volfix.fixes.deletions import with_deletions  # reads shell

    return with_deletions(context, context.commands, findings, ignored="VF401".startswith(settings.ignored))


def _with_carriers(context: Context, options: Options, findings: list[Finding], loader: Loader) -> list[Finding]:
    """The findings, each fix with the services that carry its moves."""
    if not options.carry_service and not options.only_carried:
        return findings
    if all(finding.fix is None or not finding.fix.moves for finding in findings):
        return findings
    from volfix.fixes.carrying import with_carriers  # reads what deploys: few fixes move data

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
    from volfix.fixes.render import rendered

    try:
        rendered(operations)
    except CannotEdit as refusal:
        return str(refusal)
    return None


def _findings(context: Context, settings: Settings) -> Iterator[Finding]:
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
                continue
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
