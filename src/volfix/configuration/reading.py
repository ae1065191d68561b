"""Reads a configuration file; an unknown key or code is an error with its line and the nearest known word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from volfix.configuration.keys import KEYS, Key, Kind
from volfix.configuration.own_entries import OwnEntryProblem, own_entry
from volfix.configuration.places import line_of
from volfix.configuration.settings import PYPROJECT, SEVERITIES, Settings
from volfix.knowledge.entries import Kind as EntryKind
from volfix.knowledge.tables import parsed
from volfix.rules.codes import nearest, unknown
from volfix.rules.selection import OFF_BY_DEFAULT
from volfix.syntax import disk
from volfix.syntax.source import FileProblem, Source

TABLE = ("tool", "volfix")
VOLUME_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
KINDS: Mapping[str, EntryKind] = {"engines": "engine", "applications": "application"}


def settings_of(path: Path, *, named: bool = False, only: Collection[str] = ()) -> Settings | None:
    """The settings of the file; None for a pyproject.toml without a table for volfix. Raises FileProblem."""
    return settings_in(Source.read(path, disk.LARGEST_YAML), named=named, only=only)


def settings_in(source: Source, *, named: bool = False, only: Collection[str] = ()) -> Settings | None:
    """As `settings_of`, for a text that was read before."""
    path = source.path
    prefix = TABLE if path.name == PYPROJECT else ()
    if prefix and not re.search(r"tool\s*\.\s*\"?volfix|volfix\s*=|\[\s*tool\s*\]", source.text):
        return None
    try:
        table: Any = parsed(source.text)
    except (ValueError, RecursionError) as error:
        line, column = (re.search(rf"{word} (\d+)", str(error)) for word in ("line", "column"))
        place = (int(line[1]), int(column[1])) if line and column else (source.text.rstrip().count("\n") + 1, 1)
        raise FileProblem(path, f"not valid TOML: {str(error).partition(' (at ')[0]}", *place) from error
    for key in prefix:
        table = table.get(key) if isinstance(table, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise FileProblem(path, f"{'.'.join(prefix)} must be a table", line_of(source.text, prefix), 1)
    if only:
        table = {key: value for key, value in table.items() if key in only}
    return _Reader(source, prefix, named).settings(table)


@dataclass(frozen=True, slots=True)
class _Reader:
    source: Source
    prefix: tuple[str, ...]
    named: bool

    def problem(self, message: str, *keys: str, word: str | None = None) -> FileProblem:
        return FileProblem(self.source.path, message, line_of(self.source.text, (*self.prefix, *keys), word), 1)

    def settings(self, table: Mapping[str, Any]) -> Settings:
        values: dict[str, Any] = {}
        for key, value in table.items():
            known = KEYS.get(key)
            if known is None:
                raise self.problem(f"there is no key {key}; {meant(key, KEYS)}", key)
            if known.named and not self.named:
                how = f"{key} works only on the command line, or in a file named with --config"
                raise self.problem(f"{how}: a file that volfix finds may only narrow or name", key)
            values[key] = self._value(key, known, value)
        return Settings(
            path=self.source.path,
            home=home_of(self.source.path),
            named=self.named,
            widens=self.named,
            select=values.get("select", ()),
            ignore=values.get("ignore", ()),
            exclude=values.get("exclude", ()),
            per_file_ignores=values.get("per-file-ignores", {}),
            min_severity=values.get("min-severity", ""),
            volumes=values.get("volumes", {}),
            entries=(*values.get("engines", ()), *values.get("applications", ())),
            options={key: value for key, value in values.items() if KEYS[key].named},
            lines={key: line_of(self.source.text, (*self.prefix, key)) for key in table},
        )

    def _value(self, key: str, known: Key, value: Any) -> Any:
        read: Callable[[str, Any], Any] = {
            Kind.CODES: lambda key, value: self._codes(self._texts(value, known, key), key),
            Kind.GLOBS: lambda key, value: self._texts(value, known, key),
            Kind.TEXTS: lambda key, value: self._texts(value, known, key),
            Kind.CODES_BY_GLOB: self._codes_by_glob,
            Kind.SEVERITY: self._severity,
            Kind.NAMES: self._names,
            Kind.ENTRIES: self._entries,
            Kind.SWITCH: self._switch,
        }[known.kind]
        return read(key, value)

    def _wrong(self, known: Key, *keys: str) -> FileProblem:
        return self.problem(f"{' of '.join(reversed(keys))} must be {known.kind.value}", *keys)

    def _texts(self, value: Any, known: Key, *keys: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(known, *keys)
        return tuple(value)

    def _codes(self, codes: Iterable[str], *keys: str) -> tuple[str, ...]:
        for code in codes:
            if unknown(code):
                raise self.problem(f"there is no rule {code}: {nearest(code)}", *keys, word=code)
            if keys == ("select",) and not self.named and code.upper() in OFF_BY_DEFAULT:
                how = "--select, or `select` in a file that is named with --config, turns it on"
                raise self.problem(f"{code} is off: {how}", *keys, word=code)
        return tuple(code.upper() for code in codes)

    def _codes_by_glob(self, key: str, value: Any) -> dict[str, tuple[str, ...]]:
        if not isinstance(value, dict):
            raise self._wrong(KEYS[key], key)
        return {
            pattern: self._codes(self._texts(codes, KEYS["ignore"], key, pattern), key, pattern)
            for pattern, codes in value.items()
        }

    def _severity(self, key: str, value: Any) -> str:
        if value not in SEVERITIES:
            raise self._wrong(KEYS[key], key)
        return str(value)

    def _names(self, key: str, value: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            raise self._wrong(KEYS[key], key)
        for mount, name in value.items():
            if not mount.startswith(("./", "../", "/")) and not re.match(r"[\w.-]+:/", mount):
                raise self.problem(f'{mount} is no mount: write "./data", or "service:/target"', key, mount)
            if not isinstance(name, str) or not VOLUME_NAME.match(name):
                raise self.problem(f"a volume cannot be called {name!r}", key, mount)
        return value

    def _entries(self, key: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self._wrong(KEYS[key], key)
        try:
            return tuple(own_entry(row, KINDS[key], named=self.named) for row in value)
        except OwnEntryProblem as problem:
            raise self.problem(str(problem), key, word=problem.word) from problem

    def _switch(self, key: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self._wrong(KEYS[key], key)
        return value


def home_of(path: Path) -> Path:
    """The directory that the paths of a configuration file start from: above the dot folder that it lies in."""
    directory = path.parent
    return directory.parent if directory.name.startswith(".") and not path.name.startswith(".") else directory


def meant(word: str, known: Iterable[str]) -> str:
    """The nearest known word to an unknown word; else all known words."""
    known = list(known)
    near = difflib.get_close_matches(word.lower().replace("_", "-"), known, 1)
    return f"did you mean {near[0]}?" if near else f"the keys are {', '.join(known)}"
