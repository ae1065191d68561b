"""Which projects are deployed as Swarm stacks, and what pins a service to one node.

Source: docker/cli, docs/reference/commandline/stack_deploy.md; docker/docs, engine/swarm/services.md (placement
constraints, volumes of services); moby/swarmkit (a service update starts new tasks).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from volfix.project.shell.paths import joined
from volfix.rules.context import Context, once
from volfix.syntax.yaml_tree import Mapping, Sequence

if TYPE_CHECKING:
    from volfix.project.compose.model import Project
    from volfix.project.compose.service import Service

VERBS = frozenset({"stack deploy", "stack up"})


@once
def swarm_stacks(context: Context) -> dict[Project, str]:
    """The projects that a flow deploys with `docker stack deploy`, each with the place of the command in words."""
    found: dict[Project, str] = {}
    if context.commands is None:
        return found
    from volfix.knowledge.commands import docker_call

    for flow in context.commands.files.flows:
        for number, command in enumerate(flow.commands):
            call = docker_call(command.values)
            if call is None or call.verb not in VERBS or not context.commands.files.counts(flow, number):
                continue
            names = call.values("-c", "--compose-file")
            paths = {joined(command.directory, name) for name in names} if command.in_checkout else set()
            bases = {posixpath.basename(name) for name in names}
            source = command.fragment.source
            place = f"{source.path.name}:{source.place(command.place.start)[0]} deploys it with `docker stack deploy`"
            for project in context.stack.projects:
                own = {str(file.path) for file in project.files}
                if own & paths or (not paths and bases & {posixpath.basename(path) for path in own}):
                    found.setdefault(project, place)
    return found


def is_pinned(service: Service) -> bool:
    """Whether `deploy: placement: constraints:` says on which nodes the service runs."""
    for part in service.parts:
        deploy = part.node.get("deploy")
        placement = deploy.get("placement") if isinstance(deploy, Mapping) else None
        constraints = placement.get("constraints") if isinstance(placement, Mapping) else None
        if isinstance(constraints, Sequence) and constraints.items:
            return True
    return False
