"""The user's own engines and applications, in the form of the knowledge base."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, fields
from typing import Any

from volfix.knowledge.absences import Absence
from volfix.knowledge.entries import Entry, Kind, Setting, entry_of
from volfix.knowledge.images import Image
from volfix.knowledge.lookup import is_built_in
from volfix.knowledge.paths import cleaned

REQUIRED = ("name", "images", "source")
PATHS = ("data_directories", "inner", "declared_volumes", "at", "refused_mounts")
NEEDS = ("first", "all", "any")
OWNERS = ("owner", "alpine_owner")
TABLES: Mapping[str, type] = {"settings": Setting, "absences": Absence}
FOUND = "verified works only in a file named with --config: a file that volfix finds makes no fix safe"


class OwnEntryProblem(Exception):
    """An entry that cannot be used; `word` is the word at fault."""

    def __init__(self, message: str, word: str) -> None:
        super().__init__(message)
        self.word = word


def own_entry(row: Mapping[str, Any], kind: Kind, *, named: bool) -> Entry:
    """The entry; raises OwnEntryProblem. In a file that nobody has named no entry is verified: its fixes are unsafe."""
    for message, word in _problems(row, kind):
        raise OwnEntryProblem(message, word)
    if row.get("verified") and not named:
        raise OwnEntryProblem(FOUND, "verified")
    return entry_of(row, kind)


def _problems(row: Mapping[str, Any], kind: Kind) -> Iterator[tuple[str, str]]:
    yield from _wrong_keys(row, [each for each in fields(Entry) if each.name != "kind"])
    for part, record in TABLES.items():
        for item in row.get(part, ()):
            yield from _wrong_keys(item, fields(record))
    for key in REQUIRED:
        if not row.get(key):
            yield f"{row.get('name') or f'an {kind}'} has no {key}", str(row.get("name", ""))
    yield from _wrong_names(row)


def _wrong_names(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in row["images"]:
        if Image.parse(name.rstrip("*")).repository != name.rstrip("*") or name != name.lower() or "*" in name[:-1]:
            yield f"{name} is no image's name without its tag", name
        elif is_built_in(name):
            yield f"the knowledge base has the image {name} already", name
    for path in (path for key in PATHS for path in row.get(key, ())):
        if not path.startswith("/") or cleaned(path) != path or path == "/":
            yield f"{path} is no absolute path of a directory in a container", path
    if row.get("needs", NEEDS[0]) not in NEEDS:
        yield f"needs must be one of {', '.join(NEEDS)}", "needs"


def _wrong_keys(row: Mapping[str, Any], known: Iterable[Field[Any]]) -> Iterator[tuple[str, str]]:
    """Messages on unknown keys, and on keys with a wrong kind of value."""
    records = {each.name: each for each in known}
    for key, value in row.items():
        if key not in records:
            near = difflib.get_close_matches(key, records, 1)
            meant = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(records)}"
            yield f"there is no key {key}; {meant}", key
        elif (wanted := _objection(key, value, records[key].default)) is not None:
            yield f"{key} must be {wanted}", key


def _objection(key: str, value: Any, default: object) -> str | None:
    """The kind of value that a key needs; None where the value is right."""
    if key in OWNERS:
        return None if _is_list(value, int) and len(value) == 2 else "two numbers"
    if key in TABLES:
        return None if _is_list(value, dict) else "an array of tables"
    if key in ("all", "none"):
        return None if _is_list(value, list) else "a list of lists of words"
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(default, tuple) or key == "images":
        return None if _is_list(value, str) else "a list of strings"
    return None if isinstance(value, str) else "a string"


def _is_list(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)
