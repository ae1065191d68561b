"""Where the repository gives a variable of a mount's source another value than its Compose files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from volfix.project.commands.host_users import files_of
from volfix.project.commands.names import is_document
from volfix.project.compose.env_file_names import directories, env_files_in
from volfix.project.compose.environment import origin_in
from volfix.project.compose.host_directories import HostDirectory, host_directory, relative
from volfix.project.compose.interpolation import InterpolationError, interpolate
from volfix.project.compose.mounts import source_kind
from volfix.project.compose.origins import env_assignment
from volfix.project.compose.outer_origins import InFlow
from volfix.project.compose.references import REFERENCE
from volfix.project.compose.unreferenced_env_files import assignments_in
from volfix.project.stack import Use
from volfix.rules.context import Context, once
from volfix.rules.evidence.database import Database

OF_THE_SHELL = frozenset({"PWD", "HOME", "USER"})
VALUE = r"""(?P<quote>["']?)(?P<value>[^\s"'`;|&]+)(?P=quote)"""
COMPUTED = re.compile(r"[$`(]")
HERE = re.compile(r"\$(?:\((?:pwd|PWD|CURDIR)\)|\{PWD\}|PWD\b)")
"""Ways to write the current directory in a script or document."""


@once
def mounted_variables(context: Context) -> dict[str, str]:
    """The variables in the sources of mounts, each with the first such source as it is written."""
    found: dict[str, str] = {}
    for use in context.stack.uses:
        for name in REFERENCE.findall(use.mount.raw_source):
            found.setdefault(name, use.mount.raw_source)
    return found


def given_names(database: Database) -> set[str]:
    """The variables that an env file or a deployment gives the value of the database; empty for another origin."""
    assigned = env_assignment(database.origin)
    if assigned is not None:
        return {assigned.assignment.name}
    return {database.variable} if isinstance(database.origin, InFlow) else set()


def handed_by(context: Context, use: Use) -> Iterator[str]:
    """Evidence: the lines of deploying flows that set a variable of the source."""
    for name in dict.fromkeys(REFERENCE.findall(use.mount.raw_source)):
        origin = _of_flow(use, name)
        if origin is not None:
            place = f"{relative(origin.file.path, context.root)}:{origin.file.place(origin.place)[0]}"
            yield f"{place} sets {name} for the deployment"


def _of_flow(use: Use, name: str) -> InFlow | None:
    """Where a deploying flow sets the variable, if its value is from there; else None."""
    origin = origin_in(use.service.lookup, name)
    return origin if isinstance(origin, InFlow) else None


def place_doubt(host: HostDirectory, source: str) -> str | None:
    """Why the fix is unsafe: the source may lie outside the repository. None if it is inside."""
    if host.inside:
        return None
    if "${" in host.key:
        return f"volfix does not know where {source} is on the host"
    return "the source lies outside the repository: volfix cannot see whether it is backed up, or why it is there"


def set_elsewhere(context: Context, use: Use) -> Iterator[str]:
    """Why the fix is unsafe: lines of env files, examples, documents and scripts that set the source to another
    directory.
    """
    for name in dict.fromkeys(REFERENCE.findall(use.mount.raw_source)):
        if name in OF_THE_SHELL:
            continue
        for path, line, value in (*_in_env_files(use, name), *_in_texts(context, use, name)):
            is_computed = COMPUTED.search(value) is not None
            if is_computed and _of_flow(use, name) is not None and not is_document(path.name):
                continue  # volfix knows the value that the deploying flow computes
            if _is_another(context, use, name, HERE.sub(lambda _: str(use.project.directory), value)):
                what = "a directory that volfix does not know" if is_computed else "another directory"
                yield f"{relative(path, context.root)}, line {line}, sets {name} to {what}"


def _is_another(context: Context, use: Use, name: str, value: str) -> bool:
    """Whether the source would be another directory with this value; yes if the value has unknown variables."""

    def lookup(other: str) -> str | None:
        return value if other == name else use.service.lookup(other)

    try:
        found = interpolate(use.mount.raw_source, lookup)
    except InterpolationError:
        return True
    if source_kind(found) != use.mount.kind:
        return True
    there = host_directory(replace(use.mount, source=found.value), context.root)
    return there.path is None or there.path != context.host_of(use.mount).path


def _in_env_files(use: Use, name: str) -> Iterator[tuple[Path, int, str]]:
    """Assignments in env files beside the Compose files, without the one that Compose reads."""
    for directory in directories(use.project):
        for path in env_files_in(directory):
            for item, source in assignments_in(path) if path not in use.project.env_paths else ():
                if item.name == name and item.value:
                    yield path, source.place(item.span.start)[0], item.value


def _in_texts(context: Context, use: Use, name: str) -> Iterator[tuple[Path, int, str]]:
    """`NAME=value` in scripts, Makefiles, pipelines and documents, and `NAME: value` in YAML, without comments."""
    sets = re.compile(rf"(?<![\w$-]){re.escape(name)}\s*[?:]?=\s*{VALUE}")
    in_yaml = re.compile(rf"^\s*(?:-\s+)?{re.escape(name)}:\s+{VALUE}")
    for path, data in files_of(use.project.directory, context.root):
        if name.encode() not in data:
            continue
        is_yaml = path.suffix in (".yml", ".yaml")
        for number, line in enumerate(data.decode(errors="replace").splitlines(), 1):
            found = sets.search(line) or (in_yaml.match(line) if is_yaml else None)
            if found and not line.lstrip().startswith(("#", "//")) and f"{{{name}" not in found["value"]:
                yield path, number, found["value"]
