"""The documents of a pipeline file, as Drone's server splits them: by lines, before anything reads them as YAML.

Source: drone/runner-go, manifest/parse.go; drone/drone-yaml, converter/legacy (match.go; a MapSlice of the steps).
"""

from __future__ import annotations

import re
from dataclasses import replace

from volfix.syntax.source import Source, Span
from volfix.syntax.yaml_tree import Document, Scalar, parse

OF_STEPS = re.compile(r"^pipeline:\s*$", re.MULTILINE)
"""How Drone tells its format before 1.0."""


def documents_of(source: Source) -> tuple[Document, ...]:
    """The documents of a file: a line that begins with `---` starts one, one with `...` ends the last.

    Each is parsed alone, with its places in the whole text. Raises FileProblem where one of them is not YAML. Where
    `pipeline:` holds the steps, several may share a name, and all of them run.
    """
    repeats = OF_STEPS.search(source.text) is not None
    found = []
    for start, end in _pieces(source.text):
        blank = "".join(char if char == "\n" else " " for char in source.text[:start])
        piece = replace(source, text=blank + source.text[start:end])
        for document in parse(piece, repeats=repeats):
            root = document.root
            if not (isinstance(root, Scalar) and root.is_null):
                found.append(Document(root, Span(document.span.start, min(document.span.end, end))))
    return tuple(found)


def _pieces(whole: str) -> list[tuple[int, int]]:
    """Where each document's text lies, without the lines that separate them."""
    found: list[tuple[int, int]] = []
    start = at = 0
    for line in whole.splitlines(keepends=True):
        if line.startswith("..."):
            return [*found, (start, at)]
        if line.startswith("---"):
            found.append((start, at))
            start = at + len(line)
        at += len(line)
    return [*found, (start, at)]
