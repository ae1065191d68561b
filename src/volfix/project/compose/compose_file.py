"""One Compose file: its documents and the sections that volfix reads."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from volfix.syntax import disk
from volfix.syntax.disk import LARGEST_YAML
from volfix.syntax.failures import one_file
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Pair, Scalar, Sequence, parse, resolved

FILE_NAME = re.compile(r"(?:^|[-_.])(?:compose|stack)(?:[-_.][^/]*)?\.ya?ml\Z", re.IGNORECASE)
BASE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDE_NAMES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
ROOT_KEYS = frozenset({"version", "name", "include", "services", "models", "networks", "volumes", "secrets", "configs"})
SECTIONS = frozenset({"version", "networks", "secrets", "configs"})
TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>", re.DOTALL)


class NotForVolfix(Exception):
    """The file is a template (`is_template`) or another format that volfix recognises and leaves alone."""

    def __init__(self, path: Path, reason: str, *, is_template: bool = False) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason, self.is_template = path, reason, is_template


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that Compose may read together with a project's files and that volfix could not read.

    `name` is the name to show, `reason` says why. `path` is None if the file is not in the repository.
    """

    name: str
    reason: str
    path: Path | None

    @classmethod
    def of(cls, path: Path, reason: str) -> Unread:
        """The unread file at `path`."""
        return cls(path.name, reason, path)


@dataclass(frozen=True, eq=False)
class ComposeFile:
    """A parsed Compose file; `roots` are the top-level mappings of its documents, which Compose merges in order.

    `version_1` files have their services at the top level; today's Compose no longer reads them.
    """

    source: Source
    documents: tuple[Document, ...]
    roots: tuple[Mapping, ...]
    version_1: bool = False

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self.source.path

    def services(self) -> Iterator[tuple[str, Mapping, Document]]:
        """Each service of each document: its name, its mapping and its document."""
        for document, root in zip(self.documents, self.roots, strict=True):
            services = root if self.version_1 else root.get("services")
            if isinstance(services, Mapping):
                for name, pair in services.items():
                    if isinstance(value := resolved(pair.value), Mapping):
                        yield name, value, document

    @cached_property
    def written(self) -> dict[tuple[str, int], Document]:
        """The document of each service, by its name and the identity of its mapping."""
        return {(name, id(node)): document for name, node, document in reversed(list(self.services()))}

    @cached_property
    def nodes(self) -> dict[str, Mapping]:
        """The mapping of each service by name, from the first document that has the service."""
        return {name: node for name, node, _ in reversed(list(self.services()))}

    def volumes(self) -> Iterator[tuple[str, Pair]]:
        """Each declared volume: its name in the file and its entry."""
        for root in self.roots:
            volumes = root.get("volumes")
            if isinstance(volumes, Mapping) and not self.version_1:
                yield from volumes.items()

    @cached_property
    def declared(self) -> dict[str, Node]:
        """The declared volumes by name, with their settings."""
        return {key: pair.value for key, pair in self.volumes()}

    def section(self, name: str) -> set[str]:
        """The names in a top-level section, from all documents."""
        found: set[str] = set()
        for root in self.roots:
            value = root.get(name)
            if isinstance(value, Mapping):
                found.update(key for key, _ in value.items())
        return found

    @property
    def name(self) -> str | None:
        """The top-level `name:` as written; the last document wins. None without one."""
        for root in reversed(self.roots):
            value = root.get("name")
            if isinstance(value, Scalar) and not self.version_1:
                return value.value
        return None


@one_file(NotForVolfix)
def load(path: Path, source: Source | None = None) -> ComposeFile:
    """The Compose file at `path`; `source` replaces its text on disk.

    Raises FileProblem if the YAML is invalid, NotForVolfix if the file is a template or not a Compose file.
    """
    source = source or Source.read(path, LARGEST_YAML)
    try:
        documents = parse(source)
    except FileProblem:
        if TEMPLATE.search(source.text):
            raise NotForVolfix(
                path, "a template, not YAML: run volfix on the rendered file", is_template=True
            ) from None
        raise
    kept = [document for document in documents if not is_empty(document)]
    roots = [resolved(document.root) for document in kept]
    if not roots:
        raise NotForVolfix(path, "empty")
    if not all(isinstance(root, Mapping) for root in roots):
        raise NotForVolfix(path, "not a Compose file: the top level is not a mapping")
    mappings = tuple(root for root in roots if isinstance(root, Mapping))
    version_1 = _is_version_1(mappings)
    if not version_1 and not _is_compose(mappings):
        if TEMPLATE.search(source.text):
            raise NotForVolfix(
                path, "a template, not a Compose file: run volfix on the rendered file", is_template=True
            )
        raise NotForVolfix(path, "not a Compose file: no `services:`")
    return ComposeFile(source, tuple(kept), mappings, version_1)


def is_empty(document: Document) -> bool:
    """Whether a document is empty, as between two `---` lines."""
    return isinstance(document.root, Scalar) and document.root.is_null


def _is_compose(roots: tuple[Mapping, ...]) -> bool:
    keys = {key for root in roots for key, _ in root.items() if not key.startswith("x-")}
    if keys and keys <= SECTIONS:
        return True  # an overlay that adds networks, secrets or configs
    return any(
        isinstance(root.get("services"), Mapping)
        or isinstance(root.get("volumes"), Mapping)
        or isinstance(root.get("include"), Sequence | Scalar)
        for root in roots
    ) and not keys & {"pipeline", "steps", "kind", "clone", "apiVersion"}


def _is_version_1(roots: tuple[Mapping, ...]) -> bool:
    """Whether the services are at the top level: mappings with an image or build, without any key of later formats."""
    if len(roots) != 1 or any(key in ROOT_KEYS for key, _ in roots[0].items()):
        return False
    values = [resolved(pair.value) for key, pair in roots[0].items() if not key.startswith("x-")]
    return bool(values) and all(
        isinstance(value, Mapping) and any(value.pair(key) for key in ("image", "build", "extends")) for value in values
    )


def strings(node: Node | None) -> Iterator[str]:
    """The text of a scalar, or of each scalar in a sequence; nothing for other nodes."""
    if node is not None:
        node = resolved(node)
    if isinstance(node, Scalar) and not node.is_null:
        yield node.value
    elif isinstance(node, Sequence):
        for item in node.items:
            if isinstance(inner := resolved(item), Scalar):
                yield inner.value


@disk.remembered(1024)
def is_of_inner_project(directory: Path, project: Path) -> bool:
    """Whether `directory` is in another project below the directory `project`: there `./data` is that project's own."""
    between = [each for each in (directory, *directory.parents) if project in each.parents]
    return any(os.path.isfile(each / name) for each in between for name in BASE_NAMES)  # noqa: PTH113 - never raises
