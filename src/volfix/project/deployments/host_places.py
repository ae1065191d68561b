"""Which path on the daemon's host a bind mount leads to if a pipeline deploys through the host's socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from volfix.project.ci.daemons import HOST_SOCKET
from volfix.project.compose.model import Project
from volfix.project.stack import Stack


def places_by_pipelines(stack: Stack, project: Project, path: Path) -> Iterator[str]:
    """The host path that the checkout's `path` becomes, for each deployment of the project that is not a test.

    It is the path in the pipeline's workspace, because the daemon reads it as a path on its own host.
    """
    for workflow in stack.workflows:
        root = workflow.checkout.root
        for deployment in workflow.deployments:
            if deployment.is_test or deployment.target != HOST_SOCKET or not path.is_relative_to(root):
                continue
            if any(each is project for each in workflow.projects(deployment, stack.projects)):
                yield str(Path(deployment.pipeline.workspace) / path.relative_to(root))
