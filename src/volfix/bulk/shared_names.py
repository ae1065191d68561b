"""What a repository may share with others on the same host: project names, volumes, host directories.

A worker collects these facts while it has the plan at hand; across the estate `hazards` joins them.
Source: docker/compose, cmd/compose/compose.go (which name of a project wins); drone-runners/drone-runner-docker.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from volfix.bulk.records import HazardKind
from volfix.fixes.stack_plan import StackPlan
from volfix.project.ci.daemons import HOST_SOCKET, ON_HOST, OTHER_HOST
from volfix.project.compose.host_directories import host_directory
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import BIND, VOLUME
from volfix.project.deployments.deployment import REMOTE, Deployment
from volfix.project.deployments.workflows import Workflow
from volfix.project.stack import Stack, Use
from volfix.rules.findings import DeploymentName, Fix, NameChange
from volfix.syntax.yaml_tree import Mapping, Scalar, Sequence, resolved

DATABASE_CODES = frozenset({"VF101", "VF102"})
BY_THE_CALL = frozenset({"-p", "COMPOSE_PROJECT_NAME", ".env"})
ANY_HOST = ""


@dataclass(frozen=True, slots=True)
class SharedName:
    """A name that a deployment uses on a host: now (`key`) and after the plan's fixes (`after`); None where it is not.

    `host` says which one as far as the pipelines tell it; ANY_HOST where they do not.
    """

    kind: HazardKind
    key: str | None
    after: str | None
    host: str

    @property
    def is_firm(self) -> bool:
        """Whether the evidence says on which host the volume will be."""
        return self.kind is HazardKind.VOLUME and self.after is not None and self.host != ANY_HOST


def facts(stacks: Iterable[StackPlan], forge: str | None) -> tuple[SharedName, ...]:
    """The facts of a repository's plan, each once; `forge` is the server that the repository comes from."""
    return tuple(dict.fromkeys(fact for plan in stacks for fact in _of_stack(plan, forge)))


def _of_stack(plan: StackPlan, forge: str | None) -> Iterator[SharedName]:
    stack = plan.stack
    made = [item for result in plan.projects if result.failure is None for item in result.findings if item.fixed]
    fixes = [item.finding.fix for item in made if item.finding.fix is not None]
    for project in stack.projects:
        if not stack.is_asked(project):
            continue
        found: list[tuple[Workflow | None, Deployment | None]] = [*_deployments(stack, project)]
        for workflow, deployment in found or [(None, None)]:
            host = ANY_HOST if workflow is None or deployment is None else _host(workflow, deployment, forge)
            now = _name(project, deployment)
            if not now:
                continue
            after = _name_after(project, deployment, fixes) or now
            yield SharedName(HazardKind.PROJECT_NAME, now, after, host)
            yield from _volumes(project, now, after, host, fixes)
            yield from _directories(plan, project, workflow, deployment, host)


def _deployments(stack: Stack, project: Project) -> Iterator[tuple[Workflow, Deployment]]:
    for workflow in stack.workflows:
        for deployment in workflow.deployments:
            if not deployment.is_test and project in workflow.projects(deployment, stack.projects):
                yield workflow, deployment


def _name(project: Project, deployment: Deployment | None) -> str | None:
    """The project's name in the deployment; None where only the deployment knows it."""
    name = project.deployed_as or project.name
    if deployment is not None:
        if deployment.named_by in BY_THE_CALL:
            name = deployment.project or ""
        elif not any(file.name for file in project.files):
            name = deployment.project or name
    return None if not name or "$" in name else name


def _name_after(project: Project, deployment: Deployment | None, fixes: Iterable[Fix]) -> str | None:
    """The name that a fix gives the project; None where no fix names it."""
    if deployment is not None and deployment.named_by in BY_THE_CALL:
        return None
    paths = {file.path for file in project.files}
    named = (change for fix in fixes for change in fix.changes if isinstance(change, NameChange | DeploymentName))
    return next((change.name for change in named if change.path in paths), None)


def _volumes(project: Project, now: str, after: str, host: str, fixes: Iterable[Fix]) -> Iterator[SharedName]:
    before, later = replace(project, deployed_as=now), replace(project, deployed_as=after)
    used = {
        mount.source
        for service in project.services.values()
        for mount in service.mounts
        if mount.kind == VOLUME and not mount.overridden
    }
    new = {move.volume for fix in fixes for move in fix.moves if move.service in project.services} - used
    for key in sorted(used | new):
        if not project.is_external(key) and (host != ANY_HOST or before.real_name(key) != f"{now}_{key}"):
            real = later.real_name(key)
            yield SharedName(HazardKind.VOLUME, None if key in new else before.real_name(key), real, host)


def _directories(
    plan: StackPlan, project: Project, workflow: Workflow | None, deployment: Deployment | None, host: str
) -> Iterator[SharedName]:
    """The host directories that hold a database, as the host knows them."""
    held = {}
    for result in plan.projects:
        for item in result.findings:
            if item.finding.code in DATABASE_CODES:
                finding = item.finding
                fixed = item.fixed and result.failure is None
                held[finding.location.path, finding.service, finding.target] = fixed
    for use in plan.stack.uses:
        known = held.get((use.mount.file.path, use.service.name, use.mount.raw_target))
        if use.project is project and use.mount.kind == BIND and not use.mount.overridden and known is not None:
            path = _on_host(use, plan.stack.root, workflow, deployment)
            if path is not None:
                yield SharedName(HazardKind.HOST_DIRECTORY, path, None if known else path, host)


def _on_host(use: Use, root: Path, workflow: Workflow | None, deployment: Deployment | None) -> str | None:
    """The absolute path of a bind mount's source on the host; None for one beside a checkout that is anywhere."""
    directory = host_directory(use.mount, root)
    if directory.path is None:
        return None
    if not directory.inside and not use.mount.source.startswith("."):
        return str(directory.path)
    if workflow is None or deployment is None or deployment.target != HOST_SOCKET:
        return None
    below = os.path.relpath(directory.path, os.path.realpath(workflow.checkout.root))
    return posixpath.normpath(posixpath.join(deployment.pipeline.workspace, below))


def _host(workflow: Workflow, deployment: Deployment, forge: str | None) -> str:
    """The host of the daemon that the deployment uses, in words; ANY_HOST where the pipeline does not say it."""
    if deployment.target in (HOST_SOCKET, ON_HOST):
        whose = f" of {forge}" if forge else ""
        return f"the {workflow.file.system.name} runners{whose}{_labels(deployment)}"
    address = None
    if deployment.target == OTHER_HOST:
        address = deployment.call.host or deployment.command.environment.get("DOCKER_HOST")
    elif deployment.target == REMOTE:
        address = _login(deployment)
    if not address or "$" in address:
        return ANY_HOST
    return re.sub(r"\A\w+://(?:[^@/]*@)?|[:/].*\Z", "", address)


def _labels(deployment: Deployment) -> str:
    """The labels by which the pipeline chooses its runners."""
    node = deployment.pipeline.labels
    pairs = node.items() if isinstance(node, Mapping) else ()
    words = [f"{name}={value.value}" for name, pair in pairs if isinstance(value := resolved(pair.value), Scalar)]
    return f" with {', '.join(sorted(words))}" if words else ""


def _login(deployment: Deployment) -> str | None:
    """The host that a plugin for SSH logs in to."""
    settings = deployment.step.settings
    node = settings.get("host") if settings is not None else None
    if isinstance(node, Sequence) and len(node.items) == 1:
        node = resolved(node.items[0])
    return node.value if isinstance(node, Scalar) and not node.is_null else None
