"""Other places that name a database file: its fix is safe only if nothing would look at the old place."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING

from volfix.knowledge.variables import variable_kind
from volfix.project.commands.host_users import files_of
from volfix.project.commands.names import CALLS_DOCKER, is_document
from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.host_directories import relative
from volfix.project.compose.service import assignments
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_places import working_directory
from volfix.syntax import disk
from volfix.syntax.yaml_tree import Node, Scalar, Sequence, resolved

if TYPE_CHECKING:
    from pathlib import Path

    from volfix.project.compose.model import Project
    from volfix.syntax.source import Span

SPLIT = re.compile(r"[\s;&|<>()'\"=,:]+")
"""The separators between the paths of a command."""
BESIDE = ("healthcheck", "labels", "annotations", "post_start", "pre_stop")
"""Fields of a service that programs read, inside or outside the container."""


def other_mention(database: Database) -> str | None:
    """Another place that names the file, beside the settings of the database, as a sentence; None for no place."""
    return (
        _named_elsewhere(database) or _named_by_build(database) or _named_at_start(database) or _named_beside(database)
    )


def _named_elsewhere(database: Database) -> str | None:
    """A place in the Compose files that names the path, such as a command, health check or label.

    Variables for databases have their own proposals and do not count. Mounts do not either: the service has none that
    holds the file, and in other services the path is another file.
    """
    assert database.path is not None
    known = _values_and_mounts(database.project)
    for file in database.project.loaded:
        source = file.source
        start = source.text.find(database.path)
        while start >= 0:
            spans = known.get(source.path, [])
            before = bisect_right(spans, start, key=attrgetter("start"))  # they are in order, and none is in another
            if before == 0 or spans[before - 1].end <= start:
                return f"{source.path.name}, line {source.place(start)[0]}, also names {database.path}"
            start = source.text.find(database.path, start + 1)
    return None


@disk.remembered(8)
def _values_and_mounts(project: Project) -> dict[Path, list[Span]]:
    """Where the project's Compose files give a value to a variable for databases, and where they mount, in any service:
    another project may have the service, or the value that wins here.
    """
    found: dict[Path, list[Span]] = {}
    for file in project.loaded:
        for _, node, _ in file.services():
            for name, _, scalar, _ in assignments(node.get("environment")):
                if variable_kind(name) in ("url", "file"):
                    found.setdefault(file.path, []).append(scalar.span)
            mounts = node.get("volumes")
            if mounts is not None:
                found.setdefault(file.path, []).append(resolved(mounts).span)
    return {path: sorted(spans) for path, spans in found.items()}


def _named_by_build(database: Database) -> str | None:
    """Where the Dockerfile creates the file or its schema: both stay in the image."""
    stage = database.service.stage
    if stage is None:
        return None
    name = stage.source.path.name
    assert database.path is not None
    if database.path in stage.filled:
        return f"{name} copies {database.path} into the image: a file in the mount starts without what it holds"
    if database.path in stage.run_paths or any(_names(text, database.path) for text in stage.runs):
        return f"a RUN of {name} also names {database.path}"
    if stage.migration is not None:
        command, line = stage.migration
        return f"{name}, line {line}, runs `{command}`: its schema stays in the image"
    return None


def _named_at_start(database: Database) -> str | None:
    """Where the command names the file, or a variable that is not for databases."""
    assert database.path is not None
    service = database.service
    directory = working_directory(database.project, service) or "/"
    if any(_names(word, database.path) for word in service.started):
        return f"the command of {service.name} also names {database.path}"
    for variable in effective_variables(service):
        if variable_kind(variable.name) not in ("url", "file") and _names(variable.value or "", database.path):
            return f"{variable.name} of {service.name} also names {database.path}"
    for word in SPLIT.split(" ".join(service.started)):
        if word and posixpath.normpath(posixpath.join(directory, word)) == database.path:
            return f"the command of {service.name} also names {word}"
    return None


def _names(text: str, path: str) -> bool:
    """Whether the text contains the whole path, in a URL or by itself."""
    return path in text and re.search(rf"(?<![\w.-]){re.escape(path)}(?![\w.-])", text) is not None


def _named_beside(database: Database) -> str | None:
    """Where a health check, hook or label names the file by its name alone: its directory is unknown."""
    assert database.path is not None
    service, stage = database.service, database.service.stage
    texts = [
        (f"{key} of {service.name}", service.interpolated(text))
        for part in service.parts
        for key in BESIDE
        for text in _texts(part.node.get(key))
    ]
    if stage is not None:
        texts += [(f"{keyword} of {stage.source.path.name}", text) for keyword, text in stage.metadata]
    name = posixpath.basename(database.path)
    for where, text in texts:
        for word in SPLIT.split(text):
            if word == database.path or (not word.startswith("/") and posixpath.basename(word) == name):
                return f"{where} also names {name}"
    return None


def named_on_host(database: Database) -> str | None:
    """Where a script or pipeline passes the path to Docker: to copy the file, or to a program in the container."""
    assert database.path is not None
    project, whole = database.project, database.path.encode("utf-8", "replace")
    named = re.compile(rb"(?<![\w./-])%s(?![\w.-])" % re.escape(whole))
    for path, data in files_of(project.directory, project.root):
        if whole not in data or is_document(path.name):
            continue
        command = b""
        for number, line in enumerate(data.splitlines(), 1):
            command = command + line if command.endswith(b"\\") else line
            if named.search(line) and CALLS_DOCKER.search(command) and not line.lstrip().startswith(b"#"):
                return f"{relative(path, project.root)}, line {number}, names {database.path} in the container"
    return None


def _texts(node: Node | None) -> Iterator[str]:
    """Every scalar in a node, without keys; a scalar that several aliases name is listed once."""
    waiting, seen = [node], set[int]()
    while waiting:
        found = waiting.pop()
        inner = resolved(found) if found is not None else None
        if inner is None or id(inner) in seen:
            continue
        seen.add(id(inner))
        if isinstance(inner, Scalar):
            yield inner.value
        elif isinstance(inner, Sequence):
            waiting += inner.items
        else:
            waiting += [pair.value for _, pair in inner.items()]
