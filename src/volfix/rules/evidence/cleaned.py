"""What deletes everything that git does not track in a checkout: the CI system, or a command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from volfix.knowledge.systems import Life
from volfix.project.ci.daemons import ON_HOST, UNKNOWN
from volfix.project.deployments.stacks import Anchor, Commands
from volfix.project.shell.file_deletions import DeletedPath, git_cleans
from volfix.rules.context import Context
from volfix.rules.evidence.bind_deletions import HostData, cleans_checkout, hits
from volfix.rules.evidence.command_words import place_of, shown_command
from volfix.rules.evidence.deployments import StackDeployment, deploys


def _starts_in_checkout(deploy: StackDeployment) -> bool:
    """Whether the stack's daemon sees the checkout at the same path as the step."""
    deployment = deploy.deployment
    if deployment.target not in (ON_HOST, UNKNOWN) or deployment.directory is None:
        return False
    return deploy.workflow.local(deployment, deployment.directory) is not None


def deleted_by(deploy: StackDeployment) -> Iterator[DeletedPath]:
    """What the CI system deletes in the checkout of a deployment, before it starts."""
    pipeline, root = deploy.deployment.pipeline, str(deploy.workflow.checkout.root)
    if pipeline.checkout not in (Life.CLEANED, Life.NEW) or not _starts_in_checkout(deploy):
        return
    if pipeline.checkout is Life.NEW:
        yield DeletedPath("rm -r", root, in_checkout=True)
    else:
        yield from git_cleans(("clean", *pipeline.clean_flags), root, in_checkout=True)


def cleanings(deploy: StackDeployment) -> Iterator[tuple[DeletedPath, list[Anchor]]]:
    """The same deletions, with the projects that are in the checkout."""
    anchors = [Anchor(str(project.directory), project) for project in deploy.projects]
    yield from ((deleted, anchors) for deleted in deleted_by(deploy))


def lost_by(
    context: Context, data: Sequence[HostData], commands: Commands | None, *, with_checkout: bool = False
) -> Iterator[str]:
    """Evidence about what deletes one of the directories at a deployment; `with_checkout`: only with the whole
    checkout.
    """
    for deploy in deploys(context):
        if any(hits(deleted, anchors, data, context) for deleted, anchors in cleanings(deploy)):
            yield f"the directory is gone before each deployment: {deploy.deployment.pipeline.cleaned_by}"
    for item in commands.file_deletions if commands is not None else ():
        anchors = [anchor for anchor in item.anchors if anchor.project in context.stack.projects]
        hit = (
            each
            for deleted in item.paths
            for each in hits(deleted, anchors, data, context)
            if not with_checkout or cleans_checkout(deleted, each)
        )
        if any(True for _ in hit):
            yield f"`{shown_command(item.command)}` ({place_of(item.command, context.root)}) deletes the directory"
