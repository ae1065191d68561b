"""Which engine an application uses by its environment: an engine with a file, or a server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from volfix.knowledge.entries import Entry
from volfix.knowledge.tables import listed, table
from volfix.knowledge.variables import variable_kind

Engine = Literal["file", "server", "unknown"]
Environment = Mapping[str, str | None]
"""What the process sees; None, or a `$` in a value, stands for what comes from outside."""
WORD = re.compile(r"[\w.+-]+\Z")
FILE_NAME = re.compile(r"[/\\]|(?<!\.backends)\.(?:db3?|sqlite3?|sqlitedb|sdb)\Z", re.IGNORECASE)
"""A path, or a file's name; `django.db.backends.sqlite3` is a module."""
SCHEME = re.compile(r"((?:jdbc:)?[\w.+-]+):")
SERVER_DSN = re.compile(r"@(?:tcp|unix)\(|(?:^|[;\s])(?:host|server)\s*=", re.IGNORECASE)
TRUE = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class SwitchValue:
    """What a variable says about the engine; `unknown` where its value is, or where others contradict it."""

    name: str
    value: str | None
    engine: Engine

    def __str__(self) -> str:
        """The variable, with its value where that is a word: another may hold a password."""
        return f"{self.name}={self.value}" if self.value and WORD.match(self.value) else self.name


def switch_of(name: str, environment: Environment) -> SwitchValue | None:
    """What the type switch beside the setting `name` says, that with the most similar name; None without any."""
    known = {each.upper(): each for each in environment if each != name}
    for candidates in _switches_beside(name.upper()):
        found = [_by_word(known[each], environment[known[each]]) for each in candidates if each in known]
        if (value := _agreed([each for each in found if each is not None])) is not None:
            return value
    return None


def host_beside(name: str, environment: Environment) -> str | None:
    """The variable that names a server's host beside the setting `name` (`DB_HOST` beside `DB_NAME`)."""
    prefixes = [prefix for prefix, _ in _prefixes(name.upper())]
    ends = _host_ends()
    for each, value in environment.items():
        if not each.upper().endswith(ends):  # nearly every variable, and there may be thousands
            continue
        if value != "" and any(is_host(each[len(prefix) :].lstrip("_")) for prefix in prefixes if _has(each, prefix)):
            return each
    return None


def is_host(name: str) -> bool:
    """Whether the variable names the host of a database server."""
    return _host().match(name) is not None


def engine_of(entry: Entry, environment: Environment) -> SwitchValue | None:
    """What the environment says about an application's own database: `server` where it is switched off.

    Asked are the settings that the knowledge base names for it and the switches beside them; switches decide first.
    """
    names = [name for name in entry.database_settings if environment.get(name, "") != ""]
    switches = [_by_word(name, environment[name]) for name in names if _is_switch(name)]
    switches += [switch_of(name, environment) for name in entry.database_settings or ("DATABASE_PATH",)]
    settings = [_by_setting(name, environment[name]) for name in names]
    return _agreed([each for each in switches if each]) or _agreed([each for each in settings if each])


def engine_in(text: str) -> Engine:
    """The engine that the words of a value or of a name mean."""
    words = set(re.split(r"[^a-z0-9]+", text.lower()))
    kinds: list[Engine] = [kind for kind in ("file", "server") if words & listed("switches", f"{kind}s")]
    return kinds[0] if len(kinds) == 1 else "unknown"


def _agreed(values: Sequence[SwitchValue]) -> SwitchValue | None:
    """What all of these variables say, in the words of the first; unknown if they differ."""
    if not values:
        return None
    return values[0] if len({each.engine for each in values}) == 1 else replace(values[0], engine="unknown")


def _switches_beside(name: str) -> Iterator[list[str]]:
    """The names that a switch beside the setting may have, those with the most words of its name first."""
    for prefix, separator in _prefixes(name):
        stems = [f"{prefix}{separator}"] if prefix else []
        stems += [f"{prefix}{separator}{word}{between}" for word in _list("databases") for between in ("_", "__")]
        yield [f"{stem}{switch}" for stem in stems for switch in _list("switches")]
        if _tokens(prefix)[-1] in _list("databases"):
            yield [prefix]


def _prefixes(name: str) -> Iterator[tuple[str, str]]:
    """The beginnings of a name, each with what separates it from the rest, the longest first and the empty one last."""
    for found in reversed(list(re.finditer("_+", name))):
        if found.start():
            yield name[: found.start()], found[0]
    yield "", ""


def _has(name: str, prefix: str) -> bool:
    return not prefix or name.upper().startswith(prefix + "_")


def _by_word(name: str, value: str | None) -> SwitchValue | None:
    """What a switch says; None where it is no switch after all: a path, a URL, or a word about something else."""
    is_about = bool(set(_tokens(name.upper())) & set(_list("about")))
    if value is None or "$" in value:
        return SwitchValue(name, None, "unknown") if is_about else None
    word = value.strip().strip("\"'")
    if not WORD.match(word) or FILE_NAME.search(word):
        return None
    switch = SwitchValue(name, word, engine_in(word))
    is_sure = is_about and name.upper().endswith(_list("switches"))  # `SHOP_DB=shop` is a database's name
    return switch if is_sure or switch.engine != "unknown" else None


def _by_setting(name: str, value: str | None) -> SwitchValue | None:
    """What another setting of a database says: a host, a URL, a file, `POSTGRES_ENABLED=true`; None for nothing."""
    scheme = SCHEME.match(value or "")
    if value is None or ("$" in value and not (scheme and engine_in(scheme[1]) != "unknown")):
        return None if variable_kind(name) == "file" else SwitchValue(name, None, "unknown")
    if _tokens(name.upper())[-1].endswith(tuple(_list("hosts"))) or SERVER_DSN.search(value):
        return SwitchValue(name, value, "server")
    if scheme and (engine := engine_in(scheme[1])) != "unknown":
        return SwitchValue(name, value, engine)
    if FILE_NAME.search(value) or engine_in(name) == "file":
        return SwitchValue(name, value, "file")
    return SwitchValue(name, value, "server") if value.lower() in TRUE and engine_in(name) == "server" else None


def _is_switch(name: str) -> bool:
    return engine_in(name) == "unknown" and name.upper().endswith(
        tuple(f"_{each}" for each in (*_list("switches"), *_list("databases")))
    )


def _tokens(name: str) -> list[str]:
    return re.split("_+", name)


def _list(key: str) -> tuple[str, ...]:
    return tuple(table("switches")[key])


@cache
def _host_ends() -> tuple[str, ...]:
    """How the name of every variable ends that is_host takes."""
    return tuple([end.upper() for end in _list("hosts")])


@cache
def _host() -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(_list('hosted'))})_?(?:{'|'.join(_list('hosts'))})\Z", re.IGNORECASE)
