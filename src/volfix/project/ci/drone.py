"""Drone 1 and later: a file holds several documents, each a pipeline, a secret, a signature or another kind.

Source: drone/runner-go, manifest.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence as Many
from pathlib import Path

from volfix.knowledge.systems import Place, system
from volfix.project.ci.nodes import conditions_of, environment_of, flag, numbered, places_of, scalars, text
from volfix.project.ci.pipeline import Pipeline, PipelineFile, PipelineVolume, Step, StepMount
from volfix.project.ci.substitution import commands
from volfix.project.compose.compose_file import NotForVolfix
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, Sequence, resolved

SYSTEM = system("drone")
VOLUME_KINDS = ("host", "temp", "claim", "config_map", "configMap", "downward_api", "secret", "empty_dir")


def recognises(_path: Path, roots: Many[Mapping]) -> bool:
    """Whether a document has a `kind:`, and no pipeline has anything that Drone's grammar does not know."""
    own = [root for root in roots if text(root, "kind") in (None, "pipeline")]
    return any(root.get("kind") is not None for root in roots) and not any(map(_is_foreign, own))


def _is_foreign(root: Mapping) -> bool:
    """Whether a document is written for Woodpecker in spite of its `kind:`: its steps or its `when` say so."""
    steps = root.get("steps")
    if isinstance(steps, Mapping) or isinstance(root.get("when"), Sequence | Mapping):
        return True
    return any(isinstance(step.get("when"), Sequence) for _, step in numbered(steps))


def read(source: Source, documents: tuple[Document, ...]) -> PipelineFile:
    """The pipelines of the file. Raises NotForVolfix if no document is a pipeline."""
    found, kinds, signature = [], [], None
    for document in documents:
        root = resolved(document.root)
        if not isinstance(root, Mapping):
            continue
        kind = text(root, "kind") or ""
        kinds.append(kind)
        if kind == "pipeline":
            found.append(_pipeline(source, document, root))
        elif kind == "signature":
            signature = signature or root.get("kind")
    if not found:
        if "template" in kinds:
            raise NotForVolfix(source.path, "its template is on the Drone server: volfix cannot read the pipeline")
        raise NotForVolfix(source.path, f"no pipeline: kind {', '.join(filter(None, kinds)) or 'missing'}")
    return PipelineFile(source, SYSTEM, documents, tuple(found), signature)


def _pipeline(source: Source, document: Document, root: Mapping) -> Pipeline:
    steps = [*_steps(source, root.get("steps"), service=False), *_steps(source, root.get("services"), service=True)]
    runner = text(root, "type") or "docker"
    return Pipeline(
        system=SYSTEM,
        place=Place(SYSTEM.places.get(runner, "unknown")),
        runner=f"type: {runner}",
        name=text(root, "name") or "default",
        document=document,
        node=root,
        steps=tuple(steps),
        volumes=tuple(_volumes(root.get("volumes"))),
        workspace=_workspace(root.get("workspace")),
        environment=environment_of(root.get("environment")),
        given_at=places_of(source, root.get("environment")),
        events=conditions_of(root.get("trigger"), "event"),
        labels=root.get("node"),
        titles=(text(root, "name") or "default", source.path.stem.strip(".")),
        cleaned_by=SYSTEM.cleaned_by.get(runner, ""),
    )


def _workspace(node: Node | None) -> str:
    """The directory of the checkout inside a step; an absolute `path` without `base` is the whole directory."""
    if not isinstance(node, Mapping):
        return SYSTEM.workspace
    base, path = text(node, "base") or "", text(node, "path") or ""
    if not base:
        return posixpath.normpath(path) if path.startswith("/") else posixpath.join(SYSTEM.workspace, path).rstrip("/")
    return posixpath.normpath(posixpath.join(base, path.lstrip("/")))


def _steps(source: Source, node: Node | None, *, service: bool) -> list[Step]:
    named = ((text(step, "name") or f"step {number}", step) for number, step in numbered(node))
    return [step_of(source, step, name, service=service) for name, step in named]


def step_of(source: Source, node: Mapping, name: str, *, service: bool) -> Step:
    """A step or service from its mapping `node`; `service` says that it stands under `services:`."""
    settings = node.get("settings")
    script = settings.get("script") if isinstance(settings, Mapping) else None
    return Step(
        name=name,
        node=node,
        image=text(node, "image"),
        commands=commands(source, scalars(node.get("commands")), SYSTEM.server_variables),
        script=commands(source, scalars(script), SYSTEM.server_variables),
        environment=environment_of(node.get("environment")),
        given_at=places_of(source, node.get("environment")),
        mounts=tuple(_mounts(node.get("volumes"))),
        settings=settings if isinstance(settings, Mapping) else None,
        privileged=flag(node, "privileged"),
        detach=flag(node, "detach"),
        is_service=service,
        working_directory=text(node, "working_dir"),
        events=conditions_of(node.get("when"), "event"),
        after_failure=conditions_of(node.get("when"), "status") == frozenset({"failure"}),
    )


def _mounts(node: Node | None) -> list[StepMount]:
    """The entries of `volumes:`; an entry that is not a mapping (other systems' syntax) mounts nothing in Drone."""
    found = []
    for item in node.items if isinstance(node, Sequence) else ():
        entry = resolved(item)
        if isinstance(entry, Mapping):
            name = entry.get("name")
            place = name if isinstance(name, Scalar) else None
            found.append(StepMount(entry, text(entry, "name"), None, text(entry, "path"), place))
        else:
            found.append(StepMount(entry, None, None, None))
    return found


def _volumes(node: Node | None) -> list[PipelineVolume]:
    found = []
    for _, entry in numbered(node):
        kind = next((key for key in VOLUME_KINDS if entry.get(key) is not None), "")
        host = entry.get("host")
        path = text(host, "path") if isinstance(host, Mapping) else None
        found.append(PipelineVolume(entry, text(entry, "name"), kind, path))
    return found
