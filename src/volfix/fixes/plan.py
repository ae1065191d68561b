"""A whole run: the stacks below some paths, and the plan of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from volfix.fixes.results import RunResult
from volfix.fixes.run_context import FailedTogether, RunContext, home_of
from volfix.fixes.scope import keep_asked, not_checked
from volfix.fixes.stack_plan import NotPlanned, Options, PlanStack, StackPlan, plan_stack
from volfix.project.discovery import Directory, directories
from volfix.project.git import know
from volfix.project.loader import Loader
from volfix.project.stack import Stack
from volfix.project.stacks import read_stacks
from volfix.rules.context import Context
from volfix.rules.selection import ABOUT_COMMANDS
from volfix.syntax import disk
from volfix.syntax.failures import failure
from volfix.syntax.source import FileProblem

MANY = 48
"""With more stacks than this, several processes are faster than one."""


@dataclass(slots=True, eq=False)
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
    know(options.known)
    loader = Loader([], [])
    configuration = options.configuration
    configuration.begin(loader.problems)
    run = RunPlan(options, loader, tuple(directories(paths, loader.problems, configuration.kept)))
    configuration.learn((directory.path, directory.root) for directory in run.directories)
    run.stacks += _plans(run, progress)
    if options.baseline is not None:
        unread = [problem.path for problem in loader.problems]
        for note in options.baseline.notes(paths, configuration.codes(), unread):
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
    contexts = list(whole.contexts(settings, trusted=options.trusted))

    def alone(context: Context) -> StackPlan:
        return plan_stack(context, settings[context.stack], options, loader)

    with _planning(contexts, alone, run) as planned:
        for number, context in enumerate(contexts, 1):
            for path, reason in context.stack.incomplete.items():
                loader.note(f"{path}: not changed: {reason}, and volfix found no Compose file that adds it")
            try:
                yield planned(context)
            except FailedTogether as failed:  # this stack is named only if it is the cause
                raise failed.error from failed
            except NotPlanned as lost:
                loader.problems.append(FileProblem(context.stack.first_file, str(lost)))
            except Exception as error:  # noqa: BLE001 - whatever one stack brings about, the others go on
                loader.problems.append(failure(context.stack.first_file, error))
            if progress is not None:
                progress(number, len(stacks))
    _say_refused(loader)
    for note in whole.notes(about_commands=about_commands):
        loader.note(note)
    keep_asked(found, stacks, loader, *earlier)


def _planning(contexts: Sequence[Context], alone: PlanStack, run: RunPlan) -> AbstractContextManager[PlanStack]:
    """The function that plans each stack in turn: `alone` in this process, or one that uses several processes.

    `alone` is used if `--jobs` or the number of stacks asks for one process, if a person confirms each fix, or if a
    baseline counts the findings: a confirmation or count for one stack depends on the stacks before it.
    """
    jobs, options = run.options.jobs, run.options
    if jobs is None and len(contexts) <= MANY:
        jobs = 1
    if jobs is None:
        from volfix.project.workers import processors  # imports multiprocessing

        jobs = processors()
    if min(jobs, len(contexts)) < 2 or options.confirm or options.baseline is not None or not hasattr(os, "fork"):
        return nullcontext(alone)
    from volfix.fixes.parallel_plans import in_parallel

    return in_parallel(min(jobs, len(contexts)), contexts, alone, run.loader)


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
