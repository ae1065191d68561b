"""A run over a part of a repository reads the rest too, and reports only on that part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from volfix.project.compose.compose_file import Unread
from volfix.project.discovery import Directory
from volfix.project.loader import Loader
from volfix.project.stack import Stack

MOST = 5
"""The most files that are named singly."""


def asked_directories(found: Sequence[Directory]) -> frozenset[Path] | None:
    """The directories that were asked for as a whole; None for all."""
    if all(directory.is_asked for directory in found):
        return None
    return frozenset(directory.path for directory in found if directory.is_asked)


def unread_in(root: Path, found: Iterable[Directory], loader: Loader) -> tuple[Unread, ...]:
    """The Compose files of a root that cannot be read."""
    paths = (path for directory in found if directory.root == root for path in directory.files)
    return tuple(unread for path in paths if (unread := loader.unread(path)) is not None)


def keep_asked(found: Sequence[Directory], stacks: Iterable[Stack], loader: Loader, problems: int, notes: int) -> None:
    """Take away what the loader has said of files that none of these stacks has; `problems` and `notes` came before."""
    if all(directory.is_asked for directory in found):
        return
    places = {directory.path for directory in found if directory.is_asked or directory.only}
    for stack in stacks:
        places |= {file.path for file in stack.files} | {workflow.file.path for workflow in stack.workflows}
        for project in stack.projects if stack.asked is None or stack.asked else ():
            places |= {project.directory, *project.env_paths}
            places |= {unread.path for unread in project.unread if unread.path is not None}

    def is_asked(path: Path) -> bool:
        return path in places or path.parent in places

    loader.problems[problems:] = [each for each in loader.problems[problems:] if is_asked(each.path)]
    loader.notes[notes:] = [each for each in loader.notes[notes:] if is_asked(Path(each.partition(":")[0]))]


def not_checked(
    paths: Iterable[Path], found: Iterable[Directory], results: Iterable[Path], stacks: Iterable[Stack]
) -> Iterator[str]:
    """The lines on what is not checked: a path without a Compose file or a result, whose files are `results`, and
    files of other names that are no project alone, and that no project is made of.
    """
    directories = list(found)
    files = [*results, *(path for each in directories for path in (*each.files, *chain(*each.file_sets)))]
    files += [file.path for stack in stacks for file in stack.files]
    known = set(files)
    for path in paths:
        if not any(file.is_relative_to(path) for file in files):
            yield f"nothing checked: no Compose file below {path}"
        others = [other for each in directories for other in each.others if other not in known]
        others = [other for other in others if other.is_relative_to(path)]
        names = ", ".join(str(other.relative_to(path)) for other in others[:MOST])
        more = f" and {len(others) - MOST} more" if len(others) > MOST else ""
        if others:
            why = "not read, because they are no project alone and no file names them"
            yield f"{why}: {names}{more}; to check a file, type its path: volfix {others[0]}"
