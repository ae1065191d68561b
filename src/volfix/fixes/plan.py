"""From findings to one proven change of each stack's files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.fixes.choice import chosen_of
from volfix.fixes.project_results import project_results
from volfix.fixes.results import FileChange, ProjectResult, RunResult
from volfix.project.discovery import Directory, directories
from volfix.project.git import clear_cache
from volfix.project.host_users import clear_cache as clear_host_users
from volfix.project.hosts import host_directory
from volfix.project.loader import Loader
from volfix.project.mounts import BIND
from volfix.project.stack import Stack, read_stacks
from volfix.rules import REGISTRY
from volfix.rules.context import Context
from volfix.rules.findings import Applicability, Finding
from volfix.rules.ignores import is_ignored
from volfix.rules.vf110 import servers_by_place
from volfix.syntax.source import CannotEdit, FileProblem, Source

if TYPE_CHECKING:
    from volfix.project.command_stacks import Commands

COMMAND_CODES = frozenset({"VF401", "VF402"})
CAUTION = {Applicability.NONE: 0, Applicability.UNSAFE: 1, Applicability.SAFE: 2}


@dataclass(frozen=True, slots=True)
class Options:
    """What to look for and how far to go; `confirm`, where given, is asked about each fix."""

    unsafe_fixes: bool = False
    trusted: bool = False
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    exclude: tuple[str, ...] = ()
    confirm: Callable[[Finding], bool] | None = None

    def codes(self) -> frozenset[str]:
        """The rules that run. `VF1` stands for every code that begins with it."""
        wanted = {
            code
            for code, rule in REGISTRY.items()
            if (code.startswith(tuple(self.select)) if self.select else rule.default)
        }
        return frozenset(code for code in wanted if not self.ignore or not code.startswith(tuple(self.ignore)))


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
    """A whole run: what each stack needs, and what could not be read."""

    stacks: list[StackPlan] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def result(self) -> RunResult:
        """The run as the reports read it."""
        projects = tuple(project for stack in self.stacks for project in stack.projects)
        return RunResult(projects, tuple(self.problems), tuple(self.notes))


def plan_run(paths: Sequence[Path], options: Options, progress: Callable[[int, int], None] | None = None) -> RunPlan:
    """Find the projects at and below the paths, and plan the fixes of each stack. Nothing is written."""
    clear_cache()
    clear_host_users()
    run = RunPlan()
    loader = Loader(run.problems, run.notes)
    found = list(directories(paths, options.exclude, run.problems))
    stacks = list(read_stacks(found, loader))
    users = host_directory_users(stacks)
    codes = options.codes()
    commands = _commands(found, stacks) if codes & COMMAND_CODES else {}
    stacks += [stack for each in commands.values() for stack in each.unowned()]
    servers = servers_by_place(stacks) if "VF110" in codes else {}
    names = real_names(stacks)
    for number, stack in enumerate(stacks, 1):
        context = Context(
            stack, users, codes, servers, real_names=names, trusted=options.trusted, commands=commands.get(stack.root)
        )
        run.stacks.append(plan_stack(context, options, loader))
        if progress is not None:
            progress(number, len(stacks))
    for note in (note for each in commands.values() for note in each.notes()):
        loader.note(note)
    return run


def _commands(found: Sequence[Directory], stacks: Sequence[Stack]) -> dict[Path, Commands]:
    if not any(directory.commands for directory in found):
        return {}
    from volfix.project.command_files import deleting

    paths = deleting(found)
    if not paths:
        return {}
    from volfix.project.command_stacks import commands_by_root

    return commands_by_root(paths, found, stacks)


def real_names(stacks: Iterable[Stack]) -> dict[tuple[Path, str], str]:
    """What the volumes that are declared are called on the host, by repository; the value says whose they are."""
    return {
        (stack.root, project.real_name(key)): "declared"
        for stack in stacks
        for project in stack.projects
        for key in project.declared
    }


def host_directory_users(stacks: Iterable[Stack]) -> dict[str, frozenset[tuple[Path, str]]]:
    """For each host directory that is mounted, the projects that mount it, by directory and name."""
    found: dict[str, set[tuple[Path, str]]] = {}
    for stack in stacks:
        for use in stack.uses:
            if use.mount.kind == BIND:
                host = host_directory(use.mount, stack.root)
                if host.path is not None:
                    found.setdefault(host.key, set()).add((use.project.directory, use.project.name))
    return {key: frozenset(projects) for key, projects in found.items()}


def plan_stack(context: Context, options: Options, loader: Loader) -> StackPlan:
    """The findings of one stack, the fixes that may be made, and the proof that they do what they declare."""
    editable = [_editable(finding) for finding in _findings(context)]
    findings, chosen = chosen_of(editable, context.stack, lambda finding: _is_chosen(finding, options))
    failure = None
    changes: tuple[FileChange, ...] = ()
    if chosen:
        from volfix.fixes.proof import ProofFailed  # the parts that change files are imported where there is a change

        try:
            changes = _changes(context.stack, chosen, loader)
        except (ProofFailed, CannotEdit) as error:
            failure, chosen = str(error), []
    made = {operation for finding in chosen if finding.fix for operation in finding.fix.operations}
    chosen += [
        item for item in findings if item not in chosen and item.fix and made and made >= set(item.fix.operations)
    ]
    return StackPlan(context, project_results(context.stack, findings, chosen, changes, failure), changes)


def _editable(finding: Finding) -> Finding:
    """The finding; without its fix where the text leaves no place for one, with the reason."""
    if finding.fix is None:
        return finding
    from volfix.fixes.render import rendered

    try:
        rendered(finding.fix.operations)
    except CannotEdit as refusal:
        return replace(finding, fix=None, reason=str(refusal))
    return finding


def _findings(context: Context) -> Iterator[Finding]:
    """Each finding once, in the order of files and places; where projects disagree, the most cautious fix counts."""
    stack = context.stack
    others = {file.path for project in stack.projects if not stack.is_asked(project) for file in project.loaded}
    others -= {file.path for project in stack.projects if stack.is_asked(project) for file in project.loaded}
    found: dict[tuple[object, ...], Finding] = {}
    for code in sorted(context.selected):
        for finding in REGISTRY[code].check(context):
            if finding.location.path in others:
                continue
            source = context.source(finding.location.path)
            if source is not None and is_ignored(source, finding.location.span.start, code):
                continue
            key = (code, finding.location, finding.service, finding.target, finding.step)
            other = found.get(key)
            if other is None or CAUTION[finding.applicability] < CAUTION[other.applicability]:
                found[key] = finding
    yield from sorted(found.values(), key=lambda finding: (str(finding.location.path), finding.location, finding.code))


def _is_chosen(finding: Finding, options: Options) -> bool:
    allowed = {Applicability.SAFE: True, Applicability.UNSAFE: options.unsafe_fixes, Applicability.NONE: False}
    return allowed[finding.applicability] and (options.confirm is None or options.confirm(finding))


def _changes(stack: Stack, chosen: Sequence[Finding], loader: Loader) -> tuple[FileChange, ...]:
    from volfix.fixes.proof import prove
    from volfix.fixes.render import rendered
    from volfix.fixes.secrets import with_secrets

    fixes = [finding.fix for finding in chosen if finding.fix]
    operations = list(dict.fromkeys(operation for fix in fixes for operation in fix.operations))
    declared = tuple(dict.fromkeys(change for fix in fixes for change in fix.changes))
    files = rendered(operations)
    after: dict[Path, Source] = {path: source for path, (source, _) in files.items()}
    prove(stack, operations, declared, after, loader)
    before = {operation.source.path: operation.source for operation in operations}
    return tuple(
        with_secrets(FileChange(before[path], files[path][0], tuple(files[path][1]))) for path in sorted(after)
    )


def with_written(plan: StackPlan, *, written: bool, failure: str | None = None) -> StackPlan:
    """The plan after its write: what was written, or why it was not."""
    return replace(
        plan,
        projects=tuple(
            replace(project, written=written, failure=failure or project.failure) for project in plan.projects
        ),
    )
