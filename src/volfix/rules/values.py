"""How a value that names a database is changed where it is written."""

from __future__ import annotations

from volfix.project.environment import InCompose, InEnvFile
from volfix.rules.databases import Database
from volfix.rules.findings import ValueChange
from volfix.rules.operations import SetAssignment, SetScalar


def set_value(database: Database, value: str) -> tuple[SetScalar | SetAssignment, ValueChange]:
    """The operation that gives the database's variable another value, and the change that it declares.

    The database's origin must be known.
    """
    origin = database.origin
    assert isinstance(origin, InCompose | InEnvFile)
    place = origin.assignment.span.start if isinstance(origin, InEnvFile) else origin.scalar.span.start
    change = ValueChange(origin.file.path, place, database.variable, database.value, value)
    if isinstance(origin, InEnvFile):
        return SetAssignment(origin.file, origin.assignment, value), change
    text = origin.scalar.value
    written = text[: origin.start] + value.replace("$", "$$") + text[origin.end :]
    return SetScalar(origin.file, origin.scalar, written), change
