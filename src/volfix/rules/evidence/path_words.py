"""Where a service's command, entry point or health check names the path of a database file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from volfix.edits.yaml_edits import SetScalar
from volfix.project.compose.service import Service
from volfix.project.stack import Use
from volfix.rules.evidence.database_places import working_directory
from volfix.rules.findings import WordChange
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, Sequence, resolved


@dataclass(frozen=True, slots=True)
class PathWord:
    """A scalar that names the path. `spans` are the places in its value: start, end, and the text there."""

    file: Source
    scalar: Scalar
    spans: tuple[tuple[int, int, str], ...]

    def moved(self, old: str, new: str) -> tuple[SetScalar, WordChange]:
        """The operation that replaces the absolute path `old` by `new`, written relative if it was, and its change."""
        value, at, parts = self.scalar.value, 0, list[str]()
        for start, end, written in self.spans:
            parts += [value[at:start], _rewritten(written, old, new)]
            at = end
        text = "".join([*parts, value[at:]])
        return SetScalar(self.file, self.scalar, text), WordChange(self.file.path, self.scalar.span.start, text)


def path_words(use: Use, path: str) -> Iterator[PathWord]:
    """The scalars of the service's command, entry point and health check that name `path`."""
    directory = working_directory(use.project, use.service)
    forms = [path]
    if directory is not None and path.startswith(directory.rstrip("/") + "/"):
        relative = posixpath.relpath(path, directory)
        forms += [f"./{relative}", relative]
    anyone = "|".join(map(re.escape, forms))
    written = re.compile(rf"(?:(?<=sqlite:///)|(?<![\w./~$}}-]))(?:{anyone})(?![\w/.-])")
    for file, scalar in scalars(use.service):
        spans = tuple((found.start(), found.end(), found[0]) for found in written.finditer(scalar.value))
        if spans:
            yield PathWord(file, scalar, spans)


def scalars(service: Service) -> Iterator[tuple[Source, Scalar]]:
    """The scalars of the service's entry point, command and health check, each with its file."""
    for key in ("entrypoint", "command", "healthcheck"):
        field = service.field(key)
        if field is None:
            continue
        node: Node | None = resolved(field[0])
        if key == "healthcheck":
            node = node.get("test") if isinstance(node, Mapping) else None
        items = node.items if isinstance(node, Sequence) else (node,) if node is not None else ()
        for item in items:
            if isinstance(scalar := resolved(item), Scalar):
                yield field[1].file.source, scalar


def _rewritten(written: str, old: str, new: str) -> str:
    if written == old:
        return new
    relative = written.removeprefix("./")
    directory = old[: -len(relative)].rstrip("/")
    if not new.startswith(directory + "/"):
        return new
    return written[: len(written) - len(relative)] + new[len(directory) + 1 :]
