"""What the words of a command mean: programs that run others, Docker's verbs and options, and what deletes volumes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from volfix.knowledge.tables import record, table

DOCKER, COMPOSE = "docker", "compose"
UNKNOWN_VARIABLE = re.compile(r"\$\{?(\w+)\}?\Z")


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A program that runs the command in its arguments; `skip` words of its own come before it.

    Of its options, `values` take one, and `directories` say where the command runs; `assigns` says that `NAME=value`
    words come before the command, `appends` that it gets more words from elsewhere; `behind` is the word that the
    command follows, empty where none is needed.
    """

    values: frozenset[str]
    directories: frozenset[str]
    skip: int
    assigns: bool
    appends: bool
    behind: str = ""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A verb that deletes volumes, with one of `flags` or, where there are none, by itself.

    `reaches` is stack, anonymous, changed, unused, named or container: see commands.toml.
    """

    program: str
    verb: str
    flags: tuple[str, ...]
    reaches: str
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a call: its name, its value where it takes one, and the number of the word that it stands in.

    `shared` says that other short options stand in the same word, which then holds this one at `offset`.
    """

    name: str
    value: str | None
    word: int
    shared: bool = False
    offset: int = 0


@dataclass(frozen=True, slots=True)
class DockerCall:
    """A call of Docker or Compose: `verb` is "volume rm", the last of it the word with the number `word`.

    `arguments` are the numbers of its other words.
    """

    program: str
    verb: str
    options: tuple[Option, ...]
    arguments: tuple[int, ...]
    word: int

    def values(self, *names: str) -> list[str]:
        """The values of the options with one of these names, in order."""
        return [option.value for option in self.options if option.name in names and option.value is not None]

    @property
    def project_directory(self) -> str | None:
        """What `--project-directory`, or the name that it had before, says; the last one wins."""
        return next(iter(self.values("--project-directory", "--workdir")[::-1]), None)

    @property
    def starts(self) -> bool:
        """Whether the call brings a stack up."""
        return (self.program, self.verb) in _starting()


def docker_call(words: Sequence[str]) -> DockerCall | None:
    """The call of Docker or Compose that the words are; None for another program, or if the words have no verb."""
    return _docker_call(tuple(words))


@lru_cache(maxsize=4096)
def _docker_call(words: tuple[str, ...]) -> DockerCall | None:
    program = _program(words)
    if program is None:
        return None
    at = 1
    found: list[Option] = []
    if program == DOCKER:
        at = _options(words, 1, DOCKER, "", found, first=True)
        if at < len(words) and words[at] == COMPOSE:
            program, at = COMPOSE, at + 1
    if program == COMPOSE:
        at = _options(words, at, COMPOSE, "", found, first=True)
    if at >= len(words):
        return None
    verb, at = words[at], at + 1
    if f"{program} {verb}" in _groups() and at < len(words):
        verb, at = f"{verb} {words[at]}", at + 1
    word = at - 1
    arguments: list[int] = []
    while at < len(words):
        before = at
        at = _options(words, at, program, verb, found)
        if at < len(words) and words[at] == "--":
            arguments += range(at + 1, len(words))
            break
        if at < len(words) and (at == before or not words[at].startswith("-")):
            arguments.append(at)
            at += 1
    return DockerCall(program, verb, tuple(found), tuple(arguments), word)


def deletion_of(call: DockerCall) -> tuple[Deletion, Option | None] | None:
    """How the call deletes volumes, and by which option; None if it deletes none."""
    for entry in _table()["deletions"]:
        if (entry.program, entry.verb) != (call.program, call.verb):
            continue
        if not entry.flags:
            return entry, None
        for option in call.options:
            named = option.name if option.value is None else f"{option.name}={option.value}"
            if named in entry.flags or (option.name in entry.flags and option.value in ("true", "1")):
                return entry, option
    return None


def wrapper(name: str) -> Wrapper | None:
    """How a program runs another program; None if it does not."""
    found: Wrapper | None = _table()["wrappers"].get(name)
    return found


def is_shell(name: str) -> bool:
    """Whether a program is a shell, which runs scripts and the value of `-c`."""
    return name in _table()["shells"]["names"]


def is_remote(name: str) -> bool:
    """Whether a program runs its arguments on another machine."""
    return name in _table()["remotes"]["names"]


def is_user_switch(name: str) -> bool:
    """Whether a program runs a command as another user, as `su -c` does."""
    return name in _table()["users"]["names"]


def option_values(kind: str) -> frozenset[str]:
    """The options of shells, users or remotes that take a value."""
    return frozenset(_table()[kind]["values"])


def is_docker(name: str) -> bool:
    """Whether a program is Docker, Compose, or a replacement of them, as Podman."""
    return any(name in names for names in _table()["programs"].values())


def is_program(name: str) -> bool:
    """Whether this is the name of a program whose commands are read: Docker, a shell, a wrapper, `rm` ..."""
    table = _table()
    known = (table[kind]["names"] for kind in ("shells", "users", "remotes", "deleting"))
    return is_docker(name) or name in table["wrappers"] or any(name in names for names in known)


def skip_options(words: Sequence[str], at: int, values: frozenset[str]) -> int:
    """The number of the first word from `at` on that is neither an option nor an option's value."""
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        if words[at] == "--":
            return at + 1
        at += 2 if _takes_next(words[at], values) else 1
    return at


def _takes_next(word: str, values: frozenset[str]) -> bool:
    """Whether the value of an option is the next word: `-u`, `--user`, and `-iu` in a cluster."""
    if word in values or word.startswith("--"):
        return word in values
    letters = [f"-{letter}" in values for letter in word[1:]]
    return True in letters and letters.index(True) == len(letters) - 1


def option_value(words: Sequence[str], names: frozenset[str]) -> str | None:
    """The value of the last option with one of the names."""
    found = None
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in names:
            found = value if equals else next(iter(words[number + 1 : number + 2]), None)
    return found


def _program(words: Sequence[str]) -> str | None:
    if not words:
        return None
    name = posixpath.basename(words[0])
    for program, names in _table()["programs"].items():
        if name in names:
            return str(program)
    if found := UNKNOWN_VARIABLE.match(words[0]):
        for program, names in _table()["variables"].items():
            if found[1].lower() in names:
                return str(program)
    return None


def _options(
    words: Sequence[str], at: int, program: str, verb: str, found: list[Option], *, first: bool = False
) -> int:
    """Read options from the word `at` on into `found`; the number of the first word that is none."""
    values = _values().get((program, verb), frozenset())
    while at < len(words):
        word = words[at]
        if first and "$" in word and not word.startswith("-"):  # options that a variable of unknown value holds
            at += 1
            continue
        if not word.startswith("-") or word in ("-", "--"):
            break
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            if not equals and name in values:
                found.append(Option(name, words[at + 1] if at + 1 < len(words) else None, at))
                at += 1
            else:
                found.append(Option(name, value if equals else None, at))
            at += 1
            continue
        at = _cluster(words, at, values, found)
    return at


def _cluster(words: Sequence[str], at: int, values: frozenset[str], found: list[Option]) -> int:
    """Read `-fsv`, `-t5`, `-vt 1`; the number of the word behind."""
    word = words[at]
    for offset, letter in enumerate(word[1:], 1):
        shared = len(word) > 2
        if f"-{letter}" in values:
            rest = word[offset + 1 :].removeprefix("=")
            if rest:
                found.append(Option(f"-{letter}", rest, at, shared, offset))
                return at + 1
            found.append(Option(f"-{letter}", words[at + 1] if at + 1 < len(words) else None, at, shared, offset))
            return at + 2
        found.append(Option(f"-{letter}", None, at, shared, offset))
    return at + 1


@cache
def _table() -> Mapping[str, Any]:
    data = table("commands")
    deletions = [record(Deletion, {"flags": (), **item}) for item in data["deletions"]]
    wrappers = {
        name: Wrapper(
            frozenset(item["values"]),
            frozenset(item.get("directories", ())),
            item.get("skip", 0),
            item.get("assigns", False),
            item.get("appends", False),
            item.get("behind", ""),
        )
        for item in data["wrappers"]
        for name in item["names"]
    }
    return {**data, "deletions": deletions, "wrappers": wrappers}


@cache
def _values() -> Mapping[tuple[str, str], frozenset[str]]:
    return {(item["program"], item["verb"]): frozenset(item["values"]) for item in _table()["verbs"]}


@cache
def _starting() -> frozenset[tuple[str, str]]:
    return frozenset((item["program"], item["verb"]) for item in _table()["verbs"] if item.get("starts"))


@cache
def _groups() -> frozenset[str]:
    """The first words of verbs that have two, with their program."""
    verbs = [(item["program"], item["verb"]) for item in _table()["verbs"]]
    verbs += [(item.program, item.verb) for item in _table()["deletions"]]
    return frozenset(f"{program} {verb.split()[0]}" for program, verb in verbs if " " in verb)
