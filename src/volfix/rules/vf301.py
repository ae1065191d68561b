"""VF301: a step deploys, but nothing in the pipeline gives it a Docker daemon."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.rules.context import Context
from volfix.rules.evidence.deployments import (
    SOCKET,
    StackDeployment,
    deploying_steps,
    mounted,
    pipeline_finding,
    trusted_fix,
)
from volfix.rules.evidence.pipeline_mounts import mismatches
from volfix.rules.examples.deployed_database import COMPOSE
from volfix.rules.findings import Finding, Severity
from volfix.rules.rule import Rule, fixed, fixed_unsafe, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every step that deploys in a container without a socket, a daemon's address or a daemon service."""
    if not context.stack.workflows:
        return
    from volfix.project.ci.daemons import NOWHERE

    for deploy in deploying_steps(context):
        if deploy.deployment.target != NOWHERE or any(True for _ in mismatches(deploy)):
            continue
        fix, reason = trusted_fix(context, deploy, mounted(deploy, "docker-socket", SOCKET, SOCKET))
        yield pipeline_finding(
            "VF301",
            deploy,
            Severity.WARNING,
            "the step that deploys has no Docker daemon",
            "the step deploys, but nothing in the pipeline gives it a Docker daemon",
            (
                f"the step runs in {deploy.deployment.step.image or 'a container'} and mounts no docker.sock; "
                "DOCKER_HOST is not set, and no service is a daemon",
                f"a runner may mount the socket into every step by itself{_setting(deploy)}: no file shows that",
            ),
            fix,
            reason,
            label="deploys without a daemon",
        )


def _setting(deploy: StackDeployment) -> str:
    setting = deploy.workflow.file.system.runner_volumes
    return f" ({setting})" if setting else ""


STEP = """\
kind: pipeline
type: docker
name: deploy

steps:
  - name: deploy
    image: docker:27-cli
    commands:
      - docker compose -p shop up -d
"""
MOUNT = "    volumes:\n      - name: docker-socket\n        path: /var/run/docker.sock\n"
DECLARED = "\nvolumes:\n  - name: docker-socket\n    host:\n      path: /var/run/docker.sock\n"

RULE = Rule(
    code="VF301",
    name="deploy-without-docker-socket",
    summary="A pipeline's step deploys, but cannot reach the host's Docker daemon.",
    why=(
        "Drone's docker runner starts each step in a container. Without the host's socket the step reaches no daemon,"
        " and the deployment fails. A daemon inside the step would be no help: it ends with the step, and all data "
        "with it."
    ),
    fix=(
        "volfix declares a host volume for /var/run/docker.sock in the pipeline, and mounts it in the step. Drone "
        "refuses host volumes in repositories that it does not trust: safe with --trusted, or where the pipeline "
        "already needs that trust; else unsafe."
    ),
    sources=("drone/docs: pipeline/docker/syntax/volumes/host.md", "drone-runners/drone-runner-docker: engine/linter"),
    examples=(
        fixed_unsafe(
            "no socket", {"compose.yaml": COMPOSE, ".drone.yml": STEP}, {".drone.yml": STEP + MOUNT + DECLARED}
        ),
        fixed(
            "another step shows that the repository is trusted",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": STEP.replace(
                    "steps:\n", "steps:\n  - name: lint\n    image: alpine\n    privileged: true\n"
                ),
            },
            {
                ".drone.yml": STEP.replace(
                    "steps:\n", "steps:\n  - name: lint\n    image: alpine\n    privileged: true\n"
                )
                + MOUNT
                + DECLARED
            },
        ),
        reported(
            "Woodpecker is read, not edited",
            {
                "compose.yaml": COMPOSE,
                ".woodpecker.yml": "steps:\n  deploy:\n    image: docker:27-cli\n    commands:\n"
                "      - docker compose -p shop up -d\n",
            },
        ),
        untouched("the socket is there", {"compose.yaml": COMPOSE, ".drone.yml": STEP + MOUNT + DECLARED}),
        untouched(
            "the exec runner works on the host itself",
            {"compose.yaml": COMPOSE, ".drone.yml": STEP.replace("type: docker", "type: exec")},
        ),
        untouched(
            "over ssh the step uses the other host's daemon",
            {"compose.yaml": COMPOSE, ".drone.yml": STEP.replace("docker compose", "ssh web docker compose")},
        ),
        untouched(
            "a test: the stack goes down again",
            {"compose.yaml": COMPOSE, ".drone.yml": STEP + "      - docker compose -p shop down\n"},
        ),
        untouched("nothing is deployed", {"compose.yaml": COMPOSE, ".drone.yml": STEP.replace("up -d", "build")}),
    ),
    check=check,
)
