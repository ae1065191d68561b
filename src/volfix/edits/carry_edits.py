"""Operations on a Compose file for carry services: add the service and the waits for it, and remove both."""

from __future__ import annotations

from collections.abc import Mapping as Entries
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from volfix.edits.waits import COMPLETED, STARTED
from volfix.edits.yaml_edits import Addition, YamlEdit
from volfix.syntax.source import CannotEdit, Edit, Source, Span

if TYPE_CHECKING:
    from volfix.syntax.yaml_tree import Document, Mapping, Pair
    from volfix.syntax.yaml_write import Value

KEY = "depends_on"


@dataclass(frozen=True, slots=True, eq=False)
class AddService(Addition):
    """Adds a service to the `services:` of a document, with a comment behind its name."""

    source: Source
    document: Document
    services: Mapping
    name: str
    fields: Entries[str, Value]
    comment: str

    @property
    def place(self) -> Span:
        return self.services.span

    @property
    def group(self) -> object:
        return id(self.services), "services"

    @property
    def order(self) -> int:
        return 2

    def splice(self) -> list[Edit]:
        return self.splice_with(())

    def splice_with(self, others: Sequence[AddService]) -> list[Edit]:
        from volfix.syntax.yaml_insert import add_to, has_blank_lines

        new = (self, *others)
        fields = {each.name: each.fields for each in new}
        edits = add_to(self.source, self.document, self.services, fields, {each.name: each.comment for each in new})
        last = self.services.pairs[-1].key.span.start
        spaced = len(self.services.pairs) > 1 and has_blank_lines(self.source, self.services)
        if self.services.flow or not spaced or any(edit.span.start <= last for edit in edits):
            return edits
        return [replace(edit, replacement=self.source.newline + edit.replacement) for edit in edits]

    def apply(self, _part: Any, data: Any, /) -> dict[str, Any]:
        return {**data, self.name: as_read(self.fields)}


@dataclass(frozen=True, slots=True)
class WaitFor(Addition):
    """A service waits until another one has done its work. A list becomes a mapping, in which that one comes first."""

    source: Source
    document: Document
    service: Mapping
    awaited: str

    @property
    def place(self) -> Span:
        return self.service.span

    @property
    def group(self) -> object:
        return id(self.service), KEY

    def splice(self) -> list[Edit]:
        return self.splice_with(())

    def splice_with(self, others: Sequence[WaitFor]) -> list[Edit]:
        from volfix.syntax.yaml_insert import add_entries, add_to
        from volfix.syntax.yaml_keys import items_to_keys
        from volfix.syntax.yaml_tree import Mapping, Sequence

        new: dict[str, Value] = {each.awaited: COMPLETED for each in (self, *others)}
        pair, inherited = self.service.pair(KEY), self.service.get(KEY)
        if pair is None:
            known = {} if inherited is None else conditions(inherited)
            return add_to(self.source, self.document, self.service, {KEY: {**known, **new}}, overrides=True)
        value = pair.value
        if isinstance(value, Mapping | Sequence) and value.anchor is not None:
            raise CannotEdit(f"{KEY} has the anchor &{value.anchor}, which others share")
        if not isinstance(value, Mapping | Sequence) or not (
            value.pairs if isinstance(value, Mapping) else value.items
        ):
            raise CannotEdit(f"{KEY} has no value to which volfix can add")
        if isinstance(value, Sequence):
            return items_to_keys(self.source, self.document, value, new, STARTED)
        return add_entries(self.source, self.document, pair, new)

    def apply(self, part: Any, data: Any, /) -> dict[str, Any]:
        from volfix.edits.yaml_meaning import unwrapped, wrapped

        value = unwrapped(data.get(KEY))
        if KEY not in data:
            inherited = part.get(KEY)
            known = {} if inherited is None else conditions(inherited)
        elif isinstance(value, list):
            known = {_name(item): STARTED for item in value}
        else:
            known = value
        return {**data, KEY: wrapped(data.get(KEY), {**known, self.awaited: COMPLETED})}


@dataclass(frozen=True, slots=True, eq=False)
class RemoveEntries(YamlEdit):
    """Removes entries of a mapping, each with the comment on its line, and the blank line that came with a service."""

    source: Source
    mapping: Mapping
    pairs: tuple[Pair, ...]

    @property
    def place(self) -> Span:
        return self.mapping.span

    def splice(self) -> list[Edit]:
        from volfix.syntax.yaml_remove import remove_entries

        edits = remove_entries(self.source, self.mapping, self.pairs)
        return edits if self.mapping.flow else [self._with_blank_line(edit) for edit in edits]

    def _with_blank_line(self, edit: Edit) -> Edit:
        text, start = self.source.text, edit.span.start
        for newline in ("\r\n", "\n"):
            if text[:start].endswith(newline * 2):
                return replace(edit, span=Span(start - len(newline), edit.span.end))
            if text[start:].startswith(newline) and text[:start].endswith(newline):  # the file lacks a final line end
                return replace(edit, span=Span(start - len(newline), edit.span.end))
        return edit

    def apply(self, _part: Any, data: Any, /) -> dict[str, Any]:
        from volfix.edits.yaml_meaning import key_of

        gone = {key_of(pair) for pair in self.pairs}
        return {name: item for name, item in data.items() if name not in gone}

    def replaced(self) -> Span:
        return Span(self.pairs[0].key.span.start, self.pairs[0].value.span.end)


@dataclass(frozen=True, slots=True, eq=False)
class EndWait(YamlEdit):
    """Removes waits of a service; a mapping that `WaitFor` made of a list becomes the list again."""

    source: Source
    document: Document
    service: Mapping
    awaited: tuple[str, ...]

    @property
    def place(self) -> Span:
        return self.service.span

    def splice(self) -> list[Edit]:
        from volfix.edits.yaml_meaning import key_of
        from volfix.syntax.yaml_remove import remove_entries, remove_entry

        pair, value = self._waits()
        if (listed := self._listed(value)) is not None:
            return listed
        if self._is_own(pair, value):
            return remove_entries(self.source, value, [entry for entry in value.pairs if key_of(entry) in self.awaited])
        return [remove_entry(self.source, self.service, pair)]

    def apply(self, _part: Any, data: Any, /) -> dict[str, Any]:
        from volfix.edits.yaml_meaning import unwrapped, wrapped

        pair, value = self._waits()
        left = {name: item for name, item in unwrapped(data[KEY]).items() if name not in self.awaited}
        if self._listed(value) is not None:
            return {**data, KEY: wrapped(data[KEY], list(left))}
        if self._is_own(pair, value):
            return {**data, KEY: wrapped(data[KEY], left)}
        return {name: item for name, item in data.items() if name != KEY}

    def replaced(self) -> Span:
        return self._waits()[0].value.span

    def _waits(self) -> tuple[Pair, Mapping]:
        from volfix.syntax.yaml_tree import Mapping

        pair = self.service.pair(KEY)
        assert pair is not None
        assert isinstance(pair.value, Mapping), "only what is written there is taken out"
        return pair, pair.value

    def _listed(self, value: Mapping) -> list[Edit] | None:
        from volfix.syntax.yaml_keys import keys_to_items

        return keys_to_items(self.source, self.document, value, self.awaited, STARTED)

    def _is_own(self, pair: Pair, value: Mapping) -> bool:
        """Whether something is left that the service does not have from a merge key as well."""
        pairs = tuple(entry for entry in self.service.pairs if entry is not pair)
        inherited = replace(self.service, pairs=pairs).get(KEY)
        try:
            left = conditions(value, but=self.awaited)
            return bool(left) and (inherited is None or left != conditions(inherited, but=self.awaited))
        except CannotEdit:  # a person has added more to the entry
            return True


def conditions(waits: Any, but: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """What a `depends_on:` in either form waits for; raises CannotEdit where it says more than conditions."""
    from volfix.syntax.yaml_tree import Mapping, Scalar, Sequence, resolved

    if isinstance(waits, Sequence):
        names = [resolved(item) for item in waits.items]
        return {name.value: STARTED for name in names if isinstance(name, Scalar) and name.value not in but}
    found: dict[str, dict[str, str]] = {}
    for name, pair in waits.items() if isinstance(waits, Mapping) else ():
        value = resolved(pair.value)
        fields = {key: resolved(field.value) for key, field in value.items()} if isinstance(value, Mapping) else {}
        said = fields.get("condition")
        if name in but:
            continue
        if len(fields) != 1 or not isinstance(said, Scalar):
            raise CannotEdit(f"the entry {name} of {KEY} says more than a condition")
        found[name] = {"condition": said.value}
    return found


def as_read(value: Value) -> Any:
    """A new value as `plain` reads it again."""
    from volfix.syntax.yaml_write import Lines, Short, Typed

    match value:
        case Typed():
            return ("typed", value.text)
        case Lines():
            return value.text
        case Short():
            return as_read(value.value)
        case str() | None:
            return value
        case Entries():
            return {key: as_read(item) for key, item in value.items()}
        case _:
            return [as_read(item) for item in value]


def _name(item: Any) -> str:
    """A name in a list, as a key says it."""
    from volfix.edits.yaml_meaning import unwrapped

    name = unwrapped(item)
    return str(name[1]) if isinstance(name, tuple) else str(name)
