"""What a service's values and mounts name in each deployment: without an env file that one deployment copies, or with
the values of a command.

Two values that name one file in some deployment must move together, and two files must stay apart in each. What is
mounted must be one thing in all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from volfix.project.compose.env_places import in_place
from volfix.project.compose.interpolation import VISIBLE
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import Mount
from volfix.project.compose.service import Service
from volfix.project.stack import Use
from volfix.rules.context import Context, once
from volfix.rules.evidence.code_databases import defaults_of_code
from volfix.rules.evidence.command_words import place_of, shown_command
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_values import located
from volfix.rules.evidence.deployed_values import may_take
from volfix.rules.evidence.proposal import Proposal
from volfix.rules.evidence.source_variables import set_elsewhere

if TYPE_CHECKING:
    from volfix.project.deployments.up_commands import DeployedProject, UpCommand

Named = Mapping[str, Database]
"""By variable, the database that its value names in a deployment; by `code` and a number, those of literals in code."""


@dataclass(frozen=True, slots=True)
class _Deployment:
    """A way in which a project is deployed; `how` says which, as `with .env.prod as .env`, `start` by which command."""

    how: str
    deployed: DeployedProject
    start: UpCommand | None = None

    def named(self, context: Context, name: str) -> Named:
        """The databases that the service's values name in this deployment, and literals in code without a value."""
        project, service = self.deployed.project, self.deployed.project.services[name]
        values = {each.name: each for each in self.deployed.variables(name) if each.value is not None}
        known = {name: each for name, each in values.items() if not VISIBLE.search(each.value or "")}
        found = {name: located(project, service, name, each) for name, each in known.items()}
        databases = {name: each.database for name, each in found.items() if each is not None}
        if _is_complete(service):
            of_code = defaults_of_code(context, project, service, {name.upper() for name in values})
            databases |= {f"code {number}": each for number, each in enumerate(of_code)}
        return {name: each for name, each in databases.items() if each.path}

    def here(self, mount: Mount) -> Mount:
        """The mount with its source in this checkout, if it lies in the checkout of the machine that deploys."""
        if self.start is None or not mount.source.startswith("/"):
            return mount
        from volfix.project.deployments.handed_directories import on_this_machine

        return replace(mount, source=on_this_machine(self.start, self.deployed.project, mount.source))


def _is_complete(service: Service) -> bool:
    """Whether every env file that the service needs is there; else Compose does not start it."""
    needed = [(each.path, each.raw) for each in service.env_files if each.required]
    return all(path is None or service.read_env(path, raw).source is not None for path, raw in needed)


def right_in_each(context: Context, found: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals, with a doubt where a move would split a file, or make one of two, in some deployment."""
    moved = {_written(each.database): each.path_in_mount for each in found if _moves(each)}
    for proposal in found:
        project, service = proposal.database.project, proposal.database.service
        if not _moves(proposal) or not may_take(service):
            yield proposal
            continue
        doubts = (_doubt(proposal.database, each, how, moved) for how, each in _named(context, project, service.name))
        yield replace(proposal, doubt=next(filter(None, doubts), None))


def other_name(context: Context, use: Use, own: Collection[Database], new: str) -> str | None:
    """Why the move of the mounted file to the path `new`, with these databases of the service, is not right in some
    deployment: another value names the file there, or a file at the new path. None if it is right in each.
    """
    moved = dict.fromkeys(map(_written, own), new)
    ways = _named(context, use.project, use.service.name) if may_take(use.service) else ()
    path = use.mount.clean_target
    found = (_against(each, path, new, how, moved) for how, named in ways for each in named.values())
    return next(filter(None, found), None)


def other_sources(context: Context, use: Use) -> Iterator[str]:
    """Why the mount's fix is unsafe: what sets its source to something else, or a deployment where it is that."""
    found = list(set_elsewhere(context, use))
    yield from found or filter(None, [_other_source(context, use)])


def _other_source(context: Context, use: Use) -> str | None:
    own = use.mount
    for each in _deployments(context, use.project) if "$" in own.raw_source else ():
        project = each.deployed.project
        for mount in project.mounts_of(project.services[use.service.name]):
            if mount.node is own.node and context.host_of(each.here(mount)) != context.host_of(own):
                return f"{each.how}, {own.raw_source} is {mount.source}, and nothing moves the rows that are there"
    return None


@once
def _named(context: Context, project: Project, service: str) -> tuple[tuple[str, Named], ...]:
    """The databases that a service's values name in each deployment, each with how that is."""
    return tuple((each.how, each.named(context, service)) for each in _deployments(context, project))


def _moves(proposal: Proposal) -> bool:
    return proposal.new_value is not None and not proposal.doubt


def _written(database: Database) -> tuple[object, str | None]:
    """What identifies a value that moves: its place, and the file that it names."""
    return database.written_at, database.path


def _doubt(moving: Database, named: Named, how: str, moved: Mapping[tuple[object, str | None], str]) -> str | None:
    """Why the move is not right in the deployment whose values name these databases; None if it is right."""
    own = named.get(moving.variable)
    if own is None or _written(own) != _written(moving):
        return None
    found = (_against(other, own.path, moved[_written(own)], how, moved) for other in named.values())
    return next(filter(None, found), None)


def _against(
    other: Database, path: str | None, new: str, how: str, moved: Mapping[tuple[object, str | None], str]
) -> str | None:
    """What another database of the deployment says against the move from `path` to `new`; None for nothing."""
    theirs = moved.get(_written(other), other.path)
    if other.path == path and theirs != new:
        return f"{how}, {other.variable} of {other.service.name} names {path} too, and would not move with it"
    if other.path != path and theirs == new:
        return f"{how}, {other.variable} of {other.service.name} names {new}: two databases would become one file"
    return None


@once
def _deployments(context: Context, project: Project) -> tuple[_Deployment, ...]:
    return tuple(_ways(context, project))


def _ways(context: Context, project: Project) -> Iterator[_Deployment]:
    """The ways in which the project is deployed, but for the way that the other rules judge."""
    from volfix.project.deployments.deploy_environment import env_file_names, with_env_files
    from volfix.project.deployments.up_commands import DeployedProject

    copies = {place: project.copies[place] for place in sorted(project.env_places & project.copies.keys())}
    bases = [("", project)]
    if absent := [place for place in copies if in_place(project.copies, place) != place]:
        names = " and ".join(place.name for place in absent)
        bases.append((f"without the copied {names}", with_env_files(project, dict.fromkeys(absent))))
        yield _Deployment(bases[1][0], DeployedProject(bases[1][1], {}))
    for place, copy in ((place, copy) for place, each in copies.items() for copy in each):
        if copy.source != in_place(project.copies, place):
            other = with_env_files(project, {place: copy.source})
            yield _Deployment(f"with {copy.source.name} as {place.name}", DeployedProject(other, {}))
    commands = context.deploying() if context.has_commands else None
    for start in commands.starting if commands is not None else ():
        if project in start.projects:
            by = f"with `{shown_command(start.command)}` ({place_of(start.command, context.root)})"
            for how, base in bases:
                deployed = start.deployed(base, start.handed)
                if start.handed or deployed.written or env_file_names(start.command, start.call):
                    yield _Deployment(f"{by} {how}".rstrip(), deployed, start)
