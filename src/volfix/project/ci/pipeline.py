"""The model of a pipeline, the same for all CI systems: steps, mounts and volumes.

Each value knows its node in the YAML. What each system does is in knowledge/systems.toml.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from volfix.knowledge.systems import Life, Place, System
from volfix.syntax.fragment import Fragment
from volfix.syntax.source import Source
from volfix.syntax.yaml_tree import Document, Mapping, Node, Scalar


@dataclass(frozen=True, slots=True, eq=False)
class StepMount:
    """An entry of a step's `volumes:`: a declared volume (`name`) or a path on the host (`host`), mounted at `path`."""

    node: Node
    name: str | None
    host: str | None
    path: str | None
    name_node: Scalar | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PipelineVolume:
    """An entry of a pipeline's `volumes:`. `kind` is host, temp, claim ..., or "" if the entry names no known kind."""

    node: Mapping
    name: str | None
    kind: str
    host: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step or service of a pipeline.

    `commands` are the texts that the shell runs. `script` are commands that a plugin runs on another host. `settings`
    are the plugin's settings if they have a mapping of their own. `environment` has None for a secret. `given_at` is
    the file and offset of each variable. `source` is the step's file if it is not the pipeline's. `events` are the
    events that the step runs on, None for any. `after_failure` says that it runs only after an earlier step failed.
    """

    name: str
    node: Mapping
    image: str | None
    commands: tuple[Fragment, ...]
    script: tuple[Fragment, ...]
    environment: dict[str, str | None]
    mounts: tuple[StepMount, ...]
    given_at: dict[str, tuple[Source, int]] = field(default_factory=dict)
    settings: Mapping | None = None
    privileged: bool = False
    detach: bool = False
    is_service: bool = False
    working_directory: str | None = None
    events: frozenset[str] | None = None
    after_failure: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Pipeline:
    """One pipeline (in most systems a job).

    `place` is where its steps run, `runner` the file's words for it, `labels` choose the runners. `workspace` is the
    directory of the checkout there; `names_workspace` says that this is certain. `titles` are the names of what it is
    part of (workflow, stage ...), the widest first. `checkout` is what happens to the checkout between two runs,
    `cleaned_by` the command that does it, `clean_flags` the flags of its `git clean`. `names_environment` says that
    the file names the environment that it deploys to. `reports` are env files below the workspace whose variables it
    passes to other pipelines; `takes_from` are the names of the pipelines whose variables it receives.
    """

    system: System
    place: Place
    runner: str
    name: str
    document: Document
    node: Mapping
    steps: tuple[Step, ...]
    volumes: tuple[PipelineVolume, ...]
    workspace: str
    environment: dict[str, str | None] = field(default_factory=dict)
    given_at: dict[str, tuple[Source, int]] = field(default_factory=dict)
    events: frozenset[str] | None = None
    labels: Node | None = None
    titles: tuple[str, ...] = ()
    checkout: Life = Life.NEW
    cleaned_by: str = ""
    clean_flags: tuple[str, ...] = ()
    names_environment: bool = False
    names_workspace: bool = True
    reports: tuple[str, ...] = ()
    takes_from: tuple[str, ...] = ()

    def volume(self, name: str | None) -> PipelineVolume | None:
        """The declared volume with this name; None if there is none."""
        return next((volume for volume in self.volumes if name is not None and volume.name == name), None)

    @property
    def services(self) -> tuple[Step, ...]:
        """The steps that are services."""
        return tuple(step for step in self.steps if step.is_service)

    @property
    def runs_in_container(self) -> bool:
        """Whether each step runs in its own container, and so sees of the host only what is mounted."""
        return self.place is Place.CONTAINER

    @property
    def mounts_host_volumes(self) -> bool:
        """Whether its steps run in containers into which the pipeline can mount host directories as volumes."""
        return self.runs_in_container and self.system.host_volumes


@dataclass(frozen=True, eq=False)
class PipelineFile:
    """A pipeline file.

    `documents` are all its documents, as the server splits them; `signature` is the node that signs the others.
    """

    source: Source
    system: System
    documents: tuple[Document, ...]
    pipelines: tuple[Pipeline, ...]
    signature: Node | None = None

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self.source.path

    @property
    def is_editable(self) -> bool:
        """Whether volfix can edit pipeline files of this system."""
        return self.system.is_editable

    @property
    def signed(self) -> bool:
        """Whether the file holds a signature, which any change to the file makes invalid."""
        return self.signature is not None

    @cached_property
    def shows_trust(self) -> bool:
        """Whether the file has a host volume or a privileged step, which work only if the server trusts it."""
        return any(
            any(volume.kind == "host" for volume in pipeline.volumes)
            or any(step.privileged or any(mount.host for mount in step.mounts) for step in pipeline.steps)
            for pipeline in self.pipelines
        )

    def step_name(self, pipeline: Pipeline, step: Step) -> str:
        """The step's name in a finding: `pipeline/step` if the step's name alone is ambiguous."""
        if pipeline.name != step.name and (self.system.names_jobs or len(self.pipelines) > 1):
            return f"{pipeline.name}/{step.name}"
        return step.name


def only_for_requests(events: frozenset[str] | None) -> bool:
    """Whether the events are all pull request events; False for None (any event)."""
    return events is not None and all(name.startswith("pull_request") for name in events)
