"""Finds the entries of the knowledge base for an image, for the name of a foreign image, for a directory."""

from __future__ import annotations

import re
from dataclasses import replace
from math import inf

from volfix.knowledge.entries import Entry, entry, from_index, identifying_directories, image_words, index
from volfix.knowledge.images import VARIABLE, Image
from volfix.knowledge.paths import cleaned
from volfix.knowledge.tables import listed

_FLOATING = "latest"


def entries_for(image: Image) -> tuple[Entry, ...]:
    """Every entry whose images and version range may include `image`: one where the tag decides, several where it
    floats or is unknown, none for an unknown image. A shortened version (`8`) is the newest of its line.
    """
    if not image.repository:
        return ()
    found = (_named(entry(number), image.repository) for number in _numbers(image.repository))
    return tuple(known for known in found if _may_be(known, image.tag))


def other_versions(known: Entry) -> tuple[Entry, ...]:
    """The entries about other versions of the same image."""
    numbers = index().repositories.get(known.images[0], ())
    return tuple(other for number in numbers if (other := entry(number)).versions != known.versions)


def derived_entry(image: Image) -> tuple[Entry, ...]:
    """The engine that a foreign image's name speaks of (`acme/alpine-mariadb`), in all its version ranges.

    A name is weak evidence: only for use where the mount's target is that engine's data directory too. Empty for
    images that the knowledge base knows and for companions of an engine (`postgres-backup`, `mongo-express`).
    """
    words = {word.rstrip("0123456789") for word in re.split(r"[-_.]", image.repository.rpartition("/")[2].lower())}
    numbers = dict.fromkeys(number for word in sorted(words) for number in image_words().get(word, ()))
    if not numbers or words & listed("companions", "words") or _numbers(image.repository):
        return ()
    return tuple(entry(number) for number in numbers)


def copied_application(image: Image) -> tuple[Entry, ...]:
    """The application that an unknown image is a copy of, by its name: `registry.local/mirror/jenkins`.

    The last part of the name must be that of the application's own image, and speak of the application itself (`server`
    and `core` speak of many). A name is weak evidence: only for use where the mount's target is that application's data
    directory too.
    """
    if not image.repository or _numbers(image.repository):
        return ()
    name = image.repository.rpartition("/")[2].lower()
    words = re.split(r"[-_.]", name)
    found = [entry(number) for number in _applications_called().get(name, ())]
    found = [known for known in found if known.family.split("-")[0] in words and _may_be(known, image.tag)]
    return tuple(found) if len({known.family for known in found}) == 1 else ()


def entry_at(path: str) -> Entry | None:
    """The engine whose data directory `path` is; None unless the path alone leaves no doubt."""
    numbers = identifying_directories().get(cleaned(path), ())
    return entry(numbers[0]) if numbers else None


def is_built_in(repository: str) -> bool:
    """Whether the knowledge base itself has the image."""
    return any(index().tables[number].own is None for number in _numbers(repository.rstrip("*")))


def _numbers(repository: str) -> tuple[int, ...]:
    exact = index().repositories.get(repository)
    if exact:
        return exact
    prefixes = [prefix for prefix in index().patterns if repository.startswith(prefix)]
    return index().patterns[max(prefixes, key=len)] if prefixes else ()


@from_index
def _applications_called() -> dict[str, tuple[int, ...]]:
    """The applications' tables by the last part of their images' names."""
    found: dict[str, tuple[int, ...]] = {}
    for repository, numbers in index().repositories.items():
        name = repository.rpartition("/")[2]
        new = (number for number in numbers if index().tables[number].kind == "application")
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), *new)))
    return found


def _named(known: Entry, repository: str) -> Entry:
    """`known` with `{name}` in its directories replaced: a convention speaks of many images at once."""
    if not any("{name}" in path for path in known.data_directories):
        return known
    name = repository.rpartition("/")[2]
    return replace(known, data_directories=tuple(path.replace("{name}", name) for path in known.data_directories))


def _may_be(known: Entry, tag: str | None) -> bool:
    tag = tag or _FLOATING
    if tag == _FLOATING and known.superseded:
        return False
    if "$" not in tag and not (known.tag_has in tag and (not known.tag_lacks or known.tag_lacks not in tag)):
        return False
    version = version_in(tag, known.version)
    return version is None or in_range(version, known.versions)


def version_in(tag: str, pattern: str) -> tuple[int, ...] | None:
    """The version that `pattern`'s first group finds in `tag`; None where there is none or a variable ends it."""
    tag = VARIABLE.sub("$", tag)
    match = re.search(pattern, tag, re.IGNORECASE)
    if match is None or tag[match.end(1) : match.end(1) + 1] == "$":
        return None
    return tuple(int(part) for part in match[1].split("."))


def in_range(version: tuple[int, ...], versions: str) -> bool:
    """Does `version` lie in `versions`, a range such as `>=2 <3`?"""
    newest = (*version, inf)
    for bound in versions.split():
        limit = tuple(int(part) for part in bound.lstrip("<>=").split("."))
        if bound.startswith(">=") and newest < limit:
            return False
        if bound.startswith("<") and newest >= limit:
            return False
    return True
