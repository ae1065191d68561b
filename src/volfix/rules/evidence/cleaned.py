"""What a CI system deletes of its checkout before it deploys from there."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.knowledge.systems import Life
from volfix.project.ci.daemons import ON_HOST, UNKNOWN
from volfix.project.shell.file_deletions import DeletedPath, git_cleans
from volfix.rules.evidence.deployments import StackDeployment


def _starts_in_checkout(deploy: StackDeployment) -> bool:
    """Whether the daemon that the stack runs on has the checkout where the step has it."""
    deployment = deploy.deployment
    if deployment.target not in (ON_HOST, UNKNOWN) or deployment.directory is None:
        return False
    return deploy.workflow.local(deployment, deployment.directory) is not None


def deleted_by(deploy: StackDeployment) -> Iterator[DeletedPath]:
    """What the CI system deletes, before the deployment, of the checkout that it starts in."""
    pipeline, root = deploy.deployment.pipeline, str(deploy.workflow.checkout.root)
    if pipeline.checkout not in (Life.CLEANED, Life.NEW) or not _starts_in_checkout(deploy):
        return
    if pipeline.checkout is Life.NEW:
        yield DeletedPath("rm -r", root, in_checkout=True)
    else:
        yield from git_cleans(("clean", *pipeline.clean_flags), root, in_checkout=True)
