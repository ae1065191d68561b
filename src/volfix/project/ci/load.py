"""Which system a pipeline file is of: the first of the registry that knows its own in it reads it."""

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
"""Double braces alone say nothing: notification plugins have them in their own templates."""


class SystemModule(Protocol):
    """What the module of a system has."""

    def recognises(self, path: Path, roots: Sequence[Mapping], /) -> bool:
        """Whether a file at this path, with these mappings as its documents, is of the system."""

    def read(self, source: Source, documents: tuple[Document, ...]) -> PipelineFile:
        """The pipelines of such a file; raises NotForVolfix where it holds none that volfix reads."""


SYSTEMS: tuple[SystemModule, ...] = (github_actions, gitlab_ci, circleci, drone, woodpecker, drone_08)
"""In the order in which they are asked: what only one system has comes first."""


@one_file(NotForVolfix)
def load(path: Path, source: Source | None = None) -> PipelineFile:
    """Read a pipeline file, or take `source` for it.

    Raises FileProblem where it is broken, NotForVolfix where it is something else: generated, signed apart, Drone 0.4.
    """
    if path.suffix in NOT_YAML:
        raise NotForVolfix(path, NOT_YAML[path.suffix])
    source = source or Source.read(path, LARGEST_YAML)
    try:
        documents = documents_of(source)
    except FileProblem as problem:
        if TEMPLATE_TAG.search(source.text):
            raise NotForVolfix(path, "a template, not YAML: run volfix on the rendered file") from None
        if any(system.recognises(path, ()) for system in (github_actions, gitlab_ci, circleci)):  # by its name alone
            raise NotForVolfix(path, f"not read: {problem.message}") from None
        raise
    roots = [root for document in documents if isinstance(root := resolved(document.root), Mapping)]
    if not roots:
        raise NotForVolfix(path, "not a pipeline: the top level is not a mapping")
    for system in SYSTEMS:
        if system.recognises(path, roots):
            return system.read(source, documents)
    raise NotForVolfix(path, "not a pipeline: it has no steps")
