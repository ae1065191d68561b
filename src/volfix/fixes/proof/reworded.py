"""A project as it is when single scalars of its files have another value; every place stays where it was."""

from __future__ import annotations

from collections.abc import Mapping as Words
from dataclasses import replace
from pathlib import Path

from volfix.project.compose.model import Project
from volfix.project.compose.service import Service
from volfix.syntax.yaml_tree import Mapping, Node, Scalar, Sequence, resolved


def with_words(project: Project, words: Words[tuple[Path, int], str]) -> Project:
    """The project with each scalar that begins at a place (file, character) of `words` saying the text there."""
    by_file: dict[Path, dict[int, str]] = {}
    for (path, place), text in words.items():
        by_file.setdefault(path, {})[place] = text
    services = {name: _reworded(service, by_file) for name, service in project.services.items()}
    return replace(project, services=services)


def _reworded(service: Service, words: Words[Path, Words[int, str]]) -> Service:
    parts = []
    for part in service.parts:
        own = words.get(part.file.path)
        node = _copied(part.node, own, {}) if own else part.node
        assert isinstance(node, Mapping)
        parts.append(replace(part, node=node))
    return replace(service, parts=tuple(parts))


def _copied(node: Node, words: Words[int, str], known: dict[int, Node]) -> Node:
    """The node with aliases followed; each node is copied once, so that an alias bomb costs nothing."""
    node = resolved(node)
    if id(node) not in known:
        known[id(node)] = node  # a node that holds itself ends here
        match node:
            case Scalar():
                known[id(node)] = replace(node, value=words.get(node.span.start, node.value))
            case Mapping():
                pairs = tuple(replace(pair, value=_copied(pair.value, words, known)) for pair in node.pairs)
                known[id(node)] = replace(node, pairs=pairs)
            case Sequence():
                known[id(node)] = replace(node, items=tuple(_copied(item, words, known) for item in node.items))
    return known[id(node)]
