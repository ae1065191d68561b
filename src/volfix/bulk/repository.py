"""A repository that a run was given: its commit, its branch, its remote; clones of URLs in the cache.

Source: git, gitrepository-layout, partial-clone (technical documentation), git-rev-parse.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from volfix.bulk.git import Git, GitFailed
from volfix.bulk.sources import Source, is_path, path_of, without_credentials
from volfix.syntax.disk import LARGEST
from volfix.syntax.visible import one_line

OURS = "refs/volfix/head"
SETTINGS = r"^(remote\..*\.(push)?url|user\.(name|email))$"


class Skipped(Exception):
    """A repository that is not changed; the message is the reason, in one line."""


@dataclass(frozen=True, slots=True)
class Repository:
    """What is known of a repository before its files are read.

    `place` is where git is asked and `objects` where it keeps its objects; `head` the commit, `branch` the full name of
    the branch that HEAD is on, None where it is detached. `has_former`: there are commits before `head`. `is_cached`: a
    clone of volfix's own, in which objects may be missing. `remote` is the URL to push to, `origin` the same
    without credentials, `identity` who commits; `with_settings` asks for them.
    """

    source: Source
    place: Path
    git_dir: Path
    objects: Path
    object_format: str
    shallow: Path | None
    head: str
    branch: str | None
    has_former: bool
    is_cached: bool
    remote: str | None = None
    identity: tuple[str, str] | None = None

    @property
    def origin(self) -> str | None:
        return None if self.remote is None else without_credentials(self.remote)


def default_cache() -> Path:
    """Where clones of URLs are kept. Source: freedesktop.org, XDG Base Directory Specification."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if given.startswith("/") else Path.home() / ".cache") / "volfix" / "repositories"


def opened(source: Source, cache: Path, git: Git) -> Repository:
    """The repository of a source; one behind a URL is cloned or fetched. Raises Skipped or GitFailed."""
    if source.address is None:
        return _described(source, Path(source.place), git)
    return _described(source, _fetched(source.place, cache, git), git)


def _described(source: Source, place: Path, git: Git) -> Repository:
    cached = source.address is not None
    if not place.is_dir():
        raise GitFailed("no such directory")
    if "\n" in str(place):
        raise Skipped("its path has a line end, which git's lists of object directories cannot hold")
    asked = ("--git-common-dir", "--show-object-format", "--is-shallow-repository", "--git-path", "objects")
    head = OURS if cached else "HEAD"
    commits = (f"{head}^{{commit}}", f"{head}^@")  # itself and its parents
    found = git.call("rev-parse", "--path-format=absolute", *asked, *commits, "--symbolic-full-name", head, at=place)
    if found.returncode:
        raise Skipped(_without_commit(place, git))
    git_dir, object_format, is_shallow, objects, commit, *parents, on = os.fsdecode(found.stdout).splitlines()
    return Repository(
        source=source,
        place=place,
        git_dir=Path(git_dir),
        objects=Path(objects),
        object_format=object_format,
        shallow=Path(git_dir, "shallow") if is_shallow == "true" else None,
        head=commit,
        branch=None if on == "HEAD" else on,
        has_former=bool(parents),
        is_cached=cached,
    )


def with_settings(repository: Repository, git: Git) -> Repository:
    """The repository with what its configuration says. Asked apart: a run that finds nothing new needs none of that."""
    place = repository.place
    listed = git.call("config", "-z", "--get-regexp", SETTINGS, at=place).stdout.decode(errors="surrogateescape")
    settings = dict(entry.partition("\n")[::2] for entry in listed.split("\0") if entry)
    name, mail = settings.get("user.name"), settings.get("user.email")
    remote = repository.source.place if repository.is_cached else _remote(settings, place)
    return replace(repository, remote=remote, identity=(name, mail) if name and mail else None)


def _without_commit(place: Path, git: Git) -> str:
    """Why a repository has no commit to read; raises GitFailed where the place is no repository."""
    branch = os.fsdecode(git.run("symbolic-ref", "HEAD", at=place)).strip()
    if git.run("for-each-ref", "--count=1", "refs/heads", at=place):
        return one_line(f"HEAD names {branch}, which does not exist: check out a branch")
    return "it has no commit yet"


def _remote(settings: dict[str, str], place: Path) -> str | None:
    """The remote of a push: `origin`, else the only remote; None without a remote, or with several."""
    names = {key[len("remote.") :].rpartition(".")[0] for key in settings if key.startswith("remote.")}
    name = "origin" if "origin" in names else next(iter(names)) if len(names) == 1 else None
    url = settings.get(f"remote.{name}.pushurl") or settings.get(f"remote.{name}.url")
    return os.path.join(place, url) if url and is_path(url) else url  # noqa: PTH118 - keeps an absolute one as it is


def _fetched(url: str, cache: Path, git: Git) -> Path:
    """The clone of a URL in the cache, with the newest commit of its default branch and no more; raises as `opened`.

    It is bare, shallow, and without the files that are larger than volfix reads.
    """
    place = cache / f"{hashlib.sha256(url.encode('utf-8', 'surrogateescape')).hexdigest()[:24]}.git"
    if not (place / OURS).exists():
        _prepare(place, url)
    local = path_of(url) is not None
    head, _ = git.online("ls-remote", "--symref", "--", "origin", "HEAD", at=place, local=local)
    found = re.search(rb"^([0-9a-f]{40,64})\tHEAD$", head, re.MULTILINE)
    if found is None:
        raise Skipped("it has no commit yet, or no default branch")
    if len(found[1]) != 40:
        raise Skipped("its objects are named by SHA-256, which volfix reads in local clones only")
    known = git.call("rev-parse", "--quiet", "--verify", OURS, at=place).stdout.strip()
    if known != found[1]:
        words = ("fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "origin", f"+HEAD:{OURS}")
        git.online(*words, at=place, local=local)
    return place


def _prepare(place: Path, url: str) -> None:
    """Make a new, empty clone in the place of a clone that was interrupted."""
    shutil.rmtree(place, ignore_errors=True)
    config = (
        "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tpartialClone = origin\n"
        f'[remote "origin"]\n\turl = {quoted(url)}\n\tpromisor = true\n'
        f"\tpartialclonefilter = blob:limit={LARGEST + 1}\n"
    )
    make_git_dir(place, config)


def make_git_dir(place: Path, config: str) -> None:
    """An empty repository at `place`, as `git init` makes it from no template."""
    for name in ("objects/info", "refs", "info"):
        os.makedirs(place / name, mode=0o700, exist_ok=True)  # noqa: PTH103 - one for each repository
    (place / "config").write_text(config, encoding="utf-8", errors="surrogateescape")
    (place / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")


def quoted(value: str) -> str:
    """A value quoted for git's configuration files and lists of paths."""
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        value = value.replace(character, escape)
    return f'"{value}"'
