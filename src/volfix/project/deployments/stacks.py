"""Finds the stack that a command of a deployment is about, and the stack whose findings include the command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from volfix.knowledge.commands import COMPOSE, DockerCall, docker_call
from volfix.project.commands.command_files import DANGEROUS
from volfix.project.compose.compose_file import Unread
from volfix.project.compose.model import Project
from volfix.project.deployments.copied_compose_files import CopiedFiles
from volfix.project.deployments.flow import Called, Flow, VolumeDeletion
from volfix.project.deployments.flows import CommandFiles
from volfix.project.deployments.project_lookup import ProjectLookup, is_in_another, project_directory
from volfix.project.deployments.row_wipes import RowWipe, row_wipes
from volfix.project.deployments.stale_scripts import stale_commands
from volfix.project.deployments.throwaway_stacks import is_test_stack
from volfix.project.deployments.up_commands import UpCommand
from volfix.project.shell.command import Command
from volfix.project.shell.file_deletions import DeletedPath, deleted_paths
from volfix.project.stack import Stack
from volfix.syntax.source import FileProblem, Source, Span
from volfix.syntax.yaml_tree import Document, parse

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A project and its directory `place` as the commands of a flow name it, possibly on another machine."""

    place: str
    project: Project


@dataclass(frozen=True, slots=True)
class _Started:
    """Whether a flow starts a project on its own machine's daemon (`here`), and from the checkout that it runs in."""

    here: bool
    from_checkout: bool


@dataclass(frozen=True, slots=True)
class FileDeletion:
    """A command of a deployment that deletes files, with the directories of the flow's projects."""

    flow: Flow
    command: Command
    paths: tuple[DeletedPath, ...]
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True, eq=False)
class Commands:
    """The commands below one root, together with the stacks there."""

    files: CommandFiles
    stacks: tuple[Stack, ...]
    _anchors: dict[int, list[Anchor]] = field(default_factory=dict)
    _places_of_starts: dict[int, dict[Project, _Started]] = field(default_factory=dict)
    _copied_files: dict[int, CopiedFiles] = field(default_factory=dict)
    _documents: dict[Path, tuple[Document, ...]] = field(default_factory=dict)
    _asked: dict[int, tuple[Project, ...]] = field(default_factory=dict)

    @cached_property
    def projects(self) -> tuple[Project, ...]:
        """The projects of all stacks."""
        return tuple(project for stack in self.stacks for project in stack.projects)

    @cached_property
    def _lookup(self) -> ProjectLookup:
        return ProjectLookup(str(self.files.root), self.projects)

    @cached_property
    def volume_deletions(self) -> tuple[tuple[VolumeDeletion, tuple[Project, ...]], ...]:
        """The commands that delete volumes, each with the projects that it is about (empty if unknown)."""
        found = []
        for item in self.files.volume_deletions:
            about = self.about(item.flow, item.command, item.call)
            if self._is_on_another_daemon(item, about):
                continue
            if not about or not all(is_test_stack(project) for project in about):
                found.append((item, about))
        return tuple(found)

    def _is_on_another_daemon(self, item: VolumeDeletion, about: tuple[Project, ...]) -> bool:
        """Whether the command talks to the runner's own daemon although its flow starts the projects only on others."""
        if not item.is_on_own_daemon:
            return False
        started = self._started(item.flow)
        where = [started[project] for project in about or started if project in started]
        return bool(where) and not any(each.here for each in where)

    def _lives_here(self, flow: Flow, project: Project) -> bool:
        """Whether the project's bind mounts are in the checkout in which the flow runs; True if it starts elsewhere."""
        started = self._started(flow)
        return project not in started or started[project].from_checkout

    def _started(self, flow: Flow) -> dict[Project, _Started]:
        """Where a flow starts each of its projects."""
        if id(flow) not in self._places_of_starts:
            found: dict[Project, _Started] = {}
            for number in flow.starting:
                command, here = flow.commands[number], flow.on_own_daemon[number]
                for project in self.about(flow, command, docker_call(command.values)):
                    known = found.get(project, _Started(here=False, from_checkout=False))
                    from_checkout = known.from_checkout or (here and command.in_checkout)
                    found[project] = _Started(known.here or here, from_checkout)
            self._places_of_starts[id(flow)] = found
        return self._places_of_starts[id(flow)]

    @cached_property
    def starting(self) -> tuple[UpCommand, ...]:
        """The commands of deployments that start a stack permanently, with the projects that they are about."""
        return tuple(UpCommand(*lasting, self.about(*lasting)) for lasting in self.files.lasting)

    @cached_property
    def started(self) -> dict[Project, list[tuple[int, Command]]]:
        """By project, the commands of all flows that start it, each with its number in their order."""
        starts = ((flow, flow.commands[number]) for flow in self.files.flows for number in flow.starting)
        return self._by_project(
            (flow, command, docker_call(command.values), (number, command))
            for number, (flow, command) in enumerate(starts)
        )

    @cached_property
    def calls(self) -> dict[Project, list[Called]]:
        """By project, the calls of Docker and Compose in deployments that are about it, in each flow's order."""
        return self._by_project(
            (flow, command, call, Called(flow, command, call))
            for flow in self.files.flows
            for number, command in enumerate(flow.commands)
            if (call := docker_call(command.values)) is not None and self.files.counts(flow, number)
        )

    @cached_property
    def row_wipes(self) -> tuple[tuple[RowWipe, tuple[Project, ...]], ...]:
        """The commands that delete rows, with the projects that they are about."""
        return tuple((item, self.about(item.flow, item.command, None)) for item in row_wipes(self.files))

    @cached_property
    def by_text(self) -> dict[int, list[VolumeDeletion]]:
        """The commands that delete volumes, by the `id()` of the fragment that contains them."""
        found: dict[int, list[VolumeDeletion]] = {}
        for item, _ in self.volume_deletions:
            if item.command.is_written:
                found.setdefault(id(item.command.words[0].fragment), []).append(item)
        return found

    def documents(self, source: Source) -> tuple[Document, ...]:
        """The documents of a YAML file with commands, parsed once; empty if it is not valid YAML."""
        if source.path not in self._documents:
            pipeline = self.files.pipeline(source.path)
            try:
                self._documents[source.path] = tuple(pipeline.documents if pipeline is not None else parse(source))
            except FileProblem:
                self._documents[source.path] = ()
        return self._documents[source.path]

    def asked_for(self, project: Project) -> Iterator[VolumeDeletion]:
        """The commands that delete the project's volumes on request, such as `make clean`."""
        for item in self.files.asked_for:  # a caller shows a few
            if id(item) not in self._asked:
                self._asked[id(item)] = self.about(item.flow, item.command, item.call)
            if project in self._asked[id(item)]:
                yield item

    def _by_project(self, items: Iterable[tuple[Flow, Command, DockerCall | None, Item]]) -> dict[Project, list[Item]]:
        """By project, the items whose commands are about it; found once for all projects, which all ask."""
        found: dict[Project, list[Item]] = {}
        for flow, command, call, item in items:
            for project in self.about(flow, command, call):
                found.setdefault(project, []).append(item)
        return found

    def reported_by(self, stack: Stack) -> Iterator[tuple[VolumeDeletion, tuple[Project, ...]]]:
        """The volume deletions to report with the stack. Each file belongs to one stack, so only one plan edits it."""
        for item, about in self.volume_deletions:
            if self._owners.get(item.command.fragment.source.path) is stack:
                yield item, about

    @cached_property
    def updates(self) -> dict[tuple[Path, Span], Command]:
        """By the place of a command that runs from an outdated script: the command that updated the checkout."""
        found: dict[tuple[Path, Span], Command] = {}
        for flow in self.files.flows:
            for number, update in stale_commands(flow):
                if self.files.counts(flow, number):
                    found.setdefault((flow.commands[number].fragment.source.path, flow.commands[number].place), update)
        return found

    def owner(self, path: Path) -> Stack | None:
        """The stack whose plan edits the file at `path`; None if no stack does."""
        return self._owners.get(path)

    def unowned(self, unread: tuple[Unread, ...] = ()) -> Iterator[Stack]:
        """A stack without projects for the commands that belong to no stack; they may be about files in `unread`."""
        homeless = Stack(self.files.root, (), unread=unread)
        left = [path for path in self._paths if path not in self._owners]
        self._owners.update(dict.fromkeys(left, homeless))
        if left:
            yield homeless

    @property
    def _paths(self) -> list[Path]:
        return list(dict.fromkeys(item.command.fragment.source.path for item, _ in self.volume_deletions))

    @cached_property
    def _owners(self) -> dict[Path, Stack]:
        pipelines = {one.file.path: stack for stack in self.stacks for one in stack.workflows}
        found = {path: pipelines[path] for path in self._paths if path in pipelines}
        for item, about in self.volume_deletions:
            for stack in self.stacks:
                if any(project in stack.projects for project in about):
                    found.setdefault(item.command.fragment.source.path, stack)
        return found

    @cached_property
    def file_deletions(self) -> tuple[FileDeletion, ...]:
        """The commands of deployments that delete files, once for each flow."""
        found = []
        for flow in self.files.flows:
            for number, command in enumerate(flow.commands):
                paths = tuple(deleted_paths(command))
                if paths and self.files.counts(flow, number):
                    anchors = self._places(flow)
                    if all(self._is_in_checkout(path) for path in paths):
                        anchors = [each for each in anchors if self._lives_here(flow, each.project)]
                    found.append(FileDeletion(flow, command, paths, tuple(anchors)))
        return tuple(found)

    def _is_in_checkout(self, deleted: DeletedPath) -> bool:
        """Whether the deleted path is in the checkout in which the command runs."""
        is_here = not deleted.is_remote and deleted.source is None and deleted.path.startswith(str(self.files.root))
        return deleted.in_checkout and is_here

    def _places(self, flow: Flow) -> list[Anchor]:
        """The directories of the flow's projects; without a Compose command, the projects nearest to its start."""
        about = () if self.anchors(flow) or not flow.commands else self._lookup.near(flow.commands[0])
        return self.anchors(flow) or [Anchor(str(project.directory), project) for project in about]

    def notes(self) -> Iterator[str]:
        """A line for each part that is not valid shell and mentions something that deletes."""
        for (path, offset), span in sorted(self.files.interpreter.unread.items()):
            source = self.source(path)
            if source is not None and DANGEROUS.search(source.text[span.start : span.end].encode()):
                line, column = source.place(offset)
                yield f"{path}:{line}:{column}: not read: volfix does not understand these commands"

    def source(self, path: Path) -> Source | None:
        """The text of the command file at `path`; None if it is not a command file or unreadable."""
        return file.source if (file := self.files.files.get(path)) is not None else None

    def about(self, flow: Flow, command: Command, call: DockerCall | None) -> tuple[Project, ...]:
        """The projects that a command is about: those whose files or directory it names, or else those of its flow."""
        found: tuple[Project, ...] = ()
        if call is not None and call.program == COMPOSE:
            if is_in_another(command, call):
                return ()
            if (copied := self._copied(flow, command, call)) is not None:
                return copied
            found = self._lookup.named(command, call)
        return found or self._of_flow(flow) or self._lookup.near(command)

    def _copied(self, flow: Flow, command: Command, call: DockerCall) -> tuple[Project, ...] | None:
        """The projects whose files the flow copied to where it calls Compose; None if it copied none."""
        if id(flow) not in self._copied_files:
            self._copied_files[id(flow)] = CopiedFiles.of(flow)
        files = self._copied_files[id(flow)].read_by(flow, command, call)
        return self._lookup.of_files(files) if files else None

    def _of_flow(self, flow: Flow) -> tuple[Project, ...]:
        return tuple(dict.fromkeys(anchor.project for anchor in self.anchors(flow)))

    def anchors(self, flow: Flow) -> list[Anchor]:
        """The directories that a flow's Compose commands name or run in, each with its project."""
        if id(flow) not in self._anchors:
            self._anchors[id(flow)] = self._find_anchors(flow)
        return self._anchors[id(flow)]

    def _find_anchors(self, flow: Flow) -> list[Anchor]:
        found: list[Anchor] = []
        for command in flow.commands:
            call = docker_call(command.values)
            if call is None or call.program != COMPOSE:
                continue
            copied = self._copied(flow, command, call)
            about = self._lookup.named(command, call) if copied is None else copied
            if copied == ():
                continue
            for project in about or (() if command.in_checkout else self._lookup.near(command)):
                place = str(project.directory) if command.in_checkout else project_directory(command, call)
                if (anchor := Anchor(place, project)) not in found:
                    found.append(anchor)
        return found
