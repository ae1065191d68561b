"""Which steps of a pipeline bring a stack up: on which daemon, from which directory, under which project name.

Source: drone/docs; drone-runners/drone-runner-docker, engine/compiler; docker/compose, cmd/compose/compose.go.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from volfix.project.compose_calls import ComposeCall, compose_call
from volfix.project.compose_file import BASE_NAMES
from volfix.project.daemons import daemon_of
from volfix.project.model import normalized_name
from volfix.project.pipelines import Pipeline, PipelineFile, Step, only_for_requests
from volfix.project.step_runs import Run, Start, runs
from volfix.project.test_stacks import TEST_WORDS
from volfix.syntax.yaml_tree import Scalar

TEST_FLAGS = frozenset({"--abort-on-container-exit", "--abort-on-container-failure", "--exit-code-from"})
REMOTE = "ssh"


@dataclass(frozen=True, eq=False)
class Deployment:
    """A call of Compose in a step that brings a stack up.

    `target` is the daemon: host-socket, dind, remote, ssh, exec, none, unknown. `directory` is the project directory
    in the step, `files` the Compose files, both as absolute paths there (None and empty where they are not known).
    `project` is the name that the call itself, the environment or the directory gives; `named_by` which of them.
    `is_test` says that the stack is thrown away again.
    """

    file: PipelineFile
    pipeline: Pipeline
    step: Step
    call: ComposeCall
    scalar: Scalar
    target: str
    directory: str | None
    files: tuple[str, ...]
    project: str | None
    named_by: str
    is_test: bool
    runs: tuple[Run, ...]

    @property
    def step_name(self) -> str:
        return self.file.step_name(self.pipeline, self.step)


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the repository lies on this machine (`root`), for paths that a step has below its workspace."""

    root: Path

    def find(self, pipeline: Pipeline, path: str) -> Path | None:
        """The file or directory of the repository that a step knows by this absolute path."""
        if path == pipeline.workspace:
            return self.root
        if path.startswith(pipeline.workspace + "/"):
            return self.root / path[len(pipeline.workspace) + 1 :]
        return None


def deployments(file: PipelineFile, checkout: Checkout, unread: list[Scalar] | None = None) -> Iterator[Deployment]:
    """Every deployment of every pipeline of the file, in order; `unread` gets the commands that are no shell."""
    unread = [] if unread is None else unread
    for pipeline in file.pipelines:
        found: list[tuple[Step, Run, ComposeCall, tuple[Run, ...]]] = []
        for step in pipeline.steps:
            ran = tuple(step_runs(pipeline, step, checkout, unread))
            found += [(step, run, call, ran) for run in ran if (call := compose_call(run.words)) is not None]
        for number, (step, run, call, ran) in enumerate(found):
            if call.brings_up:
                later = [
                    (other.directory, next_call)
                    for later_step, other, next_call, _ in found[number + 1 :]
                    if not later_step.after_failure
                ]
                yield _deployment(file, pipeline, step, run, call, ran, checkout, later)


def step_runs(pipeline: Pipeline, step: Step, checkout: Checkout, unread: list[Scalar]) -> Iterator[Run]:
    """What the step runs, in its container or on the host that its plugin logs in to."""
    environment = {**pipeline.environment, **step.environment}
    directory = posixpath.join(pipeline.workspace, step.working_directory or "").rstrip("/")
    if step.commands:
        remote = pipeline.runner == "ssh"
        start = Start(directory, environment, lambda path: checkout.find(pipeline, path), unread)
        yield from runs(step.commands, start, remote=remote)
    if step.script:
        yield from runs(step.script, Start(None, {}, lambda _: None, unread), remote=True)


def _deployment(
    file: PipelineFile,
    pipeline: Pipeline,
    step: Step,
    run: Run,
    call: ComposeCall,
    ran: tuple[Run, ...],
    checkout: Checkout,
    later: list[tuple[str | None, ComposeCall]],
) -> Deployment:
    named = call.files or tuple(filter(None, (run.environment.get("COMPOSE_FILE") or "").split(":")))
    files = tuple(path for name in named if (path := _absolute(run.directory, name)) is not None)
    directory = _project_directory(pipeline, run, call, files, checkout)
    if not named and directory is not None:
        files = tuple(_default_files(pipeline, directory, checkout))
    project, named_by = _project(pipeline, run, call, directory, checkout)
    return Deployment(
        file=file,
        pipeline=pipeline,
        step=step,
        call=call,
        scalar=run.scalar,
        target=REMOTE if run.remote else daemon_of(pipeline, step, run, call, ran),
        directory=directory,
        files=files,
        project=project,
        named_by=named_by,
        is_test=_is_test(pipeline, step, run, call, files or named, later),
        runs=ran,
    )


def _absolute(directory: str | None, name: str) -> str | None:
    if "$" in name or (directory is None and not name.startswith("/")):
        return None
    return posixpath.normpath(posixpath.join(directory or "/", name))


def _project_directory(
    pipeline: Pipeline, run: Run, call: ComposeCall, files: tuple[str, ...], checkout: Checkout
) -> str | None:
    """That of `--project-directory`, else of the first file, else where Compose finds its default file going up."""
    if call.project_directory is not None:
        return _absolute(run.directory, call.project_directory)
    if files:
        return posixpath.dirname(files[0])
    if call.files or run.directory is None:
        return None
    place = run.directory
    while True:
        if any(True for _ in _default_files(pipeline, place, checkout)):
            return place
        if place in (pipeline.workspace, "/") or not place.startswith(pipeline.workspace):
            return run.directory
        place = posixpath.dirname(place)


def _default_files(pipeline: Pipeline, directory: str, checkout: Checkout) -> Iterator[str]:
    found = checkout.find(pipeline, directory)
    for name in BASE_NAMES if found is not None else ():
        if found is not None and (found / name).is_file():
            yield posixpath.join(directory, name)
            return


def _project(
    pipeline: Pipeline, run: Run, call: ComposeCall, directory: str | None, checkout: Checkout
) -> tuple[str | None, str]:
    """The project's name as far as the pipeline says it, and what says it."""
    if call.project is not None:
        return (None if "$" in call.project else normalized_name(call.project)), "-p"
    if "COMPOSE_PROJECT_NAME" in run.environment:
        value = run.environment["COMPOSE_PROJECT_NAME"]
        return (None if value is None or "$" in value else normalized_name(value)), "COMPOSE_PROJECT_NAME"
    named = [_absolute(run.directory, name) for name in call.env_files]
    if not named and directory is not None:
        named = [posixpath.join(directory, ".env")]
    for path in reversed(named):
        found = checkout.find(pipeline, path) if path is not None else None
        if found is not None and (name := _named_in_dotenv(found)):
            return normalized_name(name), posixpath.basename(found)
    return (normalized_name(posixpath.basename(directory)) if directory else None), "directory"


def _named_in_dotenv(path: Path) -> str | None:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = re.search(r"^(?:export +)?COMPOSE_PROJECT_NAME *= *[\"']?([^\"'\s#]+)", text, re.MULTILINE)
    return found[1] if found else None


def _is_test(
    pipeline: Pipeline,
    step: Step,
    run: Run,
    call: ComposeCall,
    files: tuple[str, ...],
    later: list[tuple[str | None, ComposeCall]],
) -> bool:
    """Whether the stack is thrown away: its files' names, the event, flags of `up`, or a `down` behind it say so."""
    words = {word for name in files for word in re.split(r"[^a-z0-9]+", posixpath.basename(name).lower())}
    if words & TEST_WORDS or TEST_FLAGS & call.flags:
        return True
    if only_for_requests(step.events or pipeline.events):
        return True
    same = [other for directory, other in later if directory == run.directory or other.files == call.files]
    return bool(same) and not any(other.brings_up for other in same) and any(other.takes_down for other in same)
