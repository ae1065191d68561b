"""Drone 1 and later: many documents in one file, each a pipeline, a secret, a signature or something else.

Source: drone/runner-go, manifest/parse.go (documents); drone-runners/drone-runner-docker, engine/compiler/workspace.go.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace

from volfix.project.ci.pipeline import (
    DRONE,
    Pipeline,
    PipelineFile,
    PipelineVolume,
    Step,
    StepMount,
    environment_of,
    events_of,
    flag,
    scalars,
    text,
)
from volfix.project.compose_file import NotForVolfix
from volfix.syntax.source import Source, Span
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, Sequence, parse, resolved

WORKSPACE = "/drone/src"
SOURCES = ("host", "temp", "claim", "config_map", "configMap", "downward_api", "secret", "empty_dir")


def documents(source: Source) -> tuple[Document, ...]:
    """The documents as Drone splits them: a line that begins with `---` starts one, one with `...` ends the last.

    Each is parsed alone, with its places in the whole text. Raises FileProblem where one of them is not YAML.
    """
    found = []
    for start, end in _pieces(source.text):
        blank = "".join(char if char == "\n" else " " for char in source.text[:start])
        piece = replace(source, text=blank + source.text[start:end])
        for document in parse(piece):
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


def read(source: Source, parts: tuple[Document, ...]) -> PipelineFile:
    """The pipelines of a file whose documents say their `kind`; raises NotForVolfix where none is a pipeline."""
    found, kinds = [], []
    for document in parts:
        root = resolved(document.root)
        if not isinstance(root, Mapping):
            continue
        kind = text(root, "kind") or ""
        kinds.append(kind)
        if kind == "pipeline":
            found.append(_pipeline(document, root))
    if not found:
        if "template" in kinds:
            raise NotForVolfix(source.path, "a pipeline whose template lies on the Drone server: nothing to read here")
        raise NotForVolfix(source.path, f"no pipeline: kind {', '.join(filter(None, kinds)) or 'missing'}")
    return PipelineFile(source, DRONE, parts, tuple(found), "signature" in kinds)


def _pipeline(document: Document, root: Mapping) -> Pipeline:
    clone = root.get("clone")
    steps = [*_steps(root.get("steps"), service=False), *_steps(root.get("services"), service=True)]
    runner = text(root, "type") or "docker"
    return Pipeline(
        dialect=DRONE,
        runner=runner,
        name=text(root, "name") or "default",
        document=document,
        node=root,
        steps=tuple(steps),
        volumes=tuple(_volumes(root.get("volumes"))),
        workspace=_workspace(root.get("workspace")),
        environment=environment_of(root.get("environment")),
        events=events_of(root.get("trigger")),
        clones=not (isinstance(clone, Mapping) and flag(clone, "disable")),
    )


def _workspace(node: Node | None) -> str:
    """Where the checkout lies in a step: an absolute `path` alone is the base."""
    if not isinstance(node, Mapping):
        return WORKSPACE
    base, path = text(node, "base") or "", text(node, "path") or ""
    if not base:
        return posixpath.normpath(path) if path.startswith("/") else posixpath.join(WORKSPACE, path).rstrip("/")
    return posixpath.normpath(posixpath.join(base, path.lstrip("/")))


def _steps(node: Node | None, *, service: bool) -> list[Step]:
    found = []
    for number, item in enumerate(node.items if isinstance(node, Sequence) else (), 1):
        step = resolved(item)
        if isinstance(step, Mapping):
            found.append(_step(step, text(step, "name") or f"step {number}", service=service))
    return found


def _step(node: Mapping, name: str, *, service: bool) -> Step:
    settings = node.get("settings")
    return Step(
        name=name,
        node=node,
        image=text(node, "image"),
        commands=tuple(scalars(node.get("commands"))),
        script=tuple(scalars(settings.get("script"))) if isinstance(settings, Mapping) else (),
        environment=environment_of(node.get("environment")),
        mounts=tuple(_mounts(node.get("volumes"))),
        privileged=flag(node, "privileged"),
        detach=flag(node, "detach"),
        is_service=service,
        working_directory=text(node, "working_dir"),
        events=events_of(node.get("when")),
    )


def _mounts(node: Node | None) -> list[StepMount]:
    found = []
    for item in node.items if isinstance(node, Sequence) else ():
        entry = resolved(item)
        if isinstance(entry, Mapping):
            name = entry.get("name")
            found.append(
                StepMount(
                    entry, text(entry, "name"), None, text(entry, "path"), name if isinstance(name, Scalar) else None
                )
            )
    return found


def _volumes(node: Node | None) -> list[PipelineVolume]:
    found = []
    for item in node.items if isinstance(node, Sequence) else ():
        entry = resolved(item)
        if isinstance(entry, Mapping):
            kind = next((key for key in SOURCES if entry.get(key) is not None), "")
            host = entry.get("host")
            path = text(host, "path") if isinstance(host, Mapping) else None
            found.append(PipelineVolume(entry, text(entry, "name"), kind, path))
    return found
