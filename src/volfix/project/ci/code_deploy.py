"""AWS CodeDeploy: the scripts that run on the servers at each deployment.

Source: docs.aws.amazon.com, AppSpec 'hooks' section.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from volfix.project.ci.nodes import numbered, scalar_fragment
from volfix.project.shell.entry import Entry
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Mapping, Scalar


def is_named(path: Path) -> bool:
    """Whether a YAML file at this path says what CodeDeploy does."""
    return path.name.lower().startswith("appspec")


def entries(source: Source, root: Mapping) -> Iterator[Entry]:
    """The scripts of the hooks, in their order."""
    hooks = root.get("hooks")
    for event, pair in hooks.items() if isinstance(hooks, Mapping) else ():
        for _, body in numbered(pair.value):
            location = body.get("location")
            if isinstance(location, Scalar):
                found, home = (scalar_fragment(source, location),), source.path.parent
                yield Entry("hook", source, event, found, home, step=event, labels=("deploy",), remote=True)
