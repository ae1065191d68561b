"""Where the journal of a root is kept, told without what reads and writes it."""

from __future__ import annotations

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
    journals = _outside_git()
    if journals is None:
        return None
    import hashlib  # loads OpenSSL

    return journals / hashlib.sha256(os.fsencode(home_of(root))).hexdigest()[:16]


def may_know_former(root: Path) -> bool:
    """Whether git or a journal may know what files below `root` were."""
    if work_tree(root) is not None:
        return True
    journals = _outside_git()
    if journals is None or not os.path.lexists(journals):
        return False
    journal = place_of(root)
    return journal is not None and os.path.lexists(journal)


def _outside_git() -> Path | None:
    """The directory with the journals of roots that are no git work trees; None where there is no home directory."""
    configured = os.environ.get("XDG_STATE_HOME", "")
    base = Path(configured or "~/.local/state")
    try:
        # The XDG Base Directory Specification has relative paths ignored.
        return (base if base.is_absolute() else Path("~/.local/state")).expanduser() / "volfix"
    except RuntimeError:
        return None
