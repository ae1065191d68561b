"""What has to be so before a stack is written, beyond what the files themselves must be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.git import GitUnavailable, WorkTree, uncommitted, work_tree
from volfix.syntax.visible import one_line

if TYPE_CHECKING:
    from volfix.fixes.changes import FileChange


def refusal(changes: Sequence[FileChange], root: Path) -> str | None:
    """Why not to write these changes, in one line: files with uncommitted changes, relative to `root`; None if none.

    Outside git nothing is refused. Where git does not answer, everything is, for nobody knows what would be lost.
    """
    trees: dict[WorkTree, list[Path]] = {}
    for change in changes:
        path = Path(os.path.realpath(change.before.path))
        tree = work_tree(path.parent)
        if tree is not None:
            trees.setdefault(tree, []).append(path)
    found: dict[Path, str] = {}
    try:
        for tree, paths in trees.items():
            found |= uncommitted(tree, paths)
    except GitUnavailable as unavailable:
        return one_line(f"cannot tell what is not committed: {unavailable.reason}; --allow-dirty writes all the same")
    if not found:
        return None
    top = os.path.realpath(root)
    files = ", ".join(f"{os.path.relpath(path, top)} ({how})" for path, how in sorted(found.items()))
    return one_line(f"uncommitted changes in {files}: commit or stash them, or pass --allow-dirty")
