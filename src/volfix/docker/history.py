"""Where a volume's data was by the files as they were: what they mounted at the same place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from volfix.docker.deployed import Deployed, earlier
from volfix.docker.engine import Engine
from volfix.docker.jobs import Origin
from volfix.project.ci.daemons import HOST_SOCKET
from volfix.project.compose.host_directories import host_directory
from volfix.project.compose.model import Project, Service
from volfix.project.compose.mounts import BIND, VOLUME, Mount
from volfix.rules.evidence.deployments import deploys


def from_history(
    engine: Engine, deployed: Deployed, former: str | None, service: Service, mount: Mount
) -> Iterator[Origin]:
    """The newest earlier files in which something else was mounted at the same place.

    `former` is the name that the project had, where a person says it; a volume has to be there, a directory is not
    looked for.
    """
    project = deployed.project
    for version in earlier(deployed):
        old = version.project.services.get(service.name)
        for was in old.mounts if old else ():
            if was.overridden or was.clean_target != mount.clean_target or not was.source_is_known:
                continue
            if was.kind == BIND and (path := host_directory(was, project.root).path) is not None:
                yield _bind(deployed, path, was.raw_source, version.when)
                return
            if was.kind == VOLUME:
                name = _former_name(version.project, former, was.source)
                if name != project.real_name(mount.source) and engine.volume(name) is not None:
                    yield Origin("volume", name, f"volume:{name}", version.when)
                    return


def _bind(deployed: Deployed, path: Path, written: str, when: str) -> Origin:
    """A pipeline's step that speaks to the host's daemon gives it the paths of its own workspace, not of a checkout."""
    for deploy in deploys(deployed.context):
        root = deploy.delivery.checkout.root
        is_own = any(project is deployed.read for project in deploy.projects)
        if is_own and deploy.deployment.target == HOST_SOCKET and path.is_relative_to(root):
            place = str(Path(deploy.deployment.pipeline.workspace) / path.relative_to(root))
            return Origin("bind", place, place, f"{when}; the pipeline deploys from there")
    return Origin("bind", str(path), written, when)


def _former_name(project: Project, former: str | None, key: str) -> str:
    """What a volume was called on the host when the project had its former name."""
    return replace(project, name=former or project.deployed_as or project.name, deployed_as=None).real_name(key)
