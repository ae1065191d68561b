"""Finds Compose projects: walks the directories below a path and lists the files in each that volfix reads.

Source: compose-spec/compose-go, cli/options.go (default and override file names, COMPOSE_FILE).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path

from volfix.knowledge.unread_systems import unread_files
from volfix.project.ci.names import COMMAND_FILES, YAML, is_pipeline_name
from volfix.project.ci.names import FILE_NAME as PIPELINE_NAME
from volfix.project.commands.names import (
    COMMAND_FILE,
    DOCUMENTS,
    has_commands,
    in_cron_table,
    is_document,
    is_script,
)
from volfix.project.compose.compose_file import FILE_NAME, Unread
from volfix.project.git import work_tree
from volfix.syntax import disk, listing
from volfix.syntax.source import FileProblem

VENDORED = frozenset(
    {
        *("node_modules", "vendor", "third_party", "site-packages", "bower_components", "venv", ".venv", "env.bak"),
        *(".tox", ".nox", ".git", ".hg", ".svn", ".cache", ".terraform", ".gradle", ".mypy_cache", ".pytest_cache"),
        *("__pycache__", ".idea", ".vscode", ".next", ".nuxt", ".yarn", ".pnpm-store"),
    }
)


Kept = Callable[[str, Path, Sequence["os.DirEntry[str]"]], Sequence["os.DirEntry[str]"]]
"""Chooses entries to look at: takes a directory, the root of its repository and the directory's entries."""
COMPOSE_FILE = re.compile(rb"^(?:export )?COMPOSE_FILE=([^\n#]+)", re.MULTILINE)
CALLS_COMPOSE = re.compile(
    rb"^(?![ \t]*(?:#|//))[^\n]*?\b(?:docker[- ]compose\b|docker stack\b|DockerCompose@)", re.MULTILINE
)
"""A line that calls Compose and is not a comment. Source: azure-pipelines-tasks, DockerComposeV0."""


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory and the files in it that volfix reads.

    `root` is the git work tree that holds the directory; without a work tree, the path given on the command line.
    """

    path: Path
    root: Path
    files: tuple[Path, ...] = ()
    pipelines: tuple[Path, ...] = ()
    commands: tuple[Path, ...] = ()
    """Files whose names say that they may hold shell commands."""
    others: tuple[Path, ...] = ()
    """Files without a Compose file's name whose content looks like a Compose file."""
    documents: tuple[Path, ...] = ()
    """Files such as README.md: they may show command lines that merge Compose files."""
    file_sets: tuple[tuple[Path, ...], ...] = ()
    """The sets of Compose files that command lines merge, if the first file is in this directory (see named_files)."""
    unnamed: tuple[Unread, ...] = ()
    """Compose files that command lines name by a variable: it may stand for any file (see named_files)."""
    is_asked: bool = True
    """Whether findings here are reported. Other directories are read because their files may affect reported ones."""
    only: frozenset[Path] = frozenset()
    """The files here that the command line names, if it names files instead of directories."""
    unread_deployments: tuple[Path, ...] = ()
    """Files of CI systems and deployment tools that volfix does not read and that call Compose."""

    @property
    def may_hold_projects(self) -> bool:
        """Whether a Compose file lies here, under any name."""
        return bool(self.files or self.others)

    @property
    def first_file(self) -> Path:
        """The file to name in a message about the directory as a whole; the directory if there is no file."""
        return next(iter((*self.files, *self.pipelines, *self.commands)), self.path)


def everything(_directory: str, _root: Path, entries: Sequence[os.DirEntry[str]]) -> Sequence[os.DirEntry[str]]:
    """All entries of a directory."""
    return entries


def directories(paths: Sequence[Path], problems: list[FileProblem], kept: Kept = everything) -> Iterator[Directory]:
    """Every directory at or below `paths` with files that volfix reads, then the rest of their repositories.

    Each directory comes once. Vendored directories, links and entries that `kept` leaves out are skipped. A directory
    below `paths` that cannot be listed is added to `problems`.
    """
    seen: set[Path] = set()
    trees = [path for path in paths if not disk.is_file(path)]
    files = [path for path in paths if disk.is_file(path)]
    roots = {path: _root_of(path if path in trees else path.parent) for path in paths}
    for path in (*roots, *roots.values()):
        disk.enclose(path)
    walked = chain.from_iterable(_walk(path, roots[path], kept, problems) for path in trees)
    asked = (_with_files(directory, files) for directory in walked)
    single = (_of_files(parent, roots[path], files) for path in files for parent in [path.parent])
    around = (root for path, root in roots.items() if root != path)
    others = chain.from_iterable(_walk(root, root, kept, []) for root in dict.fromkeys(around))
    for directory in chain(asked, single, (replace(directory, is_asked=False) for directory in others)):
        if directory.path not in seen:
            seen.add(directory.path)
            yield directory


def _root_of(path: Path) -> Path:
    tree = work_tree(path)
    return tree.root if tree else path


def _with_files(directory: Directory, asked: Sequence[Path]) -> Directory:
    """The directory; files in it that the command line names are taken for Compose files, under any name."""
    known = {*directory.pipelines, *directory.commands, *directory.documents}
    own = {path for path in asked if path.parent == directory.path} - known
    return _with_own(directory, own) if own else directory


def _with_own(directory: Directory, own: Collection[Path]) -> Directory:
    """The directory with the files `own` as Compose files: the command line, not their names, says that they are."""
    others = tuple(path for path in directory.others if path not in own)
    return replace(directory, files=tuple(sorted({*directory.files, *own})), others=others)


def _of_files(directory: Path, root: Path, asked: Sequence[Path]) -> Directory:
    """The directory of files that the command line names. Naming a pipeline also takes the Compose files beside it."""
    found = _of_interest(str(directory), root, listing.entries(directory)) or Directory(directory, root)
    own = frozenset(path for path in asked if path.parent == directory)
    if any(is_pipeline_name(str(path)) for path in own):
        own |= {*found.files, *found.pipelines}
    return replace(_with_own(found, own - {*found.pipelines}), is_asked=False, only=own)


def _walk(path: Path, root: Path, kept: Kept, problems: list[FileProblem]) -> Iterator[Directory]:
    pending = [(str(path), root)]
    top = str(path)
    while pending:
        current, root = pending.pop()
        try:
            entries: Sequence[os.DirEntry[str]] = listing.entries(current)
        except OSError as error:
            problems.append(FileProblem(Path(current), error.strerror or str(error)))
            continue
        if next((entry.name for entry in entries if entry.name >= ".git"), None) == ".git":  # they are sorted
            root = Path(current)
        entries = kept(current, root, entries)
        below = [
            (entry.path, root)
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and entry.name not in VENDORED
        ]
        pending += reversed(below)
        found = _of_interest(current, root, entries)
        if found is not None or current == top:
            yield found or Directory(path, root)


def _of_interest(directory: str, root: Path, entries: Sequence[os.DirEntry[str]]) -> Directory | None:
    """The directory with the entries that volfix reads: chosen by name, and other YAML files by their content.

    None if volfix reads none of the entries.
    """
    kinds = ("files", "pipelines", "commands", "others", "documents", "unread")
    found: dict[str, set[Path]] = {kind: set() for kind in kinds}
    here = [entry for entry in entries if not entry.is_dir(follow_symlinks=False)]
    found["commands"].update(Path(entry.path) for entry in here if "." not in entry.name and is_script(entry))
    is_read = read_names().search
    for entry in here if in_cron_table(f"{directory}/") else [entry for entry in here if is_read(entry.name)]:
        if FILE_NAME.search(entry.name) and not _is_broken_link(entry):
            found["files"].add(Path(entry.path))
        elif is_pipeline_name(entry.path) and not _is_broken_link(entry):
            found["pipelines"].add(Path(entry.path))
        elif entry.name.lower().endswith(YAML) and _is_file(entry) and _is_compose_by_content(entry.path):
            found["others"].add(Path(entry.path))
        if has_commands(entry.path) and _is_file(entry):
            found["commands"].add(Path(entry.path))
        elif is_document(entry.name) and _is_file(entry):
            found["documents"].add(Path(entry.path))
        elif entry.name in unread_files() and CALLS_COMPOSE.search(disk.read_or_nothing(entry.path)):
            found["unread"].add(Path(entry.path))
    if not found["files"] and any(entry.name == ".env" for entry in entries):
        found["files"] = {*_named_by_dotenv(Path(directory))}
        found["others"] -= found["files"]
    if not any(found.values()):
        return None
    files, pipelines, commands, others, documents, unread = (tuple(sorted(paths)) for paths in found.values())
    return Directory(Path(directory), root, files, pipelines, commands, others, documents, unread_deployments=unread)


@cache
def read_names() -> re.Pattern[str]:
    """A quick first filter: matches every file name that `_of_interest` may take, and few others."""
    exact = "|".join(map(re.escape, unread_files()))
    endings = "|".join(map(re.escape, (*YAML, *DOCUMENTS)))
    begins = "|".join((COMMAND_FILE.pattern, COMMAND_FILES.pattern, PIPELINE_NAME.pattern, rf"(?:{exact})\Z"))
    return re.compile(rf"^(?:{begins})|(?i:{endings})\Z")


def _named_by_dotenv(directory: Path) -> list[Path]:
    """The existing files that COMPOSE_FILE in the directory's `.env` names."""
    found = COMPOSE_FILE.search(disk.read_or_nothing(directory / ".env"))
    names = found[1].decode(errors="replace").strip("\"' \r").split(":") if found else []
    return [directory / name for name in names if name and disk.is_file(directory / name)]


def _is_compose_by_content(path: str) -> bool:
    from volfix.project.compose.other_names import is_compose_by_content  # many directories have no other YAML file

    return is_compose_by_content(path)


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether the entry can be read as a file: it is neither a directory nor a broken link."""
    return (not entry.is_symlink() and entry.is_file()) or disk.is_file(entry.path)  # a link may lead to itself


def _is_broken_link(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and not os.path.exists(entry.path)  # noqa: PTH110 - a Path for each entry of a tree costs
