"""Which git work tree a path lies in, what git tracks there, and what is not committed.

volfix only reads: git runs no hook, file-system monitor, pager, filter, submodule or transport that the repository's
configuration names, and writes nothing, not even the cached times in the index.
"""

from __future__ import annotations

import errno
import os
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from volfix.syntax import disk

TIMEOUT = 60
"""The longest time that one call of git may take, in seconds."""
PLACEHOLDERS = frozenset({".gitkeep", ".keep", ".gitignore", ".gitattributes"})
BATCH = 200
"""Paths passed to git in one call, because the length of a command line is limited."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the caller of a run knows of a work tree that has the files of HEAD, byte for byte.

    `tracked` are the paths that git tracks, sorted. `has_former` is False where HEAD has no parent: no file of the
    repository was ever different.
    """

    tracked: tuple[str, ...]
    has_former: bool = True


_KNOWN: dict[Path, Known] = {}


class GitUnavailable(Exception):
    """git is missing or fails; `reason` says why and what to do, in one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class WorkTree:
    """A git work tree: `root` is its top directory (absolute); `git_dir` may lie elsewhere (linked work trees)."""

    root: Path
    git_dir: Path


def work_tree(path: Path) -> WorkTree | None:
    """The work tree that holds `path`, found without calling git; None if there is no work tree.

    Links in the path are followed first, as git does. `root` keeps the spelling of `path` if a parent of `path` leads
    to the work tree; otherwise it is the real path. A `.git` directory without HEAD does not count. A `.git` file
    counts even if it names a missing directory, because git then refuses to work too.
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
    """The git directory that `.git` in `directory` is or names; None without one.

    Source: git, gitrepository-layout and setup.c (`gitdir: ` in a file, relative to its directory).
    """
    entry = directory / ".git"
    try:
        if entry.is_dir():
            return entry if _may_have_head(entry) else None
    except OSError as error:  # no permission above the path: no repository for us; a failing disk: assume there is one
        return None if error.errno in (errno.EACCES, errno.ENAMETOOLONG) else entry
    try:
        content = disk.read_for_git(entry, 8192)
    except PermissionError:  # git cannot read the file either: assume that there is a repository
        return entry
    except OSError:
        return None
    if not content.startswith(b"gitdir: "):
        return None
    return Path(os.path.normpath(directory / os.fsdecode(content.removeprefix(b"gitdir: ").rstrip(b"\r\n"))))


def _may_have_head(git_dir: Path) -> bool:
    """Whether HEAD exists or cannot be checked: another user's private repository is a repository too."""
    try:
        os.lstat(git_dir / "HEAD")
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def know(trees: Mapping[Path, Known]) -> None:
    """Take this as known of the work trees, by their roots, instead of what was known before: git is not asked."""
    _KNOWN.clear()
    _KNOWN.update(trees)


def has_former(tree: WorkTree) -> bool:
    """Whether a commit before HEAD may have other files."""
    return tree.root not in _KNOWN or _KNOWN[tree.root].has_former


def tracked(tree: WorkTree) -> Sequence[str]:
    """The paths that git tracks, relative to the root and sorted. git is called once per work tree and process.

    Raises GitUnavailable.
    """
    found = _listed(tree)
    if isinstance(found, GitUnavailable):
        raise found
    return found


@disk.remembered(64)
def _listed(tree: WorkTree) -> tuple[str, ...] | GitUnavailable:
    """The tracked paths, or the failure. The failure is remembered: volfix must not wait for a hanging git twice."""
    if tree.root in _KNOWN:
        return _KNOWN[tree.root].tracked
    try:
        listed = _git(tree, "ls-files", "-z", "--cached", "--", os.path.realpath(tree.root))
    except GitUnavailable as unavailable:
        return unavailable
    return tuple(sorted({*os.fsdecode(listed).split("\0")} - {""}))


def tracked_below(tree: WorkTree, directory: Path) -> str | None:
    """The first file below `directory` that git tracks, relative to the tree's root; None if git tracks none.

    A submodule counts as a tracked file, and so do the files in it. Placeholders that keep a directory in the
    repository (`.gitkeep`, `.gitignore`, a README ...) do not count. Raises GitUnavailable.
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
    """Whether a file only keeps its directory in the repository (.gitkeep) or describes the directory (README)."""
    last = name.rpartition("/")[2]
    return last in PLACEHOLDERS or last.upper().startswith("README")


def _is_below(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _relative(path: Path, root: Path) -> str:
    """The path relative to `root`, with links in both followed; empty for the root itself."""
    relative = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    return "" if relative == "." else relative


def uncommitted(tree: WorkTree, paths: Iterable[Path]) -> dict[Path, str]:
    """The files with uncommitted changes, each with the kind of change: modified, staged, untracked ...

    Links are followed. Files outside the tree are left out. So are files that git ignores: an ignored `.env` is never
    committed, so volfix could never edit it. A file marked assume-unchanged or skip-worktree counts as changed, because
    git does not look at it. Filters are off, so a file that a filter stores in another form (git-lfs, git-crypt) may be
    called modified although it is not; a modified file is never called unmodified. Raises GitUnavailable.
    """
    asked = {_relative(path, tree.root): path for path in paths if _is_below(path, tree.root)}
    unfiltered = _without_filters(tree) if asked else []
    found: dict[Path, str] = {}
    names = list(asked)
    for start in range(0, len(names), BATCH):
        # Absolute paths: if the configuration names another work tree, git then refuses instead of looking there.
        batch = [os.path.join(os.path.realpath(tree.root), name) for name in names[start : start + BATCH]]  # noqa: PTH118
        options = ("--porcelain=v2", "-z", "--untracked-files=all", "--ignored=no", "--no-renames")
        status = _git(tree, "status", *options, "--ignore-submodules=all", "--", *batch, settings=unfiltered)
        hidden = _git(tree, "ls-files", "-z", "-v", "--cached", "--", *batch)
        for name, how in [*_hidden(hidden), *_changed(status)]:
            if name in asked:
                found[asked[name]] = how
    return found


def _changed(status: bytes) -> Iterable[tuple[str, str]]:
    """The names and kinds of change in `git status`. Source: git-status, "Porcelain Format Version 2", with -z."""
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
    """The files that git does not check. Source: git-ls-files, -t and -v: lower case is assume-unchanged."""
    for entry in listed.split(b"\0"):
        if entry[:1].islower():
            yield os.fsdecode(entry[2:]), "assume-unchanged"
        elif entry[:1] == b"S":
            yield os.fsdecode(entry[2:]), "skip-worktree"


def _without_filters(tree: WorkTree) -> list[str]:
    """Settings that switch off every filter driver; otherwise `git status` runs a file's clean filter to compare it."""
    keys = _git(tree, "config", "--null", "--name-only", "--list").split(b"\0")
    drivers = {key[len("filter.") :].rpartition(".")[0] for key in map(os.fsdecode, keys) if key.startswith("filter.")}
    if odd := [driver for driver in drivers if "=" in driver]:
        raise GitUnavailable(f"volfix cannot switch off the filter driver {odd[0]!r} in git's configuration")
    off = ("clean=", "smudge=", "process=", "required=false")
    return [f"filter.{driver}.{setting}" for driver in sorted(drivers) for setting in off]


def _git(tree: WorkTree, *arguments: str, settings: Sequence[str] = (), data: bytes = b"") -> bytes:
    """What git prints. git looks for the repository itself, so its check of the owner (safe.directory) works.

    Raises GitUnavailable.
    """
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
    """What git prints when `data` is its standard input; empty if git fails, because history is only extra evidence."""
    try:
        return _git(tree, *arguments, data=data)
    except GitUnavailable:
        return b""


def _reason(tree: WorkTree, command: str, complaint: str) -> str:
    if "dubious ownership" in complaint or "unsafe repository" in complaint:
        from volfix.syntax.pasted import word

        trust = f"git config --global --add safe.directory {word(str(tree.root))}"
        return f"git refuses to read {tree.root}, because another user owns it; allow it with `{trust}`"
    if "must be run in a work tree" in complaint or "is outside repository" in complaint:
        return f"git does not accept {tree.root} as a work tree: the repository is bare, or names another work tree"
    lines = [line for line in complaint.splitlines() if line.strip()]
    first = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[0] if lines else "no reason")
    return f"git {command} failed in {tree.root}: {first.removeprefix('fatal: ')}"
