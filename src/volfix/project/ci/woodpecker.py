"""Woodpecker, a fork of Drone 0.8: `steps:` as a map or a list, conditions as lists, a backend on the host.

Source: woodpecker-ci/woodpecker, docs (workflow syntax, migrations).
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence as Many
from pathlib import Path

from volfix.knowledge.systems import Place, system
from volfix.project.ci import drone_08
from volfix.project.ci.nodes import conditions_of, numbered
from volfix.project.ci.pipeline import Pipeline, PipelineFile
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Sequence

SYSTEM = system("woodpecker")
OWN_KEYS = frozenset({"when", "labels", "variables", "skip_clone", "depends_on", "runs_on"})


def recognises(path: Path, roots: Many[Mapping]) -> bool:
    """Whether the file has `steps:`, or a `pipeline:` together with something that Drone 0.8 does not have."""
    root = roots[0]
    if isinstance(root.get("steps"), Mapping) or _is_list_of_steps(root.get("steps")):
        return True
    return isinstance(root.get("pipeline"), Mapping) and _has_own(path, root)


def _is_list_of_steps(node: Node | None) -> bool:
    """Whether a list holds steps: mappings that name an image or commands."""
    return isinstance(node, Sequence) and any(step.get("image") or step.get("commands") for _, step in numbered(node))


def _has_own(path: Path, root: Mapping) -> bool:
    """Whether a file with `pipeline:`, which Drone 0.8 has too, is Woodpecker's: by its content, else by its name."""
    if root.get("steps") is not None or any(root.get(key) is not None for key in OWN_KEYS):
        return True
    if any(isinstance(node.get("when"), Sequence) for _, node in drone_08.named(root.get("pipeline"))):
        return True
    return ".woodpecker" in (path.parent.name, path.stem)


def read(source: Source, documents: tuple[Document, ...]) -> PipelineFile:
    """The file with its only pipeline."""
    document, root = drone_08.first(documents)
    steps = drone_08.steps(source, root.get("steps") or root.get("pipeline"), root.get("services"))
    images = {step.image for step in steps if not step.is_service and step.image and not step.script}
    local = bool(images) and all(posixpath.basename(image) in SYSTEM.shells for image in images)
    pipeline = Pipeline(
        system=SYSTEM,
        place=Place.HOST if local else Place.CONTAINER,
        runner="the local backend" if local else "docker",
        name=source.path.stem.lstrip("."),
        document=document,
        node=root,
        steps=tuple(steps),
        volumes=(),
        workspace=SYSTEM.workspaces["local"]
        if local
        else drone_08.workspace(SYSTEM, root.get("workspace"), source.path),
        events=conditions_of(root.get("when"), "event"),
        labels=root.get("labels"),
        cleaned_by=SYSTEM.cleaned_by["local"] if local else "",
        titles=(source.path.stem.lstrip("."), source.path.stem.strip(".")),
    )
    return PipelineFile(source, SYSTEM, (document,), (pipeline,))
