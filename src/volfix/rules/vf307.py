"""VF307: the step calls a form of Compose that its image does not have."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.edits.yaml_edits import SetScalar
from volfix.rules.context import Context
from volfix.rules.evidence.deployments import (
    NOT_EDITED,
    SHARED,
    StackDeployment,
    deploying_steps,
    in_pipeline,
    pipeline_finding,
)
from volfix.rules.examples.deployed_database import COMPOSE, PIPELINE
from volfix.rules.findings import Applicability, Finding, Fix, Severity
from volfix.rules.rule import Rule, fixed_unsafe, reported, untouched
from volfix.syntax.yaml_tree import Scalar

IMAGE = "docker:27-cli"
"""An image with both `docker compose` and `docker-compose`. Source: docker-library/docker."""
CLIENTS = ("docker", "docker/compose")


def check(context: Context) -> Iterator[Finding]:
    """A finding for every deploying step whose image lacks the Compose that it calls, and no command installs it."""
    if not context.stack.workflows:
        return
    from volfix.knowledge.compose_clients import client_in, installs_compose

    for deploy in deploying_steps(context):
        step, call = deploy.deployment.step, deploy.deployment.call
        if not deploy.runs_in_container or not step.image or deploy.deployment.target == "ssh":
            continue
        client = client_in(step.image)
        if client is None or (client.plugin if call.plugin else client.program):
            continue
        if any(installs_compose(command.values) for command in deploy.deployment.commands if not command.is_remote):
            continue
        called = "docker compose" if call.plugin else "docker-compose"
        node = step.node.get("image")
        fix, reason = _fix(deploy, node)
        yield pipeline_finding(
            "VF307",
            deploy,
            Severity.WARNING,
            f"the step's image does not have `{called}`",
            f"the image {step.image} does not have `{called}`: the step fails, and nothing is deployed",
            (client.source,),
            fix,
            reason,
            in_pipeline(deploy, node if isinstance(node, Scalar) else None),
        )


def _fix(deploy: StackDeployment, node: object) -> tuple[Fix | None, str]:
    from volfix.knowledge.images import Image

    if not deploy.workflow.file.is_editable:
        return None, NOT_EDITED
    image = deploy.deployment.step.node.pair("image")
    if image is None or image.value is not node or not isinstance(node, Scalar) or node.anchor is not None:
        return None, SHARED
    if Image.parse(node.value).repository not in CLIENTS:
        return (
            None,
            "the step's other commands may need this image: install Compose in the step, or deploy in another step",
        )
    operation = SetScalar(deploy.workflow.file.source, node, IMAGE)
    return Fix((operation,), (), Applicability.UNSAFE), "another image may lack a program that the step needs"


PINNED = PIPELINE.replace("docker:27-cli", "docker/compose:1.29.2  # pinned")

RULE = Rule(
    code="VF307",
    name="compose-missing-in-image",
    summary="A step calls `docker compose` or `docker-compose`, but its image does not have this program.",
    why=(
        "docker/compose 1.x only has `docker-compose`; the official docker images have Compose since 20.10.15. A step"
        " that calls a missing program fails, and a deployment that fails half way leaves the stack half deployed."
    ),
    fix=(
        "An official docker image that has both programs. Unsafe: the step's other commands may need a program that only the "
        "old image has."
    ),
    sources=("docker-library/docker: commit 9aaa758", "docker/compose: 1.29.2, Dockerfile"),
    examples=(
        fixed_unsafe(
            "`docker compose` in the image docker/compose",
            {"compose.yaml": COMPOSE, ".drone.yml": PINNED},
            {".drone.yml": PINNED.replace("docker/compose:1.29.2", "docker:27-cli")},
        ),
        fixed_unsafe(
            "an old docker image",
            {"compose.yaml": COMPOSE, ".drone.yml": PINNED.replace("docker/compose:1.29.2", "docker:19.03")},
            {".drone.yml": PINNED.replace("docker/compose:1.29.2", "docker:27-cli")},
        ),
        reported(
            "an image without any Docker client",
            {"compose.yaml": COMPOSE, ".drone.yml": PINNED.replace("docker/compose:1.29.2", "alpine:3.20")},
        ),
        untouched(
            "`docker-compose` is what docker/compose has",
            {"compose.yaml": COMPOSE, ".drone.yml": PINNED.replace("docker compose", "docker-compose")},
        ),
        untouched(
            "installed first",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": PINNED.replace("docker/compose:1.29.2", "alpine:3.20").replace(
                    "    commands:\n", "    commands:\n      - apk add --no-cache docker-cli docker-cli-compose\n"
                ),
            },
        ),
        untouched(
            "a current image",
            {"compose.yaml": COMPOSE, ".drone.yml": PINNED.replace("docker/compose:1.29.2", "docker:cli")},
        ),
        untouched(
            "a private image: volfix does not know its programs",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": PINNED.replace("docker/compose:1.29.2", "registry.example.com/ci/docker:19"),
            },
        ),
        untouched(
            "over ssh the step uses the other host's Compose",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": PINNED.replace("docker compose -p", "ssh web docker compose -p").replace(
                    "docker/compose:1.29.2", "alpine:3.20"
                ),
            },
        ),
    ),
    check=check,
)
