"""Plans many stacks in several processes, with the same results as one process.

The processes are forked, so each has everything that was read. A stack can affect the stacks after it: it refuses a
file, or uses an ignore comment. This process takes these effects over in the order of the stacks. It plans a stack
again itself if an effect that the stack's process did not know may change the plan.
"""

from __future__ import annotations

import gc
import io
import pickle
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from volfix.fixes.changes import FileChange
from volfix.fixes.held_back import concerns
from volfix.fixes.results import ProjectResult
from volfix.fixes.stack_plan import NotPlanned, PlanStack, StackPlan
from volfix.project.loader import Loader
from volfix.project.stack import Stack
from volfix.project.workers import Worker, WorkerDied, stop, wait
from volfix.rules.context import Context
from volfix.syntax import disk
from volfix.syntax.source import FileProblem, Source, Span

FIRST = 8
"""Stacks that this process plans before it forks: the forked processes then share its imports and caches."""
AHEAD = 2
"""Stacks that wait in each process, so that it has the next stack when it finishes one."""

Marks = tuple[int, int, int, int, int]
"""The numbers of problems, notes, refused files, unread commands and volume names before a stack was planned."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """The plan of a stack, and its effects on the stacks after it."""

    projects: tuple[ProjectResult, ...]
    changes: tuple[FileChange, ...]
    problems: tuple[FileProblem, ...]
    notes: tuple[str, ...]
    refused: Mapping[Path, str]
    unread: Mapping[tuple[Path, int], Span]
    names: Mapping[tuple[Path, str], str]
    ignores: frozenset[tuple[Path, Span, str]]


@contextmanager
def in_parallel(jobs: int, contexts: Sequence[Context], alone: PlanStack, loader: Loader) -> Iterator[PlanStack]:
    """A function that plans the next stack of `contexts` at each call, with `jobs` processes.

    `alone` plans a stack in the calling process. The function raises what `alone` raises, and NotPlanned if the process
    of a stack has died.
    """
    run = _Run(jobs, dict(enumerate(contexts)), alone, loader, deque(range(len(contexts))))
    try:
        yield run.plan
    finally:
        stop(process.worker for process in run.processes)
        gc.unfreeze()


@dataclass(slots=True)
class _Process:
    """A process, with the numbers of the stacks that it has to plan."""

    worker: Worker
    given: deque[int] = field(default_factory=deque)


@dataclass(slots=True)
class _Run:
    jobs: int
    contexts: dict[int, Context]
    alone: PlanStack
    loader: Loader
    waiting: deque[int]
    processes: list[_Process] = field(default_factory=list)
    answers: dict[int, bytes | WorkerDied | None] = field(default_factory=dict)
    turn: int = 0
    refused: set[Path] = field(default_factory=set)
    """The files that volfix refused to read for a stack of this run."""
    ignored_in: set[Path] = field(default_factory=set)
    """Repository roots with a used ignore comment in a file that several stacks may share."""

    def plan(self, context: Context) -> StackPlan:
        """The plan of the next stack, with the effects of all stacks before it."""
        number, self.turn = self.turn, self.turn + 1
        if number < FIRST:
            self.waiting.popleft()
            return self.alone(context)
        if not self.processes:
            gc.freeze()  # else the first collection of each process copies what they share
            for _ in range(self.jobs):  # one by one: `stop` then ends those that have begun
                self.processes.append(self._process())
        answer = self._answer(number)
        if isinstance(answer, WorkerDied):
            raise NotPlanned(f"not checked: {answer}")
        if answer is None or self._depends(context.stack):
            return self._planned_here(context)
        planned: _Planned = _Reader(io.BytesIO(answer), _sources(context.stack)).load()
        if any(context.real_names.get(name, owner) != owner for name, owner in planned.names.items()):
            return self._planned_here(context)  # an earlier stack uses the name
        context.real_names.update(planned.names)
        self._add_problems(planned.problems)
        for note in planned.notes:
            self.loader.note(note)
        for path, reason in planned.refused.items():
            disk.refuse(path, reason)
        if context.commands is not None:
            context.commands.files.interpreter.unread.update(planned.unread)
        context.used_ignores.update(planned.ignores)
        self._remember(context, planned)
        return StackPlan(context, planned.projects, planned.changes)

    def _depends(self, stack: Stack) -> bool:
        """Whether effects of the stacks before this one may change its plan."""
        return stack.root in self.ignored_in or any(concerns(path, stack) for path in self.refused)

    def _planned_here(self, context: Context) -> StackPlan:
        known, marks = set(context.used_ignores), self._marks(context)
        plan = self.alone(context)
        left = self._left(plan, marks, context.used_ignores - known)
        del self.loader.problems[marks[0] :]
        self._add_problems(left.problems)
        self._remember(context, left)
        return plan

    def _add_problems(self, problems: Sequence[FileProblem]) -> None:
        """Add each problem once, although several stacks may report a file that they share."""
        known = {str(problem) for problem in self.loader.problems} if problems else set()
        self.loader.problems.extend(problem for problem in problems if str(problem) not in known)

    def _remember(self, context: Context, left: _Planned) -> None:
        self.refused.update(left.refused)
        own = {file.path for file in context.stack.files}
        if any(path not in own for path, _, _ in left.ignores):
            self.ignored_in.add(context.root)

    def _answer(self, number: int) -> bytes | WorkerDied | None:
        while number not in self.answers:
            for process in self.processes:
                while self.waiting and len(process.given) < AHEAD:
                    process.given.append(self.waiting.popleft())
                    process.worker.send(process.given[-1])
            wait(process.worker for process in self.processes)
            for process in self.processes:
                self._hear(process)
        return self.answers.pop(number)

    def _hear(self, process: _Process) -> None:
        """Take the answer of a process if it has one; replace a process that has died."""
        try:
            if process.worker.has_answered():
                answer = process.worker.answer()
                self.answers[process.given.popleft()] = answer
        except WorkerDied as died:
            if process.given:
                self.answers[process.given.popleft()] = died
            self.waiting.extendleft(reversed(process.given))
            stop([process.worker])
            self.processes[self.processes.index(process)] = self._process()

    def _process(self) -> _Process:
        return _Process(Worker(self.planned, "fork"))

    def planned(self, number: int) -> bytes | None:
        """In a forked process: a stack's pickled plan. None after an error: the parent then plans the stack itself."""
        context = self.contexts.pop(number)
        context.used_ignores.clear()
        marks = self._marks(context)
        try:
            plan = self.alone(context)
            return _written(self._left(plan, marks, context.used_ignores), _sources(context.stack))
        except Exception:  # noqa: BLE001 - the parent plans the stack again and names the error
            return None
        finally:
            while len(context.real_names) > marks[-1]:  # this process does not plan every stack
                context.real_names.popitem()

    def _marks(self, context: Context) -> Marks:
        unread = context.commands.files.interpreter.unread if context.commands is not None else ()
        problems, notes = self.loader.problems, self.loader.notes
        return len(problems), len(notes), len(disk.refused()), len(unread), len(context.real_names)

    def _left(self, plan: StackPlan, marks: Marks, ignores: set[tuple[Path, Span, str]]) -> _Planned:
        problems, notes, refused, unread, names = marks
        context, commands = plan.context, plan.context.commands
        of_commands = commands.files.interpreter.unread if commands is not None else {}
        return _Planned(
            plan.projects,
            plan.changes,
            tuple(self.loader.problems[problems:]),
            tuple(self.loader.notes[notes:]),
            dict(islice(disk.refused().items(), refused, None)),
            dict(islice(of_commands.items(), unread, None)),
            dict(islice(context.real_names.items(), names, None)),
            frozenset(ignores),
        )


class _Writer(pickle.Pickler):
    """Writes a source of the stack as its index in the list of sources, which both processes have."""

    def __init__(self, file: io.BytesIO, sources: Sequence[Source]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._places = {id(source): place for place, source in enumerate(sources)}

    def persistent_id(self, thing: Any) -> int | None:
        return self._places.get(id(thing)) if type(thing) is Source else None


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, sources: Sequence[Source]) -> None:
        super().__init__(file)
        self._sources = sources

    def persistent_load(self, place: int) -> Source:
        return self._sources[place]


def _written(planned: _Planned, sources: Sequence[Source]) -> bytes:
    file = io.BytesIO()
    _Writer(file, sources).dump(planned)
    return file.getvalue()


def _sources(stack: Stack) -> list[Source]:
    return [
        *(file.source for file in stack.files),
        *(workflow.file.source for workflow in stack.workflows),
    ]
