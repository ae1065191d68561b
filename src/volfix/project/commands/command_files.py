"""Files with shell commands, and the entries in them that can be run.

Sources: GitHub Actions (workflow syntax), GitLab (CI/CD YAML syntax), Drone and Woodpecker (pipeline documentation),
AWS CodeDeploy (AppSpec hooks), the manuals of Task, just, GNU make and npm.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.project.carry_script import is_carry_script
from volfix.project.ci.names import is_pipeline_name
from volfix.project.commands.names import CRON_TABLES
from volfix.project.compose.compose_file import NotForVolfix
from volfix.project.shell.entry import Entry
from volfix.syntax import disk
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import FileProblem, Source, too_much

if TYPE_CHECKING:
    from volfix.project.ci.pipeline import PipelineFile
    from volfix.project.discovery import Directory

DANGEROUS = re.compile(
    rb"\bdown\b|--volumes?\b|\bvolume[\s\\]+(?:rm|remove)\b|--renew-anon|\bup\b[^\n]*\s-\w*[Vy]|--yes|\brm\b(?:[^\n;&|]|\\\n)*\s-{1,2}\w*[rRv]"
    rb"|\bcompose\b[^\n]*(?:\brm\b|\bup\b[^\n]*\$)|\brsync\b|\bgit\b[^\n]*\bclean\b|\bprune\b|\s-(?:delete|exec|execdir)\b|\b(?:delete|rm):|\babsent\b|\b(?:cleanWs|deleteDir)\b"
)
NAMES = re.compile(
    rb"COMPOSE_PROJECT_NAME|--project-name|\bstack[ \t]+(?:deploy|up)\b"
    rb"|\bcompose\b[^\n]*\s(?:-p[\s=\"'$]|(?:-f|--file|--project-directory)[\s=]\S*[$`])"
    rb"|\b(?:project_src|chdir|working-?directory)\b\W[^\n]*(?:\$|\{\{)"
    rb"|\bcd\b[^\n]*[$`](?!\(dirname|\{?BASH_SOURCE|\{?0)"
)
"""Commands that may give a project another name at each deployment."""
WIPES = re.compile(
    rb"\b(?:drop\w*|reset\w*|fresh|refresh|flush\w*|downgrade|truncate\w*|wipe|undo|rollback|load|setup|purge|empty|clean)\b"
    rb"|force-reset|restore\b|\bdelete",
    re.IGNORECASE,
)
"""Commands that may delete the rows of a database (see knowledge/wipes.toml)."""
BRINGS_FILES = re.compile(rb"\buses:\s*[\"']?\./|^include:", re.MULTILINE)
"""Lines that include other files in a pipeline: the commands of those files are not in the pipeline file itself."""
SHELL = re.compile(rb"(?!#!)|#![^\n]*\b(?:ba|da|a|z|k)?sh\b")
"""The first bytes of a shell script: a shell's `#!` line, or no `#!` line."""
DEPLOYS = re.compile(rb"docker|compose|podman|nerdctl|deploy|\bdc\b", re.IGNORECASE)
"""Words of commands that may deploy. A repository whose files do not contain both these and dangerous words is not
parsed.
"""
CONTAINERS = re.compile(rb"docker|compose|podman|nerdctl|\bdc\b", re.IGNORECASE)
"""Words of every command that starts containers or deletes volumes."""
BY_HAND = 100 * 1024
"""Bytes of the largest script that is taken for one that a person wrote; Autoconf and Libtool write larger scripts."""
CALLED = re.compile(
    rb"(?<![\w./:$}-])(?:(?:\.{1,2}/)?(?:[\w.-]+/)+|\.{1,2}/|(?<=sh )|(?<=source )|(?<=\. ))([\w-]+)(?![\w./:-])"
)
"""A call of a file without a suffix: a path, or a name after `sh` or `source`."""


def _parsed(path: Path) -> PipelineFile:
    from volfix.project.ci.load import load

    return load(path)


@dataclass(frozen=True, eq=False)
class CommandFile:
    """A file whose name says that it holds commands; it is read once, when needed. `parse` reads a pipeline file."""

    path: Path
    parse: Callable[[Path], PipelineFile] = _parsed

    @cached_property
    def data(self) -> bytes:
        """The file's bytes; empty if it cannot be read."""
        return disk.read_or_nothing(self.path)

    @cached_property
    def is_dangerous(self) -> bool:
        """Whether the file mentions something that deletes data, or includes files that may."""
        return DANGEROUS.search(self.data) is not None or self._brings_files

    @cached_property
    def may_deploy(self) -> bool:
        """Whether the file's name or content mentions a deployment, or it includes files that may deploy."""
        named = "deploy" in self.path.name.lower()
        return named or DEPLOYS.search(self.data) is not None or self._brings_files

    @property
    def _brings_files(self) -> bool:
        return self._is_pipeline and BRINGS_FILES.search(self.data) is not None

    @cached_property
    def pipeline(self) -> PipelineFile | None:
        """The file as a pipeline; None if it is not a pipeline or cannot be read (the loader reports that)."""
        if self._is_pipeline:
            with suppress(FileProblem, NotForVolfix):
                return self.parse(self.path)
        return None

    @cached_property
    def source(self) -> Source | None:
        """The file as text; None if volfix cannot read it as text, or if it is large and starts no container."""
        if self.pipeline is not None:
            return self.pipeline.source
        try:
            if self.path.suffix in (".yml", ".yaml"):
                return Source.read(self.path, disk.LARGEST_YAML)
            data, mode = disk.read_once(self.path)
            if len(data) > BY_HAND and CONTAINERS.search(data) is None:
                return None
            if len(data) > disk.LARGEST_SETTINGS:
                most = f"({disk.LARGEST_SETTINGS} bytes)"
                raise too_much(self.path, f"{len(data)} bytes: larger than volfix reads {most}")
            return Source.of(self.path, data, mode)
        except (FileProblem, OSError):
            return None

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """What the file can run: scripts, targets or pipeline steps."""
        if self.pipeline is not None:
            from volfix.project.ci import steps

            return tuple(steps.entries(self.pipeline))
        return () if self.source is None or self._is_pipeline else tuple(entries_of(self.source))

    @cached_property
    def named(self) -> dict[tuple[str, str], list[Entry]]:
        """The entries by their kind and name."""
        found: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.entries:
            found.setdefault((entry.kind, entry.name), []).append(entry)
        return found

    @cached_property
    def script(self) -> Entry | None:
        """The file as a shell script; None if its first line names another program or it is not text."""
        if self._is_pipeline or not SHELL.match(self.data):
            return None
        found = self.entries
        return found[0] if len(found) == 1 and found[0].kind == "script" else None

    @property
    def _is_pipeline(self) -> bool:
        return is_pipeline_name(str(self.path))


def deleting(directories: Iterable[Directory]) -> list[Path]:
    """The roots in which a command may delete data or name a project, and a command may deploy."""
    found: dict[Path, list[Path]] = {}
    for directory in directories:
        found.setdefault(directory.root, []).extend(directory.commands)
    kept = []
    for root, paths in found.items():
        files = [CommandFile(path) for path in paths]
        if _matter(files) or _matter([*files, *_called(files, root)]):
            kept.append(root)
    return kept


def _matter(files: Sequence[CommandFile]) -> bool:
    return any(file.is_dangerous or NAMES.search(file.data) or WIPES.search(file.data) for file in files) and any(
        file.may_deploy for file in files
    )


def _called(files: Sequence[CommandFile], root: Path) -> list[CommandFile]:
    """The files below the root that `files` may call although their names do not say that they hold commands."""
    found: dict[Path, CommandFile] = {}
    left = list(files)
    while left:
        file = left.pop()
        names = {match[0].decode() for match in CALLED.finditer(file.data)}
        for path in {Path(os.path.normpath(place / name)) for name in names for place in (root, file.path.parent)}:
            if path not in found and path.is_relative_to(root) and disk.is_file(path):
                found[path] = CommandFile(path)
                left.append(found[path])
    return list(found.values())


def entries_of(source: Source) -> list[Entry]:
    """The entries of a file that can be run; none if the content is not what the name promises."""
    from volfix.project.ci import command_systems
    from volfix.project.commands.cron import cron_lines

    name = source.path.name.lower()
    if (found := None if name.startswith("taskfile") else command_systems.entries(source)) is not None:
        return list(found)
    for pattern, read in _readers():
        if pattern.search(name):
            return list(read(source))
    directory = source.path.parent
    if directory.name in CRON_TABLES:
        return cron_lines(source)
    if is_carry_script(source.text):
        return []
    return [Entry("script", source, source.path.stem, (Fragment.whole(source),), directory, labels=(source.path.stem,))]


@cache
def _readers() -> Sequence[tuple[re.Pattern[str], Callable[[Source], Iterable[Entry]]]]:
    """Patterns for lower-case file names, each with the function that reads the file; the first match counts."""
    from volfix.project.commands import cron, justfile, makefile, package_json, power_shell, taskfile, units

    return (
        (re.compile(r"^taskfile[^/]*\.ya?ml\Z"), taskfile.entries),
        (re.compile(r"\.ya?ml\Z"), lambda _: ()),
        (re.compile(r"\.service\Z"), units.entries),
        (re.compile(r"\.ps1\Z"), power_shell.entries),
        (re.compile(r"makefile|\.mk\Z"), lambda source: makefile.make_targets(source, _included(source))),
        (re.compile(r"justfile"), justfile.just_recipes),
        (re.compile(r"^package\.json\Z"), package_json.npm_scripts),
        (re.compile(r"(?:crontab|\.cron)\Z"), cron.cron_lines),
    )


def _included(source: Source) -> Iterator[Source]:
    """The files in or below a Makefile's directory that it includes (`include .env`): it uses their variables."""
    from volfix.project.commands.makefile import make_includes

    for path in make_includes(source):
        with suppress(FileProblem):  # make stops, or goes on without the file
            if Path(os.path.normpath(path)).is_relative_to(source.path.parent):
                yield Source.read(path)
