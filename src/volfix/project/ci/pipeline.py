"""Pipelines of Drone and Woodpecker as they are written: steps, mounts and volumes, each with the node that says it.

Source: drone-runners/drone-runner-docker, engine/resource/pipeline.go; drone/docs; woodpecker-ci/woodpecker, docs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from volfix.project.compose_file import NotForVolfix, strings
from volfix.syntax.source import FileProblem, Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar, Sequence, resolved

DRONE, DRONE_08, WOODPECKER = "drone", "drone 0.8", "woodpecker"
TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"})
"""What YAML 1.1, which Drone and Woodpecker read, takes for true."""
TEMPLATE_TAG = re.compile(r"\{%")
"""Double braces alone say nothing: notification plugins have them in their own templates."""
GENERATORS = {".jsonnet": "Jsonnet", ".star": "Starlark", ".starlark": "Starlark"}


@dataclass(frozen=True, slots=True, eq=False)
class StepMount:
    """An entry of a step's `volumes:`: a declared volume by `name`, or in older dialects a host path (`host`)."""

    node: Node
    name: str | None
    host: str | None
    path: str | None
    name_node: Scalar | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PipelineVolume:
    """An entry of a pipeline's `volumes:`; `kind` is host, temp, claim ..., or "" where it says nothing that mounts."""

    node: Mapping
    name: str | None
    kind: str
    host: str | None


@dataclass(frozen=True, eq=False)
class Step:
    """One step or service; `commands` are the scalars as written, `environment` has None for a secret.

    `script` are the commands of a plugin that runs them on another host.
    """

    name: str
    node: Mapping
    image: str | None
    commands: tuple[Scalar, ...]
    script: tuple[Scalar, ...]
    environment: dict[str, str | None]
    mounts: tuple[StepMount, ...]
    privileged: bool = False
    detach: bool = False
    is_service: bool = False
    working_directory: str | None = None
    events: frozenset[str] | None = None
    """The only events that it runs on, None for any."""

    @property
    def after_failure(self) -> bool:
        """Whether it runs only where a step before it has failed."""
        return conditions_of(self.node.get("when"), "status") == frozenset({"failure"})

    @property
    def settings(self) -> Mapping | None:
        """The plugin's parameters; before Drone 1.0 they stand in the step itself."""
        found = self.node.get("settings")
        return found if isinstance(found, Mapping) else None


@dataclass(frozen=True, eq=False)
class Pipeline:
    """One pipeline: `runner` is docker, exec, ssh, kubernetes ...; `workspace` the directory of the checkout."""

    dialect: str
    runner: str
    name: str
    document: Document
    node: Mapping
    steps: tuple[Step, ...]
    volumes: tuple[PipelineVolume, ...]
    workspace: str
    environment: dict[str, str | None] = field(default_factory=dict)
    events: frozenset[str] | None = None
    clones: bool = True

    def volume(self, name: str | None) -> PipelineVolume | None:
        """The declared volume of this name."""
        return next((volume for volume in self.volumes if name is not None and volume.name == name), None)

    @property
    def services(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.is_service)


@dataclass(frozen=True, eq=False)
class PipelineFile:
    """A pipeline file; `documents` are all that it holds, as the server splits them; `signed`: one is a signature."""

    source: Source
    dialect: str
    documents: tuple[Document, ...]
    pipelines: tuple[Pipeline, ...]
    signed: bool = False

    @property
    def path(self) -> Path:
        return self.source.path

    @property
    def is_editable(self) -> bool:
        """Whether volfix edits such a file: the older dialects and Woodpecker are only read."""
        return self.dialect == DRONE

    @cached_property
    def shows_trust(self) -> bool:
        """Whether a host volume or a privileged step says that the server trusts the repository."""
        return any(
            any(volume.kind == "host" for volume in pipeline.volumes)
            or any(step.privileged or any(mount.host for mount in step.mounts) for step in pipeline.steps)
            for pipeline in self.pipelines
        )

    def step_name(self, pipeline: Pipeline, step: Step) -> str:
        """How a finding names the step: `pipeline/step` in a file with several pipelines."""
        return f"{pipeline.name}/{step.name}" if len(self.pipelines) > 1 else step.name


def load(path: Path, source: Source | None = None) -> PipelineFile:
    """Read a pipeline file, or take `source` for it.

    Raises FileProblem where it is broken, NotForVolfix where it is something else: generated, signed apart, Drone 0.4.
    """
    if path.name.endswith(".sig"):
        raise NotForVolfix(path, "the signature of a Drone 0.8 pipeline: sign again after any change to it")
    if path.suffix in GENERATORS:
        raise NotForVolfix(path, f"{GENERATORS[path.suffix]} that generates a Drone pipeline: volfix reads the result")
    source = source or Source.read(path)
    from volfix.project.ci import drone, woodpecker

    try:
        documents = drone.documents(source)
    except FileProblem:
        if TEMPLATE_TAG.search(source.text):
            raise NotForVolfix(path, "a template, not YAML yet: run volfix on what it renders to") from None
        raise
    roots = [root for document in documents if isinstance(root := resolved(document.root), Mapping)]
    if not roots:
        raise NotForVolfix(path, "not a pipeline: its top level is not a mapping")
    own = [root for root in roots if text(root, "kind") in (None, "pipeline")]
    if any(root.get("kind") is not None for root in roots) and not any(map(woodpecker.looks_like, own)):
        return drone.read(source, documents)
    root = roots[0]
    if isinstance(root.get("steps"), Mapping) or woodpecker.is_list_of_steps(root.get("steps")):
        return woodpecker.read(source, documents[:1], root)
    if isinstance(root.get("pipeline"), Mapping):
        return woodpecker.read(source, documents[:1], root)
    if isinstance(root.get("build"), Mapping) or isinstance(root.get("deploy"), Mapping):
        raise NotForVolfix(path, "a pipeline of Drone 0.4: give it a current format first")
    raise NotForVolfix(path, "not a pipeline: it has no steps")


def text(node: Mapping, key: str) -> str | None:
    """A scalar entry's value, None where it is absent, null or something else."""
    value = node.get(key)
    return value.value if isinstance(value, Scalar) and not value.is_null else None


def flag(node: Mapping, key: str) -> bool:
    """Whether an entry is true."""
    return text(node, key) in TRUE


def scalars(node: Node | None) -> Iterator[Scalar]:
    """A scalar, or each scalar of a list."""
    node = resolved(node) if node is not None else None
    for item in node.items if isinstance(node, Sequence) else (node,):
        if item is not None and isinstance(inner := resolved(item), Scalar) and not inner.is_null:
            yield inner


def environment_of(node: Node | None) -> dict[str, str | None]:
    """The variables of an `environment:`, as a mapping or as a list; None for a secret's value."""
    found: dict[str, str | None] = {}
    if isinstance(node, Mapping):
        for name, pair in node.items():
            value = resolved(pair.value)
            found[name] = value.value if isinstance(value, Scalar) else None
    else:
        for item in strings(node):
            name, equals, value_text = item.partition("=")
            found[name] = value_text if equals else None
    return found


def events_of(node: Node | None) -> frozenset[str] | None:
    """The events that a `when:` or `trigger:` names: the only ones it lets through, None where it names none."""
    return conditions_of(node, "event")


def conditions_of(node: Node | None, key: str) -> frozenset[str] | None:
    """What a `when:` or `trigger:` asks of the event, the status ...: the only values it lets through, None for any."""
    conditions = node.items if isinstance(node, Sequence) else (node,)
    found: set[str] = set()
    for condition in conditions:
        condition = resolved(condition) if condition is not None else None
        wanted = condition.get(key) if isinstance(condition, Mapping) else None
        if isinstance(wanted, Mapping):
            wanted = wanted.get("include")
        if wanted is None:
            return None
        found.update(strings(wanted))
    return frozenset(found) or None


def only_for_requests(events: frozenset[str] | None) -> bool:
    """Whether a pipeline or step with these events runs for pull requests alone."""
    return events is not None and all(name.startswith("pull_request") for name in events)
