"""Where a container really keeps its data, after its environment and command have had their say; and what a mount
there holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from volfix.knowledge.entries import Entry, Setting
from volfix.knowledge.paths import cleaned, is_below, matches

if TYPE_CHECKING:
    from volfix.knowledge.absences import Absence

Relation = Literal["holds", "inside", "shadowed", "elsewhere"]
_RELATIONS: tuple[Relation, ...] = ("holds", "shadowed", "inside", "elsewhere")
_IN_MEMORY = ("memory", "mem", "memory://", "mem://")
_ELLIPSIS = re.compile(r"\{(\d{1,3})\.\.\.(\d{1,3})\}")
_MOST_DRIVES = 64


@dataclass(frozen=True, slots=True)
class DataDirectories:
    """The effective data directories of one container.

    `moved_by` is the setting that moved them, as text, None where the defaults stand; `unknown` says that a setting is
    there whose value is not (`paths` are then the defaults); `keeps_nothing` that the engine is told to keep no data.
    `declared_volumes` and `inner` are the entry's. The rows are kept where all of `needed` are held; of none,
    where one of `paths` is.
    """

    paths: tuple[str, ...]
    moved_by: str | None = None
    unknown: bool = False
    keeps_nothing: bool = False
    declared_volumes: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A setting that is present: its text, and its value (None if not known)."""

    setting: Setting
    text: str
    value: str | None


def data_directories(entry: Entry, environment: Mapping[str, str | None], command: Sequence[str]) -> DataDirectories:
    """Where `entry`'s engine keeps its data with this environment (None: a value from outside) and this command."""
    words = command or entry.default_command
    present = _first_of_each(entry, environment, words)
    paths: list[str] = []
    needed: list[str] = []
    moved: list[str] = []
    unknown = in_memory = False
    for default in entry.data_directories:
        found = present.get(default)
        where = [default] if found is None else _places(found, entry.working_directory)
        is_moved = found is not None and where != [default]
        if found is not None and is_moved:
            moved.append(found.text)
        in_memory |= found is not None and found.value in _IN_MEMORY
        unknown |= not where
        paths += (path for path in where or [default] if path not in paths)
        if entry.needs == "all" or (entry.needs == "any" and is_moved) or (entry.needs == "first" and not needed):
            needed += where or [default]
    nothing = not paths or in_memory or any(_is_absent(rule, words, not present) for rule in entry.absences)
    return DataDirectories(
        paths=tuple(paths),
        moved_by=", ".join(moved) or None,
        unknown=unknown,
        keeps_nothing=nothing,
        declared_volumes=entry.declared_volumes,
        inner=entry.inner,
        needed=tuple(needed),
    )


def holds(target: str, directories: DataDirectories) -> Relation:
    """What a mount at `target` does for the data: it `holds` a data directory (equal to it or above it), is `inside`
    one (strictly below), is `shadowed` (above it, but a VOLUME of the image lies between, at which Docker mounts an
    anonymous volume), or lies `elsewhere`. The best relation to any of the directories counts.
    """
    target = cleaned(target)
    relations = [_relation(target, path, directories) for path in directories.paths]
    return min(relations, key=_RELATIONS.index, default="elsewhere")


def holds_one(target: str, directories: DataDirectories) -> bool:
    """Does a mount at `target` hold one of the data directories whole?"""
    return any(_is_held(path, (cleaned(target),), directories) for path in directories.paths)


def unheld(targets: Iterable[str], directories: DataDirectories) -> tuple[str, ...]:
    """The data directories that no mount at one of `targets` holds, where rows are lost with them; none where the data
    is held. A mount below holds the data only at the first place of `inner`, or above or below that.
    """
    places = [cleaned(target) for target in targets]
    free = tuple(path for path in directories.needed or directories.paths if not _is_held(path, places, directories))
    return free if directories.needed or len(free) == len(directories.paths) else ()


def _is_held(path: str, targets: Iterable[str], directories: DataDirectories) -> bool:
    main = next((inner for inner in directories.inner if is_below(inner, path)), None)
    return any(
        _relation(target, path, directories) == "holds"
        and (not is_below(target, path) or (main is not None and _meets(target, main)))
        for target in targets
    )


def _meets(target: str, pattern: str) -> bool:
    """Is `target` a place that `pattern` means, or above or below one?"""
    depth = min(target.count("/"), pattern.count("/")) + 1
    return matches("/".join(target.split("/")[:depth]), "/".join(pattern.split("/")[:depth]))


def _relation(target: str, path: str, directories: DataDirectories) -> Relation:
    if target == path:
        return "holds"
    if is_below(path, target):
        between = (
            is_below(volume, target) and (path == volume or is_below(path, volume))
            for volume in directories.declared_volumes
        )
        return "shadowed" if any(between) else "holds"
    if is_below(target, path):
        return "holds" if any(matches(target, inner) for inner in directories.inner) else "inside"
    return "elsewhere"


def _first_of_each(entry: Entry, environment: Mapping[str, str | None], words: Sequence[str]) -> dict[str, _Found]:
    """For each default directory the first setting that is present; the order in the entry is the precedence."""
    present: dict[str, _Found] = {}
    for setting in entry.settings:
        moves = setting.moves or (entry.data_directories[0] if entry.data_directories else "")
        found = None if moves in present else _look_up(setting, environment, words)
        if found is not None:
            present[moves] = found
    return present


def _look_up(setting: Setting, environment: Mapping[str, str | None], words: Sequence[str]) -> _Found | None:
    if setting.env:
        if setting.env not in environment or environment[setting.env] == "":
            return None
        value = environment[setting.env]
        return _Found(setting, setting.env if value is None else f"{setting.env}={value}", _known(value))
    if setting.flag:
        flags = list(_flag_values(setting.flag, words))
        return _Found(setting, f"{setting.flag}={flags[-1]}", _known(flags[-1])) if flags else None
    values = list(_values_after(setting, words))
    return _Found(setting, " ".join([setting.after, *values]), _known(" ".join(values))) if values else None


def _known(value: str | None) -> str | None:
    return None if value is None or "$" in value else value.strip()


def _flag_values(flag: str, words: Sequence[str]) -> Iterator[str]:
    for position, word in enumerate(words):
        if word.startswith(f"{flag}="):
            yield word[len(flag) + 1 :]
        elif word == flag and flag.startswith("-") and position + 1 < len(words):
            yield words[position + 1]


def _values_after(setting: Setting, words: Sequence[str]) -> Iterator[str]:
    """The paths and store URLs among the words after `setting.after`, up to the end of that command."""
    rest = words[words.index(setting.after) + 1 :] if setting.after in words else ()
    previous = ""
    for word in rest:
        if word in ("&&", ";", "||", "|"):
            return
        is_store = setting.store and (":/" in word or word in _IN_MEMORY)
        is_place = word.startswith(("/", "./", "$")) or "://" in word or is_store
        if is_place and previous not in setting.skip and not word.startswith("-"):
            yield word
        previous = word


def _places(found: _Found, working_directory: str) -> list[str]:
    """The directories that a setting's value names; empty where that cannot be told."""
    if found.value is None:
        return []
    places: list[str] = []
    for part in _parts(found.setting, found.value):
        path = _absolute(part, working_directory)
        if path is None:
            return []
        if found.setting.file:
            path = path.rpartition("/")[0] or "/"
        places.append(cleaned(f"{path}/{found.setting.append}"))
    return places


def _parts(setting: Setting, value: str) -> list[str]:
    """`value` as single paths: list separators, `key=path` fields, store URLs and `{1...4}` taken apart."""
    parts = [part for part in re.split(r"[,\s]+", value) if part]
    if setting.field:
        wanted = [part[len(setting.field) + 1 :] for part in parts if part.startswith(f"{setting.field}=")]
        parts = wanted or [part for part in parts if "=" not in part]
    return [single for part in parts for single in _drives(re.sub(r"^[a-z][a-z0-9+.-]*:(?://[^/]*)?", "", part))]


def _drives(part: str) -> list[str]:
    match = _ELLIPSIS.search(part)
    if match is None:
        return [part]
    first, last = int(match[1]), min(int(match[2]), int(match[1]) + _MOST_DRIVES)
    return [
        drive
        for number in range(first, last + 1)
        for drive in _drives(f"{part[: match.start()]}{number}{part[match.end() :]}")
    ]


def _absolute(path: str, working_directory: str) -> str | None:
    if path.startswith("/"):
        return path
    if not path or path.startswith("~") or not working_directory:
        return None
    return f"{working_directory}/{path}"


def _is_absent(rule: Absence, words: Sequence[str], unmoved: bool) -> bool:
    if rule.unmoved and not unmoved:
        return False
    return all(_has(words, wanted) for wanted in rule.all) and not any(_has(words, other) for other in rule.none)


def _has(words: Sequence[str], wanted: Sequence[str]) -> bool:
    """Do the words of `wanted`, globs, stand one after the other in `words`?"""
    starts = range(len(words) - len(wanted) + 1)
    return any(all(map(fnmatchcase, words[start : start + len(wanted)], wanted)) for start in starts)
