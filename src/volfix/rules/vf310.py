"""VF310: a Swarm service with a database in a local volume, and no constraint that keeps it on one node."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.project.compose.mounts import VOLUME
from volfix.rules.context import Context, mount_location, source_location
from volfix.rules.evidence.disguised_binds import is_local
from volfix.rules.evidence.held_data import UNKNOWN, held_data
from volfix.rules.evidence.swarm import is_pinned, swarm_stacks
from volfix.rules.findings import Finding, Severity, headline, shortened
from volfix.rules.rule import Rule, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every database in a local volume whose service Swarm may start on any node."""
    for use in context.stack.uses if context.commands is not None else ():
        where = swarm_stacks(context).get(use.project)
        mount = use.mount
        if where is None or mount.kind != VOLUME or mount.read_only or mount.overridden:
            continue
        held = held_data(context, use)
        if held is None or held.kind == UNKNOWN or is_pinned(use.service) or not is_local(use):
            continue
        yield Finding(
            code="VF310",
            severity=Severity.WARNING,
            location=mount_location(mount),
            mark=source_location(mount),
            message=headline(
                f"on another node {shortened(use.service.name)} starts with an EMPTY volume", "nothing pins it"
            ),
            evidence=(*held.evidence, where, f"{mount.source} is a local volume: each node has its own"),
            service=use.service.name,
            target=mount.clean_target,
            reason="pin the service to the node that has the data: `deploy: placement: constraints: [node.hostname == NAME]`",
            label="local to one node",
            loses=held.loses(use.service.name),
        )


STACK = "services:\n  db:\n    image: postgres:16\n    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n"
DEPLOY = "docker stack deploy -c compose.yaml shop\n"
PINNED = "    deploy:\n      placement:\n        constraints: [node.hostname == db1]\n"

RULE = Rule(
    code="VF310",
    name="swarm-volume-unpinned",
    summary="A database's volume in a Swarm stack is local to one node, and nothing keeps the service on that node.",
    why=(
        "Swarm starts a service on any free node, and each node has its own local volumes. When a node is drained or "
        "full, the service moves, finds a new, EMPTY volume of the same name, and leaves its rows on the other node."
    ),
    fix="None: volfix cannot tell which node has the data. Pin the service to that node with a placement constraint.",
    sources=("docker/docs: engine/swarm/services.md", "docker/cli: docs/reference/commandline/stack_deploy.md"),
    examples=(
        reported("deployed by a script", {"compose.yaml": STACK, "deploy.sh": DEPLOY}),
        reported(
            "deployed over ssh by a pipeline",
            {
                "compose.yaml": STACK,
                ".gitlab-ci.yml": "deploy:\n  script:\n"
                "    - ssh ops@swarm 'cd /srv/shop && docker stack deploy --compose-file compose.yaml shop'\n",
            },
        ),
        untouched(
            "a constraint names the node",
            {
                "compose.yaml": STACK.replace("volumes: [rows", PINNED.lstrip() + "    volumes: [rows"),
                "deploy.sh": DEPLOY,
            },
        ),
        untouched("no Swarm", {"compose.yaml": STACK, "deploy.sh": "docker compose up -d\n"}),
        untouched(
            "a volume that every node reaches",
            {
                "compose.yaml": STACK.replace(
                    "  rows:\n", "  rows:\n    driver_opts: {type: nfs, o: 'addr=nas,rw', device: ':/rows'}\n"
                ),
                "deploy.sh": DEPLOY,
            },
        ),
        untouched(
            "a volume of another driver",
            {"compose.yaml": STACK.replace("  rows:\n", "  rows:\n    driver: rexray/ebs\n"), "deploy.sh": DEPLOY},
        ),
        untouched(
            "no database is in the volume",
            {
                "compose.yaml": "services:\n  web:\n    image: nginx\n    volumes: [logs:/var/log/nginx]\nvolumes:\n  logs:\n",
                "deploy.sh": DEPLOY,
            },
        ),
    ),
    check=check,
)
