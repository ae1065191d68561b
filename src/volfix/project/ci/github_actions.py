"""Actions of GitHub, Gitea and Forgejo: the commands of the jobs' steps, and what steps do on other machines.

Source: docs.github.com, workflow syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from volfix.project.ci.copies import copies
from volfix.project.ci.nodes import (
    YAML,
    environment_of,
    fragments,
    mappings,
    numbered,
    places_of,
    plain_path,
    roots_of,
    text,
)
from volfix.project.compose.compose_file import strings
from volfix.project.shell.entry import Entry
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Mapping, Node

HOSTED = re.compile(r"(?:ubuntu|windows|macos)-[\w.-]+\Z")
"""The labels of GitHub's own machines."""
DIRECTORIES = frozenset({".github", ".gitea", ".forgejo"})


def is_named(path: Path) -> bool:
    """Whether a file at this path is a workflow."""
    return "workflows" in path.parts and path.suffix.lower() in YAML


def _home(source: Source) -> Path:
    """The directory that a pipeline's commands start in: that of the repository."""
    parts = source.path.parts
    for number, part in enumerate(parts):
        if part in DIRECTORIES:
            return Path(*parts[:number])
    return source.path.parent


def entries(source: Source) -> Iterator[Entry]:
    """GitHub, Gitea and Forgejo Actions; only GitHub's own machines are thrown away."""
    for root in roots_of(source):
        yield from _jobs(source, root)


def _jobs(source: Source, root: Mapping) -> Iterator[Entry]:
    home = _home(source)
    node = root.get("on")
    names = {key for key, _ in node.items()} if isinstance(node, Mapping) else set(strings(node))
    if names and all(name.startswith("pull_request") for name in names):
        return
    for job, body in mappings(root.get("jobs")):
        machine = list(strings(body.get("runs-on")))
        hosted = ".github" in source.path.parts and bool(machine) and all(HOSTED.match(label) for label in machine)
        for name, step in _named(body.get("steps")):
            directory = home / plain_path(text(step, "working-directory") or "")
            titles = (text(root, "name"), job, text(body, "name"), text(step, "name"))
            labels = (source.path.stem, *(title or "" for title in titles))
            at = f"{job}/{name}"
            given = step.get("with")
            scopes = (root.get("env"), body.get("env"), step.get("env"))
            environment = {name: value for node in scopes for name, value in environment_of(node).items()}
            if run := tuple(fragments(source, step.get("run"))):
                yield Entry(
                    "pipeline",
                    source,
                    name,
                    run,
                    directory,
                    job,
                    at,
                    labels,
                    hosted=hosted,
                    environment=environment,
                    given_at=places_of(source, *scopes),
                )
            elif isinstance(given, Mapping):
                uses = text(step, "uses") or ""
                if copy := tuple(copies(source, uses, given)):
                    yield Entry("pipeline", source, name, copy, home, job, at, labels)
                keys = ("script", "command", "commands", "run") if "ssh" in uses else ()
                if script := tuple(item for key in keys for item in fragments(source, given.get(key))):
                    yield Entry("pipeline", source, name, script, home, job, at, labels, remote=True)


def _named(node: Node | None) -> Iterator[tuple[str, Mapping]]:
    """Steps by name, from a mapping or from a list of mappings with a `name`."""
    for number, step in numbered(node):
        yield text(step, "name") or str(number), step
    yield from mappings(node)
