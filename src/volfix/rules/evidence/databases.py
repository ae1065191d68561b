"""The database files of a stack's services: where they are, and where each would be safe."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from volfix.knowledge.purposes import content_of
from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.host_directories import HostDirectory
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import BIND, Mount
from volfix.project.compose.service import Service
from volfix.project.stack import Use
from volfix.rules.context import Context, once
from volfix.rules.evidence.agreement import (
    agreed,
    by_written_value,
    followed,
    guesses_kept_out,
    opened,
    own_volumes,
    parts_kept,
    staying_values,
    with_doubts_of_others,
)
from volfix.rules.evidence.code_databases import follows, of_code
from volfix.rules.evidence.code_doubts import doubted
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_values import located
from volfix.rules.evidence.deployed_values import of_flows, overridden
from volfix.rules.evidence.kept_apart import files_kept_apart
from volfix.rules.evidence.named_places import opens, renames
from volfix.rules.evidence.other_deployments import right_in_each
from volfix.rules.evidence.proposal import Proposal, at_most
from volfix.rules.evidence.unreferenced_env_files import needs_no_finding, of_loose_files
from volfix.rules.evidence.volume_choice import choice_of, is_named_for_content


@once
def proposals(context: Context) -> tuple[Proposal, ...]:
    """A proposal for every database file that a value of the stack names, once for each service that uses the value."""
    return tuple(each for each in with_unneeded(context) if not needs_no_finding(each.database))


@once
def with_unneeded(context: Context) -> tuple[Proposal, ...]:
    """The proposals, and those for values that no service needs: they need no finding, but a fix may make them so.

    They are made anew as long as they show what other directories are for: what is shown is never taken back.
    """
    while True:
        found = _named(context)
        if _shows_use(context, [(each.database.mount, each.database.path, each) for each in found]):
            continue
        judged = _judged(context, found)
        if not _shows_use(context, [(each.mount, each.path_in_mount, each) for each in judged]):
            return judged


def _judged(context: Context, found: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """The proposals, each with what the others and the deployments say against it."""
    found = list(guesses_kept_out(context, list(parts_kept(context, found))))
    found = list(files_kept_apart(context, found))
    found = list(own_volumes(context, list(agreed(found))))
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


def _shows_use(context: Context, held: Iterable[tuple[Mount | None, str | None, Proposal]]) -> bool:
    """Whether databases in these places show that a host directory is for a database: others may go there too.

    The directory is for databases in each combination of Compose files, because one fix changes the mount for all. It
    is for each service that mounts it where no name says anything, because its volume will be named for a database; and
    where the target's name says something, only that name counts.
    """
    uses: dict[tuple[int, str], list[Use]] = {}
    for use in context.stack.uses:
        uses.setdefault((id(use.mount.node), use.service.name), []).append(use)
    news = []
    shown: dict[HostDirectory, tuple[str, str | None]] = {}
    for mount, path, proposal in held:
        database = proposal.database
        if mount is None or path is None or not is_named_for_content(mount) or database.is_mounted_itself:
            continue
        doubt = None if database.is_inside else proposal.doubt
        own = uses.get((id(mount.node), database.service.name), ())
        news += [_is_news(use, path, doubt) for use in own]
        if mount.kind == BIND:
            inner = posixpath.relpath(path, mount.clean_target)
            host = context.host_of(mount)
            if host not in shown or doubt is None:
                shown[host] = (inner, doubt)
    for host, (inner, doubt) in shown.items():
        for use in context.binds.get(host, ()):
            target = use.mount.clean_target
            if content_of(posixpath.basename(target)) is None:
                news.append(_is_news(use, posixpath.join(target, inner), doubt))
            elif doubt is None:
                before = choice_of(use.project, use.service)
                renames(use.service, target)
                news.append(choice_of(use.project, use.service) != before)
    return any(news)


def _is_news(use: Use, path: str, doubt: str | None) -> bool:
    """Whether the service chooses another mount when it opens this database. Where there is a doubt, it keeps a choice
    that is evident.
    """
    before = choice_of(use.project, use.service)
    if doubt is not None and before.mount is not None and not before.is_guess:
        return False
    return opens(use.project, use.service, path, doubt) and choice_of(use.project, use.service) != before


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
    return _uses(context).get((id(proposal.place[0]), id(proposal.database.project))) if proposal.place else None


@once
def _uses(context: Context) -> dict[tuple[int, int], Use]:
    """The uses of the stack by the identities of mount and project: for each database all would be looked at."""
    return {(id(use.mount), id(use.project)): use for use in reversed(context.stack.uses)}
