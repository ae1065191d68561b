"""The Python interface, which the command line uses too: plan, look, write."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.configuration.nearest import Configuration, given
from volfix.fixes.plan import RunPlan, plan_run
from volfix.fixes.results import ProjectResult, RunResult
from volfix.fixes.stack_plan import Options, StackPlan, with_written
from volfix.project.compose.host_directories import relative

if TYPE_CHECKING:
    from volfix.fixes.baseline import Baseline
    from volfix.project.git import Known
    from volfix.rules.findings import Finding
    from volfix.syntax.source import Edit


@dataclass(slots=True, eq=False)
class Plan:
    """What volfix found below some paths and would do about it. Nothing is written until `write` is called."""

    run: RunPlan

    @property
    def result(self) -> RunResult:
        """Projects with their findings and changes, errors, notes: what every report is made from."""
        return self.run.result()

    @property
    def projects(self) -> tuple[ProjectResult, ...]:
        return self.result.projects

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(reported.finding for project in self.projects for reported in project.findings)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Every splice, in characters of each file's text before it."""
        return tuple(edit for stack in self.run.stacks for change in stack.changes for edit in change.edits)

    @property
    def diff(self) -> str:
        """The whole change as a unified diff, values of environment variables masked."""
        from volfix.fixes.diff import unified

        return "".join(unified(change, project.root) for project in self.projects for change in project.changes)

    def verify_with_compose(self) -> list[str]:
        """Ask Compose about every changed project; a stack that it would reject is not written, with its reason.

        Returns what was asked and what Compose said, a line each. Raises ComposeMissing where there is none to ask.
        """
        from volfix.fixes.compose_check import compose_command, rejection

        if not any(stack.changes for stack in self.run.stacks):
            return ["Compose was not asked: nothing would change"]
        words, said = compose_command(), []
        for number, stack in enumerate(self.run.stacks):
            after = {change.before.path: change.after for change in stack.changes}
            for project in stack.stack.projects if after else ():
                reason = rejection(words, project, after)
                names = ", ".join(relative(file.path, project.directory) for file in project.files)
                answer = "it REJECTS the change" if reason else "it accepts the change"
                said.append(f"`{' '.join(words)} config` was asked about project {project.name} ({names}): {answer}")
                if reason:
                    self.run.stacks[number] = with_written(replace(stack, changes=()), written=False, failure=reason)
        return said

    def write(self, *, allow_dirty: bool = False) -> RunResult:
        """Write every stack's files, each stack's together or not at all, and return the result.

        A stack that cannot be written has its reason in the `failure` of its projects; the others are written all the
        same, and planned again: beside what is fixed, the result has what the next run finds. Files with uncommitted
        changes are refused unless `allow_dirty`.
        """
        from volfix.fixes.after_write import plan_again
        from volfix.fixes.write.guards import refusal
        from volfix.fixes.write.transaction import WriteProblem, writing

        stacks = self.run.stacks
        changed = [number for number, stack in enumerate(stacks) if stack.changes]
        # Asked before the first write: a file that two stacks share would look uncommitted to the second.
        reasons = {
            number: None if allow_dirty else refusal(stacks[number].changes, stacks[number].stack.root)
            for number in changed
        }
        for root in dict.fromkeys(stacks[number].stack.root for number in changed):
            own = [number for number in changed if stacks[number].stack.root == root]
            try:
                with writing(root) as journal:
                    for number in own:
                        stacks[number] = _written(stacks[number], reasons[number], journal.write)
            except WriteProblem as problem:
                for number in own:
                    if not any(project.written for project in stacks[number].projects):
                        stacks[number] = with_written(stacks[number], written=False, failure=str(problem))
        plan_again(self.run)
        return self.result


def recover(paths: Iterable[Path]) -> Iterator[str]:
    """Finish or roll back what an interrupted write left in the roots of these paths; a line for people for each.

    Raises WriteProblem where that cannot be done.
    """
    from volfix.fixes.write import transaction

    for root in dict.fromkeys(root_of(Path(os.path.abspath(path))) for path in paths):  # noqa: PTH100 - links stay
        recovered = transaction.recover(root)
        if recovered is not None:
            yield str(recovered)


def root_of(path: Path) -> Path:
    """The root that a run over `path` has: the enclosing git work tree, else the directory itself."""
    from volfix.project.git import work_tree

    directory = path if path.is_dir() else path.parent
    tree = work_tree(directory)
    return tree.root if tree else directory


def _written(plan: StackPlan, reason: str | None, write: Callable[..., None]) -> StackPlan:
    from volfix.fixes.write.transaction import WriteProblem

    if reason is None:
        try:
            write(plan.changes)
        except WriteProblem as problem:
            reason = str(problem)
    return with_written(plan, written=reason is None, failure=reason)


def plan(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = ".",
    *,
    unsafe_fixes: bool = False,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    exclude: Iterable[str] = (),
    trusted: bool = False,
    outside: bool = True,
    withheld: Mapping[Path, str] | None = None,
    known: Mapping[Path, Known] | None = None,
    carry_service: bool = False,
    only_carried: bool = False,
    configuration: Configuration | None = None,
    baseline: Baseline | None = None,
    unsaved: Mapping[Path, bytes] | None = None,
    ignores: bool = True,
    confirm: Callable[[Finding], bool] | None = None,
    progress: Callable[[int, int], None] | None = None,
    jobs: int | None = 1,
) -> Plan:
    """Find the Compose projects at and below `path` (one, or several) and plan their fixes; nothing is written.

    `select` and `ignore` are rule codes or beginnings of codes; `exclude` are glob patterns of paths. `outside`: files
    outside of the repository are read where a Compose file names them; `withheld` are files of which only the names are
    there, with why: what would be read of them is an error; `known` is what the caller knows of work trees, by their
    roots. `carry_service`: a fix that makes a volume adds the service that
    carries the data into it, where one can; `only_carried`: it is unsafe where none does.
    `configuration` says which files of the repositories are read for select, ignore and exclude (none), `baseline`
    which findings are left out; without `ignores`, findings that a comment ignores are there too, without fixes.
    `unsaved` is the text of files in an editor, which is read instead of the file on disk, where that exists.
    `confirm` is asked about each fix; `progress` is called with the stacks done and their number. `jobs` is how many
    processes plan many stacks, None one for each processor. Raises FileNotFoundError for a path that does not exist.
    What cannot be read is in `result.errors`.
    """
    paths = [Path(path)] if isinstance(path, str | os.PathLike) else [Path(item) for item in path]
    for item in paths:
        if not item.exists():
            raise FileNotFoundError(f"{item}: no such file or directory")
    options = Options(
        unsafe_fixes=unsafe_fixes,
        trusted=trusted,
        outside=outside,
        withheld=withheld or {},
        known=known or {},
        configuration=configuration or given(select, ignore, exclude),
        baseline=baseline,
        carry_service=carry_service,
        only_carried=only_carried,
        ignores=ignores,
        unsaved={os.path.realpath(name): data for name, data in (unsaved or {}).items()},
        confirm=confirm,
        jobs=jobs,
    )
    return Plan(plan_run([Path(os.path.abspath(item)) for item in paths], options, progress))  # noqa: PTH100 - links stay


__all__ = ["Plan", "plan"]
