"""The database files of a stack's services: where they are, and where each would be safe."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from volfix.knowledge.purposes import content_of
from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.host_directories import HostDirectory
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import BIND
from volfix.project.compose.service import Service
from volfix.project.stack import Use
from volfix.rules.context import Context, once
from volfix.rules.evidence.agreement import (
    agreed,
    by_written_value,
    followed,
    follows,
    opened,
    own_volumes,
    parts_kept,
    staying_values,
    with_doubts_of_others,
)
from volfix.rules.evidence.code_databases import of_code
from volfix.rules.evidence.code_doubts import doubted
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_values import located
from volfix.rules.evidence.deployed_values import of_flows, overridden
from volfix.rules.evidence.kept_apart import files_kept_apart
from volfix.rules.evidence.named_places import opens
from volfix.rules.evidence.other_deployments import right_in_each
from volfix.rules.evidence.proposal import Proposal, at_most
from volfix.rules.evidence.unreferenced_env_files import needs_no_finding, of_loose_files


@once
def proposals(context: Context) -> tuple[Proposal, ...]:
    """A proposal for every database file that a value of the stack names, once for each service that uses the value."""
    return tuple(each for each in with_unneeded(context) if not needs_no_finding(each.database))


@once
def with_unneeded(context: Context) -> tuple[Proposal, ...]:
    """The proposals, and those for values that no service needs: they need no finding, but a fix may make them so."""
    found = _named(context)
    if _shows_use(context, found):
        found = _named(context)
    found = list(files_kept_apart(context, list(parts_kept(context, found))))
    found = list(own_volumes(list(agreed(found))))
    found = list(overridden(context, found))
    found = list(agreed(found))  # again: a value that is refused for one service is refused for all
    found = list(agreed(list(followed(found))))
    found = list(doubted(context, list(right_in_each(context, found))))
    return tuple(with_doubts_of_others(context, found))


def _named(context: Context) -> list[Proposal]:
    """A proposal for each database that a service's environment, a flow, code or an env file names."""
    found = [*_of_services(context), *of_flows(context)]
    found += of_code(context, found)
    found += at_most(of_loose_files(context, found), "env files that no service loads")
    return found


def _shows_use(context: Context, found: Sequence[Proposal]) -> bool:
    """Whether code, flows or loose env files show that a host directory is for a database: others may go there too.

    The directory is for databases in each combination of Compose files, because one fix changes the mount for all. It
    is for each service that mounts it where no name says anything, because its volume will be named for a database.
    """
    uses: dict[tuple[int, str], list[Use]] = {}
    for use in context.stack.uses:
        uses.setdefault((id(use.mount.node), use.service.name), []).append(use)
    news = []
    shown: dict[HostDirectory, tuple[str, str]] = {}
    for database in (each.database for each in found if not each.database.is_mounted_itself):
        mount, path = database.mount, database.path
        if mount is not None and path is not None and mount.kind == BIND:
            own = uses.get((id(mount.node), database.service.name), ())
            news += [opens(use.project, use.service, path) for use in own]
            inner = posixpath.relpath(path, mount.clean_target)
            shown.setdefault(context.host_of(mount), (database.service.name, inner))
    for host, (name, inner) in shown.items():
        for use in context.binds.get(host, ()):
            target = use.mount.clean_target
            if use.service.name != name and content_of(posixpath.basename(target)) is None:
                news.append(opens(use.project, use.service, posixpath.join(target, inner)))
    return any(news)


def databases(context: Context) -> Iterator[Database]:
    """The databases of all proposals."""
    return (proposal.database for proposal in proposals(context))


def databases_in(context: Context, project: Project, service: Service) -> Iterator[Database]:
    """The databases that one service opens."""
    return (proposal.database for proposal in proposals_in(context, project, service))


def proposals_in(context: Context, project: Project, service: Service) -> Iterator[Proposal]:
    """The proposals for the databases that one service opens."""
    yield from _by_service(context).get((id(project), id(service)), ())


@once
def _by_service(context: Context) -> dict[tuple[int, int], list[Proposal]]:
    found: dict[tuple[int, int], list[Proposal]] = {}
    for proposal in proposals(context):
        found.setdefault((id(proposal.database.project), id(proposal.database.service)), []).append(proposal)
    return found


def _of_services(context: Context) -> Iterator[Proposal]:
    for project in context.stack.projects:
        for service in project.services.values():
            values = (each for each in effective_variables(service) if each.value is not None)
            found = (located(project, service, variable.name, variable) for variable in values)
            yield from at_most(filter(None, found), f"the environment of {service.name}")


def takers_of(context: Context, proposal: Proposal) -> Sequence[Proposal]:
    """The proposals that an edit of this database's value carries out, with this one."""
    return _takers(context).get(proposal.database.written_at, (proposal,))


@once
def _takers(context: Context) -> dict[object, list[Proposal]]:
    return by_written_value(proposals(context))


def only_follows(context: Context, proposal: Proposal) -> bool:
    """Whether the value is a literal in code that only follows the environment, whose own value moves."""
    return follows(proposal) and opened(proposal) not in _staying(context)


@once
def _staying(context: Context) -> dict[tuple[int, str | None], Database]:
    return staying_values(proposals(context))


def use_of(context: Context, proposal: Proposal) -> Use | None:
    """The use of the mount that holds the database now or after the fix; None if there is none."""
    mount = proposal.place[0] if proposal.place else None
    for use in context.stack.uses:
        if use.mount is mount and use.project is proposal.database.project:
            return use
    return None
