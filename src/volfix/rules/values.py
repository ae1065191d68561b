"""How a value that names a database is changed where it is written."""

from __future__ import annotations

from volfix.project.environment import InCode, InCompose, InDockerfile, InEnvFile, Origin
from volfix.rules.context import at
from volfix.rules.database import Database
from volfix.rules.findings import Location, ValueChange
from volfix.rules.operations import SetAssignment, SetLiteral, SetScalar


def set_value(database: Database, value: str) -> tuple[SetScalar | SetAssignment | SetLiteral, ValueChange]:
    """The operation that gives the database's variable another value, and the change that it declares.

    The database's origin must be known.
    """
    origin = database.origin
    assert origin is not None
    if isinstance(origin, InEnvFile):
        place = origin.assignment.span.start
    else:
        place = origin.span.start if isinstance(origin, InDockerfile | InCode) else origin.scalar.span.start
    change = ValueChange(origin.file.path, place, database.variable, database.value, value)
    if isinstance(origin, InEnvFile):
        return SetAssignment(origin.file, origin.assignment, value), change
    if isinstance(origin, InDockerfile):
        return SetLiteral(origin.file, origin.span, value), change
    if isinstance(origin, InCode):
        literal = origin.literal(value)
        assert literal is not None  # else the database has no new value
        return SetLiteral(origin.file, origin.span, literal), change
    text = origin.scalar.value
    written = text[: origin.start] + value.replace("$", "$$") + text[origin.end :]
    return SetScalar(origin.file, origin.scalar, written), change


def location_of(origin: Origin) -> Location | None:
    """Where a value is written; None where it is put together, or comes from outside."""
    if isinstance(origin, InCompose):
        return at(origin.file, origin.scalar.span.start, origin.scalar.span.end)
    if isinstance(origin, InEnvFile):
        return at(origin.file, origin.assignment.value_span.start, origin.assignment.value_span.end)
    if isinstance(origin, InDockerfile | InCode):
        return at(origin.file, origin.span.start, origin.span.end)
    return None


def location_in(database: Database) -> Location:
    """Where the database's value is written, else the service."""
    part = database.service.parts[-1]
    start = part.node.span.start
    return location_of(database.origin) or at(part.file.source, start, start)
