"""Where the journal of a root is kept, told without what reads and writes it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from volfix.project.git import work_tree


def home_of(root: Path) -> Path:
    """The real path of the directory whose journal `root` uses: its git work tree's, else its own."""
    tree = work_tree(root)
    return Path(os.path.realpath(tree.root if tree else root))


def place_of(root: Path) -> Path | None:
    """The directory of the journal of `root`, whether or not there is one; None where there is no home directory."""
    tree = work_tree(root)
    if tree and tree.git_dir.is_dir():
        return tree.git_dir / "volfix"
    configured = os.environ.get("XDG_STATE_HOME", "")
    base = Path(configured or "~/.local/state")
    try:
        # The XDG Base Directory Specification has relative paths ignored.
        base = (base if base.is_absolute() else Path("~/.local/state")).expanduser()
    except RuntimeError:
        return None
    return base / "volfix" / hashlib.sha256(os.fsencode(home_of(root))).hexdigest()[:16]


def may_know_former(root: Path) -> bool:
    """Whether git or a journal may know what files below `root` were."""
    if work_tree(root) is not None:
        return True
    journal = place_of(root)
    return journal is not None and os.path.lexists(journal)
