"""Whether a service without a mount for data can mount a new volume, and where."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from volfix.knowledge.paths import lies_in, meet
from volfix.knowledge.purposes import is_for_data
from volfix.knowledge.targets import never_converted
from volfix.project.code.container_paths import is_filled_by_build
from volfix.project.compose.model import Project
from volfix.project.compose.part import Part
from volfix.project.compose.replicas import replicas
from volfix.project.compose.service import Service
from volfix.project.deployments.throwaway_stacks import is_test_service, is_test_stack
from volfix.project.image.ownership import foreign_user
from volfix.rules.context import Context, once
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.image_directories import line_making
from volfix.syntax.yaml_tree import Document, Mapping, Scalar, resolved
from volfix.syntax.yaml_tree import Sequence as Items

VERSION_1 = "the file has no `services:` (version 1), and Compose no longer reads it: convert it to the current format"


def own_directory(database: Database, workdir: str | None) -> tuple[str | None, str | None]:
    """The directory for the new volume, or None and the reason.

    It is the file's directory if that holds nothing else, else a new `data` in it: a volume hides what later images
    have there, so it must not cover code.
    """
    assert database.path is not None
    project, service, there = database.project, database.service, posixpath.dirname(database.path)
    if is_test_stack(project) or is_test_service(service):
        return None, "the stack is for tests: its rows need not survive"
    if database.is_foreign or any(service.volumes_of_containers):
        return None, no_mount(service)
    if (reason := refusal(service)) is not None:
        return None, reason
    if service.build is not None and service.stage is None:
        return None, no_mount(service)
    is_known = workdir is not None and service.stage is not None
    is_data = is_for_data(posixpath.basename(there)) or (is_known and not _is_of_system(there, workdir))
    directory = there if is_data and _is_free(service, there, workdir) else posixpath.join(there, "data")
    if directory != there and not (is_known and _is_free(service, directory, workdir)):
        return None, no_mount(service)
    if any(meet(target, directory) for target in _mounted(project, service)):
        return None, no_mount(service)
    user = foreign_user(service, directory, None)
    if user is not None and isinstance(line_making(project, service, user, directory), str):
        return None, f"{service.name} runs as {user}, and a new volume may belong to root: {_by_hand(service)}"
    return directory, None


def refusal(service: Service) -> str | None:
    """Why no volume can be added to this service alone; None if one can."""
    if service.parts[0].file.version_1:
        return VERSION_1
    if _editable(service) is None or document_of(service.parts[0]) is None:
        return "the service comes from an anchor, a merge key or another project's file"
    if replicas(service) not in (0, 1):
        return f"several containers of {service.name} may run at once, and would share the volume"
    return None


def _editable(service: Service) -> Part | None:
    """The part to which a mount can be added for this service alone; None if others share every part."""
    part = service.parts[0]
    shared = part.node.anchor is not None or part.service != service.name or part.node.get("volumes") is not None
    if shared and (part.node.anchor is not None or part.service != service.name or part.node.pair("volumes") is None):
        return None
    return part


def document_of(part: Part) -> Document | None:
    """The YAML document in which the service is written; None if it comes from an alias or a merge key."""
    return part.file.written.get((part.service, id(part.node)))


def sharing(context: Context, service: Service) -> str | None:
    """Why a mount that is added to this service would be another service's too; None if it would not."""
    return _sharing(context).get(id(service.parts[0].node))


@once
def _sharing(context: Context) -> dict[int, str]:
    """By the identity of a part's YAML node, which other service would have a mount that is added there.

    A service that extends the part's service has the mount, and no declaration of its volume: `extends` brings none.
    """
    found: dict[int, str] = {}
    for project in context.stack.projects:
        users = {name: user for user, each in project.services.items() for name, _ in each.volumes_from}
        for service in project.services.values():
            for part in service.parts:
                reason = None
                if service.name != part.service or part.file.path in project.extended:
                    where = f" in {project.files[-1].path.name}" if service.name == part.service else ""
                    reason = f"{service.name}{where} extends {part.service}"
                elif service.name in users:
                    reason = f"{users[service.name]} takes its mounts from {service.name} (volumes_from)"
                if reason is not None:
                    found.setdefault(id(part.node), f"{reason}, and would mount the volume too")
    return found


def no_mount(service: Service) -> str:
    """The reason if volfix knows no directory for the volume."""
    return f"the service has no mount for data: {_by_hand(service)}"


def _by_hand(service: Service) -> str:
    return f"mount a named volume ({service.name}-db) and name a file in it"


def _is_of_system(directory: str, workdir: str | None) -> bool:
    """Whether a base image may have files in this directory, which no Dockerfile here shows."""
    if workdir not in (None, "/") and directory.startswith(f"{workdir}/"):
        return False
    return directory.count("/") < 2 or directory.startswith("/usr/") or posixpath.dirname(directory) == "/home"


def _is_free(service: Service, directory: str, workdir: str | None) -> bool:
    """Whether the directory of the image can hold only data, as far as volfix sees."""
    above_code = workdir is not None and lies_in(workdir, directory)
    return not (
        directory == "/" or above_code or never_converted(None, directory) or is_filled_by_build(service, directory)
    )


def _mounted(project: Project, service: Service) -> Iterator[str]:
    """Every path of the container with a mount: volumes, tmpfs, configs, secrets."""
    yield from (mount.clean_target for mount in project.mounts_of(service))
    yield from service.tmpfs
    for part in service.parts:
        for key, default in (("configs", ""), ("secrets", "run/secrets/")):
            node = part.node.get(key)
            for item in map(resolved, node.items) if isinstance(node, Items) else ():
                named = item.get("target") or item.get("source") if isinstance(item, Mapping) else item
                if isinstance(named, Scalar):
                    yield posixpath.join(f"/{default}", service.interpolated(named.value))
