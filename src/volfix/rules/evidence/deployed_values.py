"""The value that a deploying command gives a database's variable: it wins over `.env` and over the default in the file.

A fix that edits what loses against it is not safe, unless the value that wins lies in a volume.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.host_directories import relative
from volfix.project.compose.interpolation import VISIBLE, InterpolationError, Lookup, interpolate
from volfix.project.compose.origins import InCode, PutTogether, Variable
from volfix.project.compose.service import Service
from volfix.rules.context import Context
from volfix.rules.evidence.command_words import shown_command
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_values import located
from volfix.rules.evidence.proposal import Proposal

if TYPE_CHECKING:
    from volfix.knowledge.commands import DockerCall
    from volfix.project.compose.model import Project
    from volfix.project.shell.command import Command
    from volfix.syntax.source import Source


def overridden(context: Context, found: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals; with a doubt where a command that deploys the project is handed another value, which wins."""
    moving = [each.database for each in found if each.new_value is not None and not each.doubt]
    moved = {place for database in moving for place in _places(database)}
    for proposal in found:
        doubt = proposal.doubt or (next(_doubts(context, proposal, moved), None) if _may_change(proposal) else None)
        yield replace(proposal, doubt=doubt)


def _places(database: Database) -> Iterator[object]:
    """The file and the variable of a value, by which an env file that a shell reads is known, and its place."""
    yield database.written_at
    if database.origin is not None:
        yield database.origin.file.path, database.variable


def _may_change(proposal: Proposal) -> bool:
    """Whether the fix says something about the value, and Compose asks for variables before it knows it."""
    database = proposal.database
    is_asked = proposal.new_value is not None or proposal.directory is not None or database.is_inside
    return is_asked and not (database.loose or isinstance(database.origin, InCode)) and bool(_asked(database.service))


@dataclass(frozen=True, slots=True)
class _Listening:
    """A lookup that knows what it was asked for."""

    inner: Lookup
    names: set[str] = field(default_factory=set)

    def __call__(self, name: str) -> str | None:
        self.names.add(name)
        return self.inner(name)


def _asked(service: Service) -> set[str]:
    """The variables that the service's environment and its build's arguments depend on."""
    lookup = _Listening(service.lookup)
    listening = replace(service, lookup=lookup)
    _ = listening.environment, listening.build  # both ask when they are read
    return lookup.names


def _doubts(context: Context, proposal: Proposal, moved: set[object]) -> Iterator[str]:
    """What the deploying commands do to the value, a reason each."""
    commands = context.deploying()  # read where a value asks for variables, and nowhere else
    for command, call, projects in commands.starting if commands is not None else ():
        if proposal.database.project in projects and (doubt := _doubt(context, proposal, command, call, moved)):
            yield doubt


def _doubt(context: Context, proposal: Proposal, command: Command, call: DockerCall, moved: set[object]) -> str | None:
    """Why the command's value is not the one that the fix edits, or is in a volume; None where it is, or is."""
    from volfix.project.deployments.given_values import as_deployed, env_file_names, env_files

    database = proposal.database
    known = {name: command.environment[name] for name in _asked(database.service) if name in command.environment}
    own = {name: value for name, value in known.items() if not _is_from(command, name, database, moved)}
    files = env_files(database.project, command, call)
    if not own and not files:
        return None
    because = _bad(proposal, as_deployed(database.project, own, files), moved)
    if because is None:
        return None
    one_by_one = ((name, as_deployed(database.project, {name: value})) for name, value in own.items())
    culprit = next((name for name, project in one_by_one if _bad(proposal, project, moved)), None)
    if culprit is None:
        named = f"`{shown_command(command)}` ({_line(context, command.fragment.source, command.place.start)})"
        return f"{named} reads {', '.join(env_file_names(command, call))}: {because}"
    source, at = command.given_at.get(culprit, (command.fragment.source, command.place.start))
    return f"{_line(context, source, at)} sets {culprit} for `{shown_command(command)}`: {because}"


def _is_from(command: Command, name: str, database: Database, moved: set[object]) -> bool:
    """Whether the shell has the value from the very file that is edited: `set -a; . ./.env`."""
    if name not in command.given_at:
        return False
    path = command.given_at[name][0].path
    return (path, name) in moved or (database.origin is not None and path == database.origin.file.path)


def _bad(proposal: Proposal, project: Project, moved: set[object]) -> str | None:
    """What is wrong with the value that the service gets in the project as it is deployed: no volume holds its file."""
    database = proposal.database
    service = project.services[database.service.name]
    found = next((each for each in effective_variables(service) if each.name == database.variable), None)
    if found is None:
        return None
    place = (found.origin.file.path, found.origin.place) if found.origin is not None else None
    if place is not None and (place == database.written_at or place in moved):
        if not isinstance(found.origin, PutTogether) or found.value == database.value:
            return None
        found = Variable(found.name, _after(proposal, service), found.origin)
    wins = f"the value of {found.name} that wins there"
    if found.value is None or VISIBLE.search(found.value):
        return f"{wins} is not known"
    located_there = located(project, service, found.name, found)
    named = located_there.database if located_there else None
    if named is None or named.path is None:
        return f"{wins} names no file in a volume"
    if named.mount is None:
        return f"{wins} names {named.path}, outside every volume"
    if database.mount and named.mount.clean_target != database.mount.clean_target:
        return f"{wins} names {named.path}, in {named.mount.raw_target}"
    return None


def _after(proposal: Proposal, service: Service) -> str | None:
    """The value that the edited text gives the deployed service; None where that is not known."""
    origin = proposal.database.origin
    if not isinstance(origin, PutTogether):
        return None
    text = origin.written.text if proposal.new_value is None else origin.saying(proposal.new_value)
    try:
        return None if text is None else interpolate(text, service.lookup).value
    except InterpolationError:
        return None


def _line(context: Context, source: Source, at: int) -> str:
    """`.drone.yml:9`, below the root."""
    return f"{relative(source.path, context.root)}:{source.place(at)[0]}"
