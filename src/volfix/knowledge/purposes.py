"""What a name says about what it names: whether it deploys, tests, develops, or does what someone asks for; and what a
volume or a directory holds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from volfix.knowledge.entries import image_words
from volfix.knowledge.tables import table

DEPLOY, ASKED, CLEANS, TEST, DEV = "deploy", "asked", "cleans", "test", "dev"
NOT_DEPLOYED = frozenset({ASKED, CLEANS, TEST, DEV})
"""What is not run when the stack that people use is deployed."""
FOR_A_WHILE = frozenset({TEST, DEV})
"""What has a stack of its own, whose data is thrown away."""
INPUT = re.compile(r"(?<![a-z])(?:inputs|pipeline[._]parameters)(?![a-z])")
"""What a workflow asks the person for who starts it.

Source: docs.github.com, contexts (`inputs`); circleci/circleci-docs, pipeline-variables (`pipeline.parameters`).
"""
VARIABLE = re.compile(r"\$\{?\w+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
BETWEEN = re.compile(r"[^a-z0-9]+")


@lru_cache(4096)
def purposes(text: str, *, in_ci: bool = False) -> frozenset[str]:
    """Everything that a name says about what it is for; `in_ci`, where "ci" only says that CI runs it."""
    words = set(words_of(text)) - ({"ci"} if in_ci else set())
    return frozenset(purpose for purpose, known in _tables()["purpose"].items() if words & known)


def file_purposes(name: str) -> frozenset[str]:
    """What the name of a file or a project says; `${CI_COMMIT_SHA}` in it only says that a system gives that part."""
    given = " ".join(VARIABLE.findall(name))
    return purposes(VARIABLE.sub(" ", name)) | purposes(given, in_ci=True)


def speaks_of_tests(text: str) -> bool:
    """Whether a word of a command, a script or a target says that it runs tests."""
    return not _tables()["purpose"]["tests"].isdisjoint(words_of(text))


def nearest_purpose(names: Iterable[str]) -> str | None:
    """The purpose that the first name tells which tells one; what is asked for wins over a word for deployment.

    What CLEANS is asked for too, unless it brings a stack up: then its name does not count.

    The names are those of commands, and around commands: every pipeline is one of "CI".
    """
    for name in names:
        found = purposes(name, in_ci=True)
        for purpose in (ASKED, CLEANS, TEST, DEV, DEPLOY):
            if purpose in found:
                return purpose
    return None


def may_publish_alone(names: Iterable[str]) -> bool:
    """Whether what the names say of a deployment may be about an image or a package: "Build and release"."""
    known = _tables()["purpose"]
    words = {word for name in names for word in words_of(name)}
    return bool(words & known["publish"]) and not words & (known[DEPLOY] - known["publish"])


@dataclass(frozen=True, slots=True)
class Content:
    """What a volume or a directory holds, as a word of its name says: a database, data, or something other."""

    kind: Literal["database", "data", "other"]
    word: str


def content_of(name: str, ignored: Collection[str] = ()) -> Content | None:
    """What the name of a volume or a directory says about what is in it; None where it says nothing.

    The last word that says anything counts (`db-backups`, `sqlite-data`, `web_db`), and a word for data only where no
    other word says more. The words of `ignored` are left out where others are there: `media-data` of a service `media`.
    """
    words = [stripped for word in words_of(name) if (stripped := word.rstrip("0123456789"))]
    words = [word for word in words if word not in ignored] or words
    known = [(word, kind) for word in reversed(words) if (kind := _content(word)) != "filler"]
    specific = [word for word, kind in known if kind != "data"]
    if specific and _content(specific[0]) == "other":
        return Content("other", specific[0])
    kinds: tuple[Literal["database", "data"], ...] = ("database", "data")
    return next((Content(kind, word) for kind in kinds for word, found in known if found == kind), None)


def is_for_other_things(name: str) -> bool:
    """Does the name of a directory mean media, configuration, logs or the like, and no database?"""
    found = content_of(name)
    return found is not None and found.kind == "other" and found.word not in image_words()


def is_for_data(name: str) -> bool:
    """Is the whole name of a directory a word for a database or data?"""
    lists = _tables()["content"]
    return name.lower() in lists["database"] | lists["data"]


def words_of(text: str) -> list[str]:
    """The words of a name, in small letters: `appDataVolume` is `app`, `data`, `volume`."""
    return BETWEEN.split(CAMEL.sub("-", text).lower())


@cache
def _content(word: str) -> str:
    """The list of `content` that a word is in, whole before by its end; an engine's name is something other."""
    lists = _tables()["content"]
    whole = next((kind for kind, words in lists.items() if word in words), None)
    if whole is None and word in image_words():
        return "other"
    endings = {kind: tuple(each[1:] for each in words if each.startswith("*")) for kind, words in lists.items()}
    ending = next((kind for kind, known in endings.items() if word.endswith(known)), None)
    return whole or ending or ""


@cache
def _tables() -> dict[str, dict[str, frozenset[str]]]:
    lists = table("purposes")
    return {name: {key: frozenset(words) for key, words in each.items()} for name, each in lists.items()}


def is_disposable(name: str) -> bool:
    """Whether a word in the name of a volume or directory says that its content is made again where it is missing."""
    return not _tables()["loss"]["none"].isdisjoint(words_of(name))
