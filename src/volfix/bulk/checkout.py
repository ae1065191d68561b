"""The files of a repository's commit in a directory of their own, for volfix to read and to edit.

It has a git directory of its own that borrows the repository's objects: nothing is written to the repository, whose
checkout may be dirty, and no configuration, filter or hook of it counts. The files have the bytes that are committed.
Source: git, gitrepository-layout (objects/info/alternates), gitattributes ($GIT_DIR/info/attributes).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from volfix.bulk.git import Git
from volfix.bulk.repository import Repository, make_git_dir, quoted
from volfix.project.git import Known
from volfix.syntax.disk import LARGEST

MISSING = "its content is not in the clone, which is partial: give the URL of the repository instead"
AS_COMMITTED = "* -text -eol -ident -filter -working-tree-encoding\n"


@dataclass(frozen=True, slots=True)
class Checkout:
    """The files of `repository.head` in `root`; `index` is git's list of them.

    `withheld` are the files of which only the name is there, with why.
    """

    repository: Repository
    root: Path
    known: Known
    withheld: Mapping[Path, str]

    @property
    def index(self) -> Path:
        return self.root / ".git" / "index"


@contextmanager
def checkout(repository: Repository, scratch: Path, git: Git) -> Iterator[Checkout]:
    """The files in a directory below `scratch` with the repository's name; it is deleted at the end.

    A file that is larger than volfix reads, or that a partial clone does not have, is there without its content: it is
    refused, and named where it would be read. Submodules are empty. Raises GitFailed.
    """
    root = scratch / repository.source.name
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        _make(repository, root)
        names, paths, withheld = _paths(repository, root, git)
        if len(paths) == len(names):  # the list and the files by one process
            git.run("read-tree", "--reset", "-u", "--no-sparse-checkout", repository.head, at=root)
        else:
            git.run("read-tree", repository.head, at=root)
            git.run("checkout-index", "--quiet", "--force", "--index", "-z", "--stdin", at=root, data=b"\0".join(paths))
        known = Known(tuple(sorted(map(os.fsdecode, names))), repository.has_former)
        yield Checkout(repository, root, known, dict(_names_alone(root, withheld)))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _make(repository: Repository, root: Path) -> None:
    sha256 = repository.object_format != "sha1"
    config = f"[core]\n\trepositoryformatversion = {int(sha256)}\n\tbare = false\n\tlogAllRefUpdates = false\n"
    if sha256:
        config += f"[extensions]\n\tobjectFormat = {repository.object_format}\n"
    if repository.origin is not None:
        config += f'[remote "origin"]\n\turl = {quoted(repository.origin)}\n'
    git_dir = root / ".git"
    make_git_dir(git_dir, config)
    (git_dir / "HEAD").write_text(f"{repository.head}\n", encoding="ascii")
    (git_dir / "objects/info/alternates").write_text(
        f"{repository.objects}\n", encoding="utf-8", errors="surrogateescape"
    )
    (git_dir / "info/attributes").write_text(AS_COMMITTED, encoding="ascii")
    if repository.shallow is not None:
        shutil.copyfile(repository.shallow, git_dir / "shallow")


def _paths(repository: Repository, root: Path, git: Git) -> tuple[list[bytes], list[bytes], dict[bytes, str]]:
    """All paths, those of the files that can be read, and for each other file the reason why not."""
    names, found, withheld = list[bytes](), list[bytes](), dict[bytes, str]()
    listed = git.run("ls-tree", "-r", "-l", "-z", "--full-tree", repository.head, at=root).split(b"\0")[:-1]
    for entry in listed:
        fields, _, path = entry.partition(b"\t")
        size = fields.rpartition(b" ")[2]
        names.append(path)
        if size == b"BAD" and not repository.is_cached:
            withheld[path] = MISSING
        elif size == b"BAD":  # clones in the cache lack large files
            withheld[path] = f"larger than volfix reads ({LARGEST} bytes)"
        elif size.isdigit() and int(size) > LARGEST:
            withheld[path] = f"{int(size)} bytes: larger than volfix reads ({LARGEST} bytes)"
        elif size.isdigit():
            found.append(path)
    return names, found, withheld


def _names_alone(root: Path, withheld: Mapping[bytes, str]) -> Iterator[tuple[Path, str]]:
    """Make an empty file at each path."""
    for name, why in withheld.items():
        path = root / os.fsdecode(name)
        if Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(root)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("xb").close()
            yield path, why
