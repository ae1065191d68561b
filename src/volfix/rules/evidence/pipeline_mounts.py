"""The mounts of a deploying step that mount nothing, and how to correct each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volfix.edits.operation import Operation
from volfix.edits.yaml_edits import AddEntries, SetScalar
from volfix.rules.evidence.deployments import (
    SOCKET,
    StackDeployment,
    declaration,
    mounted,
)
from volfix.syntax.yaml_tree import Mapping, Scalar

SAY_WHAT = "declare the volume in the pipeline with `host: {path: ...}` or `temp: {}`"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A mount that does not work, where it is written, and the operations that correct it; else `reason` says what to
    do.
    """

    message: str
    danger: str
    evidence: str
    node: Mapping | Scalar | None
    operations: tuple[Operation, ...] = ()
    reason: str | None = None


def mismatches(deploy: StackDeployment) -> Iterator[Mismatch]:
    """The mounts of the step that mount nothing, and a declared Docker socket that the step does not mount."""
    from volfix.project.ci.daemons import NOWHERE

    pipeline, step = deploy.deployment.pipeline, deploy.deployment.step
    if not pipeline.mounts_host_volumes:
        return
    found = False
    for mount in step.mounts:
        if not isinstance(mount.node, Mapping):
            found = True
            yield Mismatch(
                "the pipeline is refused: a mount is a string",
                "the pipeline is refused: a mount of the step is a string; nothing is mounted",
                "a step's mount must be a mapping of `name` and `path` here; only other systems accept a string",
                mount.node if isinstance(mount.node, Scalar) else None,
                reason="mount a host volume by its name, and declare the name in the pipeline's `volumes:`",
            )
            continue
        if mount.name is None or mount.path is None:
            if not found and any(other.path for other in step.mounts if other.name is None):
                found = True
                yield Mismatch(
                    "name and path of a mount are in two list items",
                    "name and path of a mount are in two list items: nothing is mounted",
                    "an entry of a step's volumes needs both `name` and `path`",
                    mount.node,
                    reason="put `name` and `path` of each mount into one list item",
                )
            continue
        volume = pipeline.volume(mount.name)
        if volume is None:
            found = True
            yield _undeclared(deploy, mount.name, mount.path, mount.node, mount.name_node)
        elif not volume.kind:
            found = True
            yield _empty(deploy, mount.name, mount.path, mount.node, volume.node)
    if not found and deploy.deployment.target == NOWHERE:
        yield from _unused_socket(deploy)


def _undeclared(deploy: StackDeployment, name: str, path: str, node: Mapping, name_node: Scalar | None) -> Mismatch:
    from volfix.project.ci.daemons import is_socket_path

    pipeline = deploy.deployment.pipeline
    message = "the step mounts a volume that the pipeline does not declare"
    danger = f"the step mounts the volume {name}, which the pipeline does not declare: {path} is not mounted"
    names = ", ".join(volume.name for volume in pipeline.volumes if volume.name) or "none"
    evidence = f"declared in the pipeline: {names}"
    if not is_socket_path(path):
        return Mismatch(message, danger, evidence, node, reason=SAY_WHAT)
    declared = next((volume for volume in pipeline.volumes if is_socket_path(volume.host) and volume.name), None)
    if declared is not None and declared.name is not None and name_node is not None:
        return Mismatch(
            message, danger, evidence, node, (SetScalar(deploy.workflow.file.source, name_node, declared.name),)
        )
    return Mismatch(message, danger, evidence, node, (declaration(deploy, name, SOCKET),))


def _empty(deploy: StackDeployment, name: str, path: str, node: Mapping, declared: Mapping) -> Mismatch:
    from volfix.project.ci.daemons import is_socket_path

    message = "a volume of the pipeline has no `host:` and no `temp:`"
    danger = f"the volume {name} is declared without `host:` or `temp:`: {path} is not mounted"
    evidence = "a volume of the pipeline needs `host: {path: ...}` or `temp: {}`"
    if not is_socket_path(path) or declared.anchor is not None:
        return Mismatch(message, danger, evidence, node, reason=SAY_WHAT)
    source, document = deploy.workflow.file.source, deploy.deployment.pipeline.document
    return Mismatch(
        message, danger, evidence, node, (AddEntries(source, document, declared, (("host", (("path", SOCKET),)),)),)
    )


def _unused_socket(deploy: StackDeployment) -> Iterator[Mismatch]:
    from volfix.project.ci.daemons import is_socket_path

    for volume in deploy.deployment.pipeline.volumes:
        if is_socket_path(volume.host) and volume.host is not None and volume.name:
            yield Mismatch(
                "the step that deploys does not mount the Docker socket",
                "the pipeline declares the host's Docker socket, but the step that deploys does not mount it",
                f"the volume {volume.name} is {volume.host} of the host",
                None,
                tuple(mounted(deploy, volume.name, volume.host, SOCKET)),
            )
            return
