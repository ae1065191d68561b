"""Finds the CI system that a pipeline file is written for, and reads the file with that system's module."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from volfix.project.ci import circleci, drone, drone_08, github_actions, gitlab_ci, woodpecker
from volfix.project.ci.documents import documents_of
from volfix.project.ci.names import NOT_YAML
from volfix.project.ci.pipeline import PipelineFile
from volfix.project.compose.compose_file import NotForVolfix
from volfix.syntax.disk import LARGEST_YAML
from volfix.syntax.failures import one_file
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_tree import Document, Mapping, resolved

TEMPLATE_TAG = re.compile(r"\{%")
"""A sign of a template. `{{` alone is not: notification plugins use it in their own settings."""


class SystemModule(Protocol):
    """The functions that the module of a system has."""

    def recognises(self, path: Path, roots: Sequence[Mapping], /) -> bool:
        """Whether the file belongs to the system, by its path and the root mappings of its documents."""

    def read(self, source: Source, documents: tuple[Document, ...]) -> PipelineFile:
        """The pipelines of the file. Raises NotForVolfix if it has no pipeline that volfix can read."""


SYSTEMS: tuple[SystemModule, ...] = (github_actions, gitlab_ci, circleci, drone, woodpecker, drone_08)
"""The systems in the order in which they are tried: those with unmistakable signs come first."""


@one_file(NotForVolfix)
def load(path: Path, source: Source | None = None) -> PipelineFile:
    """The pipelines of the file at `path`; `source` replaces its text on disk.

    Raises FileProblem if the YAML is invalid, NotForVolfix if volfix does not read the file: it generates a pipeline,
    is a signature or a template, is written for Drone 0.4, or is no pipeline.
    """
    if path.suffix in NOT_YAML:
        raise NotForVolfix(path, NOT_YAML[path.suffix])
    source = source or Source.read(path, LARGEST_YAML)
    try:
        documents = documents_of(source)
    except FileProblem as problem:
        if TEMPLATE_TAG.search(source.text):
            raise NotForVolfix(path, "a template, not YAML: run volfix on the rendered file") from None
        if any(system.recognises(path, ()) for system in (github_actions, gitlab_ci, circleci)):  # recognised by name
            raise NotForVolfix(path, f"not read: {problem.message}") from None
        raise
    roots = [root for document in documents if isinstance(root := resolved(document.root), Mapping)]
    if not roots:
        raise NotForVolfix(path, "not a pipeline: the top level is not a mapping")
    for system in SYSTEMS:
        if system.recognises(path, roots):
            return system.read(source, documents)
    raise NotForVolfix(path, "not a pipeline: it has no steps")
