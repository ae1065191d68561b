"""Finds the projects of a directory: every combination of its Compose files that is known to be merged.

Source: compose-spec/compose-go, cli/options.go (default and override file names, COMPOSE_FILE).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from pathlib import Path

from volfix.project.compose.completeness import lacking, undeclared
from volfix.project.compose.compose_file import BASE_NAMES, OVERRIDE_NAMES, ComposeFile, Unread
from volfix.project.compose.merging import build_project
from volfix.project.compose.model import Project
from volfix.project.discovery import Directory
from volfix.project.loader import Loader
from volfix.syntax import disk


def projects_of(directory: Directory, loader: Loader) -> Iterator[Project]:
    """The directory's projects, in this order:

    - the files that COMPOSE_FILE in `.env` merges, the base file with its override, and what command lines merge;
    - each other Compose file, merged with the base file if it is incomplete alone;
    - each file without a Compose file's name that is complete alone.

    A file of the directory that cannot be read may belong to each of them, so each lists it as unread.
    """
    if not directory.may_hold_projects and not directory.pipelines and not directory.file_sets:
        return
    setting = _setting(directory.path, loader)
    beside = (*_unread(directory.files, loader), *_unread(setting, loader))
    called: dict[tuple[ComposeFile, ...], tuple[Path, list[Unread]]] = {}
    for paths, home in _merged_sets(directory, setting, loader):
        here = [path for path in paths if disk.exists(path)]
        if files := _read(here, loader):
            called.setdefault(files, (home, []))[1].extend((*_unread(here, loader), *_missing(paths)))
    parts: set[Path] = set()
    merged: list[Project] = []
    for files, (home, unread) in called.items():
        merged.append(build_project(directory.root, home, files, loader, directory.path))
        parts |= {file.path for file in merged[-1].loaded}
        yield _with_unread(merged[-1], (*beside, *unread))
    default = {path for paths, _ in _default_sets(directory, setting, loader) for path in paths}
    for file in _read([path for path in directory.files if path not in default], loader):
        complete = (each for each in merged if any(part.path == file.path for part in each.loaded))
        own = _single_project(directory, file, loader, is_part=any(lacking(each) is None for each in complete))
        if own is not None and own.files not in called:
            parts |= {file.path for file in own.loaded}
            yield _with_unread(own, beside)
    for own in _of_other_names(directory, parts, loader):
        yield _with_unread(own, directory.unnamed)


def _of_other_names(directory: Directory, parts: Set[Path], loader: Loader) -> Iterator[Project]:
    """The projects of files without a Compose file's name that are complete alone and no part of another project."""
    files = [loader.compose_by_content(path) for path in directory.others if path not in parts]
    found = [build_project(directory.root, directory.path, (file,), loader) for file in files if file is not None]
    borrowed = {file.path for project in found for file in project.loaded if file not in project.files}
    for project in found:
        if project.files[0].path not in borrowed and lacking(project) is None and not undeclared(project):
            yield project


def _with_unread(project: Project, unread: Sequence[Unread]) -> Project:
    return replace(project, unread_files=(*project.unread_files, *unread)) if unread else project


def _merged_sets(
    directory: Directory, setting: Sequence[Path], loader: Loader
) -> Iterator[tuple[Sequence[Path], Path]]:
    """The sets of files that are merged, each with the directory that their relative paths start from."""
    yield from _default_sets(directory, setting, loader)
    for paths in directory.file_sets:
        yield paths, directory.path


def _default_sets(
    directory: Directory, setting: Sequence[Path], loader: Loader
) -> Iterator[tuple[Sequence[Path], Path]]:
    """The sets among them that Compose merges without being told to on its command line."""
    base = _base(directory, loader)
    if setting:
        yield setting, setting[0].parent
    if base is not None and base not in setting:
        by_name = {path.name: path for path in directory.files}
        override = next((by_name[name] for name in OVERRIDE_NAMES if name in by_name and not setting), None)
        yield [base, override] if override else [base], directory.path


def _single_project(directory: Directory, file: ComposeFile, loader: Loader, *, is_part: bool) -> Project | None:
    """The project of a file that nothing is known to merge; with the base file if it is incomplete alone.

    None if it is incomplete alone and `is_part` says that another project includes or extends it. The base file
    completes no file that lacks only volumes which the base file does not declare either: VF108 declares these in it.
    """
    file_alone = build_project(directory.root, directory.path, (file,), loader)
    missing = undeclared(file_alone)
    if lacking(file_alone) is None and not missing:
        return file_alone
    if is_part:
        return None
    base = _base(directory, loader)
    first = loader.compose(base) if base is not None else None
    merged = build_project(directory.root, directory.path, (first, file), loader) if first else file_alone
    return file_alone if lacking(file_alone) is None and missing <= undeclared(merged) else merged


def _base(directory: Directory, loader: Loader) -> Path | None:
    by_name = {path.name: path for path in directory.files}
    names = (name for name in BASE_NAMES if name in by_name)
    return next((by_name[name] for name in names if _is_compose(by_name[name], loader)), None)


def _is_compose(path: Path, loader: Loader) -> bool:
    return loader.compose(path) is not None or loader.unread(path) is not None


def _read(paths: Sequence[Path], loader: Loader) -> tuple[ComposeFile, ...]:
    return tuple(file for path in paths if disk.exists(path) and (file := loader.compose(path)) is not None)


def _unread(paths: Sequence[Path], loader: Loader) -> Iterator[Unread]:
    """The files that could not be read, or that do not exist although Compose would look for them."""
    for path in paths:
        if (reason := disk.missing(path)) is not None:
            yield Unread.of(path, reason)
        elif (unread := loader.unread(path)) is not None:
            yield unread


def _missing(paths: Sequence[Path]) -> Iterator[Unread]:
    """The files that a command line names and that only the machine that deploys has, not the repository."""
    for path in paths:
        if not disk.exists(path):
            yield Unread(path.name, "a command names it, but it is not in the repository", None)


def _setting(directory: Path, loader: Loader) -> list[Path]:
    """The files that COMPOSE_FILE in the directory's `.env` names; they replace the default files."""
    dotenv = loader.dotenv(directory)
    text = dotenv.values.get("COMPOSE_FILE") or ""
    separator = dotenv.values.get("COMPOSE_PATH_SEPARATOR") or ":"
    return [Path(os.path.normpath(directory / name.strip())) for name in text.split(separator) if name.strip()]
