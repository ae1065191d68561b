"""What the rules may ask about other stacks of a run: who mounts a directory, and which commands deploy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from volfix.configuration.settings import Settings
from volfix.fixes.scope import asked_directories, unread_in
from volfix.fixes.write.journal_place import may_know_former
from volfix.knowledge.unread_systems import unread_files
from volfix.project.compose.host_directories import host_directory, is_within
from volfix.project.compose.mounts import BIND
from volfix.project.discovery import Directory
from volfix.project.loader import Loader
from volfix.project.stack import Stack
from volfix.rules.context import Context

if TYPE_CHECKING:
    from volfix.fixes.former import Former
    from volfix.project.compose.model import Project
    from volfix.project.deployments.stacks import Commands
    from volfix.rules.carried import Carried
    from volfix.rules.evidence.servers import Server
    from volfix.syntax.source import Span


Answer = TypeVar("Answer")


class FailedTogether(Exception):
    """A question about all stacks of a run failed with `error`; its cause may be another stack than the asking one."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True, eq=False)
class RunContext:
    """The directories of a run and the stacks in them; `others` are stacks that are read and planned already."""

    directories: Sequence[Directory]
    stacks: Sequence[Stack]
    others: Sequence[Stack]
    loader: Loader

    def contexts(self, stacks: Mapping[Stack, Settings], *, trusted: bool) -> Iterator[Context]:
        """The context of each stack, for the rules that its settings select."""
        known = [*self.others, *self.stacks]
        users, names = _host_directory_users(known), _real_names(known)
        servers, shared = _once_of_all(_servers, known), _once_of_all(_shared_sources, known)
        asked = asked_directories(self.directories)
        deploying = cache(self._deploying)
        last = {stack.root: stack for stack in stacks}
        formers = cache(partial(_formers, self.loader, known))
        has_former = {root: may_know_former(root) for root in last}
        used: set[tuple[Path, Span, str]] = set()
        codes = {number: each.codes() for number, each in {id(each): each for each in stacks.values()}.items()}
        for stack, settings in stacks.items():
            yield Context(
                *(stack, users, codes[id(settings)], servers, shared),
                real_names=names,
                trusted=trusted,
                commands=self._commands.get(stack.root),
                has_commands=stack.root in self._roots_with_commands,
                deploying=partial(deploying, stack.root),
                asked=asked,
                unread_deployments=self._unread_deployments.get(stack.root, ()),
                has_former=has_former[stack.root],
                former=partial(_former, formers, stack),
                carried=partial(_carried, stack.root),
                closed=tuple(self._with_commands(stack.root, asked)) if last[stack.root] is stack else (),
                used_ignores=used,
                leaves_out=settings.leaves_out,
                volume_name=settings.volume_name,
            )

    def without_projects(self) -> Iterator[Stack]:
        """For each root, a stack for the commands that belong to no other stack there."""
        for root, commands in self._commands.items():
            yield from commands.unowned(unread_in(root, self.directories, self.loader))

    def notes(self, *, about_commands: bool) -> Iterator[str]:
        """The lines on files that deploy or delete, and that volfix does not read."""
        for path in chain.from_iterable(self._unread_deployments.values()):
            yield f"{path}: not read: volfix does not read {unread_files()[path.name]}"
        for commands in self._commands.values() if about_commands else ():
            yield from commands.notes()

    @cached_property
    def _unread_deployments(self) -> dict[Path, tuple[Path, ...]]:
        """The files below each root that call Compose and are of systems that volfix does not read."""
        found: dict[Path, tuple[Path, ...]] = {}
        for directory in self.directories:
            found[directory.root] = (*found.get(directory.root, ()), *directory.unread_deployments)
        return found

    @cached_property
    def _commands(self) -> dict[Path, Commands]:
        """The commands below each root where some may delete data in a deployment."""
        if not any(directory.commands for directory in self.directories):
            return {}
        from volfix.project.commands.command_files import deleting

        return {root: self._commands_below(root) for root in deleting(self.directories)}

    def _deploying(self, root: Path) -> Commands | None:
        """The commands below a root; None without commands."""
        if root in self._commands:
            return self._commands[root]
        return self._commands_below(root) if root in self._roots_with_commands else None

    @cached_property
    def _roots_with_commands(self) -> frozenset[Path]:
        return frozenset(directory.root for directory in self.loader.directories if directory.commands)

    def _commands_below(self, root: Path) -> Commands:
        from volfix.project.deployments.stacks import Commands

        return Commands(self.loader.command_files(root), tuple(stack for stack in self.stacks if stack.root == root))

    def _with_commands(self, root: Path, asked: Collection[Path] | None) -> Iterator[Path]:
        """The files below a root with commands, pipelines among them, in the directories that were asked for."""
        for directory in self.directories:
            if directory.root == root and (asked is None or directory.path in asked):
                yield from (*directory.pipelines, *directory.commands)


def _formers(loader: Loader, known: Sequence[Stack]) -> Callable[[Stack], Former]:
    """The function that tells earlier versions of a stack's projects; git is called, and imported, only for them."""
    from volfix.fixes.former import Former, Histories

    histories = Histories(known)
    return cache(lambda stack: Former(stack, loader, histories))


def _former(
    formers: Callable[[], Callable[[Stack], Former]], stack: Stack, project: Project
) -> Iterable[tuple[Project, str]]:
    return formers()(stack).of(project)


def _carried(root: Path, host: Path, key: str) -> Carried | None:
    from volfix.fixes.write.carried import carry_of

    return carry_of(root, host, key)


def _once_of_all(ask: Callable[[Sequence[Stack]], Answer], stacks: Sequence[Stack]) -> Callable[[], Answer]:
    """A fact about all stacks, computed at the first call; raises FailedTogether."""

    @cache
    def answer() -> Answer:
        try:
            return ask(stacks)
        except Exception as error:
            raise FailedTogether(error) from error

    return answer


def _servers(stacks: Sequence[Stack]) -> Mapping[tuple[str, str], Sequence[Server]]:
    from volfix.rules.evidence.servers import servers_by_source

    return servers_by_source(stacks)


def _shared_sources(stacks: Sequence[Stack]) -> frozenset[tuple[str, str]]:
    """The sources that several mounts of the run have."""
    uses = Counter(use.shared_source(stack.root) for stack in stacks for use in stack.uses)
    return frozenset(source for source, count in uses.items() if source is not None and count > 1)


def home_of(stack: Stack) -> Path:
    """The directory whose configuration counts for the stack."""
    files = [*(file.path for file in stack.files), *(workflow.file.source.path for workflow in stack.workflows)]
    return files[0].parent if files and is_within(files[0], stack.root) else stack.root


def _real_names(stacks: Iterable[Stack]) -> dict[tuple[Path, str], str]:
    """The names of the declared volumes on the host, by repository."""
    return {
        (stack.root, project.real_name(key)): "declared"
        for stack in stacks
        for project in stack.projects
        for key in project.declared
    }


def _host_directory_users(stacks: Iterable[Stack]) -> dict[str, frozenset[tuple[Path, str]]]:
    """For each host directory that is mounted, the projects that mount it, by directory and name."""
    found: dict[str, set[tuple[Path, str]]] = {}
    for stack in stacks:
        for use in stack.uses:
            if use.mount.kind == BIND:
                host = host_directory(use.mount, stack.root)
                if host.path is not None:
                    found.setdefault(host.key, set()).add((use.project.directory, use.project.name))
    return {key: frozenset(projects) for key, projects in found.items()}
