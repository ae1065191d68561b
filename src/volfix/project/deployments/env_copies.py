"""Finds env files that deployments copy to another env file, or use instead: `cp .env.prod .env`, `--env-file`."""

from __future__ import annotations

import itertools
import os
import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.knowledge.commands import COMPOSE, docker_call
from volfix.knowledge.env_files import is_example
from volfix.knowledge.file_copies import FileCopy, copy_of, filtered
from volfix.knowledge.purposes import NOT_DEPLOYED, purposes
from volfix.project.compose.env_copy import EnvCopy
from volfix.project.compose.env_places import Copies
from volfix.project.shell.paths import joined
from volfix.syntax import disk, listing

if TYPE_CHECKING:
    from volfix.project.deployments.flows import CommandFiles
    from volfix.project.discovery import Directory
    from volfix.project.shell.command import Command

SPEAKS_OF_ENV = re.compile(rb"(?<!process)(?<!meta)\.env\b|\benv\.[a-z]|--env-file|COMPOSE_ENV_FILES")
ENV_WORD = re.compile(r"(?:^|[._-])env(?:[._-]|$)", re.IGNORECASE)
READ = re.compile(r"(?<![<>&\d])<\s*([^\s;&|<>()]+)")
WRITTEN = re.compile(r"(?<![<>&2])>{1,2}\|?\s*([^\s;&|<>()]+)")
"""A redirection; lines that are appended count as a copy, because the last value of a name wins."""
REMOTE = re.compile(r"(?:rsync://)?(?:[\w.@-]|\$\w+|\$\{\w+\})+:")
"""A host before a path, as scp and rsync write it."""
UNKNOWN = re.compile(r"\$(?:\{[^{}]*\}|\w+|[@*#?])")
"""A part of a name that is known only at the deployment: `.env.$1`."""
TESTED = re.compile(r"(?:\[|\btest\b)[^;\n]*(?:\|\||&&)\s*(?:\\\n\s*)?\Z")
"""A test directly before a command: `[ -f .env ] || `."""
TEST = re.compile(r"^\W*test\b")


def env_copies(directories: Sequence[Directory], command_files: Callable[[Path], CommandFiles]) -> Copies:
    """For each env file that a deployment creates, the files of the repository that it is copied from.

    `command_files` returns the command files below a root.
    """
    found: dict[Path, tuple[EnvCopy, ...]] = {}
    for root in dict.fromkeys(directory.root for directory in directories):
        own = [directory for directory in directories if directory.root == root]
        texts = (disk.read_or_nothing(path) for directory in own for path in directory.commands)
        if any(directory.may_hold_projects for directory in own) and any(map(SPEAKS_OF_ENV.search, texts)):
            for target, copy in _copies(command_files(root)):
                found[target] = tuple(dict.fromkeys((*found.get(target, ()), copy)))
    return found


def _copies(files: CommandFiles) -> Iterator[tuple[Path, EnvCopy]]:
    """Target paths and what is copied there, in the order of the flows."""
    from volfix.project.deployments.flow import PIPELINE

    places = _Places(files.root, files.homes)
    for flow in files.flows:
        for command in flow.commands:
            if command.trap is None and not any(_is_for_others(guard) for guard in command.guards):
                yield from places.copies(command, fresh=flow.why == PIPELINE and command.in_checkout)


def _is_for_others(guard: str) -> bool:
    """Whether the test `guard` lets the command run only for tests, for development or on request."""
    return bool(purposes(TEST.sub("", guard)) & NOT_DEPLOYED)


class _Places:
    """Finds the repository's files that commands name; on another machine the checkout may have any path."""

    def __init__(self, root: Path, homes: frozenset[Path]) -> None:
        self.root, self.homes = root, homes

    def copies(self, command: Command, *, fresh: bool) -> Iterator[tuple[Path, EnvCopy]]:
        """The target and the copy for each env file that a command copies.

        `fresh` says that the command runs in a new checkout, which has only what git has.
        """
        for copy in _of_command(command):
            for source in (source for word in copy.sources for source in self._sources(command, word)):
                if not (ENV_WORD.search(source.name) or ENV_WORD.search(copy.target)):
                    continue
                target = self._target(command, copy.target, source)
                if target is None or target == source:
                    continue
                spares = _spares(command, copy, source, target)
                if not (spares and target.exists()):
                    yield target, EnvCopy(source, " ".join(command.values), spares and not fresh)

    def _sources(self, command: Command, word: str) -> Iterator[Path]:
        """The files of the repository that the word may name; several if it contains a variable."""
        name = posixpath.basename(word)
        if REMOTE.match(word) or not word:
            return
        if not UNKNOWN.search(name):
            yield from itertools.islice((path for path in self._places(command, word) if disk.is_file(path)), 1)
            return
        wanted = re.compile("[\\w-]+".join(map(re.escape, UNKNOWN.split(name))) + r"\Z")
        is_open = not UNKNOWN.sub("", word).strip("\"'./~")  # `cp $ENV_FILE .env`: any env file may be meant
        for directory in self._places(command, posixpath.dirname(word)):
            if directory.is_dir():
                paths = (directory / entry.name for entry in listing.entries_or_none(directory))
                found = (path for path in paths if wanted.match(path.name) and disk.is_file(path))
                found = (path for path in found if not is_open or ENV_WORD.search(path.name))
                yield from (path for path in found if not is_example(path.name))
                return

    def _places(self, command: Command, word: str) -> Iterator[Path]:
        """The paths in the repository that the word may mean."""
        if command.in_checkout and not word.startswith(("~", "$", "`")):
            places = [joined(command.directory, word)]
        else:
            parts = [part for part in word.split("/") if part not in ("", "~") and "$" not in part]
            tails = ["/".join(parts[number:]) for number in range(len(parts))] or ["."]
            places = [str(home / tail) for tail in tails for home in (command.entry.directory, *sorted(self.homes))]
        found = (Path(os.path.normpath(place)) for place in places)
        return (path for path in found if path.is_relative_to(self.root))

    def _target(self, command: Command, word: str, source: Path) -> Path | None:
        """The path in the repository that corresponds to the command's target; None if there is none."""
        if command.in_checkout and not REMOTE.match(word):
            path = Path(joined(command.directory, word))
            path = path / source.name if path.is_dir() or word.endswith("/") else path
            return path if path.is_relative_to(self.root) else self._beside(word, source)
        return self._beside(word, source)

    def _beside(self, word: str, source: Path) -> Path | None:
        """The target on the server, taken to be beside the Compose file that is nearest to the source."""
        name = posixpath.basename(word.partition(":")[2] if REMOTE.match(word) else word)
        above = [path for path in source.parents if path in self.homes]
        home = above[0] if above else next(iter(self.homes)) if len(self.homes) == 1 else None
        return home / (name if ENV_WORD.search(name) else source.name) if home is not None else None


def _of_command(command: Command) -> Iterator[FileCopy]:
    words = command.values
    call = docker_call(words)
    if call is not None and call.program == COMPOSE:
        files = call.values("-f", "--file")
        home = call.project_directory or (posixpath.dirname(files[0]) if files else "")
        given = command.environment.get("COMPOSE_ENV_FILES") or ""
        for name in reversed(call.values("--env-file") or given.split(",")):  # the last env file wins
            yield FileCopy((name,), posixpath.join(home, ".env"))
        return
    last = command.words[-1]
    behind = (
        last.fragment.text[last.span.end :].partition("\n")[0] if last.fragment is command.words[0].fragment else ""
    )
    behind = re.split(r"[;&]|\|\|?(?!\s*>)", behind, maxsplit=1)[0]
    read, written = READ.search(behind), WRITTEN.search(behind)
    found = copy_of(words) or filtered(words, _unquoted(read), _unquoted(written))
    if found is not None:
        yield found


def _unquoted(found: re.Match[str] | None) -> str | None:
    return found[1].strip("\"'") if found else None


def _spares(command: Command, copy: FileCopy, source: Path, target: Path) -> bool:
    """Whether the command keeps an existing target: `cp -n`, `[ -f .env ] || cp .env.example .env`, a make target."""
    is_target = command.entry.kind == "target" and posixpath.basename(command.entry.name) == target.name
    made_once = is_target and all(posixpath.basename(need) != source.name for need in command.entry.needs)
    guarded = TESTED.search(command.words[0].fragment.text[: command.words[0].span.start])
    guards = [*command.guards, guarded[0] if guarded else ""]
    return copy.spares or made_once or any(target.name in guard for guard in guards)
