"""The model of a database that a file of the service's code names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from volfix.syntax.pieces import Value
from volfix.syntax.source import Source, Span

OPENED = "opened"
"""The kind of a value that the program opens right here. A `url` or `file` may be part of a value opened elsewhere."""
DECORATION = re.compile(r"\A\w+:(?://)?|\?.*\Z", re.DOTALL)
"""What may surround a file's name: `file:` and `?mode=rwc` in `file:shop.db?mode=rwc`."""


@dataclass(frozen=True, slots=True)
class NamedDatabase:
    """A database that code names.

    `name` is the variable or function that takes the value. `is_engine` says that it is SQLAlchemy's; `reader` names
    another reader of readers.toml. `settings` are names under which other code may set the value; `in_settings` says
    that they are Flask's. `constant` holds the literal if the literal is only part of the value. `doubt` says why
    another value may be used instead, `refusal` why volfix does not edit this value.
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
    shared: frozenset[Span] = frozenset()
    """The literals that another database of the module uses too: changing them moves both databases."""

    @property
    def literals(self) -> tuple[Span, ...]:
        """The positions of the literals that form the value."""
        return tuple(piece.span for piece in self.value.pieces if piece.span)


def each_once(databases: Iterable[NamedDatabase]) -> list[NamedDatabase]:
    """The databases without duplicates and without those that have no literal.

    If a database shares a literal with another and is only part of its value, the longer value is kept. Different
    databases may share the literal of a directory or a name.
    """
    found: dict[object, NamedDatabase] = {}
    having: dict[Span, object] = {}
    for named in databases:
        if not named.literals:
            continue
        others = dict.fromkeys(having[span] for span in named.literals if span in having)
        key = next((each for each in others if _is_part(found[each], named)), (named.literals, named.value.text))
        found[key] = _united(found[key], named) if key in found else named
        having.update(dict.fromkeys(named.literals, key))
    users = Counter(span for named in found.values() for span in set(named.literals))
    shared = frozenset(span for span, number in users.items() if number > 1)
    return [replace(named, shared=shared.intersection(named.literals)) for named in found.values()]


def _is_part(one: NamedDatabase, other: NamedDatabase) -> bool:
    """Whether both are the same database. For opened files the whole path must be equal; otherwise a part suffices."""
    short, long = sorted((one.value.text, other.value.text), key=len)
    return DECORATION.sub("", short) == DECORATION.sub("", long) if one.kind == OPENED else short in long


def _united(known: NamedDatabase, named: NamedDatabase) -> NamedDatabase:
    """The longer value, with the settings, the doubt and the variables of both.

    Of opened files only the variables of both count: if one place ignores a variable, the file is opened anyway.
    """
    whole, part = (known, named) if len(named.value.text) <= len(known.value.text) else (named, known)
    variables = whole.value.variables, part.value.variables
    both = frozenset.intersection(*variables) if whole.kind == OPENED else frozenset.union(*variables)
    value = replace(whole.value, variables=both)
    return replace(whole, value=value, settings=whole.settings | part.settings, doubt=whole.doubt or part.doubt)
