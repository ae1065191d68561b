"""The database that alembic.ini names for migrations.

Source: sqlalchemy/alembic 1.x: a relative path starts from the working directory; `%(here)s` is the ini's folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from volfix.project.code.named_database import NamedDatabase
from volfix.syntax import disk
from volfix.syntax.pieces import Piece, Value
from volfix.syntax.source import FileProblem, Source, Span

URL = re.compile(r"(?m)^sqlalchemy\.url[ \t]*[=:][ \t]*(\S+)[ \t]*\r?$")
SCRIPTS = re.compile(r"(?m)^script_location[ \t]*[=:][ \t]*(?:%\(here\)s/)?([\w./-]+)")
ELSEWHERE = re.compile(rb"set_main_option|environ|getenv|settings|create_engine|create_async_engine")
"""Signs that an env.py takes the URL from another place than alembic.ini."""


def ini_databases(path: Path, place: str | None) -> Iterator[NamedDatabase]:
    """The database in `sqlalchemy.url` of the file at `path`; none if env.py takes the URL from another place.

    `place` is the file's path in the container; None if it is unknown.
    """
    try:
        source = Source.read(path)
        found, scripts = URL.search(source.text), SCRIPTS.search(source.text)
        code = _environment(path.parent, scripts[1]) if scripts else b""
    except (FileProblem, OSError):  # alembic could not read it either
        return
    if found is None or not code or ELSEWHERE.search(code):
        return
    head, here, tail = found[1].partition("%(here)s")
    start = found.start(1)
    pieces = [Piece(head, Span(start, start + len(head)))]
    if here:
        if place is None:
            return
        end = found.end(1)
        pieces = [Piece(head), Piece(place.rpartition("/")[0]), Piece(tail, Span(end - len(tail), end))]
    if "%" not in head + tail:
        yield NamedDatabase(source, "sqlalchemy.url", Value(tuple(pieces)), "url", is_engine=True)


def _environment(directory: Path, scripts: str) -> bytes:
    """The content of env.py in the `script_location` directory; empty if it lies outside the repository."""
    path = Path(os.path.normpath(directory / scripts / "env.py"))
    return disk.read(path) if path.is_relative_to(directory) or disk.is_inside(path) else b""
