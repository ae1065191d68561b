"""Which files use a directory of the host: Makefiles, scripts, cron tables, pipelines, documentation.

This matters when the directory is to become a volume: programs on the host cannot see into a volume.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.knowledge.host_tools import host_tools
from volfix.project.carry_script import is_carry_script
from volfix.project.commands.names import has_commands, in_cron_table, is_document
from volfix.project.compose.compose_file import is_of_inner_project
from volfix.project.discovery import VENDORED, read_names
from volfix.project.git import work_tree
from volfix.syntax import disk, listing

if TYPE_CHECKING:
    from volfix.project.commands.host_commands import HostCommands

LARGEST = 300_000
"""The largest file that is searched, in bytes; a larger file is not written by hand."""
MOST = 3000
"""How many files of one tree are searched at most."""
LONGEST = 2000
"""The longest line that is searched, in bytes; a longer line is not written by hand."""
SCRIPT = re.compile(rb"#![^\n]*\b(?:ba|da|a|z|k)?sh\b")
"""The first line of a script whose name has no suffix."""
PREFIX = rb"(?<![\w./~${}-])(?P<before>(?:[\w.~-]*/|\$\w+/|\$\{\w+\}/|\$\([^()\s]*\)/|`pwd`/|/)*)"


@dataclass(frozen=True, slots=True)
class HostUse:
    """A line that names the directory. `tool` is the program that uses it there; None if only a text names it.

    `does` is an effect that breaks when the directory becomes a volume: the program writes to it or checks for it.
    """

    path: Path
    line: int
    tool: str | None
    does: str | None = None


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    data: bytes


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of a tree that are searched, each with its content; `more`: others there have commands, too."""

    searched: tuple[_File, ...]
    more: bool


@disk.remembered(64)
def host_uses(host: Path, project: Path, root: Path) -> tuple[HostUse, ...]:
    """The lines in the repository's files that use the host path `host`, which a project in `project` mounts.

    `root` is the repository; if it is not a git work tree, only the project's directory is searched.
    """
    name = os.fsencode(host.name)
    files = [file for file in _files(_tree(project, root)).searched if name in file.data]
    if not files:
        return ()
    word = re.compile(PREFIX + re.escape(name) + rb"(?:(?P<after>/)|(?![\w-]|\.\w))")
    found: list[HostUse] = []
    commands: HostCommands | None = None
    for file in files:
        if file.path.name == ".gitignore":
            continue
        if not is_document(file.path.name):
            commands = commands or _commands(project, _tree(project, root))
        effects = commands.disturbing(file.path, host) if commands else {}
        for number, line in enumerate(file.data.splitlines(), 1):
            used = _used(line, word, file.path, host, (project, root)) if name in line and len(line) < LONGEST else None
            tool, does = effects.get(number, (None, None))
            if used or does:
                found.append(HostUse(file.path, number, tool or (used[0] if used else None), does))
    return tuple(found)


def files_of(project: Path, root: Path) -> Iterator[tuple[Path, bytes]]:
    """The documents and command files of the project's repository, each with its bytes."""
    yield from ((file.path, file.data) for file in _files(_tree(project, root)).searched)


def are_searched(project: Path, root: Path) -> bool:
    """Whether `host_uses` searches all files of the project's repository that have commands."""
    return not _files(_tree(project, root)).more


def _tree(project: Path, root: Path) -> Path:
    return root if work_tree(root) is not None else project


@disk.remembered(64)
def _commands(project: Path, tree: Path) -> HostCommands:
    from volfix.project.commands.host_commands import (
        HostCommands,  # reads shell: most runs name no directory in a script
    )

    return HostCommands(project, tree)


def _used(
    line: bytes, word: re.Pattern[bytes], path: Path, host: Path, directories: tuple[Path, Path]
) -> tuple[str | None] | None:
    """The tool that uses the directory in this line (None for text), in a tuple; None if the line does not name it."""
    for command in re.split(rb"[;&|]+", line):
        programs = [text.decode() for text in re.findall(rb"(?<![\w./$-])[a-z0-9]+(?=\s)", command)]
        tool = next((text for text in programs if text in host_tools() and host_tools()[text].bare), None)
        for found in word.finditer(command):
            before = found["before"].decode(errors="replace")
            is_path = bool(before or found["after"] or tool)  # a word without `/` may mean anything
            if is_path and _leads_to(before, path.parent, host, directories):
                return (tool,)
    return None


@disk.remembered(4096)
def _leads_to(before: str, near: Path, host: Path, directories: tuple[Path, Path]) -> bool:
    """Whether `before`, a path as written in a file of the directory `near`, is the parent directory of `host`."""
    if before.startswith("~"):
        return False
    if before.startswith(("$", "`")):
        project = directories[0]
        before = before.partition("/")[2]
        return near.is_relative_to(project) and Path(os.path.normpath(project / before)) == host.parent
    places = [near]
    if not is_of_inner_project(near, directories[0]):
        places += (each for each in directories if near.is_relative_to(each))
    return any(Path(os.path.normpath(each / before)) == host.parent for each in places)


@disk.remembered(8)
def _files(tree: Path) -> _Files:
    """The files of a tree that may use a directory of the host; read once."""
    found: list[_File] = []
    is_read = read_names().search
    for current, names in listing.tree(tree, VENDORED):
        for name in names if in_cron_table(f"{current}/") else (x for x in names if "." not in x or is_read(x)):
            path = os.path.join(current, name)  # noqa: PTH118 - a Path for each entry of a tree costs
            known = is_document(name) or has_commands(path)
            if not known and ("." in name or not _is_marked(path)):
                continue
            if len(found) < MOST:
                data = _read(path)
                if data and (known or SCRIPT.match(data)) and not is_carry_script(data.decode(errors="replace")):
                    found.append(_File(Path(path), data))
            elif not is_document(name):
                return _Files(tuple(found), more=True)
    return _Files(tuple(found), more=False)


def _is_marked(path: str) -> bool:
    """Whether the file begins with `#!`: most files without a suffix are no scripts, and may be large."""
    return disk.glance(path, 2) == b"#!"


def _read(path: str) -> bytes:
    try:
        if os.path.getsize(path) > LARGEST:  # noqa: PTH202 - as above
            return b""
        return disk.read_or_nothing(path)
    except OSError:  # the run does not depend on this file
        return b""
