"""Reads former versions of files from a repository's last commits."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from volfix.project.git import WorkTree, has_former, output

COMMITS = 50
"""How many commits that changed the files are read."""
Commit = tuple[str, frozenset[str]]
"""A commit's hash and the files that it changed, relative to the work tree."""
NEXT = "\x01"
"""Marks a commit in git's output; no file name begins with this character."""


def commits(tree: WorkTree, paths: Collection[Path], most: int | None = None) -> list[Commit]:
    """The commits that changed any of the files, the newest first and at most `most`.

    There are none if git fails, or if the caller of the run knows that no commit has other files. A merge commit lists
    only the files that differ from all its parents. Source: git-log, --stdin and "Combined diff format".
    """
    names = {name.encode("utf-8", "surrogateescape") for name in _names(tree, paths).values()}
    limit = [] if most is None else [f"-{most}"]
    asked = b"".join([b"HEAD\n--\n", *(name + b"\n" for name in sorted(names))])
    words = ["log", *limit, "-z", "-c", "--name-only", f"--format={NEXT}%H", "--stdin"]
    listed = output(tree, *words, data=asked) if names and has_former(tree) else b""
    found: list[tuple[str, set[str]]] = []
    for word in listed.decode("utf-8", "surrogateescape").split("\0"):
        if word.startswith(NEXT):
            found.append((word.removeprefix(NEXT), set()))
        elif name := word.removeprefix("\n"):
            found[-1][1].add(name)
    return [(commit, frozenset(changed)) for commit, changed in found]


def versions(
    tree: WorkTree, paths: Sequence[Path], history: Iterable[Commit]
) -> Iterable[tuple[str, dict[Path, bytes]]]:
    """The last commits that changed any of the files, the newest first, each with the content of the files in it.

    `history` is the result of `commits` for these files; it may hold other files too. A file that a commit does not
    have is left out. Source: git-cat-file, "Batch output".
    """
    names = _names(tree, paths)
    wanted = set(names.values())
    last = [commit for commit, changed in history if not wanted.isdisjoint(changed)][:COMMITS]
    asked = [(commit, path) for commit in last for path in names]
    data = b"".join(os.fsencode(f"{commit}:{names[path]}\n") for commit, path in asked)
    rest = output(tree, "cat-file", "--batch", data=data) if asked else b""
    found: dict[str, dict[Path, bytes]] = {commit: {} for commit in last}
    for commit, path in asked:
        head, _, rest = rest.partition(b"\n")
        if head.endswith(b" missing") or not head:
            continue
        size = int(head.rpartition(b" ")[2])
        if b" blob " in head:
            found[commit][path] = rest[:size]
        rest = rest[size + 1 :]
    yield from found.items()


def _names(tree: WorkTree, paths: Iterable[Path]) -> dict[Path, str]:
    """The files inside the work tree, each with its path relative to the tree's root."""
    names = {path: os.path.relpath(path, tree.root) for path in paths}
    return {path: name for path, name in names.items() if not name.startswith("..") and "\n" not in name}
