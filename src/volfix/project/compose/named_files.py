"""The combinations of Compose files that command lines name: `docker compose -f base.yml -f prod.yml`, COMPOSE_FILE.

Source: docker/docs, docker compose (-f, COMPOSE_FILE); compose-spec/compose-go, cli/options.go. The lines of Makefiles,
scripts, pipelines and documents are looked at as text: a combination counts where its first file is there.
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
"""A call with its options before the verb: in `logs -f app` the -f is another one."""
FILE = re.compile(rb"\s(?:-f|--file)(?:\s+|=)[\"'`]?([^\s\"'`]+)")
ELSEWHERE = re.compile(rb"--project-directory")
SETTING = re.compile(rb"\bCOMPOSE_FILE\s*[:?]?[=:]\s*[\"']?([\w./:-]+\.ya?ml)\b")
VARIABLE = re.compile(rb"compose\b(?:[ \t]+--?[\w-]+(?:[ \t]+|=)[\w./-]+)*[ \t]+[\"']?(\$(?:\{?[A-Za-z_]\w*|\())")
"""A call whose options, or whose verb, only the shell knows; `$1` and `$@` are the verb."""
GOES = re.compile(rb"\bcd\s+[\"']?([\w./-]+)")
LARGEST = 300_000
"""Bytes of a file that is looked at."""
MOST = 500
"""Documents of one root that are looked at."""


def with_named_files(directories: Iterable[Directory]) -> Iterator[Directory]:
    """The directories, each with the combinations whose first file lies in it; those that get their first one last."""
    found = list(directories)
    named: dict[Path, list[tuple[Path, ...]]] = {}
    unnamed: dict[Path, dict[Unread, None]] = {}
    roots: dict[Path, Path] = {}
    for path, root in _sources(found):
        data = _data(path)
        if not is_document(path.name) and (variable := _merged_by_variable(data)) is not None:
            reason = f"{path.name} names files by it, and only who runs the command knows them"
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
    """The files that are looked at, with their root; documents only where there are Compose files."""
    roots = {directory.root: MOST for directory in directories if directory.may_hold_projects}
    for directory in directories:
        yield from ((path, directory.root) for path in directory.commands)
        for path in directory.documents[: roots.get(directory.root, 0)]:
            roots[directory.root] -= 1
            yield path, directory.root


def _data(path: Path) -> bytes:
    """What the file holds, its lines joined where they go on; nothing where it does not speak of Compose."""
    try:
        data = disk.read(path) if path.stat().st_size <= LARGEST else b""
    except OSError:  # whoever reads the commands says so
        return b""
    return data.replace(b"\\\n", b" ") if b"compose" in data or b"COMPOSE_FILE" in data else b""


def _merged_by_variable(data: bytes) -> str | None:
    """The first variable by which a command names files that Compose merges with others."""
    for line in data.splitlines():
        for names in _named_in(line):
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
        for names in _named_in(line):
            found = _existing(names, places, root, others=not is_document(path.name))
            if found and (len(found) > 1 or not is_document(path.name)):
                yield found


def _places(data: bytes, directory: Path, root: Path) -> list[Path]:
    """Where the file's commands may run: its directory, the root, and where it goes from there."""
    places = [directory, root]
    goes = dict.fromkeys(GOES.findall(data))
    return list(dict.fromkeys([*places, *(base / place.decode() for place in goes for base in places)]))


def _named_in(line: bytes) -> Iterator[list[str]]:
    for call in CALL.finditer(line):
        if not ELSEWHERE.search(call[1]):
            yield [name.decode(errors="replace") for name in FILE.findall(call[1])]
    for setting in SETTING.finditer(line):
        yield setting[1].decode().split(":")


def _existing(names: list[str], places: list[Path], root: Path, *, others: bool) -> tuple[Path, ...] | None:
    """The files, where one directory that the commands may run in has them all; with `others`, where it has the first
    one: who deploys has the rest. A document may speak of any file.
    """
    if not names or any("$" in name for name in names):
        return None
    found = [tuple(Path(os.path.normpath(place / name)) for name in names) for place in places]
    found = [files for files in found if all(file.is_relative_to(root) for file in files)]
    whole = next((files for files in found if all(map(os.path.isfile, files))), None)
    return whole or next((files for files in found if others and os.path.isfile(files[0])), None)  # noqa: PTH113
