"""A service as one file has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from volfix.project.compose.compose_file import ComposeFile
from volfix.syntax.yaml_tree import Mapping, Node


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A service in one file: its mapping, its file, and the directory that its relative paths start from."""

    service: str
    node: Mapping
    file: ComposeFile
    directory: Path

    def section(self, key: str) -> tuple[bool, Node | None]:
        """Whether this part discards the values of earlier parts under `key`, and this part's own value.

        After `!reset` the value is what merge keys bring in: Compose removes the entry before it follows them.
        """
        node = self.node.get(key)
        if node is not None and node.tag == "!reset":
            return True, self.node.inherited(key)
        return node is not None and node.tag == "!override", node
