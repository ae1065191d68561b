"""Finds the combinations of Compose files that command lines name: `docker compose -f base.yml -f prod.yml`.

The lines of Makefiles, scripts, pipelines and documents are searched as text; a combination counts if its first file
exists. Source: docker/docs, docker compose (-f, COMPOSE_FILE); compose-spec/compose-go, cli/options.go.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from volfix.project.commands.names import is_document
from volfix.project.compose.compose_file import Unread
from volfix.project.discovery import Directory
from volfix.syntax import disk

CALL = re.compile(
    rb"compose\b((?:[ \t]+(?:-f|--file|-p|--project-name|--env-file|--profile|--ansi|--progress)"
    rb"(?:[ \t]+|=)[^\s;&|]+|[ \t]+--?[\w-]+(?:=[^\s;&|]+)?)*)"
)
"""A call with the options before its verb: in `logs -f app` the -f means something else."""
FILE = re.compile(rb"\s(?:-f|--file)(?:\s+|=)[\"'`]?([^\s\"'`]+)")
ELSEWHERE = re.compile(rb"--project-directory")
SETTING = re.compile(rb"\bCOMPOSE_FILE\s*[:?]?[=:]\s*[\"']?([\w./:-]+\.ya?ml)\b")
VARIABLE = re.compile(rb"compose\b(?:[ \t]+--?[\w-]+(?:[ \t]+|=)[\w./-]+)*[ \t]+[\"']?(\$(?:\{?[A-Za-z_]\w*|\())")
"""A call whose options or verb come from a variable; `$1` and `$@` do not count, they are the verb."""
GOES = re.compile(rb"\bcd\s+[\"']?([\w./-]+)")
LARGEST = 300_000
"""The largest file that is searched, in bytes."""
MOST = 500
"""How many documents of one root are searched at most."""


def with_named_files(directories: Iterable[Directory]) -> Iterator[Directory]:
    """The directories, each with the combinations whose first file lies in it.

    Directories that only a combination leads to come last.
    """
    found = list(directories)
    named: dict[Path, list[tuple[Path, ...]]] = {}
    unnamed: dict[Path, dict[Unread, None]] = {}
    roots: dict[Path, Path] = {}
    for path, root in _sources(found):
        data = _data(path)
        if not is_document(path.name) and (variable := _merged_by_variable(data)) is not None:
            reason = f"{path.name} takes names of Compose files from it, which are known only at the deployment"
            unnamed.setdefault(root, {})[Unread(variable, reason, None)] = None
        for combination in _combinations(path, data, root):
            home = combination[0].parent
            roots.setdefault(home, root)
            if combination not in named.setdefault(home, []):
                named[home].append(combination)
    for directory in found:
        own = named.pop(directory.path, [])
        others = tuple(unnamed.get(directory.root, ())) if directory.others else ()
        yield replace(directory, file_sets=tuple(own), unnamed=others) if own or others else directory
    for home, own in named.items():
        is_asked = any(directory.is_asked and home.is_relative_to(directory.path) for directory in found)
        yield Directory(home, roots[home], file_sets=tuple(own), is_asked=is_asked)


def _sources(directories: Sequence[Directory]) -> Iterator[tuple[Path, Path]]:
    """The files to search, each with its root; documents only in repositories with Compose files."""
    roots = {directory.root: MOST for directory in directories if directory.may_hold_projects}
    for directory in directories:
        yield from ((path, directory.root) for path in directory.commands)
        for path in directory.documents[: roots.get(directory.root, 0)]:
            roots[directory.root] -= 1
            yield path, directory.root


def _data(path: Path) -> bytes:
    """The file's content with continued lines joined; empty if it does not mention Compose."""
    try:
        data = disk.read_or_nothing(path) if path.stat().st_size <= LARGEST else b""
    except OSError:  # the reader of the commands reports it
        return b""
    return data.replace(b"\\\n", b" ") if b"compose" in data or b"COMPOSE_FILE" in data else b""


def _merged_by_variable(data: bytes) -> str | None:
    """The first variable with which a command names Compose files; None if no command does."""
    for line in data.splitlines():
        for names in _names_in_line(line):
            if len(names) > 1 and (unknown := next((name for name in names if "$" in name), None)):
                return unknown
        if (found := VARIABLE.search(line)) and not line.lstrip().startswith(b"#"):
            return found[1].decode().replace("{", "").replace("(", "(...)")
    return None


def _combinations(path: Path, data: bytes, root: Path) -> Iterator[tuple[Path, ...]]:
    if not data:
        return
    places = _places(data, path.parent, root)
    for line in data.splitlines():
        for names in _names_in_line(line):
            found = _existing(names, places, root, others=not is_document(path.name))
            if found and (len(found) > 1 or not is_document(path.name)):
                yield found


def _places(data: bytes, directory: Path, root: Path) -> list[Path]:
    """The directories in which the file's commands may run: its own, the root, and those that it changes to."""
    places = [directory, root]
    goes = dict.fromkeys(GOES.findall(data))
    return list(dict.fromkeys([*places, *(base / place.decode() for place in goes for base in places)]))


def _names_in_line(line: bytes) -> Iterator[list[str]]:
    for call in CALL.finditer(line):
        if not ELSEWHERE.search(call[1]):
            yield [name.decode(errors="replace") for name in FILE.findall(call[1])]
    for setting in SETTING.finditer(line):
        yield setting[1].decode().split(":")


def _existing(names: list[str], places: list[Path], root: Path, *, others: bool) -> tuple[Path, ...] | None:
    """The paths of the files in the first of `places` that has them all; None if no place does.

    With `others` the first file suffices, because the machine that deploys may have the rest. A document may name files
    that exist nowhere, so it is read without `others`.
    """
    if not names or any("$" in name for name in names):
        return None
    found = [tuple(Path(os.path.normpath(place / name)) for name in names) for place in places]
    found = [files for files in found if all(file.is_relative_to(root) for file in files)]
    whole = next((files for files in found if all(map(os.path.isfile, files))), None)
    return whole or next((files for files in found if others and os.path.isfile(files[0])), None)  # noqa: PTH113
