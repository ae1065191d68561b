"""The databases named in the files of a framework: Rails' database.yml, Laravel's database.php, Prisma's schema.

volfix does not edit these files. Sources: rails/rails, guides/source/configuring.md and the SQLite3 adapter (a relative
path starts from Rails.root; DATABASE_URL wins); laravel/framework, config/database.php (database_path, DB_DATABASE);
prisma/docs, orm/overview/databases/sqlite (up to version 6 a relative path starts from the schema's directory; later
versions have no URL in the schema; a driver adapter does not use it).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from volfix.knowledge.switches import Environment, switch_of
from volfix.project.code.named_database import NamedDatabase
from volfix.syntax.pieces import Piece, Value
from volfix.syntax.source import FileProblem, Source, Span
from volfix.syntax.yaml_tree import Mapping as Entries
from volfix.syntax.yaml_tree import Scalar, parse

DATASOURCE = re.compile(r"(?m)^[ \t]*datasource[ \t]+\w+[ \t]*\{([^}]*)\}")
PROVIDER = re.compile(r"(?m)^[ \t]*provider[ \t]*=[ \t]*\"sqlite\"")
URL = re.compile(r"(?m)^[ \t]*url[ \t]*=[ \t]*\"file:([^\"?]+)[^\"]*\"")
DATABASE_PATH = re.compile(r"env\([ \t]*['\"]DB_DATABASE['\"][ \t]*,[ \t]*database_path\([ \t]*['\"]([\w./-]+)['\"]")


@dataclass(frozen=True, slots=True)
class _Found:
    """A path as written. A relative path starts `levels` directories above the file, in the subdirectory `below`."""

    text: str
    span: Span
    levels: int
    below: str = ""
    variables: tuple[str, ...] = ()
    advice: str = "name a file in a named volume there"


def framework_databases(path: Path, place: str | None, environment: Environment) -> Iterator[NamedDatabase]:
    """The database that the file at `path` names.

    `place` is the file's path in the container (None: unknown, nothing is found); `environment` the service's.
    """
    if place is None:
        return
    read = {"database.yml": _of_rails, "database.php": _of_laravel, "schema.prisma": _of_prisma}[path.name]
    try:
        source = Source.read(path)
        found = read(source, environment)
    except FileProblem:  # the framework could not read it either
        return
    if found is None:
        return
    text, span = found.text, found.span
    if text.startswith("./"):
        text, span = text[2:], Span(span.start + 2, span.end)
    base = place
    for _ in range(found.levels):
        base = posixpath.dirname(base)
    before = "" if text.startswith("/") else f"{posixpath.join(base, found.below).rstrip('/')}/"
    value = Value((Piece(before), Piece(text, span)), frozenset(found.variables))
    refusal = f"volfix does not edit {path.name}: {found.advice}"
    yield NamedDatabase(source, path.name, value, "file", is_engine=False, refusal=refusal)


def _of_prisma(source: Source, environment: Environment) -> _Found | None:
    del environment
    block = DATASOURCE.search(source.text)
    url = URL.search(source.text, block.start(1), block.end(1)) if block else None
    if block is None or url is None or not PROVIDER.search(block[1]) or "driverAdapters" in source.text:
        return None
    return _Found(url[1], Span(url.start(1), url.end(1)), 1)


def _of_laravel(source: Source, environment: Environment) -> _Found | None:
    """The default of DB_DATABASE if the environment selects SQLite; otherwise a `.env` in the image may decide."""
    found = DATABASE_PATH.search(source.text)
    switch = switch_of("DB_DATABASE", environment)
    if found is None or switch is None or switch.engine != "file":
        return None
    advice = "set DB_DATABASE to the absolute path of a file in a named volume"
    variables = ("DB_DATABASE", "DB_URL", "DATABASE_URL")
    return _Found(found[1], Span(found.start(1), found.end(1)), 2, "database", variables, advice)


def _of_rails(source: Source, environment: Environment) -> _Found | None:
    """The SQLite file of the current RAILS_ENV; with several databases the first (`primary`)."""
    documents = parse(source)
    root = documents[0].root if documents else None
    name = environment.get("RAILS_ENV") or environment.get("RACK_ENV") or "development"
    entry = root.get(name) if isinstance(root, Entries) else None
    if isinstance(entry, Entries) and entry.get("adapter") is None and entry.get("database") is None:
        entry = next((inner for key, _ in entry.items() if isinstance(inner := entry.get(key), Entries)), None)
    if not isinstance(entry, Entries):
        return None
    adapter, database = entry.get("adapter"), entry.get("database")
    if not (isinstance(adapter, Scalar) and isinstance(database, Scalar)) or adapter.value != "sqlite3":
        return None
    if "<%" in database.value or database.value.startswith(":"):
        return None
    start = source.text.find(database.value, database.span.start, database.span.end)
    if start < 0:
        return None
    return _Found(database.value, Span(start, start + len(database.value)), 2, variables=("DATABASE_URL",))
