"""The combinations of Compose files that command lines name: `docker compose -f base.yml -f prod.yml`, COMPOSE_FILE.

Source: docker/docs, docker compose (-f, COMPOSE_FILE); compose-spec/compose-go, cli/options.go. The lines of Makefiles,
scripts and pipelines are looked at as text: a combination counts where all its files are there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from volfix.project.discovery import Directory

CALL = re.compile(rb"compose\b([^\n;&|]*)")
FILE = re.compile(rb"\s(?:-f|--file)(?:\s+|=)[\"']?([^\s\"']+)")
ELSEWHERE = re.compile(rb"--project-directory")
SETTING = re.compile(rb"\bCOMPOSE_FILE\s*[:?]?[=:]\s*[\"']?([\w./:-]+\.ya?ml)\b")
GOES = re.compile(rb"\bcd\s+[\"']?([\w./-]+)")
LARGEST = 300_000
"""Bytes of a command file that is looked at."""


def with_named_files(directories: Iterable[Directory]) -> Iterator[Directory]:
    """The directories, each with the combinations whose first file lies in it; those that get their first one last."""
    found = list(directories)
    named: dict[Path, list[tuple[Path, ...]]] = {}
    roots: dict[Path, Path] = {}
    for directory in found:
        for path in directory.commands:
            for combination in _combinations(path, directory.root):
                home = combination[0].parent
                roots.setdefault(home, directory.root)
                if combination not in named.setdefault(home, []):
                    named[home].append(combination)
    for directory in found:
        own = named.pop(directory.path, [])
        yield replace(directory, named=tuple(own)) if own else directory
    for home, own in named.items():
        yield Directory(home, roots[home], (), named=tuple(own))


def _combinations(path: Path, root: Path) -> Iterator[tuple[Path, ...]]:
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGEST else b""
    except OSError:  # whoever reads the commands says so
        return
    if b"compose" not in data and b"COMPOSE_FILE" not in data:
        return
    for line in data.replace(b"\\\n", b" ").splitlines():
        for names in _named_in(line):
            if found := _existing(names, line, path, root):
                yield found


def _named_in(line: bytes) -> Iterator[list[str]]:
    for call in CALL.finditer(line):
        if not ELSEWHERE.search(call[1]):
            yield [name.decode(errors="replace") for name in FILE.findall(call[1])]
    for setting in SETTING.finditer(line):
        yield setting[1].decode().split(":")


def _existing(names: list[str], line: bytes, path: Path, root: Path) -> tuple[Path, ...] | None:
    """The files, where one directory that the commands may run in has them all."""
    if not names or any("$" in name for name in names):
        return None
    bases = [path.parent, root]
    bases += [base / place.decode() for place in GOES.findall(line) for base in (path.parent, root)]
    for base in dict.fromkeys(bases):
        files = tuple(Path(os.path.normpath(base / name)) for name in names)
        if all(os.path.isfile(file) and file.is_relative_to(root) for file in files):  # noqa: PTH113 - never raises
            return files
    return None
