"""A commit on a new branch, and its push: nothing but that branch is changed, here or there.

Source: git-commit-tree, git-update-ref, git-push (--force-with-lease); the links are those that GitHub, GitLab, Gitea
and Bitbucket print when a branch is pushed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from volfix.bulk.checkout import Checkout
from volfix.bulk.git import Git, GitFailed
from volfix.bulk.repository import Repository, Skipped, quoted
from volfix.bulk.sources import path_of
from volfix.fixes.masking.credentials import hide_credentials
from volfix.knowledge.paths import lies_in
from volfix.syntax.pasted import word
from volfix.syntax.visible import one_line, visible

NOBODY = ("volfix", "volfix@localhost")
REMOTE_LINE = re.compile(r"^remote:\s*(.*?)\s*$", re.MULTILINE)
LINK = re.compile(r"https?://[^\s\x00-\x1f\"'<>]+")
REQUEST = re.compile(
    r"\b(?:pull|merge|change) ?-?requests?\b|/(?:pull|merge_requests|pulls|compare|pull-requests)/", re.IGNORECASE
)


def committed(checkout: Checkout, paths: Iterable[Path], message: str, branch: str, date: int, git: Git) -> str:
    """The commit that holds the files at `paths` as they are now, on the new branch `branch` of the repository.

    A branch that holds the same change to the same commit is as good. Raises Skipped where it holds another one, and
    GitFailed.
    """
    repository = checkout.repository
    lines = _entries(checkout, sorted(set(paths)), git)
    git.run("update-index", "-z", "--index-info", at=repository.place, index=checkout.index, data=b"\0".join(lines))
    tree = git.run("write-tree", "--missing-ok", at=repository.place, index=checkout.index).decode().strip()
    words = ("-c", "i18n.commitEncoding=UTF-8", "commit-tree", "--no-gpg-sign", "-p", repository.head, "-F", "-", tree)
    text, people = message.encode("utf-8", "backslashreplace"), _people(repository, date)
    commit = git.run(*words, at=repository.place, data=text, people=people).decode().strip()
    name = f"refs/heads/{branch}"
    if repository.is_cached:
        git.run("update-ref", name, commit, at=repository.place)  # nobody works on a branch of the cache
        return commit
    nothing = "0" * len(commit)
    try:
        git.run("update-ref", "-m", "volfix", name, commit, nothing, at=repository.place)
    except GitFailed:
        existing = branch_commit(repository, branch, git)
        if existing is None:
            raise
        if _parent_and_tree(repository, existing, git) == (repository.head, tree):
            return existing
        raise Skipped(
            f"the branch {branch} is there already, at {existing[:12]}: delete it, or name another branch with --branch"
        ) from None
    return commit


def branch_commit(repository: Repository, branch: str, git: Git) -> str | None:
    """The commit that the branch is at, None where there is no such branch."""
    found = git.call("rev-parse", "--quiet", "--verify", f"refs/heads/{branch}^{{commit}}", at=repository.place)
    return None if found.returncode else found.stdout.decode().strip()


def _parent_and_tree(repository: Repository, commit: str, git: Git) -> tuple[str, str]:
    found = git.run("rev-parse", f"{commit}^{{tree}}", at=repository.place).decode().strip()
    parents = git.run("rev-list", "--parents", "-n", "1", commit, at=repository.place).decode().split()[1:]
    return " ".join(parents), found


def _entries(checkout: Checkout, paths: Sequence[Path], git: Git) -> Iterator[bytes]:
    """Store the bytes of the changed files, and return their lines for `git update-index --index-info`."""
    names = "\n".join(quoted(str(path)) for path in paths)
    words = ("hash-object", "-w", "--no-filters", "--stdin-paths")
    blobs = git.run(*words, at=checkout.repository.place, data=os.fsencode(names)).split()
    for path, blob in zip(paths, blobs, strict=True):
        executable = path.stat().st_mode & stat.S_IXUSR
        name = os.fsencode(path.relative_to(checkout.root))
        yield b"%s %s\t%s" % (b"100755" if executable else b"100644", blob, name)


def _people(repository: Repository, date: int) -> dict[str, str]:
    name, mail = repository.identity or NOBODY
    people = {}
    for role in ("AUTHOR", "COMMITTER"):
        people[f"GIT_{role}_NAME"] = os.environ.get(f"GIT_{role}_NAME") or name
        people[f"GIT_{role}_EMAIL"] = os.environ.get(f"GIT_{role}_EMAIL") or mail
        people[f"GIT_{role}_DATE"] = f"@{date} +0000"
    return people


def pushed(
    repository: Repository, objects: Path, branch: str, commit: str, git: Git, named: Sequence[str] = ()
) -> tuple[str, ...]:
    """Push the commit as the new branch; returns the links for a request that the server gives.

    `objects` is a git directory of volfix's own that has the commit, `named` are the remotes of this machine that a
    person named. A branch that is there already at another commit is left as it is. Raises Skipped, also for a remote
    that is not to be pushed to, and GitFailed.
    """
    if repository.origin is None or repository.remote is None:
        raise GitFailed("it has no remote to push to, or several remotes, and none is called origin")
    local = _local_remote(repository, named)
    name = f"refs/heads/{branch}"
    lease = f"--force-with-lease={name}:"  # the push fails where the branch exists
    try:
        git = replace(
            git,
            addresses={**git.addresses, repository.origin: git.addresses.get(repository.origin, repository.remote)},
        )
        _, output = git.online(
            "push", "--no-verify", lease, "--", repository.origin, f"{commit}:{name}", at=objects, local=local
        )
    except GitFailed as failed:
        if "stale info" in failed.output:
            raise Skipped(
                f"the remote has a branch {branch} already, at another commit: delete it, or name another branch"
            ) from None
        raise
    return tuple(dict.fromkeys(links(output)))


def _local_remote(repository: Repository, named: Sequence[str]) -> bool:
    """Whether the remote is a repository of this machine: a push runs its hooks, and so what whoever made it wrote.

    Raises Skipped where it lies in the repository itself, or is another's than a person named.
    """
    place = path_of(repository.remote or "")
    if place is None:
        return False
    if repository.is_cached:
        return True  # a person named its URL
    if lies_in(place, os.path.realpath(repository.place)):
        raise Skipped("its remote lies in the repository itself, whose hooks a push would run")
    if not any(lies_in(place, os.path.realpath(path)) for path in named):
        raise Skipped(
            f"its remote is {visible(place)} on this machine, whose hooks a push runs: where you trust them, "
            f"--local-remote {word(place)}"
        )
    return True


def links(output: str) -> Iterator[str]:
    """The addresses in a server's answer that make or show a request to merge the branch."""
    before = ""
    for line in REMOTE_LINE.findall(output):
        for link in LINK.findall(line):
            if REQUEST.search(before) or REQUEST.search(line):
                yield one_line(hide_credentials(link))
        before = line or before
