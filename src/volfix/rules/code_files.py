"""The database files that a service's code names itself: Python modules and alembic.ini in its build context."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.knowledge.variables import variable_kind
from volfix.project.code_places import container_path, may_be_in_image
from volfix.project.effective import effective_variables
from volfix.project.environment import InCode, Variable
from volfix.project.loose_env import may_be_given, names_assigned
from volfix.project.model import Project, Service
from volfix.project.source_files import source_files
from volfix.project.test_stacks import is_test_stack
from volfix.rules.context import Context
from volfix.rules.database_places import working_directory
from volfix.rules.databases import Database, placed

if TYPE_CHECKING:
    from volfix.project.code_databases import Named
    from volfix.syntax.python_values import Piece

MENTIONS = re.compile(rb"sqlite|\.db[\"']", re.IGNORECASE)
"""What every module that names a database file has in it. Nothing else is parsed."""
NOT_DEPLOYED = frozenset(
    {"tests", "test", "testing", "docs", "doc", "examples", "example", "samples", "benchmarks", "benchmark", "e2e"}
    | {"scripts", "tools", "notebooks", "fixtures", "versions"}
)
"""Directories of code that serves something else than the deployment."""
TEST_MODULE = re.compile(r"(?:test|conftest)\w*\.py\Z|\w*_tests?\.py\Z")
SIGNS = re.compile(r"requirements.*\.txt|pyproject\.toml|setup\.(?:py|cfg)|Pipfile|alembic\.ini|\w+\.py")
SERVER = re.compile(
    r"(?:DB|DATABASE|POSTGRES|PG|MYSQL|MARIADB|MONGO\w*|SQL)_?(?:SERVER|HOST|HOSTNAME)\Z", re.IGNORECASE
)
PLAIN = re.compile(r"[^\"'\\{}%\n]+\Z")
"""A literal's content that needs no escape in any kind of string."""


def of_code(context: Context) -> Iterator[Database]:
    """The databases that literals in code name for the services, where nothing gives the code another value."""
    for project in context.stack.projects:
        if is_test_stack(project):
            continue
        for service in project.services.values():
            build = service.build
            if build is None or build.context is None or _is_told(service):
                continue
            modules = _modules(context, build.context)
            yield from _apart([found for path in modules for found in _in_file(project, service, path)])


def _is_told(service: Service) -> bool:
    """Whether the environment says which database it is: then the literal is not what counts, or not alone."""
    for variable in effective_variables(service):
        if variable_kind(variable.name) in ("url", "file") or SERVER.match(variable.name):
            return True
    return False


def _modules(context: Context, directory: Path) -> tuple[Path, ...]:
    """The modules and ini files that mention a database file, by a search of their bytes."""
    known: dict[Path, tuple[Path, ...]] = context.memory.setdefault("modules", {})
    if directory not in known:
        known[directory] = tuple(_mentioning(directory)) if _is_python(directory) else ()
    return known[directory]


def _is_python(directory: Path) -> bool:
    try:
        return any(SIGNS.fullmatch(entry.name) for entry in os.scandir(directory))
    except OSError:  # no build context
        return False


def _mentioning(directory: Path) -> Iterator[Path]:
    for path in source_files(directory, (".py", "alembic.ini")):
        parts = path.relative_to(directory).parts
        if NOT_DEPLOYED & set(parts[:-1]) or TEST_MODULE.match(parts[-1]):
            continue
        try:
            if MENTIONS.search(path.read_bytes()):
                yield path
        except OSError:  # neither can the build read it
            continue


def _in_file(project: Project, service: Service, path: Path) -> Iterator[Database]:
    place = container_path(project, service, path)
    if place is None and not may_be_in_image(service):
        return
    directory = working_directory(project, service)
    if path.suffix == ".ini":
        from volfix.project.alembic import ini_databases

        named = ini_databases(path, place)
    else:
        from volfix.project.code_databases import named_databases

        named = named_databases(path, place, directory)
    done = set()
    for each in named:
        span = next(piece.span for piece in each.value.pieces if piece.span)
        if (
            span not in done
            and not _is_replaced(project, service, each)
            and (found := _database(project, service, each))
        ):
            done.add(span)
            yield found


def _is_replaced(project: Project, service: Service, named: Named) -> bool:
    """Whether a variable that the code asks for first is set, or may be: in an env file, or in one that is not here."""
    if not named.value.variables:
        return False
    if may_be_given(project, service, named.value.variables):
        return True
    assigned = names_assigned(project) | set(service.environment)
    assigned |= set(service.stage.environment) if service.stage else set()
    return bool({name.upper() for name in assigned} & {name.upper() for name in named.value.variables})


def _database(project: Project, service: Service, named: Named) -> Database | None:
    from volfix.knowledge.readers import reader_of_scheme
    from volfix.project.database_url import database_file
    from volfix.project.readers import reader_of

    readers = [reader for reader in reader_of(service) if reader.ecosystem == "python"]
    if named.is_engine:
        own = reader_of_scheme("sqlite+pysqlite")
        readers = [reader for reader in readers if reader in own] or list(own)
    text = named.value.text
    file = database_file(text, named.kind, readers if named.kind == "url" else ())
    if file is None:
        return None
    pieces = named.value.pieces
    first = next(number for number, piece in enumerate(pieces) if piece.span)
    origin = _origin(named, pieces, first)
    found = placed(project, service, Variable(named.name, text, origin), file)
    if found is None or found.new_value is None:
        return found
    for number in reversed(range(len(pieces))):
        if pieces[number].span is None:
            continue
        origin = _origin(named, pieces, number)
        literal = origin.literal(found.new_value)
        if literal and PLAIN.match(literal):
            return replace(found, origin=origin, doubt=found.doubt or named.doubt)
    return replace(found, new_value=None, mount=None, reason="no literal in the code alone makes it another path")


def _origin(named: Named, pieces: tuple[Piece, ...], number: int) -> InCode:
    before = "".join(piece.text for piece in pieces[:number])
    after = "".join(piece.text for piece in pieces[number + 1 :])
    replaced = pieces[max(0, number - pieces[number].replaces) : number]
    span = pieces[number].span
    assert span is not None
    return InCode(named.source, span, before, after, "".join(piece.text for piece in replaced))


def _apart(found: list[Database]) -> Iterator[Database]:
    """Where the code names several files, which of them the deployment opens is not known."""
    paths = {database.path for database in found}
    for database in found:
        if len(paths) > 1 and database.new_value is not None:
            others = ", ".join(sorted(path for path in paths if path and path != database.path)) or "others"
            yield replace(database, doubt=database.doubt or f"the code names other databases too ({others})")
        else:
            yield database
