"""The value that a deploying flow gives a database's variable: it overrides `.env` and the Compose file's default.

That value names its own database. A fix of the overridden value is safe only if the overriding value names a file in a
volume, or will after a fix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from volfix.project.compose.env_file_names import is_env_file
from volfix.project.compose.environment import DirectoryLookup
from volfix.project.compose.host_directories import relative
from volfix.project.compose.interpolation import VISIBLE, InterpolationError, Lookup, interpolate
from volfix.project.compose.origins import InEnvFile, PutTogether, Variable
from volfix.project.compose.outer_origins import InCode, InFlow
from volfix.project.compose.service import Service
from volfix.project.compose.unreferenced_env_files import assignments_in
from volfix.rules.context import Context
from volfix.rules.evidence.command_words import NO_READERS, shown_command
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_values import located
from volfix.rules.evidence.proposal import Proposal
from volfix.syntax import disk

if TYPE_CHECKING:
    from volfix.project.compose.model import Project
    from volfix.project.deployments.stacks import Commands
    from volfix.project.deployments.up_commands import DeployedProject, UpCommand
    from volfix.syntax.source import Source


def of_flows(context: Context) -> Iterator[Proposal]:
    """Proposals for the databases that deploying flows name, once for each place and service."""
    if not context.has_commands or not any(
        may_take(service) for project in context.stack.projects for service in project.services.values()
    ):
        return
    commands, seen = context.deploying(), set[tuple[int, object]]()
    for start in commands.starting if commands is not None else ():
        for project in start.projects:
            if project not in context.stack.projects:
                continue
            for proposal in _of_start(start, project):
                key = id(proposal.database.service), proposal.database.written_at
                if key not in seen:
                    seen.add(key)
                    assert commands is not None
                    yield replace(proposal, doubt=proposal.doubt or _also_gets(commands, start, proposal.database))


def may_take(service: Service) -> bool:
    """Whether a flow can give the service a value: its files contain variables, or it has an env file."""
    return bool(service.env_files) or bool(_asked(service))


def _of_start(start: UpCommand, project: Project) -> Iterator[Proposal]:
    handed = start.handed
    given = {name: value for each in project.services.values() for name, value in _given(each, handed).items()}
    deployed = start.deployed(project, given)
    for service in project.services.values() if given or deployed.written else ():
        for variable in deployed.variables(service.name):
            origin = variable.origin
            if not isinstance(origin, InFlow) or variable.value is None or VISIBLE.search(variable.value):
                continue
            if is_env_file(origin.file.path.name):  # the shell reads this file
                written = _in_env_file(project, variable, origin)
                if written is None:  # the value has its own proposal
                    continue
                variable = written
            if (found := located(project, service, variable.name, variable)) is not None:
                yield found


def _in_env_file(project: Project, variable: Variable, origin: InFlow) -> Variable | None:
    """The value as a service's env file assigns it: one edit changes it for all. None if no `env_file:` names the
    file.
    """
    path = origin.file.path
    named = {file.path for service in project.services.values() for file in service.env_files}
    for item, source in assignments_in(path) if path in named else ():
        if item.span.start <= origin.place < item.span.end:
            return replace(variable, origin=InEnvFile(source, item))
    return None


def _also_gets(commands: Commands, start: UpCommand, database: Database) -> str | None:
    """Why the value is doubtful: another command receives it too, and may open the file at its old place."""
    from volfix.knowledge.commands import COMPOSE, docker_call

    origin, name = database.origin, database.variable
    assert origin is not None
    of_steps = start.of_steps.get(name)
    for flow in commands.files.flows:
        for command in flow.commands:
            is_handed = name in command.environment and command.given_at.get(name) == (origin.file, origin.place)
            if not is_handed and (flow is not start.flow or of_steps is None or of_steps.origin != origin):
                continue
            call = docker_call(command.values)
            if call is not None and call.program == COMPOSE:
                is_known = database.project in commands.about(flow, command, call)
            else:
                is_known = command.says is not None or (command.program in NO_READERS and name not in command.values)
            if not is_known:
                return f"`{shown_command(command)}` receives {name} too"
    return None


def overridden(context: Context, found: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals, with a doubt if a deploying command receives another value, which overrides this value."""
    moving = [each.database for each in found if each.new_value is not None and not each.doubt]
    moved = {place for database in moving for place in _places(database)}
    for proposal in found:
        doubt = proposal.doubt or (next(_doubts(context, proposal, moved), None) if _may_change(proposal) else None)
        yield replace(proposal, doubt=doubt)


def _places(database: Database) -> Iterator[object]:
    """What identifies a value: its place, and its file with its variable, for a shell that reads the env file."""
    yield database.written_at
    if database.origin is not None:
        yield database.origin.file.path, database.variable


def _may_change(proposal: Proposal) -> bool:
    """Whether a deploying command may override the value: Compose fills in variables, and the value is in a Compose or
    env file.
    """
    database = proposal.database
    is_asked = proposal.new_value is not None or proposal.directory is not None or database.is_inside
    return (
        is_asked
        and not (database.loose or isinstance(database.origin, InCode | InFlow))
        and bool(_asked(database.service))
    )


@dataclass(frozen=True, slots=True)
class _Listening:
    """A lookup that remembers the names that it was asked for."""

    inner: Lookup | None
    names: set[str]

    def __call__(self, name: str) -> str | None:
        self.names.add(name)
        return self.inner(name) if self.inner is not None else None


@disk.remembered(32)
def _asked(service: Service) -> set[str]:
    """The variables that the service's environment and build arguments depend on, also through `.env`."""
    names = set[str]()
    listening = replace(service, lookup=_listening(service.lookup, names))
    _ = listening.environment, listening.build  # reading both calls the lookup
    return names


def _listening(lookup: Lookup | None, names: set[str]) -> Lookup:
    """The lookup, which adds to `names` each variable that it asks a command's environment for."""
    if isinstance(lookup, DirectoryLookup):
        return replace(lookup, parent=_listening(lookup.parent, names))
    return _Listening(lookup, names)


def _doubts(context: Context, proposal: Proposal, moved: set[object]) -> Iterator[str]:
    """Why the deploying commands make the value doubtful, one reason for each command."""
    commands = context.deploying()  # reads many files: only for values that depend on variables
    for start in commands.starting if commands is not None else ():
        if proposal.database.project in start.projects and (doubt := _doubt(context, proposal, start, moved)):
            yield doubt


def _given(service: Service, handed: Mapping[str, Variable]) -> dict[str, Variable]:
    """The variables that the command receives and the service uses."""
    return {name: handed[name] for name in _asked(service) if name in handed}


def _doubt(context: Context, proposal: Proposal, start: UpCommand, moved: set[object]) -> str | None:
    """Why this command overrides the value with one that is not in a volume; None if it does not."""
    from volfix.project.deployments.deploy_environment import GivenVariables, as_deployed, env_file_names
    from volfix.project.deployments.up_commands import DeployedProject

    database, command = proposal.database, start.command
    given = _given(database.service, start.handed)
    own = {name: variable for name, variable in given.items() if not _is_from(variable, database, moved)}
    files = env_file_names(command, start.call)
    deployed = start.deployed(database.project, own)
    if not own and not files and not deployed.written:
        return None
    because = _bad(proposal, deployed, moved)
    if because is None:
        return None
    one_by_one = (
        (name, DeployedProject(as_deployed(database.project, GivenVariables({name: each})), {}))
        for name, each in own.items()
    )
    culprit = next((name for name, each in one_by_one if _bad(proposal, each, moved)), None)
    shown = shown_command(command)
    if culprit is not None:
        origin = own[culprit].origin
        assert origin is not None
        return f"{_line(context, origin.file, origin.place)} sets {culprit} for `{shown}`: {because}"
    named = f"`{shown}` ({_line(context, command.fragment.source, command.place.start)})"
    return f"{named} reads {', '.join(files) or 'what the flow writes into an env file'}: {because}"


def _is_from(variable: Variable, database: Database, moved: set[object]) -> bool:
    """Whether the shell has the value from the file that the fix edits: `set -a; . ./.env`."""
    path = variable.origin.file.path if variable.origin is not None else None
    is_edited = database.origin is not None and path == database.origin.file.path
    return (path, variable.name) in moved or (is_edited and path is not None and is_env_file(path.name))


def _bad(proposal: Proposal, deployed: DeployedProject, moved: set[object]) -> str | None:
    """Why the value of the service as deployed is bad: no volume holds its file. None if a volume does."""
    database = proposal.database
    service = deployed.project.services[database.service.name]
    found = next((each for each in deployed.variables(service.name) if each.name == database.variable), None)
    if found is None:
        return None
    place = (found.origin.file.path, found.origin.place) if found.origin is not None else None
    if place is not None and (place == database.written_at or place in moved):
        if not isinstance(found.origin, PutTogether) or found.value == database.value:
            return None
        found = Variable(found.name, _after(proposal, service), found.origin)
    wins = f"the value of {found.name} that wins there"
    if found.value is None or VISIBLE.search(found.value):
        return f"volfix does not know {wins}"
    located_there = located(deployed.project, service, found.name, found)
    named = located_there.database if located_there else None
    if named is None or named.path is None:
        return f"{wins} names no file in a volume"
    if named.mount is None:
        return f"{wins} names {named.path}, outside every volume"
    if database.mount and named.mount.clean_target != database.mount.clean_target:
        return f"{wins} names {named.path}, in {named.mount.raw_target}"
    return None


def _after(proposal: Proposal, service: Service) -> str | None:
    """The value of the deployed service after the edit; None if it is not known."""
    origin = proposal.database.origin
    if not isinstance(origin, PutTogether):
        return None
    text = origin.written.text if proposal.new_value is None else origin.saying(proposal.new_value)
    try:
        return None if text is None else interpolate(text, service.lookup).value
    except InterpolationError:
        return None


def _line(context: Context, source: Source, at: int) -> str:
    """The place of an offset, as `.drone.yml:9`; the path is relative to the root."""
    return f"{relative(source.path, context.root)}:{source.place(at)[0]}"
