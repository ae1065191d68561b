"""GitLab CI: the commands of the jobs of a file.

Source: docs.gitlab.com, CI/CD YAML syntax.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from volfix.project.ci.daemons import is_daemon_image
from volfix.project.ci.nodes import YAML, environment_of, fragments, mappings, places_of, roots_of, text
from volfix.project.shell.entry import Entry
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, Sequence, resolved


def is_named(path: Path) -> bool:
    """Whether a file at this path is the pipeline of GitLab."""
    return path.name.lower().startswith(".gitlab-ci") and path.suffix.lower() in YAML


def entries(source: Source) -> Iterator[Entry]:
    """The jobs; one beside a Docker daemon of its own works on what is thrown away."""
    for root in roots_of(source):
        yield from _jobs(source, root)


def _jobs(source: Source, root: Mapping) -> Iterator[Entry]:
    home = source.path.parent
    default = root.get("default")
    shared = default.get("before_script") if isinstance(default, Mapping) else root.get("before_script")
    for job, body in mappings(root):
        if job.startswith(".") or body.get("script") is None:
            continue
        services = [*_images(body.get("services")), *_images(root.get("services"))]
        found = [
            *fragments(source, body.get("before_script") or shared),
            *fragments(source, body.get("script")),
            *fragments(source, body.get("after_script")),
        ]
        labels = (job, text(body, "stage") or "")
        hosted = any(map(is_daemon_image, services))
        scopes = (root.get("variables"), body.get("variables"))
        environment = {name: value for node in scopes for name, value in environment_of(node).items()}
        yield Entry(
            *("pipeline", source, job, tuple(found), home, job, job, labels, hosted),
            environment=environment,
            given_at=places_of(source, *scopes),
        )


def _images(node: Node | None) -> Iterator[str]:
    node = resolved(node) if node is not None else None
    if isinstance(node, Scalar):
        yield node.value
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _images(item)
    elif isinstance(node, Mapping):
        if image := text(node, "image") or text(node, "name"):
            yield image
        else:
            for key, pair in node.items():
                yield from _images(pair.value) if key != "environment" else ()
