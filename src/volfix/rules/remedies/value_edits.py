"""The operations that change a value that names a database, where it is written."""

from __future__ import annotations

from volfix.edits.code_edits import SetLiteral
from volfix.edits.command_edits import SetText
from volfix.edits.env_file_edits import SetAssignment
from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import SetScalar
from volfix.project.compose.origins import InCompose, InEnvFile, Origin, PutTogether
from volfix.project.compose.outer_origins import InCode, InDockerfile, InFlow
from volfix.rules.context import at
from volfix.rules.evidence.database import Database
from volfix.rules.findings import Location, ValueChange


def set_value(database: Database, value: str) -> tuple[Operation, ValueChange]:
    """The operation that gives the database's variable the new value, and its change.

    The caller has checked that the value's origin is known and can hold the new value (`unsayable`, `can_say`).
    """
    origin = database.origin
    assert origin is not None
    change = ValueChange(origin.file.path, origin.place, database.variable, database.value, value)
    if isinstance(origin, InDockerfile):
        return SetLiteral(origin.file, origin.span, value), change
    if isinstance(origin, InFlow):
        assert origin.span is not None  # else the database has no new value
        return SetText(origin.file, origin.span, value), change
    if isinstance(origin, InCode):
        literal = origin.literal(value)
        assert literal is not None  # else the database has no new value
        return SetLiteral(origin.file, origin.span, literal), change
    return _set_text(origin, value), change


def _set_text(origin: InCompose | InEnvFile | PutTogether, value: str) -> SetScalar | SetAssignment:
    """The operation that rewrites the scalar or assignment so that it means the value."""
    if isinstance(origin, PutTogether):
        text, written = origin.saying(value), origin.written
        assert text is not None  # else the database has no new value
    else:
        text, written = value, origin
        if isinstance(origin, InCompose):
            text = value.replace("$", "$$")
    if isinstance(written, InEnvFile):
        return SetAssignment(written.file, written.assignment, text)
    whole = written.scalar.value
    return SetScalar(written.file, written.scalar, whole[: written.start] + text + whole[written.end :])


def location_of(origin: Origin) -> Location | None:
    """Where a value is written; None if it is not in a file."""
    written = origin.written if isinstance(origin, PutTogether) else origin
    if isinstance(written, InCompose):
        return at(written.file, written.scalar.span.start, written.scalar.span.end)
    if isinstance(written, InEnvFile):
        return at(written.file, written.assignment.value_span.start, written.assignment.value_span.end)
    if isinstance(written, InDockerfile | InCode):
        return at(written.file, written.span.start, written.span.end)
    if isinstance(written, InFlow):
        span = written.span
        return at(written.file, span.start, span.end) if span else at(written.file, written.place, written.place)
    return None


def location_in(database: Database) -> Location:
    """Where the database's value is written; the service if the value is not in a file."""
    part = database.service.parts[-1]
    start = part.node.span.start
    return location_of(database.origin) or at(part.file.source, start, start)
