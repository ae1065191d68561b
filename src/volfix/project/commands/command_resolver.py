"""Finds what a command calls in its own repository: scripts by path, make targets, npm scripts and tasks by name."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from volfix.project.commands.command_files import CommandFile
from volfix.project.commands.makefile import make_includes
from volfix.project.commands.names import has_commands
from volfix.project.shell.entry import Entry
from volfix.project.shell.state import State
from volfix.syntax import disk, listing

RUNNERS = {
    **dict.fromkeys(("make", "gmake"), "target"),
    **dict.fromkeys(("npm", "yarn", "pnpm", "bun"), "npm"),
    **dict.fromkeys(("task", "go-task"), "task"),
    "just": "recipe",
}
"""Programs that run entries of a file, each with the kind of entry that it runs."""
DIRECTORY_OPTIONS = frozenset({"-C", "--directory", "--prefix", "--cwd", "-d", "--dir"})
FILE_OPTIONS = frozenset({"-f", "--file", "--justfile", "--taskfile"})
NPM_WORDS = frozenset({"run", "run-script"})
GIVEN = re.compile(r"([A-Za-z_]\w*):{0,2}=(.*)\Z", re.DOTALL)
SCRIPT_ENDINGS = (".sh", ".bash")


@dataclass(frozen=True, eq=False)
class CommandResolver:
    """Looks up calls among the command files below `root`.

    `files` are those already known, by path. A directory without a known file is listed when it is asked for. `_others`
    are further files that were found, kept so that each is read once.
    """

    root: Path
    files: Mapping[Path, CommandFile]
    _others: dict[Path, CommandFile] = field(default_factory=dict)

    def contains(self, path: str) -> bool:
        """Whether the absolute path is below the root."""
        return Path(path).is_relative_to(self.root)

    def script(self, name: str, state: State, *, any_name: bool = False) -> Entry | None:
        """The script that a command calls by `name`; None if there is none.

        Without `any_name` the name must contain a `/` or end like a script's.
        """
        if "$" in name or "`" in name:
            name = posixpath.basename(name)
            if "$" in name or not name.endswith(SCRIPT_ENDINGS):
                return None
        elif "/" not in name and not any_name and not name.endswith(SCRIPT_ENDINGS):
            return None
        for path in _candidates(name, state):
            if path in self.files or path in self._others or (self.contains(str(path)) and disk.is_file(path)):
                return self._file(path).script
        return None

    def is_runner(self, name: str) -> bool:
        """Whether the program runs entries of a file by name, as `make` does."""
        return name in RUNNERS

    def beside(self, entry: Entry, names: Sequence[str]) -> Iterator[Entry]:
        """The entries with these names in the file of `entry` and in the Makefiles that make reads together with it."""
        if not names:
            return
        path = entry.source.path
        files = self._together.get(path) or [self._file(path)]
        for name in names:
            for file in files:
                yield from file.named.get((entry.kind, name), ())

    @cached_property
    def _together(self) -> dict[Path, list[CommandFile]]:
        """For each Makefile, the Makefiles that it is read together with: they include it or each other."""
        found: dict[Path, list[CommandFile]] = {}
        for path, file in self.files.items():
            if not _may_hold(path.name.lower(), "target") or b"include" not in file.data or file.source is None:
                continue
            for each in make_includes(file.source):
                other = Path(os.path.normpath(each))
                if self.contains(str(other)) and disk.is_file(other):
                    known = found.get(path, [file])
                    joined = [*known, *(one for one in found.get(other, [self._file(other)]) if one not in known)]
                    found.update((one.path, joined) for one in joined)
        return found

    def _file(self, path: Path) -> CommandFile:
        return self.files.get(path) or self._others.setdefault(path, CommandFile(path))

    @cached_property
    def _by_directory(self) -> dict[Path, list[CommandFile]]:
        """The known command files by directory; other directories are added when they are asked for."""
        found: dict[Path, list[CommandFile]] = {}
        for path, file in self.files.items():
            found.setdefault(path.parent, []).append(file)
        return found

    def run_by(self, words: Sequence[str], state: State) -> Iterator[tuple[Entry, str]]:
        """The entries that `make target`, `npm run script`, `just recipe` or `task name` run, with their directory."""
        kind = RUNNERS[posixpath.basename(words[0])]
        directory, asked = state.directory, list[str]()
        at = 1
        while at < len(words):
            word, at = words[at], at + 1
            if word in FILE_OPTIONS:
                at += 1
            elif word in DIRECTORY_OPTIONS and at < len(words):
                directory, at = state.path(words[at]), at + 1
            elif not word.startswith("-") and "=" not in word and not (kind == "npm" and word in NPM_WORDS):
                asked.append(word)
        if kind != "target":
            asked = asked[:1]
        entries = self._entries(Path(directory if state.in_checkout else state.home), kind)
        if not asked and kind != "npm":
            asked = [entry.name for entry in entries if not entry.name.startswith(".")][:1]
        for entry in entries:
            if entry.name in asked:
                yield entry, directory

    def given_by(self, words: Sequence[str]) -> dict[str, str]:
        """The variables that `make NAME=value target` passes to the commands of its recipes."""
        if RUNNERS[posixpath.basename(words[0])] != "target":
            return {}
        return {found[1]: found[2] for word in words[1:] if (found := GIVEN.match(word))}

    def _entries(self, directory: Path, kind: str) -> list[Entry]:
        if directory not in self._by_directory:
            self._by_directory[directory] = [self._file(path) for path in _files_in(directory)]
        possible = [file for file in self._by_directory[directory] if _may_hold(file.path.name.lower(), kind)]
        files = dict.fromkeys(each for file in possible for each in self._together.get(file.path, [file]))
        return [entry for file in files for entry in file.entries if entry.kind == kind]


def _files_in(directory: Path) -> list[Path]:
    paths = (entry.path for entry in listing.entries_or_none(directory) if has_commands(entry.path))
    return [Path(path) for path in paths if disk.is_file(path)]


def _candidates(name: str, state: State) -> Iterator[Path]:
    """The paths that `name` may mean. On another machine the checkout's place is unknown, so each tail is tried."""
    if state.in_checkout:
        yield Path(state.path(name))
        if not name.startswith("/"):
            yield Path(posixpath.normpath(f"{state.script_directory}/{name}"))
        return
    parts = [part for part in state.path(name).split("/") if part not in ("", "~")]
    for start in range(len(parts)):
        yield Path(state.home).joinpath(*parts[start:])


def _may_hold(name: str, kind: str) -> bool:
    return {
        "target": "makefile" in name or name.endswith(".mk"),
        "npm": name == "package.json",
        "recipe": "justfile" in name,
        "task": name.startswith("taskfile"),
    }[kind]
