"""Finds commands that write to a directory of the host, or check whether it exists, outside of any container."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from volfix.project.commands.command_files import CommandFile
from volfix.project.commands.command_resolver import RUNNERS, CommandResolver
from volfix.project.commands.host_effects import ASKS, READS, PathEffect, path_effects
from volfix.project.commands.makefile import MAKE_RULE
from volfix.project.commands.names import CALLS_DOCKER, has_commands
from volfix.project.compose.compose_file import FILE_NAME, is_of_inner_project
from volfix.project.discovery import VENDORED
from volfix.project.shell.command import Command
from volfix.project.shell.entry import Entry
from volfix.project.shell.interpreter import Interpreter
from volfix.project.shell.paths import below, joined
from volfix.syntax import disk, listing
from volfix.syntax.fragment import Fragment
from volfix.syntax.shell import parse

IN_CONTAINER = re.compile(r"(?:docker-)?entry-?point(?:\.sh)?\Z")
"""Names of scripts that run inside a container."""


@dataclass(frozen=True, slots=True)
class LineEffect:
    """What a program on a line of a file does: `does` is an effect of host_effects, `places` the possible paths."""

    line: int
    program: str
    does: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class HostCommands:
    """The commands in the files below `tree`, seen from the project's directory `project`; each file is read once."""

    project: Path
    tree: Path
    _known: dict[Path, tuple[LineEffect, ...]] = field(default_factory=dict)

    def disturbing(self, path: Path, host: Path) -> dict[int, tuple[str, str]]:
        """By line number of the file at `path`, the program and what it does to the directory `host`.

        Only effects that a volume would disturb count: writing, changing rights, checking. Empty for documents and for
        scripts that run inside a container, because paths mean something else there.
        """
        if path not in self._known:
            self._known[path] = tuple(dict.fromkeys(self._effects_in(path)))
        found: dict[int, tuple[str, str]] = {}
        for effect in self._known[path]:
            if any(below(place, str(host)) is not None for place in effect.places):
                found.setdefault(effect.line, (effect.program, effect.does))
        for line, asked in _make_rules(path, host):
            found.setdefault(line, asked)
        return found

    def _effects_in(self, path: Path) -> Iterator[LineEffect]:
        file = CommandFile(path)
        if not (has_commands(str(path)) or "." not in path.name) or _starts_in_container(file, self._images):
            return
        for entry in file.entries:
            if not _is_run_in_container(entry, self._images):
                yield from self._of_entry(_with_functions(entry))

    @cached_property
    def _images(self) -> str:
        return _texts_of_images(self.tree)

    @cached_property
    def _resolver(self) -> CommandResolver:
        """Finds what the entries of all files call; it reads each called file once."""
        return CommandResolver(self.tree, {})

    def _of_entry(self, entry: Entry) -> Iterator[LineEffect]:
        interpreter = Interpreter(self._resolver)
        for directory in _started_in(entry, self.project, self.tree):
            for command in interpreter.commands(entry, directory):
                source = command.fragment.source
                if source.path == entry.source.path:  # a called file is read on its own
                    for effect in path_effects(command):
                        if effect.does != READS:
                            places = tuple(_places(effect, command, self.project, self.tree))
                            line = source.place(command.place.start)[0]
                            yield LineEffect(line, command.program, effect.does, places)


def _started_in(entry: Entry, project: Path, tree: Path) -> list[str]:
    """The directories in which an entry may start: a script may start in its own, the project's or the repository's."""
    own = str(entry.directory)
    if entry.kind not in ("script", "cron") or is_of_inner_project(entry.directory, project):
        return [own]
    return list(dict.fromkeys((own, str(project), str(tree))))


def _with_functions(entry: Entry) -> Entry:
    """The script with a call of each of its functions added at the end, because other scripts may source it."""
    text = entry.source.text
    if entry.kind != "script" or ("()" not in text and "function" not in text):
        return entry
    found = (re.search(rf"(?<![\w-]){re.escape(name)}(?=\s*[({{])", text) for name in parse(text).functions)
    calls = [Fragment.between(entry.source, *each.span()) for each in found if each]
    return replace(entry, fragments=(*entry.fragments, *calls))


def _places(effect: PathEffect, command: Command, project: Path, tree: Path) -> Iterator[str]:
    """The paths that an effect may be about; a path that begins with a variable is taken to be in the project."""
    text = effect.path
    if text.startswith(("$", "`")):
        yield joined(str(project), text.partition("/")[2])
    elif text.startswith("/") or command.in_checkout:
        yield joined(command.directory, text)
    elif not text.startswith("~"):
        yield joined(str(project), text)
        yield joined(str(tree), text)


def _make_rules(path: Path, host: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """The lines of make rules that build or require a file in the directory (not the directory itself)."""
    if "makefile" not in path.name.lower() and path.suffix != ".mk":
        return
    for number, line in enumerate(CommandFile(path).data.decode(errors="replace").splitlines(), 1):
        rule = None if line.startswith(("\t", "#")) else MAKE_RULE.match(line)
        for word in f"{rule[1]} {rule[2]}".split() if rule else ():
            place = joined(str(path.parent), word)
            if below(place, str(host)) not in (None, ".") or (place == str(host) and host.suffix):
                yield number, ("make", ASKS)


def _texts_of_images(tree: Path) -> str:
    """The Dockerfiles and Compose files of a tree as one text: they name the scripts that run in a container."""
    paths = (Path(current, name) for current, names in listing.tree(tree, VENDORED) for name in names)
    found = (path for path in paths if "dockerfile" in path.name.lower() or FILE_NAME.search(path.name))
    return "\n\0\n".join(disk.read_or_nothing(path).decode(errors="replace") for path in found)


def _starts_in_container(file: CommandFile, images: str) -> bool:
    """Whether a Dockerfile or Compose file names the script, and the script does not call Docker itself."""
    name = file.path.name
    if has_commands(str(file.path)) and file.path.suffix not in (".sh", ".bash"):
        return False
    is_named = name in images and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", images) is not None
    return (is_named or IN_CONTAINER.match(name) is not None) and not CALLS_DOCKER.search(file.data)


def _is_run_in_container(entry: Entry, images: str) -> bool:
    """Whether a Dockerfile or Compose file starts the npm script or the target."""
    runners = [name for name, kind in RUNNERS.items() if kind == entry.kind]
    if not runners:
        return False
    name = re.sub(r"\A(?:pre|post)(?=\w)", "", entry.name) if entry.kind == "npm" else entry.name
    last = posixpath.basename(name)
    started = rf"\b(?:{'|'.join(runners)})\b[^\n]*?[\s\"',]{re.escape(last)}(?![\w-])"
    return last in images and re.search(started, images) is not None
