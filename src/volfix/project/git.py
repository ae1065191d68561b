"""Which git work tree a path lies in, what git tracks there, and what is not committed.

git is asked as a reader: no hook, file-system monitor, pager, filter, submodule or transport that the repository's
configuration names is run, and nothing is written, not even the index's cached times.
"""

from __future__ import annotations

import errno
import os
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from volfix.syntax import disk

TIMEOUT = 60
"""Seconds that one call of git may take."""
PLACEHOLDERS = frozenset({".gitkeep", ".keep", ".gitignore", ".gitattributes"})
BATCH = 200
"""Paths in one call: a command line has a limited length."""


class GitUnavailable(Exception):
    """git is missing or does not answer; `reason` is one line that says why and what helps."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class WorkTree:
    """A git work tree: its absolute top directory, and git's own directory, which linked work trees have elsewhere."""

    root: Path
    git_dir: Path


def work_tree(path: Path) -> WorkTree | None:
    """The work tree that `path` lies in, found without asking git; None outside of any.

    As git does, links in the path are followed first. `root` is the directory above `path` as it was named, where one
    of those is the work tree, else its real path. A `.git` directory without HEAD is none; a `.git` file counts even
    where it names a directory that is gone, for git then refuses too.
    """
    return _enclosing(os.path.abspath(path))  # noqa: PTH100 - `..` is taken out, so that each parent is a prefix


@disk.remembered(4096)
def _enclosing(path: str) -> WorkTree | None:
    real = os.path.realpath(path)
    for directory in (Path(real), *Path(real).parents):
        git_dir = _git_dir(directory)
        if git_dir is None:
            continue
        if real != path:
            named = [item for item in (Path(path), *Path(path).parents) if os.path.realpath(item) == str(directory)]
            return WorkTree(named[0] if named else directory, git_dir)
        return WorkTree(directory, git_dir)
    return None


def _git_dir(directory: Path) -> Path | None:
    """Source: git, gitrepository-layout and setup.c (`gitdir: ` in a file, relative to its directory)."""
    entry = directory / ".git"
    try:
        if entry.is_dir():
            return entry if _may_have_head(entry) else None
    except OSError as error:  # a directory above the path may be closed to us; a disk that fails tells nothing
        return None if error.errno in (errno.EACCES, errno.ENAMETOOLONG) else entry
    try:
        content = disk.read_for_git(entry, 8192)
    except PermissionError:  # git cannot read it either: what it would say is not known
        return entry
    except OSError:
        return None
    if not content.startswith(b"gitdir: "):
        return None
    return Path(os.path.normpath(directory / os.fsdecode(content.removeprefix(b"gitdir: ").rstrip(b"\r\n"))))


def _may_have_head(git_dir: Path) -> bool:
    """Whether HEAD is there, or cannot be looked at: a repository that only another user may read is a repository."""
    try:
        os.lstat(git_dir / "HEAD")
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def tracked(tree: WorkTree) -> Sequence[str]:
    """The paths that git tracks, relative to the root, sorted; read once per work tree and process.

    Raises GitUnavailable.
    """
    found = _listed(tree)
    if isinstance(found, GitUnavailable):
        raise found
    return found


@disk.remembered(64)
def _listed(tree: WorkTree) -> tuple[str, ...] | GitUnavailable:
    """A failure is kept too: a git that hangs is not to be waited for at every mount."""
    try:
        listed = _git(tree, "ls-files", "-z", "--cached", "--", os.path.realpath(tree.root))
    except GitUnavailable as unavailable:
        return unavailable
    return tuple(sorted(os.fsdecode(name) for name in set(listed.split(b"\0")) if name))


def tracked_below(tree: WorkTree, directory: Path) -> str | None:
    """The first file below `directory` that git tracks, relative to the tree's root; None where there is none.

    A submodule counts, as itself and as the directories within. Placeholders that keep a directory in the repository
    (`.gitkeep`, `.gitignore`, a README ...) do not. Raises GitUnavailable.
    """
    inner = work_tree(directory)
    if inner is None or not _is_below(inner.root, tree.root):
        return None
    for owner in dict.fromkeys((inner, tree)):
        name = _first_below(tracked(owner), _relative(directory, owner.root))
        if name is not None:
            return str(Path(_relative(owner.root, tree.root), name))
    return None


def _first_below(names: Sequence[str], directory: str) -> str | None:
    prefix = f"{directory}/" if directory else ""
    for name in names[bisect_left(names, prefix) :]:
        if not name.startswith(prefix):
            break
        if not is_placeholder(name):
            return name
    return directory if directory in names else None


def is_placeholder(name: str) -> bool:
    """Whether a file only keeps its directory in the repository, or says what it is for."""
    last = name.rpartition("/")[2]
    return last in PLACEHOLDERS or last.upper().startswith("README")


def _is_below(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _relative(path: Path, root: Path) -> str:
    """The real path below the real root; empty for the root itself."""
    relative = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    return "" if relative == "." else relative


def uncommitted(tree: WorkTree, paths: Iterable[Path]) -> dict[Path, str]:
    """Which of the files have changes that no commit holds, each with how it differs: modified, staged, untracked ...

    A link stands for the file that it leads to. Files outside the tree are left out, and so are files that git
    ignores: an ignored `.env` is never committed, so that refusing to edit it would refuse it for ever. A file that is
    marked assume-unchanged or skip-worktree counts, because git does not look at it. With filters switched off, a file
    that a filter stores in another form (git-lfs, git-crypt) may count as modified where it is not, never the reverse.
    Raises GitUnavailable.
    """
    asked = {_relative(path, tree.root): path for path in paths if _is_below(path, tree.root)}
    unfiltered = _without_filters(tree) if asked else []
    found: dict[Path, str] = {}
    names = list(asked)
    for start in range(0, len(names), BATCH):
        # Absolute: where the configuration names another work tree, git refuses instead of looking there.
        batch = [os.path.join(os.path.realpath(tree.root), name) for name in names[start : start + BATCH]]  # noqa: PTH118
        options = ("--porcelain=v2", "-z", "--untracked-files=all", "--ignored=no", "--no-renames")
        status = _git(tree, "status", *options, "--ignore-submodules=all", "--", *batch, settings=unfiltered)
        hidden = _git(tree, "ls-files", "-z", "-v", "--cached", "--", *batch)
        for name, how in [*_hidden(hidden), *_changed(status)]:
            if name in asked:
                found[asked[name]] = how
    return found


def _changed(status: bytes) -> Iterable[tuple[str, str]]:
    """Source: git-status, "Porcelain Format Version 2", with -z and without renames."""
    for entry in status.split(b"\0"):
        kind = entry[:1]
        if kind == b"?":
            yield os.fsdecode(entry[2:]), "untracked"
        elif kind == b"u":
            yield os.fsdecode(entry.split(b" ", 10)[10]), "in conflict"
        elif kind == b"1":
            fields = entry.split(b" ", 8)
            staged, modified = fields[1][:1] != b".", fields[1][1:] != b"."
            yield os.fsdecode(fields[8]), " and ".join(["staged"] * staged + ["modified"] * modified)


def _hidden(listed: bytes) -> Iterable[tuple[str, str]]:
    """Source: git-ls-files, -t and -v: lower case is assume-unchanged, S is skip-worktree."""
    for entry in listed.split(b"\0"):
        if entry[:1].islower():
            yield os.fsdecode(entry[2:]), "assume-unchanged"
        elif entry[:1] == b"S":
            yield os.fsdecode(entry[2:]), "skip-worktree"


def _without_filters(tree: WorkTree) -> list[str]:
    """Settings that switch off every filter driver: to compare a file, `git status` would run its clean filter."""
    keys = _git(tree, "config", "--null", "--name-only", "--list").split(b"\0")
    drivers = {key[len("filter.") :].rpartition(".")[0] for key in map(os.fsdecode, keys) if key.startswith("filter.")}
    if odd := [driver for driver in drivers if "=" in driver]:
        raise GitUnavailable(f"the filter driver {odd[0]!r} of git's configuration cannot be switched off")
    off = ("clean=", "smudge=", "process=", "required=false")
    return [f"filter.{driver}.{setting}" for driver in sorted(drivers) for setting in off]


def _git(tree: WorkTree, *arguments: str, settings: Sequence[str] = (), data: bytes = b"") -> bytes:
    """What git prints; it finds the repository itself, so that its own check of the owner (safe.directory) holds."""
    from volfix.project.git_call import call, inert_environment

    words = ["-C", str(tree.root), *arguments]
    try:
        done = call(words, TIMEOUT, inert_environment(), settings=settings, data=data)
    except FileNotFoundError:
        raise GitUnavailable("git is not installed, or not on PATH") from None
    except TimeoutError:
        raise GitUnavailable(f"git {arguments[0]} did not answer within {TIMEOUT} seconds in {tree.root}") from None
    except OSError as error:
        raise GitUnavailable(f"git cannot be run: {error.strerror}") from error
    if done.returncode:
        raise GitUnavailable(_reason(tree, arguments[0], done.stderr.decode(errors="backslashreplace")))
    return done.stdout


def output(tree: WorkTree, *arguments: str, data: bytes = b"") -> bytes:
    """What git prints when it reads `data`; nothing where it fails: no history is no evidence."""
    try:
        return _git(tree, *arguments, data=data)
    except GitUnavailable:
        return b""


def _reason(tree: WorkTree, command: str, complaint: str) -> str:
    if "dubious ownership" in complaint or "unsafe repository" in complaint:
        import shlex

        trust = f"git config --global --add safe.directory {shlex.quote(str(tree.root))}"
        return f"git does not read {tree.root}, which belongs to another user; `{trust}` lets it"
    if "must be run in a work tree" in complaint or "is outside repository" in complaint:
        return f"git does not take {tree.root} for a work tree: its repository is bare, or names another work tree"
    lines = [line for line in complaint.splitlines() if line.strip()]
    first = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[0] if lines else "no reason")
    return f"git {command} failed in {tree.root}: {first.removeprefix('fatal: ')}"
