"""AWS CodeDeploy: the scripts that it runs on the servers at each deployment.

Source: docs.aws.amazon.com, AppSpec 'hooks' section.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from volfix.project.ci.nodes import YAML, numbered, roots_of, scalar_fragment
from volfix.project.shell.entry import Entry
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Mapping, Scalar


def is_named(path: Path) -> bool:
    """Whether the file is an AppSpec file (`appspec.yml`)."""
    return path.name.lower().startswith("appspec") and path.suffix.lower() in YAML


def entries(source: Source) -> Iterator[Entry]:
    """The scripts of the hooks, in the order of the file."""
    hooks = (hooks for root in roots_of(source) if isinstance(hooks := root.get("hooks"), Mapping))
    for event, pair in (item for each in hooks for item in each.items()):
        for _, body in numbered(pair.value):
            location = body.get("location")
            if isinstance(location, Scalar):
                found, home = (scalar_fragment(source, location),), source.path.parent
                yield Entry("hook", source, event, found, home, step=event, labels=("deploy",), remote=True)
