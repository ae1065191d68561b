"""The work on one repository, from its clone to its branch; a worker runs it here or on another machine."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from volfix import __version__
from volfix.api import Plan, plan
from volfix.bulk.checkout import Checkout, checkout
from volfix.bulk.git import Git, GitFailed
from volfix.bulk.message import commit_message
from volfix.bulk.publish import branch_commit, committed, pushed
from volfix.bulk.records import DO_NOT_MERGE, Status
from volfix.bulk.repository import Repository, Skipped, default_cache, opened, with_settings
from volfix.bulk.shared_names import SharedName, facts
from volfix.bulk.sources import Source as Origin
from volfix.bulk.sources import host_of, same_repository
from volfix.configuration.nearest import Configuration, given
from volfix.configuration.reading import settings_in
from volfix.configuration.settings import IGNORES
from volfix.fixes.diff import patch
from volfix.fixes.masking.messages import scrub
from volfix.fixes.results import RunResult
from volfix.fixes.write.journal import WriteProblem
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.visible import one_line


@dataclass(frozen=True, slots=True)
class Task:
    """What is done with every repository of a run; `render` makes the JSON of a result, `date` is that of the commits,
    `cache` the directory of clones (None: that of the machine that works).

    `carry_service` adds the services that carry the data, `only_carried` makes a fix unsafe whose data none carries;
    `write` makes a branch and a commit, `push` pushes them, to repositories of this machine only where they are at or
    below one of `local_remotes`, `patches` returns the change as a patch; `config` is the name and the text of a
    configuration file.
    """

    version: str
    render: Callable[[RunResult], str]
    message: str
    date: int
    limit: float
    cache: str | None
    branch: str
    write: bool = False
    push: bool = False
    local_remotes: tuple[str, ...] = ()
    patches: bool = False
    unsafe_fixes: bool = False
    carry_service: bool = False
    only_carried: bool = False
    trusted: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    config: tuple[str, str] | None = None

    def configuration(self) -> Configuration:
        """The configuration of the run: of the repositories' own files only what they ignore counts."""
        found = given(self.select, self.ignore, self.exclude)
        found.discovers, found.only = True, IGNORES
        if self.config is not None:
            found.file = settings_in(Source.of(Path(self.config[0]), self.config[1].encode()), named=True)
        return found


@dataclass(frozen=True, slots=True)
class Job:
    """One repository's turn. `known_head` is the commit that an earlier run has read with the same options.

    `hold`: where the repository may share a volume with others, only plan, and wait for what theirs are. `scratch` is
    a directory for its files, a temporary one where it is None.
    """

    source: Origin
    known_head: str | None = None
    known_commit: str | None = None
    hold: bool = False
    scratch: str | None = None


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What became of a repository. `result` is its JSON, compressed; `causes` are code, findings, fixed, left open.

    `unchanged`: what an earlier run has found still holds. `waits`: it is to be written once all others are planned.
    """

    status: Status
    reason: str | None = None
    head: str | None = None
    branch: str | None = None
    commit: str | None = None
    seconds: float = 0.0
    links: tuple[str, ...] = ()
    result: bytes | None = None
    causes: tuple[tuple[str, int, int, int], ...] = ()
    facts: tuple[SharedName, ...] = ()
    identity: str | None = None
    patch: bytes | None = field(default=None, repr=False)
    unchanged: bool = False
    waits: bool = False


def work(task: Task, job: Job) -> JobOutcome:
    """Plan one repository, and write it where the task says so; failures are in the outcome, nothing is raised."""
    started = time.monotonic()
    try:
        if job.scratch is not None:
            outcome = _work(task, job, Path(job.scratch), started + task.limit)
        else:
            with TemporaryDirectory(prefix="volfix-bulk-") as scratch:
                outcome = _work(task, job, Path(scratch, "checkout"), started + task.limit)
    except Skipped as skipped:
        outcome = JobOutcome(Status.SKIPPED, str(skipped))
    except GitFailed as failed:
        outcome = JobOutcome(Status.FAILED, failed.reason)
    except (WriteProblem, FileProblem, OSError) as problem:
        outcome = JobOutcome(Status.FAILED, one_line(scrub(str(problem))))
    except Exception as error:  # noqa: BLE001 - whatever one repository brings about, the others go on
        outcome = JobOutcome(Status.FAILED, one_line(scrub(f"an error in volfix: {type(error).__name__}: {error}")))
    return replace(outcome, seconds=time.monotonic() - started)


def _work(task: Task, job: Job, scratch: Path, deadline: float) -> JobOutcome:
    if task.version != __version__:
        return JobOutcome(Status.FAILED, f"its worker has volfix {__version__}, and the run is of {task.version}")
    source = job.source
    git = Git(deadline, {} if source.address is None else {source.place: source.address})
    repository = opened(source, Path(task.cache) if task.cache else default_cache(), git)
    if job.known_head == repository.head and _still_there(task, job, repository, git):
        return JobOutcome(Status.CLEAN, head=repository.head, unchanged=True)
    repository = with_settings(repository, git)
    with checkout(repository, scratch, git) as files:
        planned = plan(
            files.root,
            unsafe_fixes=task.unsafe_fixes,
            trusted=task.trusted,
            outside=False,
            withheld=files.withheld,
            known={files.root: files.known},
            carry_service=task.carry_service,
            only_carried=task.only_carried,
            configuration=task.configuration(),
        )
        return _Turn(task, job, repository, files, planned, git).outcome()


def _still_there(task: Task, job: Job, repository: Repository, git: Git) -> bool:
    """Whether the branch that an earlier run made is unchanged."""
    return job.known_commit is None or branch_commit(repository, task.branch, git) == job.known_commit


@dataclass(slots=True)
class _Turn:
    """A repository with its files, and its outcome so far."""

    task: Task
    job: Job
    repository: Repository
    files: Checkout
    plan: Plan
    git: Git
    facts: tuple[SharedName, ...] = ()

    def outcome(self) -> JobOutcome:
        task, found = self.task, self.plan.result
        self.facts = facts(self.plan.run.stacks, host_of(self.repository.origin))
        if not any(stack.changes for stack in self.plan.run.stacks) or not (task.write or task.patches):
            return self._recorded(found, _found(found))
        if self.job.hold and any(fact.is_firm for fact in self.facts):
            return replace(self._recorded(found, Status.FINDINGS), waits=True)
        patches = None
        if task.patches:
            changes = (change for stack in self.plan.run.stacks for change in stack.changes)
            patches = b"".join(patch(change, self.files.root) for change in changes)
        return replace(self._written() if task.write else self._recorded(found, _found(found)), patch=patches)

    def _written(self) -> JobOutcome:
        planned = self.plan.result
        if self.repository.branch is None:
            return self._recorded(planned, Status.SKIPPED, "its HEAD is detached: check out the branch to start from")
        # The files of this checkout were committed a moment ago: nothing uncommitted can be overwritten.
        result = self.plan.write(allow_dirty=True)
        reason = (
            "; ".join(filter(None, (_failures(result), _uncarried(result) if self.task.only_carried else None))) or None
        )
        paths = [change.after.path for project in result.projects if project.written for change in project.changes]
        if not paths:
            return self._recorded(result, Status.FAILED, reason)
        task, name = self.task, self.repository.source.name
        text = commit_message(task.message, result, repository=name, branch=task.branch, head=self.repository.head)
        try:
            commit = committed(self.files, paths, text, task.branch, task.date, self.git)
        except Skipped as skipped:
            return self._recorded(planned, Status.SKIPPED, str(skipped))
        status: Status = Status.WRITTEN
        links: tuple[str, ...] = ()
        if task.push:
            status, reason, links = self._pushed(commit, reason)
        return replace(self._recorded(result, status, reason), branch=task.branch, commit=commit, links=links)

    def _pushed(self, commit: str, reason: str | None) -> tuple[Status, str | None, tuple[str, ...]]:
        # From volfix's own git directory, so that no setting of the repository runs a program.
        objects = self.repository.git_dir if self.repository.is_cached else self.files.root / ".git"
        try:
            return (
                Status.PUSHED,
                reason,
                pushed(self.repository, objects, self.task.branch, commit, self.git, self.task.local_remotes),
            )
        except Skipped as skipped:
            return Status.SKIPPED, f"not pushed: {skipped}", ()
        except GitFailed as failed:
            return Status.FAILED, f"not pushed: {failed.reason}", ()

    def _recorded(self, result: RunResult, status: Status, reason: str | None = None) -> JobOutcome:
        """The outcome with the result in it, its paths those of the repository instead of this checkout's."""
        source, data = self.repository.source, json.loads(self.task.render(result))
        reason = reason or _failures(result) or _unread(result, self.files.root)
        if reason is not None and status is Status.CLEAN:  # no findings, but not every file was read
            status = Status.FAILED
        for root in dict.fromkeys((self.files.root, self.files.root.resolve())):
            for here, there in ((root, source.place), (root.parent, source.place.rpartition("/")[0])):
                data, reason = _moved(data, str(here), there), _moved(reason, str(here), there)
        origin = self.repository.origin
        return JobOutcome(
            status=status,
            reason=reason,
            head=self.repository.head,
            result=zlib.compress(json.dumps(data, separators=(",", ":")).encode()),
            causes=tuple(_causes(result)),
            facts=self.facts,
            identity=same_repository(origin or source.place),
        )


def _moved(value: Any, old: str, new: str) -> Any:
    """The JSON data with the path `old` replaced by `new` everywhere."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        return [_moved(item, old, new) for item in value]
    if isinstance(value, dict):
        return {key: _moved(item, old, new) for key, item in value.items()}
    return value


def _found(result: RunResult) -> Status:
    """Whether the run found something that it fixes or leaves open."""
    open_ones = (item for project in result.projects for item in project.findings)
    return Status.FINDINGS if any(item.finding.severity.value != "info" for item in open_ones) else Status.CLEAN


def _uncarried(result: RunResult) -> str | None:
    """Whether a written change must wait until its data is carried, and into which volumes."""
    left = [(project, move) for project in result.projects if project.written for move in project.left]
    volumes = dict.fromkeys(project.real_volumes.get(move.volume, move.volume) for project, move in left)
    return one_line(scrub(f"{DO_NOT_MERGE}: nothing else fills {', '.join(volumes)}")) if volumes else None


def _failures(result: RunResult) -> str | None:
    """Why projects were not written."""
    reasons = [project.failure for project in result.projects if project.failure]
    rejected = [item.finding for project in result.projects for item in project.findings if item.rejected]
    reasons += [f"no fix of {finding.code}: {finding.reason}" for finding in rejected if finding.reason not in reasons]
    return one_line(scrub("; ".join(dict.fromkeys(reasons)))) if reasons else None


def _unread(result: RunResult, root: Path) -> str | None:
    """Which file could not be read, where and why, and how many more."""
    if not result.errors:
        return None
    first, more = str(result.errors[0]), len(result.errors) - 1
    for base in (root, root.resolve()):
        first = first.removeprefix(f"{base}/")
    return f"cannot be read: {one_line(scrub(first))}" + (f" (and {more} more of its files)" if more else "")


def _causes(result: RunResult) -> Iterator[tuple[str, int, int, int]]:
    """For each code the number of its findings, of those that the plan fixes, and of those that are left open."""
    counts: dict[str, list[int]] = {}
    for project in result.projects:
        for item in project.findings:
            numbers = counts.setdefault(item.finding.code, [0, 0, 0])
            fixed = item.fixed and project.failure is None
            numbers[0] += 1
            numbers[1] += fixed
            numbers[2] += item.finding.severity.value != "info" and not (fixed and project.written)
    return ((code, *numbers) for code, numbers in sorted(counts.items()))  # type: ignore[misc]
