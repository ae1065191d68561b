"""VF304: the Docker daemon that a step deploys to ends with the pipeline, with all its volumes."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.rules.context import Context
from volfix.rules.evidence.deployments import StackDeployment, deploying_steps, pipeline_finding
from volfix.rules.examples.deployed_database import COMPOSE
from volfix.rules.findings import Finding, Severity
from volfix.rules.rule import Rule, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every step that deploys to Docker-in-Docker or to a temporary machine."""
    if not context.stack.workflows:
        return
    from volfix.project.ci.daemons import DIND, THROWN_AWAY

    for deploy in deploying_steps(context):
        if deploy.deployment.target == DIND:
            yield pipeline_finding(
                "VF304",
                deploy,
                Severity.ERROR,
                "the deployment's volumes end with the pipeline",
                "the step deploys to a Docker daemon inside the pipeline: when the pipeline ends, all its containers and "
                "volumes are deleted, also named volumes",
                (_daemon(deploy),),
                reason="deploy to a lasting machine: mount its Docker socket, or use a Docker context or `ssh`",
                label="deploys here",
                loses="every volume",
            )
        elif deploy.deployment.target == THROWN_AWAY:
            yield pipeline_finding(
                "VF304",
                deploy,
                Severity.ERROR,
                "the machine and all its volumes are gone after the pipeline",
                "the step deploys to a machine that is deleted after the pipeline, with every volume on it",
                (f"{deploy.deployment.pipeline.runner} starts a machine for each pipeline",),
                reason="deploy to a lasting machine: mount its Docker socket, or use a Docker context or `ssh`",
                label="deploys here",
                loses="every volume",
            )


def _daemon(deploy: StackDeployment) -> str:
    from volfix.project.ci.daemons import is_dind

    for step in deploy.deployment.pipeline.steps:
        if is_dind(step):
            return f"{step.name} is a Docker daemon: {step.image}"
    address = deploy.deployment.call.host or deploy.deployment.step.environment.get("DOCKER_HOST")
    return f"DOCKER_HOST is {address}" if address else "the step starts its own Docker daemon"


PIPELINE = """\
kind: pipeline
type: docker
name: deploy
steps:
  - name: deploy
    image: docker:27-cli
    environment:
      DOCKER_HOST: tcp://docker:2375
    commands:
      - docker compose -p shop up -d
services:
  - name: docker
    image: docker:27-dind
    privileged: true
"""

RULE = Rule(
    code="VF304",
    name="ephemeral-daemon",
    summary="The deployment goes to a Docker daemon that ends with the pipeline.",
    why=(
        "A Docker-in-Docker service keeps its containers and volumes in its own /var/lib/docker, an anonymous volume "
        "that the runner deletes with the pipeline. No mount and no volume of the stack changes that."
    ),
    fix="None in the files: deploy to the daemon of a lasting machine.",
    sources=(
        "drone/docs: pipeline/docker/examples/services/docker_dind.md",
        "drone-runners/drone-runner-docker: engine",
    ),
    examples=(
        reported("a dind service", {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE}),
        reported(
            "a machine for each pipeline",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": "kind: pipeline\ntype: digitalocean\nname: deploy\nsteps:\n  - name: deploy\n"
                "    commands: [docker compose -p shop up -d]\n",
            },
        ),
        untouched(
            "tests in Docker-in-Docker",
            {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE.replace("up -d", "up --abort-on-container-exit")},
        ),
        untouched(
            "a daemon for the build; the deployment uses the host's daemon",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": PIPELINE.replace(
                    "    environment:\n      DOCKER_HOST: tcp://docker:2375\n",
                    "    volumes:\n      - name: socket\n        path: /var/run/docker.sock\n",
                )
                + "volumes:\n  - name: socket\n    host:\n      path: /var/run/docker.sock\n",
            },
        ),
        untouched(
            "the step's own image is docker:dind: its commands replace the daemon (see VF301)",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": PIPELINE.split("services:")[0]
                .replace("27-cli", "27-dind")
                .replace("    environment:\n      DOCKER_HOST: tcp://docker:2375\n", ""),
            },
        ),
        untouched(
            "DOCKER_HOST is another host",
            {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE.replace("tcp://docker:2375", "ssh://deploy@web")},
        ),
        untouched(
            "the daemon builds images, and nothing is deployed",
            {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE.replace("compose -p shop up -d", "build .")},
        ),
    ),
    check=check,
)
