"""A database that a file of the service's code names."""

from __future__ import annotations

from dataclasses import dataclass

from volfix.syntax.pieces import Value
from volfix.syntax.source import Source


@dataclass(frozen=True, slots=True)
class NamedDatabase:
    """A database in code: `name` is the variable or function that takes the value, `is_engine` whether SQLAlchemy does,
    `reader` another reader of readers.toml.

    `settings` are the names under which other code may set it, `in_settings` whether they are Flask's;
    `constant` is the constant in which the literal is only a part of the value. `doubt` says why it may not be
    what counts, `refusal` why it is not edited.
    """

    source: Source
    name: str
    value: Value
    kind: str
    is_engine: bool
    settings: frozenset[str] = frozenset()
    in_settings: bool = False
    constant: str = ""
    doubt: str | None = None
    refusal: str | None = None
    reader: str = ""
