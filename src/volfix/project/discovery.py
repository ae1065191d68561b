"""Where Compose projects are: the directories below a path, their Compose files, and how these make projects.

Source: compose-spec/compose-go, cli/options.go (default and override file names, COMPOSE_FILE).
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from volfix.project.command_names import has_commands
from volfix.project.compose_file import BASE_NAMES, FILE_NAME, OVERRIDE_NAMES, ComposeFile, strings
from volfix.project.git import work_tree
from volfix.project.mounts import is_path, split_short
from volfix.project.pipeline_names import is_pipeline_name
from volfix.syntax.source import FileProblem
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, resolved
from volfix.syntax.yaml_tree import Sequence as Items

VENDORED = frozenset(
    {
        *("node_modules", "vendor", "third_party", "site-packages", "bower_components", "venv", ".venv", "env.bak"),
        *(".tox", ".nox", ".git", ".hg", ".svn", ".cache", ".terraform", ".gradle", ".mypy_cache", ".pytest_cache"),
        *("__pycache__", ".idea", ".vscode", ".next", ".nuxt", ".yarn", ".pnpm-store"),
    }
)


COMPOSE_FILE = re.compile(rb"^(?:export )?COMPOSE_FILE=([^\n#]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory with Compose files or pipelines; `root` is the enclosing git work tree, else the path given."""

    path: Path
    root: Path
    files: tuple[Path, ...]
    only: Path | None = None
    """The one file that was asked for, when a file was given instead of a directory."""
    pipelines: tuple[Path, ...] = ()
    commands: tuple[Path, ...] = ()
    """Files that may hold shell commands, by their name."""
    named: tuple[tuple[Path, ...], ...] = ()
    """Combinations of files that command lines name, the first of each in this directory (named_files)."""


def directories(paths: Sequence[Path], exclude: Sequence[str], problems: list[FileProblem]) -> Iterator[Directory]:
    """Every directory with Compose files at or below the paths, each once; vendored trees and links are skipped."""
    seen: set[Path] = set()
    for path in paths:
        found = _of_file(path) if path.is_file() else _walk(path, _root_of(path), exclude, problems)
        for directory in found:
            if directory.path not in seen:
                seen.add(directory.path)
                yield directory


def _root_of(path: Path) -> Path:
    tree = work_tree(path)
    return tree.root if tree else path


def _of_file(path: Path) -> Iterator[Directory]:
    names = {entry.name for entry in os.scandir(path.parent) if FILE_NAME.search(entry.name) and entry.is_file()}
    if is_pipeline_name(path.name, path.parent.name):
        yield Directory(
            path.parent, _root_of(path.parent), tuple(path.parent / name for name in sorted(names)), None, (path,)
        )
        return
    files = tuple(path.parent / name for name in sorted(names | {path.name}))
    root = _root_of(path.parent)
    # The pipelines say under which name the project runs, whichever path is given.
    yield Directory(path.parent, root, files, path, _pipelines_in(path.parent))
    if root != path.parent and (pipelines := _pipelines_in(root)):
        yield Directory(root, root, (), None, pipelines)


def _pipelines_in(directory: Path) -> tuple[Path, ...]:
    names = sorted(entry.name for entry in os.scandir(directory) if is_pipeline_name(entry.name, directory.name))
    return tuple(directory / name for name in names if (directory / name).is_file())


def _walk(path: Path, root: Path, exclude: Sequence[str], problems: list[FileProblem]) -> Iterator[Directory]:
    pending = [(str(path), root)]
    while pending:
        current, root = pending.pop()
        try:
            entries = sorted(os.scandir(current), key=lambda entry: entry.name)
        except OSError as error:
            problems.append(FileProblem(Path(current), error.strerror or str(error)))
            continue
        if any(entry.name == ".git" for entry in entries):
            root = Path(current)
        entries = [entry for entry in entries if not (exclude and _excluded(entry.path, root, exclude))]
        below = [
            (entry.path, root)
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and entry.name not in VENDORED
        ]
        pending += reversed(below)
        files, pipelines, commands = _of_interest(current, entries)
        if files or pipelines or commands:
            yield Directory(Path(current), root, files, None, pipelines, commands)


def _of_interest(
    current: str, entries: Sequence[os.DirEntry[str]]
) -> tuple[tuple[Path, ...], tuple[Path, ...], tuple[Path, ...]]:
    """The Compose files, the pipelines and the files with commands among the entries of a directory."""
    files, pipelines, commands = [], [], []
    name = os.path.basename(current)  # noqa: PTH119 - a Path for each entry of a tree costs
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            continue
        if FILE_NAME.search(entry.name) and not _is_broken_link(entry):
            files.append(Path(entry.path))
        elif is_pipeline_name(entry.name, name) and not _is_broken_link(entry):
            pipelines.append(Path(entry.path))
        if has_commands(entry.path) and entry.is_file():
            commands.append(Path(entry.path))
    if not files and any(entry.name == ".env" for entry in entries):
        files = _named_by_dotenv(Path(current))
    return tuple(files), tuple(pipelines), tuple(commands)


def _named_by_dotenv(directory: Path) -> list[Path]:
    """The files that COMPOSE_FILE in the directory's `.env` names, whatever they are called."""
    try:
        text = (directory / ".env").read_bytes()
    except OSError:  # it is named when it is read
        return []
    found = COMPOSE_FILE.search(text)
    names = found[1].decode(errors="replace").strip("\"' \r").split(":") if found else []
    return [directory / name for name in names if name and os.path.isfile(directory / name)]  # noqa: PTH113 - never raises


def _is_broken_link(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and not os.path.exists(entry.path)  # noqa: PTH110 - a Path for each entry of a tree costs


def _excluded(path: str, root: Path, exclude: Sequence[str]) -> bool:
    relative = os.path.relpath(path, root)
    return any(
        fnmatch.fnmatch(relative, pattern) or fnmatch.fnmatch(os.path.basename(path), pattern)  # noqa: PTH119
        for pattern in exclude
    )


def combinations(files: Sequence[ComposeFile], compose_file: Sequence[ComposeFile]) -> list[tuple[ComposeFile, ...]]:
    """The projects that the Compose files of one directory make, each the files that are merged, in order.

    The base file with its override is one; so is each file beside it, merged with the base where it is invalid alone.
    `compose_file` are the files that COMPOSE_FILE in the directory's `.env` names: they replace the default.
    """
    by_name = {file.path.name: file for file in files}
    base = next((by_name[name] for name in BASE_NAMES if name in by_name), None)
    override = next((by_name[name] for name in OVERRIDE_NAMES if name in by_name), None)
    found: list[tuple[ComposeFile, ...]] = []
    if compose_file:
        found.append(tuple(compose_file))
    if base and base not in compose_file:
        found.append((base, override) if override and not compose_file else (base,))
    done = {id(file) for project in found for file in project}
    left = [file for file in files if id(file) not in done]
    return found + [(base, file) if base and not is_complete(file) else (file,) for file in left]


def is_complete(file: ComposeFile) -> bool:
    """Whether Compose would take the file alone: every service can start and every name that it uses is declared."""
    if file.version_1 or any(entry.paths for entry in file.includes):
        return True
    services = {name: node for name, node, _ in file.services()}
    volumes, networks = set(file.declared), file.section("networks") | {"default"}
    for node in services.values():
        if not any(node.get(key) for key in ("image", "build", "extends", "provider")):
            return False
        if not _names(node.get("depends_on")) <= services.keys() or not _names(node.get("networks")) <= networks:
            return False
        if not _named_volumes(node) <= volumes:
            return False
    return bool(services)


def _names(node: Node | None) -> set[str]:
    return {key for key, _ in node.items()} if isinstance(node, Mapping) else set(strings(node))


def _named_volumes(service: Mapping) -> set[str]:
    volumes, found = service.get("volumes"), set()
    for item in volumes.items if isinstance(volumes, Items) else ():
        entry = resolved(item)
        if isinstance(entry, Scalar) and len(sections := split_short(entry.value)) > 1:
            if not is_path(sections[0]) and "$" not in sections[0]:
                found.add(sections[0])
        elif isinstance(entry, Mapping) and isinstance(source := entry.get("source"), Scalar):
            kind = entry.get("type")
            if isinstance(kind, Scalar) and kind.value == "volume":
                found.add(source.value)
    return found
