"""The database files in env files that no Compose file names, and the service that may use each value."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from volfix.knowledge.variables import MAY_BE_FILE
from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.env_file_names import is_env_file
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import BIND
from volfix.project.compose.origins import InCompose, Variable
from volfix.project.compose.references import REFERENCE
from volfix.project.compose.service import Service, assignments
from volfix.project.compose.unreferenced_env_files import is_example_of, loose_variables, put_into_place
from volfix.project.image.images import known_entries
from volfix.rules.context import Context, once
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_values import located
from volfix.rules.evidence.env_arrival import arrives, copied_as
from volfix.rules.evidence.proposal import Proposal
from volfix.rules.evidence.volume_choice import choice_of
from volfix.syntax import disk, dotenv
from volfix.syntax.source import Source


def of_loose_files(context: Context, found: Sequence[Proposal]) -> Iterator[Proposal]:
    """Proposals for values in env files that no Compose file names: deployments copy or pass these files.

    They are for services with a mount for data, now or after a fix (`found`). A file that no deployment copies into
    place counts only for a service without another good value. Whose it may be never depends on which values are good:
    a fix makes values good, and the next run must come to the same answer. So the first project with a service that
    could use the value decides.
    """
    to_come = {id(each.database.service) for each in found if each.directory is not None or _names_mount(each)}
    mounted = {id(each.database.service) for each in found if each.database.is_mounted_itself}
    settled: set[tuple[Path, int]] = set()
    beside: dict[tuple[Path, int], list[Proposal]] = {}
    for project in context.stack.projects:
        for variable in loose_variables(project):
            assert variable.origin is not None and variable.value is not None
            path = variable.origin.file.path
            key = (path, variable.origin.place)
            if key in settled or not MAY_BE_FILE.search(variable.value):
                continue
            placed = to_come | mounted if mounted and not _taken_by(project, variable.name) else to_come
            services = _near(project, path.parent, _plausible(project, variable.name, placed))
            users = [service for service in services if _could_use(project, service, path, variable.name, found)]
            takers = [service for service in users if _needs(project, service, path, variable.name, found)]
            if users:
                settled.add(key)
            if takers:
                beside.pop(key, None)
                yield from _taken(context, project, takers, users, variable, path)
            elif users or not beside.get(key):
                beside[key] = list(_beside_good(project, services, users, variable))
    for notes in beside.values():
        yield from notes


def _names_mount(proposal: Proposal) -> bool:
    """Whether the fix of the value would give its host directory, as a volume, a name that says what is in it."""
    return proposal.mount is not None and proposal.mount.kind == BIND


def _taken(
    context: Context,
    project: Project,
    takers: Sequence[Service],
    users: Sequence[Service],
    variable: Variable,
    path: Path,
) -> Iterator[Proposal]:
    """The proposal for the one service that may use the value; refused if several may, also if few need the value."""
    assert variable.origin is not None
    others = _values_in(variable.origin.file)
    for service in takers:
        loose = located(
            project, service, variable.name, variable, others
        )  # a service that uses one value uses the whole file
        if loose is not None and len(users) == 1:
            yield _judged(context, _as_loose(loose), path)
        elif loose is not None and not loose.database.is_inside:
            names = ", ".join(sorted(service.name for service in users))
            reason = (
                f"several services could use this value ({names}): name the file in `env_file:` of the right service"
            )
            yield _as_loose(loose.refused(reason))


@disk.remembered(16)
def _values_in(source: Source) -> Mapping[str, str]:
    """The values of an env file by name."""
    return {item.name: item.value for item in dotenv.read(source)}


def _beside_good(
    project: Project, services: Sequence[Service], users: Sequence[Service], variable: Variable
) -> Iterator[Proposal]:
    """Proposals with a refusal for values that no service needs: they have an effect only if a deployment passes the
    file. Each keeps its place, as it did before a fix made the service's own value good: no other database may take it.

    For those that could use a value, also files in their mounts.
    """
    assert variable.origin is not None
    for service in services:
        loose = located(project, service, variable.name, variable)
        if loose is None:
            continue
        if loose.database.is_inside:
            if service in users:
                yield _as_loose(loose, beside=True)
        else:
            good = f"{service.name} has another {variable.name} with a good value"
            reason = f"{good}: change this file only if a deployment passes it"
            yield replace(_as_loose(loose, beside=True), reason=reason)


def needs_no_finding(database: Database) -> bool:
    """Whether no service needs the value, and it is in an example or names a file in a mount."""
    origin = database.origin
    if not database.beside or origin is None:
        return False
    return database.is_inside or is_example_of(database.project, origin.file.path)


def _as_loose(proposal: Proposal, *, beside: bool = False) -> Proposal:
    return replace(proposal, database=replace(proposal.database, loose=True, beside=beside))


def _could_use(project: Project, service: Service, path: Path, name: str, found: Sequence[Proposal]) -> bool:
    """Whether a deployment copies the file into place, or the service has no server's URL for the variable."""
    if any(put_into_place(project, path)):
        return True
    given = _given(service, name)
    return given is None or any(_own(service, name, found)) or "://" not in (given.value or "")


def _needs(project: Project, service: Service, path: Path, name: str, found: Sequence[Proposal]) -> bool:
    """Whether a deployment copies the file into place, or the service has no good value without it."""
    if any(put_into_place(project, path)) or _given(service, name) is None:
        return True
    own = list(_own(service, name, found))
    return not own or not all(each.is_inside for each in own)


def _given(service: Service, name: str) -> Variable | None:
    """The value that the service has without the file; None for none."""
    return next((each for each in effective_variables(service) if each.name == name and each.value), None)


def _own(service: Service, name: str, found: Sequence[Proposal]) -> Iterator[Database]:
    """The database files that the service's own value names."""
    databases = (each.database for each in found)
    return (each for each in databases if each.service is service and each.variable == name)


def _judged(context: Context, proposal: Proposal, path: Path) -> Proposal:
    """The proposal, with a doubt if no deployment reads the value from this file; refused if Compose reads it."""
    database, project, service = proposal.database, proposal.database.project, proposal.database.service
    if database.is_inside:
        return proposal
    doubt = None
    if others := _references(context).get(database.variable, set()) - {(service.name, database.variable)}:
        other, name = min(others)
        doubt = f"{name} of {other} is `${{{database.variable}}}`, and may have its file elsewhere"
    if any(put_into_place(project, path)):
        return replace(proposal, doubt=doubt or proposal.doubt)
    if path == project.directory / ".env" and (file := _taken_by(project, database.variable)):
        return proposal.refused(f"{file} uses {database.variable} outside `environment:` too: change both together")
    if doubt is not None:
        return replace(proposal, doubt=doubt)
    if is_example_of(project, path) and not any(map(is_env_file, copied_as(service, path))):
        doubt = f"{path.name} is an example that no deployment copies into place: change the deployed file too"
    elif arrives(context, database, path) is False:
        doubt = f"{database.variable} never reaches the container: `.env` only fills in `${{...}}` (VF206)"
    return replace(proposal, doubt=doubt or proposal.doubt)


@once
def _references(context: Context) -> Mapping[str, set[tuple[str, str]]]:
    """By variable, the services and their variables whose values in the Compose files contain `${...}` of it."""
    found: dict[str, set[tuple[str, str]]] = {}
    for project in context.stack.projects:
        for service in project.services.values():
            for part in service.parts:
                for name, _, scalar, _ in assignments(part.node.get("environment")):
                    for used in REFERENCE.findall(scalar.value):
                        found.setdefault(used, set()).add((service.name, name))
    return found


def _taken_by(project: Project, name: str) -> str | None:
    """The name of a Compose file that contains `${name}`; None for no file."""
    use = re.compile(rf"(?<!\$)(?:\$\$)*\$\{{?{re.escape(name)}\b")
    return next((file.path.name for file in project.loaded if use.search(file.source.text)), None)


def _near(project: Project, directory: Path, services: list[Service]) -> list[Service]:
    """The services that are built from the env file's directory, if there are some; else all."""
    near = [
        service
        for service in services
        if service.build is not None
        and service.build.context is not None
        and Path(os.path.normpath(service.build.context)) in (directory, directory.parent)
    ]
    return near if near and directory != project.directory else services


def _plausible(project: Project, name: str, to_come: set[int]) -> list[Service]:
    """The services that may use a value that nothing gives them yet; only those with the strongest evidence."""
    services = list(project.services.values())
    if named := [service for service in services if name in service.environment]:
        return [service for service in named if not _is_literal(service.environment[name])]
    placed = [service for service in services if id(service) in to_come or choice_of(project, service).is_evident]
    if own := [service for service in placed if service.build is not None]:
        return own
    return [service for service in placed if not known_entries(service)]


def _is_literal(variable: Variable) -> bool:
    """Whether the Compose file has a literal value, which no env file can override."""
    return isinstance(variable.origin, InCompose) and "${" not in variable.origin.scalar.value
