"""A database that a file of the service's code names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from volfix.syntax.pieces import Value
from volfix.syntax.source import Source, Span

OPENED = "opened"
"""The kind of what a program opens at this place; a URL or a file may be a part of what is opened elsewhere."""
DECORATION = re.compile(r"\A\w+:(?://)?|\?.*\Z", re.DOTALL)
"""What stands around a file's name: `file:shop.db?mode=rwc`."""


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
    shared: frozenset[Span] = frozenset()
    """The literals that another database of the module has too: who changes them moves both."""

    @property
    def literals(self) -> tuple[Span, ...]:
        """Where the value is written."""
        return tuple(piece.span for piece in self.value.pieces if piece.span)


def each_once(databases: Iterable[NamedDatabase]) -> list[NamedDatabase]:
    """The databases that are written somewhere, each once: where one has a literal of another and is a part of
    it, the whole says more. Several may well share a directory or a name.
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
    """Whether both are one database: what is opened is another file even if its name is a part of the other's."""
    short, long = sorted((one.value.text, other.value.text), key=len)
    return DECORATION.sub("", short) == DECORATION.sub("", long) if one.kind == OPENED else short in long


def _united(known: NamedDatabase, named: NamedDatabase) -> NamedDatabase:
    """The whole, with what is known of its part. What is opened at one place whatever a variable says is opened."""
    whole, part = (known, named) if len(named.value.text) <= len(known.value.text) else (named, known)
    variables = whole.value.variables, part.value.variables
    both = frozenset.intersection(*variables) if whole.kind == OPENED else frozenset.union(*variables)
    value = replace(whole.value, variables=both)
    return replace(whole, value=value, settings=whole.settings | part.settings, doubt=whole.doubt or part.doubt)
