"""The database files that a service's code names: in modules, in alembic.ini and in files of frameworks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.knowledge.images import Image, serves_files
from volfix.knowledge.switches import is_host, switch_of
from volfix.knowledge.variables import variable_kind
from volfix.project.code.container_paths import (
    compiled_path,
    container_path,
    is_archived,
    is_compiled,
    may_be_in_image,
)
from volfix.project.code.deployed_code import DeployedCode
from volfix.project.code.spring_files import FILE_NAME as SPRING_FILE
from volfix.project.compose.effective_environment import effective_values
from volfix.project.compose.model import Project
from volfix.project.compose.origins import Variable
from volfix.project.compose.outer_origins import InCode
from volfix.project.compose.service import Service
from volfix.project.compose.unreferenced_env_files import may_be_given, names_assigned
from volfix.project.deployments.throwaway_stacks import is_test_stack
from volfix.rules.context import Context
from volfix.rules.evidence.code_doubts import code_of, started_scripts
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_places import only_suggested, working_directory
from volfix.rules.evidence.database_values import placed
from volfix.rules.evidence.engine_switch import switch_beside
from volfix.rules.evidence.proposal import Proposal, at_most
from volfix.syntax.code_tree import GO, GRAMMARS

if TYPE_CHECKING:
    from volfix.project.code.named_database import NamedDatabase
    from volfix.syntax.pieces import Piece

ANY_DATABASE = "DATABASE_PATH"
"""A setting for which the switches without an application's prefix count (`DB_TYPE`, `DATABASE_ENGINE`)."""
SHOWN = 5
"""How many of the databases that the code of a service names a message names."""
ALEMBIC = re.compile(rb"\balembic\b[^\n]*\bupgrade\b|\bflask\s+db\s+upgrade\b")
PLAIN = re.compile(r"[^\"'`\\{}%\n]+\Z")
"""The content of a literal that needs no escape in any kind of string."""


def of_code(context: Context, found: Sequence[Proposal]) -> Iterator[Proposal]:
    """The databases that literals in code name, where nothing gives the code another value.

    If a service's environment names its database, only literals for files that `found` moves.
    """
    named_by_environment = _named_by_environment(context)
    for project in context.stack.projects:
        if is_test_stack(project):
            continue
        for service in project.services.values():
            build = service.build
            if build is None or build.context is None:
                continue
            own = [each for each in found if each.database.service is service]
            moved = {each.database.path for each in own if each.new_value or each.database.is_mounted_itself}
            if environment_names_database(service) and not moved:
                continue
            code = code_of(context, build)
            paths = (*code.mentioning, *started_scripts(context, service))
            found_there = (each for path in paths for each in _in_file(project, service, code, path))
            named = _apart(list(at_most(found_there, f"the code of {service.name}")))
            if environment_names_database(service):
                yield from (each for each in named if each.database.path in moved)
                continue
            other = next((each for each in named_by_environment.get(build.context, ()) if each[1] is not service), None)
            for proposal in named:
                if other is None or proposal.database.is_inside:
                    yield proposal
                else:
                    doubt = f"{other[0]} gives {other[1].name}, which runs the same code, another database"
                    yield replace(proposal, doubt=proposal.doubt or doubt)


def _named_by_environment(context: Context) -> dict[Path, list[tuple[str, Service]]]:
    """By build context, the services whose environment names the database, each with the Compose file's name."""
    found: dict[Path, list[tuple[str, Service]]] = {}
    for project in context.stack.projects:
        for service in project.services.values():
            if service.build is not None and service.build.context is not None and environment_names_database(service):
                name = project.files[-1].path.name
                found.setdefault(service.build.context, []).append((name, service))
    return found


def defaults_of_code(
    context: Context, project: Project, service: Service, given: Collection[str]
) -> Iterator[Database]:
    """The databases of literals that count in a deployment of the service because none of their variables is given."""
    if service.build is None or service.build.context is None:
        return
    code = code_of(context, service.build)
    for path in code.mentioning:
        for named in named_in(project, service, path):
            if named.value.variables and not {name.upper() for name in named.value.variables}.intersection(given):
                found = _database(project, service, code, named)
                if found is not None:
                    yield found.database


def migrated_databases(context: Context, project: Project, service: Service) -> Iterator[Database]:
    """The databases that Alembic migrates when the service starts, if only alembic.ini names them."""
    if service.build is None or service.build.context is None:
        return
    code = code_of(context, service.build)
    started = " ".join(service.started)
    scripts = (script for script in code.starting(ALEMBIC, b"alembic") if script.name in started)
    if not ALEMBIC.search(started.encode()) and next(scripts, None) is None:
        return
    for path in code.mentioning:
        for named in named_in(project, service, path) if path.name == "alembic.ini" else ():
            if (found := _database(project, service, code, named)) is not None:
                yield found.database


def environment_names_database(service: Service) -> bool:
    """Whether the environment names the database: then a literal in code has no effect, or not alone."""
    values = effective_values(service)
    if any(variable_kind(name) in ("url", "file") or is_host(name) for name in values):
        return True
    switch = switch_of(ANY_DATABASE, values)
    return switch is not None and switch.engine == "server"


def follows(proposal: Proposal) -> bool:
    """Whether the value is a literal in code that only follows the environment, which names the database too."""
    return isinstance(proposal.database.origin, InCode) and environment_names_database(proposal.database.service)


def _in_file(project: Project, service: Service, code: DeployedCode, path: Path) -> Iterator[Proposal]:
    from volfix.project.code.overrides import is_joined, other_program_source, other_source

    for named in named_in(project, service, path):
        if _is_replaced(project, service, named):
            continue
        is_alone = named.kind == "file" and named.name in named.settings and len(named.value.pieces) == 1
        if is_alone and is_joined(code, named.name):
            continue
        found = _database(project, service, code, named)
        if found is None:
            continue
        if named.refusal and found.new_value is not None:
            yield found.refused(named.refusal)
        elif named.refusal and found.database.is_inside:
            yield replace(found, reason=named.refusal)
        else:
            engine = switch_beside(project, service, ANY_DATABASE, named.value.text).doubt
            if path.suffix in GRAMMARS:
                elsewhere = other_program_source(code, named)
            else:
                elsewhere = other_source(code, project, named)
            yield replace(found, doubt=found.doubt or named.doubt or elsewhere or engine)


def named_in(project: Project, service: Service, path: Path) -> Iterator[NamedDatabase]:
    """The databases that a file of the service's code names."""
    place = container_path(project, service, path)
    if path.suffix in GRAMMARS:
        yield from _in_program(project, service, path, place)
        return
    is_spring = SPRING_FILE.match(path.name) is not None
    if place is None and not may_be_in_image(service) and not (is_spring and is_archived(service, path)):
        return
    if path.suffix == ".sh" or not path.suffix:
        from volfix.project.code.start_values import script_databases

        yield from script_databases(path)
    elif path.suffix == ".ini":
        from volfix.project.code.alembic import ini_databases

        yield from ini_databases(path, place)
    elif is_spring:
        from volfix.project.code.spring_files import spring_databases

        yield from spring_databases(path, effective_values(service))
    elif path.suffix != ".py":
        from volfix.project.code.framework_files import framework_databases

        yield from framework_databases(path, place, effective_values(service))
    else:
        from volfix.project.code.python_databases import named_databases

        directory = working_directory(project, service)
        guess = only_suggested(service, "", directory)
        sure = {each.value.text for each in named_databases(path, place, None)} if guess else set()
        for named in named_databases(path, place, directory):
            yield replace(named, doubt=guess) if guess and named.value.text not in sure else named


def _in_program(project: Project, service: Service, path: Path, place: str | None) -> Iterator[NamedDatabase]:
    """The same for a module in Go, JavaScript or TypeScript; the image may contain only what a compiler makes of it."""
    if place is None and not may_be_in_image(service) and not is_compiled(service, path):
        return
    base = service.stage.base_image if service.stage else None
    if path.suffix not in GO and base is not None and serves_files(Image.parse(base)):
        return
    place = place or compiled_path(service, path)
    from volfix.project.code.program_databases import program_databases

    directory = working_directory(project, service)
    guess = only_suggested(service, "", directory)
    for named in program_databases(path, place, directory):
        yield replace(named, doubt=guess) if guess and not named.value.text.startswith("/") else named


def _is_replaced(project: Project, service: Service, named: NamedDatabase) -> bool:
    """Whether a variable that replaces the literal is set, or may be set in an env file outside the repository."""
    names = {name.upper() for name in named.value.variables}
    if not names:
        return False
    if may_be_given(project, service, named.value.variables):
        return True
    if any(re.search(rf"\b{re.escape(name)}=", word) for word in service.started for name in named.value.variables):
        return True
    assigned = names_assigned(project) | set(service.environment)
    assigned |= set(service.stage.environment) if service.stage else set()
    return bool({name.upper() for name in assigned} & names)


def _database(project: Project, service: Service, code: DeployedCode, named: NamedDatabase) -> Proposal | None:
    from volfix.knowledge.readers import reader_of_scheme
    from volfix.knowledge.readers import readers as all_readers
    from volfix.project.code.database_url import database_file
    from volfix.project.code.overrides import moves_about
    from volfix.project.code.readers import reader_of

    readers = [reader for reader in reader_of(service) if reader.ecosystem == "python"]
    if named.reader:
        readers = [reader for reader in all_readers() if reader.name == named.reader]
    elif named.is_engine:
        own = reader_of_scheme("sqlite+pysqlite")
        readers = [reader for reader in readers if reader in own] or list(own)
    text = named.value.text
    file = database_file(text, named.kind, readers if named.kind == "url" or named.reader else ())
    if file is None:
        return None
    if file.relative and not file.doubt and (reason := moves_about(code)):
        file = replace(file, doubt=reason)
    pieces = named.value.pieces
    origin = _origin(named, pieces, _telling(pieces))
    found = placed(project, service, Variable(named.name, text, origin), file)
    if found is None or found.new_value is None or named.refusal:
        return found
    for number in reversed(range(len(pieces))):
        if pieces[number].span is None or pieces[number].span in named.shared:
            continue
        origin = _origin(named, pieces, number)
        if can_say(origin, found.new_value):
            return replace(found, database=replace(found.database, origin=origin))
    return replace(found, new_value=None, mount=None, reason="no single literal in the code changes the path")


def _telling(pieces: Sequence[Piece]) -> int:
    """The index of the literal that identifies the database: the last with a part of its path."""
    written = [number for number, piece in enumerate(pieces) if piece.span]
    return next((each for each in reversed(written) if pieces[each].text.partition("?")[0].strip("/")), written[0])


def can_say(origin: InCode, value: str) -> bool:
    """Whether a change of this literal alone can give the code the value, without escapes in any kind of string."""
    literal = origin.literal(value)
    return bool(literal and PLAIN.match(literal))


def _origin(named: NamedDatabase, pieces: tuple[Piece, ...], number: int) -> InCode:
    before = "".join(piece.text for piece in pieces[:number])
    after = "".join(piece.text for piece in pieces[number + 1 :])
    replaced = pieces[max(0, number - pieces[number].replaces) : number]
    span = pieces[number].span
    assert span is not None
    return InCode(named.source, span, before, after, "".join(piece.text for piece in replaced))


def _apart(found: list[Proposal]) -> Iterator[Proposal]:
    """The proposals, with a doubt if the code names several files: volfix cannot tell which of them the deployment
    opens.
    """
    paths = {proposal.database.path for proposal in found}
    names = sorted(path for path in paths if path)
    for proposal in found:
        if len(paths) > 1 and proposal.new_value is not None:
            others = _others(names, proposal.database.path)
            yield replace(proposal, doubt=proposal.doubt or f"the code names other databases too ({others})")
        else:
            yield proposal


def _others(names: Sequence[str], own: str | None) -> str:
    """The first of the names, which are in order, but the own one, and how many more there are."""
    shown = [name for name in names[: SHOWN + 1] if name != own][:SHOWN]
    more = len(names) - bool(own) - len(shown)
    return (", ".join(shown) or "others") + (f" and {more} more" if more else "")
