"""Which of a repository's flows of commands deploy a stack, and the commands in them that delete data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.knowledge.commands import COMPOSE, Deletion, DockerCall, Option, deletion_of, docker_call, purposes
from volfix.project.acts import Act
from volfix.project.called import Checkout
from volfix.project.command_files import CommandFile
from volfix.project.entries import Entry
from volfix.project.flows import Reader
from volfix.syntax.source import Span

if TYPE_CHECKING:
    from volfix.project.pipelines import PipelineFile

NOT_DEPLOYED = frozenset({"asked", "test", "dev"})
PIPELINE, NAMED, INSTALLED, STARTS, ASKED = "pipeline", "named", "installed", "starts", "asked"
"""Why a flow is a deployment: a pipeline's job; a script or target by its name, since it works on a stack that lies
outside of the checkout, or since it brings the stack up. What somebody asks for is none."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The commands that one job, script or target runs; `why` says what makes it a deployment."""

    why: str
    entry: Entry
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class VolumeDeletion:
    """A command of a deployment that deletes volumes; `option` is the option that makes it, where one does."""

    flow: Flow
    act: Act
    call: DockerCall
    deletion: Deletion
    option: Option | None


@dataclass(frozen=True, eq=False)
class CommandFiles:
    """The files with commands below one root, read when the first of them is needed.

    `homes` are the directories that have Compose files, `pipelines` those of the paths that have been read already.
    """

    root: Path
    paths: tuple[Path, ...]
    homes: frozenset[Path] = frozenset()
    pipelines: Mapping[Path, PipelineFile] = field(default_factory=dict)

    @cached_property
    def files(self) -> dict[Path, CommandFile]:
        return {path: CommandFile(path, self.pipelines.get(path)) for path in self.paths}

    @cached_property
    def reader(self) -> Reader:
        return Reader(Checkout(self.root, self.files))

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
            for entry in file.entries:
                if entry.is_pipeline:
                    jobs.setdefault(entry.group, []).append(entry)
            for entries in jobs.values():
                steps = [(pipeline_purpose(entry), self._own_acts(entry)) for entry in entries]
                acts = [act for purpose, own in steps if purpose not in NOT_DEPLOYED for act in own]
                named = any(purpose == "deploy" for purpose, _ in steps)
                if acts and (named or any(starts(act) for act in acts)):
                    deployed = {stack_of(act) for act in acts if starts(act)} - {None}
                    kept = (
                        act
                        for purpose, own in steps
                        for act in own
                        if purpose not in NOT_DEPLOYED
                        or (purpose == "test" and _deletes(act) and stack_of(act) in deployed)
                    )
                    yield Flow(PIPELINE, entries[0], tuple(kept))

    def _own_acts(self, entry: Entry) -> list[Act]:
        return [act for act in self.reader.acts(entry) if not act.hosted]

    def _flow(self, entry: Entry) -> Flow | None:
        purpose = self._purpose(entry)
        if purpose in NOT_DEPLOYED:
            return None
        acts = tuple(self.reader.acts(entry, str(self._start(entry))))
        if purpose == "deploy":
            return Flow(NAMED, entry, acts)
        if any(_on_server(act, self.root) for act in acts):
            return Flow(INSTALLED, entry, acts)
        return Flow(STARTS, entry, acts) if any(starts(act) for act in acts) else None

    def _start(self, entry: Entry) -> Path:
        """The directory that a script is most likely called from: the next one, upwards, with a Compose file."""
        if entry.kind != "script":
            return entry.directory
        for directory in (entry.directory, *entry.directory.parents):
            if directory in self.homes:
                return directory
            if directory == self.root:
                break
        return entry.directory

    def _purpose(self, entry: Entry) -> str | None:
        """What the names around a script or target say that it is for, the nearest name first."""
        names = [*entry.labels]
        for directory in (entry.source.path.parent, *entry.source.path.parent.parents):
            if directory == self.root or directory in self.homes or self.root not in directory.parents:
                break
            names.append(directory.name)
        return nearest_purpose(names)

    @cached_property
    def volume_deletions(self) -> tuple[VolumeDeletion, ...]:
        """Every command of a deployment that deletes volumes, each once."""
        found: dict[tuple[Path, Span], VolumeDeletion] = {}
        for flow in self.flows:
            for number, act in enumerate(flow.acts):
                call = docker_call(act.values)
                deletes = deletion_of(call) if call else None
                if call is None or deletes is None or not self.counts(flow, number):
                    continue
                if call.program == COMPOSE and _takes_away_its_own(flow, number):
                    continue
                key = (act.fragment.source.path, act.place)
                found.setdefault(key, VolumeDeletion(flow, act, call, *deletes))
        return tuple(found.values())

    @cached_property
    def asked_for(self) -> tuple[VolumeDeletion, ...]:
        """The commands outside of deployments that delete a stack's volumes when somebody asks for it, each once."""
        known = {(item.act.fragment.source.path, item.act.place) for item in self.volume_deletions}
        found: dict[tuple[Path, Span], VolumeDeletion] = {}
        for file in self.files.values():
            for entry in file.entries if file.is_dangerous else ():
                acts = () if entry.is_pipeline else tuple(self.reader.acts(entry, str(self._start(entry))))
                for act in acts:
                    call = docker_call(act.values)
                    deletes = deletion_of(call) if call and _is_for_use(call) else None
                    key = (act.fragment.source.path, act.place)
                    if call and deletes and deletes[0].reaches == "stack" and key not in known:
                        found.setdefault(key, VolumeDeletion(Flow(ASKED, entry, acts), act, call, *deletes))
        return tuple(found.values())

    def counts(self, flow: Flow, number: int) -> bool:
        """Whether a command of a deployment runs when it deploys: not for tests, and not where somebody asks for it."""
        act = flow.acts[number]
        if act.handler or any(set(purposes(text)) & NOT_DEPLOYED for text in act.guards):
            return False
        call = docker_call(act.values)
        if call is not None and not _is_for_use(call):
            return False
        starting = [other for other in flow.acts if starts(other)]
        return not starting or any(_same_branch(act.guards, other.guards) for other in starting)


def nearest_purpose(names: Iterable[str]) -> str | None:
    """The purpose that the first name tells which tells one; asked for deletions win over a word for deployment."""
    for name in names:
        found = purposes(name)
        for purpose in ("asked", "test", "dev", "deploy"):
            if purpose in found:
                return purpose
    return None


def pipeline_purpose(entry: Entry) -> str | None:
    """What the names of a step, its job and its workflow say; a step that cleans up is a part of its job."""
    if entry.kind == "hook":
        return "deploy"
    own = nearest_purpose([entry.name])
    if own in ("test", "dev", "deploy"):
        return own
    return nearest_purpose([label for label in entry.labels[::-1] if label != entry.name])


def starts(act: Act) -> bool:
    """Whether the command brings a stack up that people use."""
    call = docker_call(act.values)
    return call is not None and call.starts and _is_for_use(call)


def stack_of(act: Act) -> tuple[object, ...] | None:
    """What makes two calls of Compose speak of the same stack: place, files, name; None for another command."""
    call = docker_call(act.values)
    if call is None or call.program != COMPOSE:
        return None
    files, names = call.values("-f", "--file"), call.values("-p", "--project-name")
    return act.elsewhere, act.directory, tuple(files), tuple(names)


def _deletes(act: Act) -> bool:
    call = docker_call(act.values)
    return call is not None and deletion_of(call) is not None


def _is_for_use(call: DockerCall) -> bool:
    """Whether neither the files nor the names that the call gives say that it is for tests or for development."""
    names = call.values("-f", "--file", "-p", "--project-name", "--profile", "--env-file", "--project-directory")
    return not any(purposes(part) & {"test", "dev"} for name in names for part in name.split("/"))


def _on_server(act: Act, root: Path) -> bool:
    """Whether the command works on a Compose file at an absolute path outside of the checkout: an installed stack."""
    call = docker_call(act.values)
    if call is None or call.program != COMPOSE:
        return False
    files = call.values("-f", "--file")
    return any(name.startswith("/") and not Path(name).is_relative_to(root) for name in files)


def _same_branch(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether the guards of two commands let both run: those of one are among the first of the other's."""
    short, long = sorted((tuple(one), tuple(other)), key=len)
    return long[: len(short)] == short


def _takes_away_its_own(flow: Flow, number: int) -> bool:
    """Whether a flow brings a stack up for a while only: it is taken down at the end, and not brought up again."""
    if (flow.why != STARTS and not flow.entry.is_pipeline) or flow.acts[number].start.after_failure:
        return False
    before = any(starts(act) for act in flow.acts[:number])
    return before and not any(starts(act) for act in flow.acts[number:])
