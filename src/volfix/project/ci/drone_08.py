"""Drone before 1.0: one pipeline per file, steps as a map, volumes as strings, a workspace named after the repository.

Source: drone/drone-yaml, converter/legacy (match.go, convert).
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence as Many
from dataclasses import replace
from pathlib import Path

from volfix.knowledge.systems import Place, System, system
from volfix.project.ci import drone
from volfix.project.ci.names import checkout_of
from volfix.project.ci.nodes import conditions_of, mappings, numbered, scalars, text
from volfix.project.ci.pipeline import Pipeline, PipelineFile, Step, StepMount
from volfix.project.ci.substitution import commands
from volfix.project.compose.compose_file import NotForVolfix
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, Sequence, resolved

SYSTEM = system("drone_08")


def recognises(_path: Path, roots: Many[Mapping]) -> bool:
    """Whether `pipeline:` is a map of steps, or `build:` or `deploy:` are maps as in Drone 0.4, which had no steps."""
    return any(isinstance(roots[0].get(key), Mapping) for key in ("pipeline", "build", "deploy"))


def read(source: Source, documents: tuple[Document, ...]) -> PipelineFile:
    """The file with its only pipeline. Raises NotForVolfix for the format of Drone 0.4."""
    document, root = first(documents)
    if not isinstance(root.get("pipeline"), Mapping):
        raise NotForVolfix(source.path, "a pipeline of Drone 0.4: convert it to a current format first")
    pipeline = Pipeline(
        system=SYSTEM,
        place=Place.CONTAINER,
        runner="docker",
        name=source.path.stem.lstrip("."),
        document=document,
        node=root,
        steps=tuple(steps(source, root.get("pipeline"), root.get("services"))),
        volumes=(),
        workspace=workspace(SYSTEM, root.get("workspace"), source.path),
        events=conditions_of(root.get("when"), "event"),
        labels=root.get("labels"),
        titles=(source.path.stem.lstrip("."), source.path.stem.strip(".")),
    )
    return PipelineFile(source, SYSTEM, (document,), (pipeline,))


def first(documents: tuple[Document, ...]) -> tuple[Document, Mapping]:
    """The first document whose root is a mapping, with that mapping; the server reads no other document."""
    return next((each, root) for each in documents if isinstance(root := resolved(each.root), Mapping))


def workspace(system: System, node: Node | None, path: Path) -> str:
    """The absolute directory of the checkout inside a step of the pipeline at `path`.

    `node` is the file's `workspace:`, which may name it; by default it is named after the repository.
    """
    _, base, below = system.workspace_of(checkout_of(path).name).split("/", 2)
    if isinstance(node, Mapping):
        base, below = text(node, "base") or base, text(node, "path") or below
    return posixpath.normpath(posixpath.join("/", base, below.lstrip("/")))


def steps(source: Source, of_pipeline: Node | None, services: Node | None) -> list[Step]:
    """The steps and services of a file; both may be maps or lists."""
    return [
        *(_step(source, name, node, service=False) for name, node in named(of_pipeline)),
        *(_step(source, name, node, service=True) for name, node in named(services)),
    ]


def named(node: Node | None) -> list[tuple[str, Mapping]]:
    """Each step with its name, from a list or a map. Several steps in a map may have the same name."""
    if isinstance(node, Mapping):
        own = [(pair.key.value, resolved(pair.value)) for pair in node.pairs if isinstance(pair.key, Scalar)]
        written = [(name, step) for name, step in own if name != "<<" and isinstance(step, Mapping)]
        names = {name for name, _ in own}
        return [*written, *((name, step) for name, step in mappings(node) if name not in names)]
    return [(text(item, "name") or f"step {number}", item) for number, item in numbered(node)]


def _step(source: Source, name: str, node: Mapping, *, service: bool) -> Step:
    """A step. Without `settings:` the settings of a plugin stand directly in the step."""
    step = drone.step_of(source, node, name, service=service)
    script = (node if step.settings is None else step.settings).get("script")
    return replace(
        step,
        script=commands(source, scalars(script), SYSTEM.server_variables),
        mounts=tuple(_mounts(node.get("volumes"))),
        working_directory=text(node, "directory"),
    )


def _mounts(node: Node | None) -> list[StepMount]:
    found = []
    for item in node.items if isinstance(node, Sequence) else ():
        entry = resolved(item)
        if isinstance(entry, Scalar):
            source, _, rest = entry.value.partition(":")
            name, host = (None, source) if source.startswith("/") else (source, None)
            found.append(StepMount(entry, name, host, rest.split(":")[0] or None))
    return found
