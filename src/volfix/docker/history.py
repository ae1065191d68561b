"""Where a volume's data was before, by the earlier files: what they mounted at the same target."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from volfix.docker.carry_jobs import CarryProblem, Origin
from volfix.docker.containers import DIRECTORY, Container
from volfix.docker.deployed import Deployed, earlier
from volfix.docker.engine import Engine
from volfix.project.compose.host_directories import host_directory
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import BIND, VOLUME, Mount
from volfix.project.compose.service import Service
from volfix.project.deployments.host_places import places_by_pipelines
from volfix.syntax.pasted import word


def from_history(
    engine: Engine,
    deployed: Deployed,
    former: str | None,
    containers: Iterable[Container],
    service: Service,
    mount: Mount,
) -> list[Origin]:
    """What the newest earlier files mounted at the same target instead of today's volume. Raises EngineProblem.

    A volume is named only if the engine has it. A directory is named unseen, at each place that `binds` finds.
    `former` is the project's earlier name, if a person gave it; `containers` are as in `binds`.
    """
    project = deployed.project
    for version in earlier(deployed):
        old = version.project.services.get(service.name)
        for was in old.mounts if old else ():
            if was.overridden or was.clean_target != mount.clean_target or not was.source_is_known:
                continue
            if was.kind == BIND and (found := binds(deployed, containers, was, version.when)):
                return found
            if was.kind == VOLUME:
                name = former_name(version.project, former, was.source)
                if name != project.real_name(mount.source) and engine.volume(name) is not None:
                    return [Origin("volume", name, f"volume:{name}", version.when)]
    return []


def binds(deployed: Deployed, containers: Iterable[Container], mount: Mount, when: str) -> list[Origin]:
    """Where on the daemon's host a bind of the files lies: by the directories that the project's own `containers` were
    started in, then by the pipelines; where neither says, in this checkout. The same place comes once.

    Source: docker/compose, the working_dir label is what relative sources start from.
    """
    path = host_directory(mount, deployed.project.root).path
    if path is None:
        return []
    here = Origin("bind", str(path), mount.raw_source, when)
    if mount.raw_source.startswith("/"):
        return [here]
    found = list(_by_containers(deployed, containers, mount, here))
    found += _by_pipelines(deployed, path, when)
    return list({os.path.realpath(item.name): item for item in reversed(found)}.values())[::-1] or [here]


def _by_containers(deployed: Deployed, containers: Iterable[Container], mount: Mount, here: Origin) -> Iterator[Origin]:
    directory = deployed.project.directory
    inner = os.path.relpath(os.path.join(mount.directory, mount.source), directory)  # noqa: PTH118 - links stay
    for item in containers:
        started = item.labels.get(DIRECTORY)
        if started:
            by = f"{here.evidence}; {item.name} was started in {started}"
            place = os.path.normpath(f"{started}/{inner}")
            is_here = os.path.realpath(started) == os.path.realpath(directory)
            yield replace(here, evidence=by) if is_here else Origin("bind", place, place, by)


def _by_pipelines(deployed: Deployed, path: Path, when: str) -> Iterator[Origin]:
    """A pipeline's step that speaks to the host's daemon gives it the paths of its own workspace, not of a checkout."""
    for place in places_by_pipelines(deployed.context.stack, deployed.read, path):
        yield Origin("bind", place, place, f"{when}; the pipeline deploys from there")


def check_one(key: str, places: Iterable[Origin]) -> None:
    """Raise CarryProblem if a volume may have taken the place of several directories."""
    shown = {item.shown: item.evidence for item in places}
    if len(shown) > 1:
        found = "; ".join(f"{place} ({evidence})" for place, evidence in shown.items())
        maps = " or ".join(f"--map {word(f'{place}={key}')}" for place in shown)
        raise CarryProblem(
            f"{key}: nothing is copied, because it is not clear which directory the application would read: {found}. "
            f"Say which: {maps}"
        )


def former_name(project: Project, former: str | None, key: str) -> str:
    """The volume's name on the host when the project had its former name."""
    return replace(project, name=former or project.deployed_as or project.name, deployed_as=None).real_name(key)
