"""The entries of `include:` in a Compose file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volfix.project.compose.compose_file import ComposeFile, strings
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, Sequence, resolved


@dataclass(frozen=True, slots=True)
class IncludeEntry:
    """One entry of `include:`: files that are merged in order, the directory of their relative paths, env files."""

    paths: tuple[str, ...]
    project_directory: str | None
    env_files: tuple[str, ...]


def includes_of(file: ComposeFile) -> Iterator[IncludeEntry]:
    """The entries of all documents of the file, in order."""
    for root in file.roots:
        yield from _entries(root.get("include"))


def _entries(node: Node | None) -> Iterator[IncludeEntry]:
    if isinstance(node, Scalar):
        yield IncludeEntry((node.value,), None, ())
    for item in node.items if isinstance(node, Sequence) else ():
        entry = resolved(item)
        if isinstance(entry, Scalar):
            yield IncludeEntry((entry.value,), None, ())
        elif isinstance(entry, Mapping):
            directory = entry.get("project_directory")
            yield IncludeEntry(
                tuple(strings(entry.get("path"))),
                directory.value if isinstance(directory, Scalar) else None,
                tuple(strings(entry.get("env_file"))),
            )
