"""Who owns the directories that a Dockerfile creates: owners by path, None if unknown."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from volfix.project.image.chmod import opens_to
from volfix.project.image.written_values import place
from volfix.syntax.dockerfile import expanded

LONGEST = 4096
"""The longest path that Linux allows, in characters (PATH_MAX)."""
Change = tuple[int, "str | None"]
"""An owner, after the number of the change that set it (later changes have higher numbers)."""


@dataclass(slots=True)
class Owners:
    """The owners of the directories that a build creates; None if unknown.

    Recursive changes are kept in `deep` by directory and applied when owners are asked for. `doubts` are changes of
    unknown paths: the last change, and the last change to a different owner.
    """

    made: dict[str, Change] = field(default_factory=dict)
    deep: dict[str, Change] = field(default_factory=dict)
    doubts: tuple[Change, ...] = ()
    count: int = 0

    def __copy__(self) -> Owners:
        return Owners(dict(self.made), dict(self.deep), self.doubts, self.count)

    def make(self, path: str, owner: str | None) -> None:
        """Record that a directory is created, if it did not exist."""
        if path not in self.made:
            self._record(path, owner)

    def give(self, path: str | None, owner: str | None, *, deep: bool) -> None:
        """Record a new owner of a directory, and with `deep` of all directories below it.

        If `path` is None (unknown), all directories are in doubt. An empty `owner` changes nothing.
        """
        if owner == "":
            return
        if path is None:
            self.count += 1
            last = (self.count, owner)
            self.doubts = (last, *(each for each in self.doubts if each[1] != owner))[:2]
            return
        self._record(path, owner)
        if deep:
            self.deep[path.rstrip("/") + "/"] = self.made[path]

    def _record(self, path: str, owner: str | None) -> None:
        self.count += 1
        self.made[path] = self.count, owner

    def items(self) -> Iterator[tuple[str, str | None]]:
        """The directories with their owners; None for an owner that is unknown or in doubt."""
        for path, own in self.made.items():
            at, owner = max([own, *self._recursive_changes(path, own[0])], key=itemgetter(0)) if self.deep else own
            in_doubt = any(said > at and other != owner for said, other in self.doubts)
            yield path, None if in_doubt else owner

    def _recursive_changes(self, path: str, since: int) -> Iterator[Change]:
        """The recursive changes of owner in directories above `path`, after the change with the number `since`."""
        slash = path.find("/")
        while slash >= 0:
            if (gift := self.deep.get(path[: slash + 1])) and gift[0] > since:
                yield gift
            slash = path.find("/", slash + 1)


def give_by_run(
    commands: Iterable[Sequence[str]],
    known: Mapping[str, str | None],
    workdir: str | None,
    user: str | None,
    owners: Owners,
    opened: dict[str, str],
) -> None:
    """Record which directories a RUN creates, who owns them, and in `opened` who else may write them."""
    directory = workdir
    user = user.partition(":")[0] if user else None
    for command, *words in commands:
        values = [expanded(word, known) for word in words]
        paths = [None if value is None or set(value) & set("*?[{~`(") else place(value, directory) for value in values]
        options = [word for word in words if word.startswith("-")]
        plain = [number for number, word in enumerate(words) if not word.startswith("-")]
        if command == "cd":
            directory = paths[0] if paths else None
        elif command == "mkdir":
            _make_each(owners, words, paths, user)
        elif command == "chown" and len(plain) > 1 and not any(word.startswith("--reference") for word in options):
            owner = (values[plain[0]] or "?").partition(":")[0]
            deep = any(word == "--recursive" or (word[1] != "-" and "R" in word) for word in options if len(word) > 1)
            for number in plain[1:]:
                owners.give(paths[number], owner, deep=deep)
        elif command == "chmod" and len(plain) > 1 and (whose := opens_to(words[plain[0]])):
            opened.update((path, whose) for number in plain[1:] if (path := paths[number]) is not None)
        elif command == "install":
            given, numbers = _install_d(words, user)
            for number in numbers:
                owners.give(paths[number], given, deep=False)


def _make_each(owners: Owners, words: list[str], paths: list[str | None], owner: str | None) -> None:
    """Record the directories that `mkdir` with these words creates; `paths` are the words as absolute paths."""
    for number, word in enumerate(words):
        if not word.startswith("-") and not (number and words[number - 1] in ("-m", "--mode")):
            _make(owners, paths[number], owner)


def _make(owners: Owners, path: str | None, owner: str | None) -> None:
    """Record a created directory; its parents may have existed, so their owners are unknown."""
    while path and path != "/" and len(path) <= LONGEST:
        owners.make(path, owner)
        path, owner = posixpath.dirname(path), None


def _install_d(words: list[str], user: str | None) -> tuple[str | None, list[int]]:
    """The owner that `install -d` sets, and the indexes of the words that are directories; empty without `-d`."""
    is_directory, owner, takes = False, user, ""
    numbers: list[int] = []
    for number, word in enumerate(words):
        if takes:
            owner = word if takes == "o" else owner
            takes = ""
        elif word.startswith("--"):
            is_directory |= word == "--directory"
            owner = word.partition("=")[2] if word.startswith("--owner=") else owner
        elif word.startswith("-"):
            is_directory |= "d" in word
            takes = word[-1] if word[-1] in "ogmS" else ""
        else:
            numbers.append(number)
    return owner, numbers if is_directory else []
