"""Finds the steps of a pipeline that start a stack: on which daemon, in which directory, under which project name.

Source: drone/docs; drone-runners/drone-runner-docker, engine/compiler; docker/compose, cmd/compose/compose.go.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from volfix.knowledge.commands import docker_call
from volfix.knowledge.purposes import (
    DEPLOY,
    NOT_DEPLOYED,
    TEST,
    file_purposes,
    may_publish_alone,
    nearest_purpose,
    purposes,
)
from volfix.project.ci.daemons import DIND, THROWN_AWAY, daemon_of
from volfix.project.ci.pipeline import Pipeline, PipelineFile, Step, only_for_requests
from volfix.project.ci.steps import step_entries, titles_of
from volfix.project.commands.command_resolver import CommandResolver
from volfix.project.compose.compose_file import BASE_NAMES
from volfix.project.compose.model import normalized_name
from volfix.project.deployments.reported_variables import with_reported
from volfix.project.deployments.tested_jobs import TEST_FLAGS, are_tests
from volfix.project.shell.command import Command
from volfix.project.shell.compose_call import ComposeCall, compose_call, named_purposes
from volfix.project.shell.interpreter import Interpreter
from volfix.project.shell.paths import joined, moved
from volfix.syntax import disk
from volfix.syntax.source import Span

REMOTE = "ssh"


@dataclass(frozen=True, eq=False)
class Deployment:
    """A call of Compose in a step that starts a stack.

    `target` is the daemon (see ci.daemons) or `ssh`. `directory` is the project directory and `files` are the Compose
    files, as absolute paths in the step (None and empty if unknown). `project` is the project's name and `named_by`
    what sets it: `-p`, a variable, an env file or the directory. `is_test` says that the stack is deleted afterwards.
    `commands` are those of the step and those that ran before on the same machine.
    """

    file: PipelineFile
    pipeline: Pipeline
    step: Step
    call: ComposeCall
    command: Command
    target: str
    directory: str | None
    files: tuple[str, ...]
    project: str | None
    named_by: str
    is_test: bool
    commands: tuple[Command, ...]
    checkout: Checkout

    def path_of(self, command: Command, text: str) -> str | None:
        """The absolute path, inside the step, of the path `text` in a command; None if it is unknown."""
        return self.checkout.path_of(self.pipeline, command, text)

    @property
    def step_name(self) -> str:
        """The step's name for messages."""
        return self.file.step_name(self.pipeline, self.step)


@dataclass(frozen=True, slots=True)
class Checkout:
    """Translates between paths in a step's workspace and paths in the repository, which is at `root` here."""

    root: Path

    def find(self, pipeline: Pipeline, path: str) -> Path | None:
        """The file or directory of the repository at the step's absolute `path`; None outside its workspace."""
        if path == pipeline.workspace:
            return self.root
        if path.startswith(pipeline.workspace + "/"):
            return self.root / path[len(pipeline.workspace) + 1 :]
        return None

    def path_of(self, pipeline: Pipeline, command: Command, text: str = ".") -> str | None:
        """The absolute path, inside the step, of the path `text` in a command; None if it is unknown."""
        path = joined(command.directory, text)
        if "$" in path or "`" in path or not path.startswith("/"):
            return None
        return (
            path if command.is_remote and not command.in_checkout else moved(path, str(self.root), pipeline.workspace)
        )


def deployments(
    file: PipelineFile, checkout: Checkout, unread: dict[tuple[Path, int], Span] | None = None
) -> Iterator[Deployment]:
    """Every deployment of every pipeline of the file, in order.

    Parts of the commands that are not valid shell are added to `unread`, as Interpreter does.
    """
    interpreter = Interpreter(CommandResolver(checkout.root, {}), {} if unread is None else unread)
    pipelines = with_reported(file, interpreter.commands, checkout.root).pipelines
    ran = [list(_ran(file, pipeline, checkout, interpreter)) for pipeline in pipelines]
    called = [
        [command for step, own, _ in steps if _purpose(pipeline, step) == TEST for command in own]
        for pipeline, steps in zip(pipelines, ran, strict=True)
    ]
    tested = are_tests(called)
    for pipeline, steps in zip(pipelines, ran, strict=True):
        found = [
            (step, command, call, until)
            for step, own, until in steps
            for command in own
            if (call := compose_call(command.values))
        ]
        for number, (step, command, call, until) in enumerate(found):
            if call.brings_up:
                rest = map(found.__getitem__, range(number + 1, len(found)))
                later = ((other.directory, each) for after, other, each, _ in rest if not after.after_failure)
                yield _deployment(file, pipeline, step, command, call, until, checkout, later, tested)


def _ran(
    file: PipelineFile, pipeline: Pipeline, checkout: Checkout, interpreter: Interpreter
) -> Iterator[tuple[Step, tuple[Command, ...], tuple[Command, ...]]]:
    """Each step with its commands, and with all commands that ran on its machine up to its end."""
    before: tuple[Command, ...] = ()
    for step in pipeline.steps:
        own = tuple(
            command
            for entry in step_entries(file, pipeline, step, checkout.root)
            for command in interpreter.commands(entry)
            if command.trap in (None, "EXIT")
        )
        yield step, own, (*before, *own)
        before = () if pipeline.runs_in_container else (*before, *own)  # a docker context ends with its container


def _deployment(
    file: PipelineFile,
    pipeline: Pipeline,
    step: Step,
    command: Command,
    call: ComposeCall,
    ran: tuple[Command, ...],
    checkout: Checkout,
    later: Iterator[tuple[str, ComposeCall]],
    tested: bool,
) -> Deployment:
    named = call.files or tuple(filter(None, (command.environment.get("COMPOSE_FILE") or "").split(":")))
    files = tuple(path for name in named if (path := checkout.path_of(pipeline, command, name)) is not None)
    directory = _project_directory(pipeline, command, call, files, checkout)
    if not named and directory is not None:
        files = tuple(_default_files(pipeline, directory, checkout))
    project, named_by = _project(pipeline, command, call, directory, checkout)
    target = REMOTE if command.is_remote else daemon_of(pipeline, step, command, call, ran)
    serves = _serves_tests(pipeline, step, command, target, tested)
    is_test = serves or _is_test(pipeline, step, command, call, named, later)
    return Deployment(
        file=file,
        pipeline=pipeline,
        step=step,
        call=call,
        command=command,
        target=target,
        directory=directory,
        files=files,
        project=project,
        named_by=named_by,
        is_test=is_test,
        commands=ran,
        checkout=checkout,
    )


def _project_directory(
    pipeline: Pipeline, command: Command, call: ComposeCall, files: tuple[str, ...], checkout: Checkout
) -> str | None:
    """The project directory: from `--project-directory`, from the first file, or where Compose finds its default file.

    Compose looks for the default file in the current directory and upwards. None below a directory that the checkout
    does not have, because its files are not in the repository.
    """
    if call.project_directory is not None:
        return checkout.path_of(pipeline, command, call.project_directory)
    if files:
        return posixpath.dirname(files[0])
    start = checkout.path_of(pipeline, command)
    if call.files or start is None:
        return None
    place = start
    while True:
        if (found := checkout.find(pipeline, place)) is not None and not found.is_dir():
            return None
        if any(True for _ in _default_files(pipeline, place, checkout)):
            return place
        if place in (pipeline.workspace, "/"):
            return start
        place = posixpath.dirname(place)


def _default_files(pipeline: Pipeline, directory: str, checkout: Checkout) -> Iterator[str]:
    found = checkout.find(pipeline, directory)
    for name in BASE_NAMES if found is not None else ():
        if found is not None and disk.is_file(found / name):
            yield posixpath.join(directory, name)
            return


def _project(
    pipeline: Pipeline, command: Command, call: ComposeCall, directory: str | None, checkout: Checkout
) -> tuple[str | None, str]:
    """The project's name (None if unknown), and what sets it."""
    if call.project is not None:
        return (None if "$" in call.project else normalized_name(call.project)), "-p"
    if "COMPOSE_PROJECT_NAME" in command.environment:
        value = command.environment["COMPOSE_PROJECT_NAME"]
        return (None if value is None or "$" in value else normalized_name(value)), "COMPOSE_PROJECT_NAME"
    named = [checkout.path_of(pipeline, command, name) for name in call.env_files]
    if not named and directory is not None:
        named = [posixpath.join(directory, ".env")]
    for path in reversed(named):
        found = checkout.find(pipeline, path) if path is not None else None
        if found is not None and (name := _named_in_dotenv(found)):
            return normalized_name(name), posixpath.basename(found)
    is_known = directory is not None and (pipeline.names_workspace or directory != pipeline.workspace)
    return (normalized_name(posixpath.basename(directory or "")) if is_known else None), "directory"


def _named_in_dotenv(path: Path) -> str | None:
    text = disk.read_or_nothing(path).decode(errors="replace")
    found = re.search(r"^(?:export +)?COMPOSE_PROJECT_NAME *= *[\"']?([^\"'\s#]+)", text, re.MULTILINE)
    return found[1] if found else None


def _purpose(pipeline: Pipeline, step: Step) -> str | None:
    return nearest_purpose(reversed(titles_of(pipeline, step)))


def _serves_tests(pipeline: Pipeline, step: Step, command: Command, target: str, tested: bool) -> bool:
    """Whether names say that the stack serves only tests of the job; on systems where that is usual.

    On a daemon that lasts, a job named as a test counts only if `tested`: jobs with these names do run tests. On a
    daemon that is deleted with the job, every stack serves tests unless a name says that the job deploys.
    """
    if not pipeline.system.tests_by_default:
        return False
    called = [purposes(name, in_ci=True) for name in command.calls]
    if target in (THROWN_AWAY, DIND) and any(TEST in found and DEPLOY not in found for found in called):
        return True
    if pipeline.names_environment:
        return False
    purpose, is_gone = _purpose(pipeline, step), target in (THROWN_AWAY, DIND)
    if purpose == TEST and not is_gone:
        return tested
    is_deployment = purpose == DEPLOY and not may_publish_alone(titles_of(pipeline, step))
    return purpose in NOT_DEPLOYED or (not is_deployment and is_gone)


def _is_test(
    pipeline: Pipeline,
    step: Step,
    command: Command,
    call: ComposeCall,
    files: tuple[str, ...],
    later: Iterator[tuple[str, ComposeCall]],
) -> bool:
    """Whether the stack is deleted again: file names, the event, flags of `up`, or a later `down` say so."""
    docker = docker_call(command.values)
    named = {purpose for name in files for purpose in file_purposes(posixpath.basename(name))}
    if TEST in named or (docker and TEST in named_purposes(docker)):
        return True
    if TEST_FLAGS & call.flags or only_for_requests(step.events or pipeline.events):
        return True
    is_taken_down = False
    for directory, other in later:
        if directory == command.directory or other.files == call.files:
            if other.brings_up:
                return False
            is_taken_down = is_taken_down or other.takes_down
    return is_taken_down
