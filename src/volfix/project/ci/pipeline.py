"""What a pipeline is to volfix, whichever system it is of: steps, mounts and volumes.

Each value knows the node that says it; what the system does is in knowledge/systems.toml.
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
    """An entry of a step's `volumes:`: a declared volume by `name`, or a path on the `host`."""

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


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step or service; `commands` are the texts that the shell gets, `environment` has None for a secret.

    `given_at` says where each variable is written, `source` another file that the step stands in. `script` are the
    commands of a plugin that runs them on another host, `settings` the plugin's parameters where they stand apart.
    `events` are the only ones that it runs on, None for any; `after_failure` says that it runs only where a step before
    it has failed.
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
    """One pipeline: `place` is where its steps run, `runner` what the file calls that; `workspace` is the directory of
    the checkout there, `names_workspace` says that its name is known; `labels` route it to some of the runners. Its
    `titles` are the names that people gave to what it is a part of, the widest first: the workflow's, the stage's.
    `checkout` is what becomes of the checkout, `cleaned_by` says by what, and `clean_flags` are those of `git clean` in
    it. `names_environment` says that it names an environment which it deploys to. `reports` are env files, below the
    workspace, whose variables it hands to others, `takes_from` the names of those from which it gets some.
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
        """The declared volume of this name."""
        return next((volume for volume in self.volumes if name is not None and volume.name == name), None)

    @property
    def services(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.is_service)

    @property
    def runs_in_container(self) -> bool:
        """Whether each step is a container of its own beside the stack: it has only what is mounted in it."""
        return self.place is Place.CONTAINER

    @property
    def mounts_host_volumes(self) -> bool:
        """Whether its steps are containers that get a host directory as a volume which the pipeline declares."""
        return self.runs_in_container and self.system.host_volumes


@dataclass(frozen=True, eq=False)
class PipelineFile:
    """A pipeline file; `documents` are all that it holds, as the server splits them, `signature` signs the others."""

    source: Source
    system: System
    documents: tuple[Document, ...]
    pipelines: tuple[Pipeline, ...]
    signature: Node | None = None

    @property
    def path(self) -> Path:
        return self.source.path

    @property
    def is_editable(self) -> bool:
        """Whether volfix edits such a file."""
        return self.system.is_editable

    @property
    def signed(self) -> bool:
        """Whether any change to the file breaks a signature in it."""
        return self.signature is not None

    @cached_property
    def shows_trust(self) -> bool:
        """Whether a host volume or a privileged step says that the server trusts the repository."""
        return any(
            any(volume.kind == "host" for volume in pipeline.volumes)
            or any(step.privileged or any(mount.host for mount in step.mounts) for step in pipeline.steps)
            for pipeline in self.pipelines
        )

    def step_name(self, pipeline: Pipeline, step: Step) -> str:
        """How a finding names the step: `pipeline/step` where one of both alone does not tell."""
        if pipeline.name != step.name and (self.system.names_jobs or len(self.pipelines) > 1):
            return f"{pipeline.name}/{step.name}"
        return step.name


def only_for_requests(events: frozenset[str] | None) -> bool:
    """Whether what runs on these events runs for pull requests alone."""
    return events is not None and all(name.startswith("pull_request") for name in events)
