"""VF305: a deploying step mounts what the pipeline does not declare, or mounts the stack at another path."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from volfix.rules.context import Context
from volfix.rules.evidence.deployments import (
    StackDeployment,
    deploying_steps,
    deploys,
    in_pipeline,
    pipeline_finding,
    trusted_fix,
)
from volfix.rules.evidence.pipeline_mounts import mismatches
from volfix.rules.examples.deployed_database import COMPOSE
from volfix.rules.findings import Finding, Severity
from volfix.rules.rule import Rule, fixed, fixed_unsafe, reported, untouched

CODE = "VF305"


def check(context: Context) -> Iterator[Finding]:
    """A finding for every mount of a deploying step that mounts nothing, or that changes where relative bind mounts
    lead.
    """
    if not context.stack.workflows:
        return
    for deploy in deploying_steps(context):
        for found in mismatches(deploy):
            fix, reason = None, found.reason
            if found.operations:
                fix, reason = trusted_fix(context, deploy, list(found.operations))
            yield pipeline_finding(
                CODE,
                deploy,
                Severity.ERROR,
                found.message,
                found.danger,
                (found.evidence,),
                fix,
                reason,
                in_pipeline(deploy, found.node),
            )
    for deploy in deploys(context):
        yield from _shifted(deploy)


def _shifted(deploy: StackDeployment) -> Iterator[Finding]:
    """Findings for a stack that starts in a host directory at another path: the daemon looks elsewhere for relative
    binds.
    """
    from volfix.project.ci.daemons import HOST_SOCKET, host_path

    deployment = deploy.deployment
    if deployment.target != HOST_SOCKET or deployment.directory is None:
        return
    for mount in deployment.step.mounts:
        host = host_path(deployment.pipeline, mount)
        path = posixpath.normpath(mount.path) if mount.path else None
        if host is None or path is None or posixpath.normpath(host) == path:
            continue
        if deployment.directory == path or deployment.directory.startswith(path + "/"):
            yield pipeline_finding(
                CODE,
                deploy,
                Severity.WARNING,
                "a relative bind mount means another directory on the host",
                f"the stack starts from {deployment.directory}, which is {host} on the host: "
                "its relative bind mounts lead to other directories there",
                (f"the daemon resolves `./data` to {deployment.directory}/data on the host, not below {host}",),
                reason=f"mount {host} at {host} and start the stack there, or keep the data in named volumes",
            )


PIPELINE = """\
kind: pipeline
type: docker
name: deploy
steps:
- name: deploy
  image: docker:27-cli
  volumes:
  - {name: socket, path: /var/run/docker.sock}  # the host's
  commands:
  - docker compose -p shop up -d
"""
UNMOUNTED = PIPELINE.replace("  volumes:\n  - {name: socket, path: /var/run/docker.sock}  # the host's\n", "")
DECLARED = "volumes:\n- name: socket\n  host:\n    path: /var/run/docker.sock\n"

RULE = Rule(
    code=CODE,
    name="pipeline-volume-mismatch",
    summary="A deploying step mounts something that the pipeline does not declare, or the other way round.",
    why=(
        "Drone mounts a volume only if the step's entry has a name and a path, and the pipeline declares this name as"
        " `host:` or `temp:`. Drone ignores everything else, and the step runs without the socket or the data. If the"
        " step mounts a host directory at another path and starts the stack there, relative bind mounts lead to other"
        " directories on the host."
    ),
    fix=(
        "For the Docker socket, volfix adds the missing declaration, name or mount. Safe with --trusted, or where the "
        "pipeline already needs Drone's trust; else unsafe."
    ),
    sources=(
        "drone-runners/drone-runner-docker: engine/compiler/compiler.go",
        "drone/docs: pipeline/docker/syntax/volumes",
    ),
    examples=(
        fixed_unsafe(
            "mounted, never declared",
            {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE},
            {".drone.yml": PIPELINE + "\n" + DECLARED},
        ),
        fixed(
            "declared, never mounted",
            {"compose.yaml": COMPOSE, ".drone.yml": UNMOUNTED + DECLARED},
            {".drone.yml": UNMOUNTED + "  volumes:\n  - name: socket\n    path: /var/run/docker.sock\n" + DECLARED},
        ),
        fixed(
            "mounted under another name than declared",
            {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE.replace("socket,", "sock,") + DECLARED},
            {".drone.yml": PIPELINE + DECLARED},
        ),
        fixed_unsafe(
            "declared without `host:` or `temp:`",
            {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE + "volumes:\n- name: socket\n"},
            {".drone.yml": PIPELINE + DECLARED},
        ),
        reported(
            "name and path in two items",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": PIPELINE.replace("{name: socket, path", "name: socket\n  - {path") + DECLARED,
            },
        ),
        reported(
            "the stack starts in a host directory at another path",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": PIPELINE.replace("docker compose", "cd /stack && docker compose").replace(
                    "  commands:", "  - {name: stack, path: /stack}\n  commands:"
                )
                + DECLARED
                + "- name: stack\n  host: {path: /srv/shop}\n",
            },
        ),
        untouched("declared and mounted", {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE + DECLARED}),
        untouched(
            "a volume that no step uses",
            {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE + DECLARED + "- name: cache\n  temp: {}\n"},
        ),
        untouched(
            "Woodpecker needs no declaration",
            {
                "compose.yaml": COMPOSE,
                ".woodpecker.yml": "steps:\n  deploy:\n    image: docker:27-cli\n    volumes:\n"
                "      - /var/run/docker.sock:/var/run/docker.sock\n    commands:\n      - docker compose -p shop up -d\n",
            },
        ),
        untouched(
            "a step that does not deploy", {"compose.yaml": COMPOSE, ".drone.yml": PIPELINE.replace("up -d", "build")}
        ),
        untouched(
            "the host directory at the same path",
            {
                "compose.yaml": COMPOSE,
                ".drone.yml": PIPELINE.replace("docker compose", "cd /srv/shop && docker compose").replace(
                    "  commands:", "  - {name: stack, path: /srv/shop}\n  commands:"
                )
                + DECLARED
                + "- name: stack\n  host: {path: /srv/shop}\n",
            },
        ),
    ),
    check=check,
)
