"""The tasks of a Taskfile.

Source: taskfile.dev, schema reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from volfix.project.ci.nodes import environment_of, fragments, mappings, masked, places_of, plain_path, roots_of, text
from volfix.project.compose.compose_file import strings
from volfix.project.shell.entry import Entry
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Mapping, Sequence, resolved

DIRECTORY = re.compile(r"\{\{\s*\.(?:ROOT_DIR|TASKFILE_DIR|USER_WORKING_DIR)\s*\}\}")
"""Expressions for the directory of the Taskfile, if task is called there."""


def entries(source: Source) -> Iterator[Entry]:
    """The tasks of a Taskfile, each with the names of the tasks that it needs; none if it is not valid YAML."""
    for root in roots_of(source):
        for name, body in mappings(root.get("tasks")):
            yield _task(source, root, name, body)


def _task(source: Source, root: Mapping, name: str, body: Mapping) -> Entry:
    found: list[Fragment] = []
    last: list[Fragment] = []
    brings: list[str] = []
    needs = list(strings(body.get("deps")))
    commands = body.get("cmds")
    for item in commands.items if isinstance(commands, Sequence) else ():
        command = resolved(item)
        if isinstance(command, Mapping):
            needs += [needed] if (needed := text(command, "task")) else []
            found += fragments(source, command.get("cmd"))
            deferred = command.get("defer")
            inner = resolved(deferred) if deferred is not None else None
            brings += [task] if isinstance(inner, Mapping) and (task := text(inner, "task")) else []
            last[:0] = fragments(source, inner)  # deferred commands run in reverse order
        else:
            found += fragments(source, command)
    found += fragments(source, body.get("cmd"))
    home = source.path.parent
    directory = home / plain_path(DIRECTORY.sub(".", text(body, "dir") or ""))
    scopes = (root.get("env"), body.get("env"))
    given = (item for node in scopes for item in environment_of(node).items())
    environment = {name: value and masked(DIRECTORY.sub(lambda _: str(home), value)) for name, value in given}
    return Entry(
        *("task", source, name, (*found, *last), directory),
        labels=(name,),
        separate=True,
        needs=tuple(needs),
        brings=tuple(brings),
        environment=environment,
        given_at=places_of(source, *scopes),
    )
