"""What the rules about pipelines share: the stack's deployments, the CI server's trust, and mounts of a step."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import AppendItem
from volfix.rules.context import Context, at, once
from volfix.rules.findings import Applicability, Finding, Fix, Location, Severity
from volfix.syntax.yaml_tree import resolved

if TYPE_CHECKING:
    from volfix.project.compose.model import Project
    from volfix.project.deployments.deployment import Deployment
    from volfix.project.deployments.workflows import Workflow
    from volfix.syntax.yaml_tree import Mapping, Scalar

SOCKET = "/var/run/docker.sock"
NOT_EDITED = "volfix edits only pipelines of Drone 1 and later; change this pipeline by hand"
SHARED = "the step is shared with others by an anchor, an alias or a merge key"


@dataclass(frozen=True, slots=True)
class StackDeployment:
    """A deployment (not a test), with its pipeline file and the projects that it starts."""

    workflow: Workflow
    deployment: Deployment
    projects: tuple[Project, ...]

    @property
    def runs_in_container(self) -> bool:
        """Whether the step runs in its own container beside the stack, as under Drone's docker runner."""
        return self.deployment.pipeline.runs_in_container

    def trust(self, context: Context) -> Applicability:
        """The applicability of a fix with a host volume: safe in an unsigned pipeline of a trusted repository."""
        trusted = context.trusted or self.workflow.file.shows_trust
        return Applicability.SAFE if trusted and not self.workflow.file.signed else Applicability.UNSAFE


@once
def deploys(context: Context) -> list[StackDeployment]:
    """The deployments of the stack's pipelines in order, without tests."""
    return [
        StackDeployment(workflow, deployment, tuple(workflow.projects(deployment, context.stack.projects)))
        for workflow in context.stack.workflows
        for deployment in workflow.deployments
        if not deployment.is_test
    ]


def deploying_steps(context: Context) -> Iterator[StackDeployment]:
    """The first deployment of each step."""
    seen = set()
    for deploy in deploys(context):
        if id(deploy.deployment.step) not in seen:
            seen.add(id(deploy.deployment.step))
            yield deploy


def in_pipeline(deploy: StackDeployment, node: Mapping | Scalar | None = None) -> Location:
    """The place of the deploying command, or of a node of the pipeline."""
    command, step = deploy.deployment.command, deploy.deployment.step
    if node is None:
        return at(command.origin_in, command.origin.start, command.origin.end)
    return at(step.source or deploy.workflow.file.source, node.span.start, node.span.end)


def pipeline_finding(
    code: str,
    deploy: StackDeployment,
    severity: Severity,
    message: str,
    danger: str,
    evidence: tuple[str, ...],
    fix: Fix | None = None,
    reason: str | None = None,
    location: Location | None = None,
    target: str | None = None,
    label: str = "",
    loses: str | None = None,
) -> Finding:
    """A finding about a deploying step, or about a `target` in the step."""
    return Finding(
        code=code,
        severity=severity,
        location=location or in_pipeline(deploy),
        message=message,
        evidence=evidence,
        target=target,
        step=deploy.deployment.step_name,
        fix=fix,
        reason=reason,
        danger=danger,
        label=label,
        loses=loses,
    )


def trusted_fix(
    context: Context, deploy: StackDeployment, operations: list[Operation]
) -> tuple[Fix | None, str | None]:
    """The fix that adds host volumes to a step, and why it is unsafe; no fix, with the reason, if the step is not
    editable.
    """
    refusal = step_refusal(deploy)
    if refusal is not None:
        return None, refusal
    applicability = deploy.trust(context)
    file = deploy.workflow.file
    reason = file.system.signature_note if file.signed else file.system.trust_needed
    return Fix(tuple(operations), (), applicability), reason if applicability is Applicability.UNSAFE else None


def step_refusal(deploy: StackDeployment) -> str | None:
    """Why volfix cannot edit the step; None if it can."""
    if not deploy.workflow.file.is_editable:
        return NOT_EDITED
    step = deploy.deployment.step
    volumes = step.node.pair("volumes")
    if step.node.anchor is not None or (volumes is not None and resolved(volumes.value).anchor is not None):
        return SHARED
    return None


def mounted(deploy: StackDeployment, name: str, host: str, path: str) -> list[Operation]:
    """The operations that mount the host path `host` at `path` in the step, and declare it if needed."""
    file, pipeline, step = deploy.workflow.file, deploy.deployment.pipeline, deploy.deployment.step
    declared = next((volume for volume in pipeline.volumes if volume.host == host and volume.name), None)
    operations: list[Operation] = []
    if declared is not None and declared.name is not None:
        name = declared.name
    else:
        name = _free_name(deploy, name)
        operations.append(declaration(deploy, name, host))
    entries = (("name", name), ("path", path))
    return [*operations, AppendItem(file.source, pipeline.document, step.node, "volumes", entries)]


def declaration(deploy: StackDeployment, name: str, host: str) -> AppendItem:
    """The operation that declares a host volume in the pipeline."""
    pipeline = deploy.deployment.pipeline
    entries = (("name", name), ("host", (("path", host),)))
    return AppendItem(deploy.workflow.file.source, pipeline.document, pipeline.node, "volumes", entries)


def _free_name(deploy: StackDeployment, name: str) -> str:
    taken = {volume.name for volume in deploy.deployment.pipeline.volumes}
    found, number = name, 2
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def mount_above(deploy: StackDeployment, path: str) -> bool:
    """Whether the step mounts something at the path, or at a directory above it."""
    places = [posixpath.normpath(mount.path) for mount in deploy.deployment.step.mounts if mount.path]
    return any(path == place or path.startswith(place.rstrip("/") + "/") for place in places)
