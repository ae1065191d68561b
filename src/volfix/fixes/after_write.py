"""After a write: what the next run would find, so that the end of this one says the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from volfix.fixes.plan import RunPlan, plans_of
from volfix.fixes.results import ProjectResult
from volfix.fixes.stack_plan import StackPlan
from volfix.project.stack import Stack
from volfix.syntax import disk

Key = tuple[Path, ...] | Path


def plan_again(run: RunPlan) -> None:
    """Plan the roots with written stacks again: beside what is fixed stands what is left, at its place of now.

    Stacks that could not be written stay as they are, with their reason.
    """
    roots = {plan.stack.root for plan in run.stacks if any(project.written for project in plan.projects)}
    if not roots:
        return
    disk.forget()
    written = [plan for plan in run.stacks if plan.stack.root in roots]
    after = {change.after.path: change.after for plan in written if _is_written(plan) for change in plan.changes}
    again = RunPlan(
        options=replace(run.options, confirm=None if run.options.confirm is None else lambda _: False),
        loader=run.loader.overlaid(after),
        directories=tuple(directory for directory in run.directories if directory.root in roots),
    )
    others = [plan.stack for plan in run.stacks if plan.stack.root not in roots]
    found: dict[Key, list[ProjectResult]] = {}
    new = list(plans_of(again, others))
    for plan in new:
        for project in plan.projects:
            found.setdefault(_key(plan.stack, project), []).append(_left(project))
    run.stacks[:] = [_with_rest(plan, found) if plan.stack.root in roots else plan for plan in run.stacks]
    for plan in new:  # a project that exists only since the write
        rest = tuple(found[key].pop(0) for project in plan.projects if found[key := _key(plan.stack, project)])
        run.stacks += [replace(plan, projects=rest, changes=())] if rest else []
    known = {str(problem) for problem in run.problems}
    run.problems.extend(problem for problem in again.problems if str(problem) not in known)
    for note in again.notes:
        run.loader.note(note)


def _is_written(plan: StackPlan) -> bool:
    return any(project.written for project in plan.projects)


def _key(stack: Stack, project: ProjectResult) -> Key:
    """What makes two results speak of one project: its files; the root, where only commands are reported."""
    return project.files if stack.projects or stack.workflows else stack.root


def _with_rest(plan: StackPlan, found: dict[Key, list[ProjectResult]]) -> StackPlan:
    """The plan with the findings that are left, which it takes out of `found`."""
    projects = []
    for project in plan.projects:
        rest = found.get(_key(plan.stack, project))
        left = rest.pop(0).findings if rest else ()
        if project.failure is None:
            fixed = tuple(item for item in project.findings if item.fixed and project.written)
            project = replace(project, findings=(*fixed, *left))
        projects.append(project)
    return replace(plan, projects=tuple(projects))


def _left(project: ProjectResult) -> ProjectResult:
    """What is left of a project: nothing of it is fixed, whatever the next run would do."""
    return replace(
        project,
        findings=tuple(replace(item, fixed=False) for item in project.findings),
        moves=(),
        changes=(),
        failure=None,
    )
