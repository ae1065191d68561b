"""Finds the flows of a repository that deploy a stack, and the commands in them that delete data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.knowledge.commands import COMPOSE, Deletion, DockerCall, deletion_of, docker_call
from volfix.knowledge.purposes import CLEANS, DEPLOY, DEV, INPUT, NOT_DEPLOYED, TEST, nearest_purpose, purposes
from volfix.project.ci.daemons import reaches_other_host, uses_context
from volfix.project.ci.load import load
from volfix.project.ci.steps import entries
from volfix.project.commands.command_files import CommandFile
from volfix.project.commands.command_resolver import CommandResolver
from volfix.project.deployments.flow import (
    ASKED,
    INSTALLED,
    NAMED,
    PIPELINE,
    STARTS,
    Flow,
    Place,
    VolumeDeletion,
    starts,
)
from volfix.project.deployments.reported_variables import with_reported
from volfix.project.deployments.temporary_stacks import (
    deletes_what_it_made,
    is_stack_of_its_own,
    removed_by,
    stack_of,
    takes_down,
)
from volfix.project.deployments.tested_jobs import are_tests, is_test
from volfix.project.shell.command import Command
from volfix.project.shell.compose_call import is_for_use
from volfix.project.shell.entry import Entry
from volfix.project.shell.interpreter import Interpreter
from volfix.syntax import disk

if TYPE_CHECKING:
    from volfix.project.ci.pipeline import PipelineFile

NAMED_VOLUMES = "named"
OF_A_STACK = frozenset({"stack", NAMED_VOLUMES, "unused"})
"""Deletions that may reach a volume declared in a Compose file."""
MOST = 300
"""How many commands of a file that delete volumes are looked at: each is a finding with a fix of its own."""


@dataclass(frozen=True, eq=False)
class CommandFiles:
    """The files with commands below one root; they are read when first needed.

    `homes` are the directories with Compose files; `parse` reads a pipeline file.
    """

    root: Path
    paths: tuple[Path, ...]
    homes: frozenset[Path] = frozenset()
    parse: Callable[[Path], PipelineFile] = load
    _ran: dict[int, tuple[Command, ...]] = field(default_factory=dict)
    _purposes: dict[Path, str | None] = field(default_factory=dict)

    @cached_property
    def files(self) -> dict[Path, CommandFile]:
        return {path: CommandFile(path, self.parse) for path in self.paths}

    def pipeline(self, path: Path) -> PipelineFile | None:
        """The pipeline at a path; None if there is none or it cannot be read."""
        file = self.files.get(path)
        return file.pipeline if file is not None else None

    @cached_property
    def interpreter(self) -> Interpreter:
        return Interpreter(CommandResolver(self.root, self.files))

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """The flows that deploy a stack, pipelines first."""
        found = list(self._pipelines())
        for file in self.files.values():
            for entry in file.entries:
                flow = None if entry.is_pipeline else self._flow(entry)
                found += [flow] if flow else []
        order = (PIPELINE, NAMED, INSTALLED, STARTS)
        return tuple(sorted(found, key=lambda flow: order.index(flow.why)))

    def _pipelines(self) -> Iterator[Flow]:
        for file in self.files.values():
            jobs: dict[str, list[Entry]] = {}
            for entry in self._pipeline_entries(file):
                if entry.is_pipeline:
                    jobs.setdefault(entry.group, []).append(entry)
            steps_of = [
                (entries[0], [(pipeline_purpose(each), own) for each, own in zip(entries, lasting, strict=True)])
                for entries in jobs.values()
                for lasting in [list(self._own_commands(entries))]
            ]
            called = [
                [command for purpose, own in steps if purpose == TEST for command in own] for _, steps in steps_of
            ]
            ignored = set() if are_tests(called) else {TEST}  # a stack that stays up is no test because of a name
            for first, steps in steps_of:
                if any(starts(command) for _, own in steps for command in own):
                    steps = [(None if purpose in {*ignored, CLEANS} else purpose, own) for purpose, own in steps]
                if (flow := _pipeline_flow(first, steps)) is not None:
                    yield flow

    def _pipeline_entries(self, file: CommandFile) -> Iterable[Entry]:
        if file.pipeline is None:
            return file.entries
        taken = with_reported(file.pipeline, self.interpreter.commands, None)
        return file.entries if taken is file.pipeline else entries(taken)

    def _own_commands(self, entries: Iterable[Entry]) -> Iterator[list[Command]]:
        """The commands of each entry of a job, without those that only affect a machine deleted with the job."""
        away = False
        for entry in entries:
            found, away = [], away and entry.mounted is None  # containers do not share a docker context
            for command in self.interpreter.commands(entry):
                away = away or uses_context(command)
                if away or not command.hosted or reaches_other_host(command):
                    found.append(command)
            yield found

    def _flow(self, entry: Entry) -> Flow | None:
        purpose = self._purpose(entry)
        if purpose in NOT_DEPLOYED and purpose != CLEANS:
            return None
        commands = self._ran_by(entry)
        if purpose == CLEANS and not any(starts(command) for command in commands):
            return None
        if purpose == DEPLOY:
            return Flow(NAMED, entry, commands)
        if any(_on_server(command, self.root) for command in commands):
            return Flow(INSTALLED, entry, commands)
        return Flow(STARTS, entry, commands) if any(starts(command) for command in commands) else None

    def _ran_by(self, entry: Entry) -> tuple[Command, ...]:
        """The commands that a script or target runs; interpreted once."""
        if id(entry) not in self._ran:
            self._ran[id(entry)] = tuple(self.interpreter.commands(entry, str(self._start(entry))))
        return self._ran[id(entry)]

    def _start(self, entry: Entry) -> Path:
        """The directory in which the entry starts; for a script the nearest directory upwards with a Compose file."""
        if entry.kind != "script":
            return entry.directory
        for directory in (entry.directory, *entry.directory.parents):
            if directory in self.homes:
                return directory
            if directory == self.root:
                break
        return entry.directory

    def _purpose(self, entry: Entry) -> str | None:
        """The purpose of a script or target, by its name and then by the names of its directories."""
        return nearest_purpose(entry.labels) or self._purpose_above(entry.source.path.parent)

    def _purpose_above(self, directory: Path) -> str | None:
        """The purpose by the names of a directory and those above it, up to the root or one with a Compose file."""
        if directory not in self._purposes:
            inside = [directory, *directory.parents] if directory.is_relative_to(self.root) else []
            below = takewhile(lambda above: above != self.root and above not in self.homes, inside)
            self._purposes[directory] = nearest_purpose(above.name for above in below)
        return self._purposes[directory]

    @cached_property
    def volume_deletions(self) -> tuple[VolumeDeletion, ...]:
        """Every command of a deployment that deletes volumes, without duplicates, MOST of a file at most."""
        found: dict[Place, VolumeDeletion] = {}
        numbers: Counter[Path] = Counter()
        for flow in self.flows:
            for number, command in enumerate(flow.commands):
                call = docker_call(command.values)
                deletes = deletion_of(call) if call else None
                if call is None or deletes is None or not self.counts(flow, number):
                    continue
                path = command.fragment.source.path
                key = (path, command.place)
                if key in found or _deletes_its_own(flow, number, call, deletes[0]):
                    continue
                numbers[path] += 1
                if numbers[path] > MOST:
                    disk.refuse(path, f"more than {MOST} commands that delete volumes: volfix does not read them all")
                    break
                found[key] = VolumeDeletion(flow, command, call, *deletes)
        return tuple(found.values())

    @cached_property
    def handled(self) -> tuple[VolumeDeletion, ...]:
        """The commands in traps (at exit, on failure) of scripts named as deployments that delete a stack's volumes."""
        found = []
        for flow in self.flows:
            for number, command in enumerate(flow.commands if flow.why == NAMED else ()):
                call = docker_call(command.values) if command.trap is not None else None
                deletes = deletion_of(call) if call and is_for_use(call) else None
                if call and deletes and deletes[0].reaches in OF_A_STACK and not self.counts(flow, number):
                    found.append(VolumeDeletion(flow, command, call, *deletes))
        return tuple(found)

    @cached_property
    def asked_for(self) -> tuple[VolumeDeletion, ...]:
        """The commands outside deployments that delete a stack's volumes on request (`make clean`), each once."""
        known = {(item.command.fragment.source.path, item.command.place) for item in self.volume_deletions}
        found: dict[Place, VolumeDeletion] = {}
        for file in self.files.values():
            for entry in file.entries if file.is_dangerous else ():
                commands = () if entry.is_pipeline else self._ran_by(entry)
                for command in commands:
                    call = docker_call(command.values)
                    deletes = deletion_of(call) if call and is_for_use(call) else None
                    key = (command.fragment.source.path, command.place)
                    if call and deletes and deletes[0].reaches in OF_A_STACK and key not in known:
                        found.setdefault(key, VolumeDeletion(Flow(ASKED, entry, commands), command, call, *deletes))
        return tuple(found.values())

    @cached_property
    def lasting(self) -> tuple[tuple[Flow, Command, DockerCall], ...]:
        """The commands of deployments that start a stack which the flow does not remove again."""
        found = []
        for flow in self.flows:
            if any(takes_down(command) and _takes_away_its_own(flow, at) for at, command in enumerate(flow.commands)):
                continue
            for number in flow.starting:
                call = docker_call(flow.commands[number].values)
                if call is not None and self.counts(flow, number):
                    found.append((flow, flow.commands[number], call))
        return tuple(found)

    def counts(self, flow: Flow, number: int) -> bool:
        """Whether the command at index `number` runs at a deployment, not only for tests or on request."""
        command = flow.commands[number]
        if any(purposes(text) & NOT_DEPLOYED for text in command.guards):
            return False
        asked = {text for text in command.guards if INPUT.search(text)}
        if asked and not any(asked <= set(flow.commands[each].guards) for each in flow.starting):
            return False
        later = (flow.commands[each] for each in reversed(flow.starting) if each >= number)
        if command.trap is not None and not any(other.trap for other in later):
            return False
        call = docker_call(command.values)
        if call is not None and not is_for_use(call):
            return False
        return not flow.starting or flow.starts_beside(command.guards)


def _pipeline_flow(first: Entry, steps: Sequence[tuple[str | None, list[Command]]]) -> Flow | None:
    """The flow of a job that deploys; None if the job does not deploy.

    It leaves out steps for tests, except their commands that delete a stack which the job deploys.
    """
    commands = [command for purpose, own in steps if purpose not in NOT_DEPLOYED for command in own]
    named = any(purpose == DEPLOY for purpose, _ in steps)
    deploys = named or any(starts(command) for command in commands)
    if not commands or not deploys or is_test([command for _, own in steps for command in own]):
        return None
    deployed = {stack_of(command) for command in commands if starts(command)} - {None}
    kept = (
        command
        for purpose, own in steps
        for command in own
        if purpose not in NOT_DEPLOYED or (purpose == TEST and _deletes(command) and stack_of(command) in deployed)
    )
    return Flow(PIPELINE, first, tuple(kept))


def pipeline_purpose(entry: Entry) -> str | None:
    """The purpose of a step by its own name, or by those of its job and workflow; a clean-up step has its job's."""
    if entry.kind == "hook":
        return DEPLOY
    own = nearest_purpose([entry.name])
    if own in (TEST, DEV, DEPLOY):
        return own
    return nearest_purpose([label for label in entry.labels[::-1] if label != entry.name])


def _deletes(command: Command) -> bool:
    call = docker_call(command.values)
    return call is not None and deletion_of(call) is not None


def _deletes_its_own(flow: Flow, number: int, call: DockerCall, deletion: Deletion) -> bool:
    """Whether a command deletes only what its flow created temporarily: a stack or volume of its own."""
    if deletion.reaches == "unused" and flow.why == STARTS and flow.starting and flow.starting[-1] < number:
        return removed_by(flow.commands, number, flow.starting) is None  # up: its volumes are in use
    if call.program == COMPOSE:
        return _takes_away_its_own(flow, number) or is_stack_of_its_own(flow.commands, number, flow.starting)
    return deletion.reaches == NAMED_VOLUMES and deletes_what_it_made(flow.commands, number, call)


def _on_server(command: Command, root: Path) -> bool:
    """Whether the command uses a Compose file at an absolute path outside the checkout: an installed stack."""
    call = docker_call(command.values)
    if call is None or call.program != COMPOSE:
        return False
    files = call.values("-f", "--file")
    return any(name.startswith("/") and not Path(name).is_relative_to(root) for name in files)


def _takes_away_its_own(flow: Flow, number: int) -> bool:
    """Whether the flow starts its stack only temporarily: the command removes it and nothing starts it again."""
    if (flow.why != STARTS and not flow.entry.is_pipeline) or flow.commands[number].start.after_failure:
        return False
    return bool(flow.starting) and flow.starting[-1] < number
