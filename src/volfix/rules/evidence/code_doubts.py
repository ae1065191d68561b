"""Doubts from a service's code and start about a database that something else names.

A script names the file and would look at the old place; code sets the variable, or loads an env file over it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from volfix.project.code.deployed_code import DeployedCode
from volfix.project.code.searched_files import Literal
from volfix.project.compose.origins import Origin
from volfix.project.compose.outer_origins import InCode
from volfix.project.compose.service import Service
from volfix.project.compose.unreferenced_env_files import assignments_in
from volfix.project.image.build import Build
from volfix.rules.context import Context
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.old_path import named_on_host
from volfix.rules.evidence.proposal import Proposal
from volfix.syntax.source import BOM


def doubted(context: Context, found: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals, with a doubt if the service's code or start sets the variable, or names the file in a place that
    stays.

    All places of a file move together, or none. A relative path whose directory is not known may be any file of its
    name.
    """
    asked = [
        replace(each, doubt=_doubt(context, each.database) or each.doubt) if _is_asked(each) else each for each in found
    ]
    staying: dict[tuple[int, str | None], Database] = {
        (id(each.database.service), each.database.path): each.database for each in asked if _stays(each)
    }
    anywhere = {
        _by_name(each.database): each.database for each in asked if not (each.database.path or each.database.loose)
    }
    for proposal in asked:
        database = proposal.database
        other = staying.get((id(database.service), database.path)) if database.path else None
        if not _moves(proposal):
            yield proposal
        elif other is not None:
            yield replace(proposal, doubt=f"{_place(other)} names {database.path} too, and the fix does not change it")
        elif (other := anywhere.get(_by_name(database))) is not None:
            where = f"{database.path} too, in a directory that volfix does not know"
            yield replace(proposal, doubt=f"{_place(other)} may name {where}")
        else:
            yield proposal


def _by_name(database: Database) -> tuple[int, str]:
    """The service, and the file's name without its directories."""
    return id(database.service), posixpath.basename(database.path or database.file.path)


def _stays(proposal: Proposal) -> bool:
    database = proposal.database
    return not (_moves(proposal) or database.is_inside or database.loose or database.path is None)


def _moves(proposal: Proposal) -> bool:
    return proposal.new_value is not None and not proposal.doubt


def _is_asked(proposal: Proposal) -> bool:
    """Whether other places that name the file matter: the fix changes the value, perhaps with a new volume."""
    return _moves(proposal) or (proposal.directory is not None and proposal.new_value is not None)


def _place(database: Database) -> str:
    origin = database.origin
    if not isinstance(origin, InCode):
        return f"{database.variable} of {database.service.name}"
    return f"{origin.file.path.name}, line {origin.file.place(origin.span.start)[0]},"


def _doubt(context: Context, database: Database) -> str | None:
    if (reason := set_at_start(context, database)) is not None or database.path is None:
        return reason
    return script_naming(context, database.service, database.path, database.origin) or named_on_host(database)


def script_naming(context: Context, service: Service, path: str, origin: Origin = None) -> str | None:
    """Why the fix is doubtful: a script in the image names the file. The value itself (`origin`) does not count."""
    if service.build is None or service.build.context is None:
        return None
    literal = None
    if isinstance(origin, InCode):
        text, bom = origin.file.text, len(BOM) if origin.file.bom else 0
        start, end = (bom + len(text[:at].encode()) for at in (origin.span.start, origin.span.end))
        literal = Literal(origin.file.path, start, end)
    script = next(code_of(context, service.build).scripts_naming(path, literal), None)
    return f"{script.relative_to(service.build.context).as_posix()} also names {path}" if script else None


def set_at_start(context: Context, database: Database) -> str | None:
    """How the service sets the variable when it starts; None if it does not, or for a literal in code."""
    from volfix.project.code.overrides import exporters

    if isinstance(database.origin, InCode):
        return None
    service, name = database.service, database.variable
    if any(re.search(rf"(?<![\w-]){re.escape(name)}=", word) for word in service.started):
        return f"the command of {service.name} sets {name}"
    if service.build is None or service.build.context is None:
        return None
    code = code_of(context, service.build)
    return next(exporters(code, name), None) or next(_loaded_over(code, database), None)


def _loaded_over(code: DeployedCode, database: Database) -> Iterator[str]:
    """The modules that load an env file over the environment, unless the value is in that file."""
    from volfix.project.code.start_values import env_files_loaded_over

    for loaded in env_files_loaded_over(code):
        own = database.origin.file.path if database.origin is not None else None
        names = {item.name for item, _ in assignments_in(loaded.path)} if loaded.path is not None else set()
        if loaded.path != own and (loaded.path is None or database.variable in names):
            module = loaded.module.relative_to(code.directory).as_posix()
            where = loaded.path.name if loaded.path else "an env file that is not in the repository"
            yield f"{module} loads {where} over the environment"


def started_scripts(context: Context, service: Service) -> Iterator[Path]:
    """The scripts of the build context that the service starts and that name a database file."""
    if service.build is None or service.build.context is None:
        return
    started = " ".join(service.started)
    for path in code_of(context, service.build).starters():
        if re.search(rf"(?<![\w.-]){re.escape(path.name)}(?![\w.-])", started):
            yield path


def code_of(context: Context, build: Build) -> DeployedCode:
    """The deployed code of a build, read once for all rules; the build's context must be a directory."""
    assert build.context is not None
    place = (build.context, build.dockerfile)
    return context.code.setdefault(place, DeployedCode(*place))
