"""Splits a pipeline file into documents as Drone's server does: by lines, before it parses them as YAML.

Source: drone/runner-go, manifest/parse.go; drone/drone-yaml, converter/legacy (match.go; a MapSlice of the steps).
"""

from __future__ import annotations

import re
from dataclasses import replace

from volfix.syntax.source import Source, Span
from volfix.syntax.yaml_tree import Document, Scalar, parse

OF_STEPS = re.compile(r"^pipeline:\s*$", re.MULTILINE)
"""The line by which Drone recognises its format before 1.0."""


def documents_of(source: Source) -> tuple[Document, ...]:
    """The documents of a file, without empty ones. `---` begins a document, `...` ends the last document.

    Each document is parsed alone; positions count in the whole text. In the format with `pipeline:` several steps may
    have the same name, and all of them are kept. Raises FileProblem if a document is not valid YAML.
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
    """Start and end of each document in the text, without the lines that separate them."""
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
