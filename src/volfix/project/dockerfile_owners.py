"""Whose the directories are that the commands of a Dockerfile make: owners by path, None where it is not known."""

from __future__ import annotations

import posixpath

Owners = dict[str, str | None]


def make_each(owners: Owners, words: list[str], paths: list[str | None], owner: str | None) -> None:
    """`mkdir`: the directories among its words, at these paths."""
    for number, word in enumerate(words):
        if not word.startswith("-") and not (number and words[number - 1] in ("-m", "--mode")):
            _make(owners, paths[number], owner)


def _make(owners: Owners, path: str | None, owner: str | None) -> None:
    """A directory is made, if it was not there; those above it may have been, whosever they are."""
    while path is not None and path != "/":
        owners.setdefault(path, owner)
        path, owner = posixpath.dirname(path), None


def give(owners: Owners, path: str | None, owner: str | None, *, deep: bool) -> None:
    """A directory, and with `deep` those below it, get another owner; where it is not known which, all are in doubt."""
    if owner == "":
        return
    below = None if path is None else path.rstrip("/") + "/"
    for made, current in owners.items():
        if (below is None and current != owner) or (deep and below is not None and made.startswith(below)):
            owners[made] = None if below is None else owner
    if path is not None:
        owners[path] = owner


def installed(words: list[str], user: str | None) -> tuple[str | None, list[int]]:
    """The owner that `install -d` gives, and which of its words are the directories; none without -d."""
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
