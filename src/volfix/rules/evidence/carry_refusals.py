"""Why no carry service can carry a move: its source, the services, or a service that would keep writing."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from volfix.knowledge.carry_images import has_gnu_tools, tools_of
from volfix.project.compose.field_values import boolean
from volfix.project.compose.host_directories import HostDirectory, is_file
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import BIND, is_windows_path, split_short
from volfix.project.compose.replicas import replicas
from volfix.project.compose.service import Service
from volfix.project.git import is_placeholder
from volfix.project.image.images import images_of
from volfix.project.stack import Use
from volfix.rules.context import Context, once
from volfix.rules.evidence.carry_takers import Takers
from volfix.rules.evidence.disguised_binds import disguise_of
from volfix.rules.evidence.file_attributes import given_below
from volfix.rules.evidence.host_users import host_doubts
from volfix.rules.findings import Move
from volfix.syntax import disk
from volfix.syntax.yaml_tree import Mapping, Scalar, Sequence

SWARM_ONLY = ("placement", "update_config", "rollback_config", "endpoint_mode", "mode")
"""The keys of `deploy:` that only a Swarm follows. Source: compose-spec/compose-spec, deploy.md."""


def move_refusals(move: Move, takers: Takers) -> Iterator[str]:
    """Why no service of the project can reach the data of the move."""
    kind, _, place = move.source.partition(":")
    if kind == "container":
        yield f"the rows are in the container's own layer ({place}), which the next deployment removes"
    elif kind == "anonymous":
        yield "the rows are in an anonymous volume, which no Compose file can name"
    elif move.file is not None or any(is_file(use.mount) for use in takers.uses):
        yield f"{move.source} is a single file, and SQLite's files beside it are in the container"
    elif kind == "volume" and not takers.uses:
        yield "the rows are in a volume of another project name, whose containers Compose does not stop"
    elif not takers.uses:
        yield "the project does not mount the directory itself"


def stack_refusals(context: Context, takers: Takers) -> Iterator[str]:
    """Why the Compose files do not work with a carry service; each reason is enough."""
    for use in takers.uses:
        yield from _of_service(use.service)
        yield from _of_mount(use)
        yield from _sharing(context, use.project, use.service)
        yield from _swarm(context, use.project)
    profiles = {frozenset(use.service.profiles) for use in takers.writers}
    if len(profiles) > 1:
        names = " and ".join(sorted({use.service.name for use in takers.writers}))
        yield f"{names} are in different profiles: a service whose profile is not deployed keeps writing"
    yield from _other_writers(context, takers)
    yield from _unkept(context, takers)


def _of_service(service: Service) -> Iterator[str]:
    name = service.name
    if replicas(service) != 1:
        yield f"several containers of {name} may run at once"
    images = images_of(service)
    if not images or not all(map(tools_of, images)):
        image = images[0].text if images else f"the image of {name}"
        yield f"volfix cannot tell whether {image} has a shell and the tools to copy and compare"
    for key in ("userns_mode", "runtime", "isolation"):
        if service.field(key) is not None:
            yield f"{name} sets {key}: the carry service may see other owners of the files"
    if _says_yes(service, "privileged") is not False or _unlabelled(service):
        yield f"{name} has rights (privileged, security_opt) to files that the carry service may not be able to read"


def _says_yes(service: Service, key: str) -> bool | None:
    """The value of a field that is true or false, and false by default; None if a variable of unknown value decides."""
    found = service.field(key)
    return False if found is None else boolean(found[0], service.lookup)


def _unlabelled(service: Service) -> bool:
    found = service.field("security_opt")
    items = found[0].items if found is not None and isinstance(found[0], Sequence) else ()
    return any(isinstance(item, Scalar) and "label" in item.value for item in items)


def _of_mount(use: Use) -> Iterator[str]:
    mount = use.mount
    bind = mount.node.get("bind") if isinstance(mount.node, Mapping) else None
    label = bind.get("selinux") if isinstance(bind, Mapping) else None
    options = [label.value] if isinstance(label, Scalar) else []
    if isinstance(mount.node, Scalar):
        options = [option for text in split_short(mount.node.value)[2:] for option in text.split(",")]
    if "Z" in options:
        yield f"the mount of {mount.raw_source} has the SELinux label Z: only one container may read it"
    if "U" in options:
        yield f"the mount of {mount.raw_source} is for Podman (U): volfix has not tested which versions of Podman wait"
    if is_windows_path(mount.source):
        yield f"{mount.raw_source} is a Windows path"


def _sharing(context: Context, project: Project, service: Service) -> Iterator[str]:
    for other in _taking_from(context, project).get(service.name, ()):
        if other is not service:
            yield f"{other.name} takes its mounts from {service.name} (volumes_from) and would not wait"
    if any(service.volumes_of_containers):
        yield f"{service.name} shares the mounts of a container of another project"


@once
def _taking_from(_: Context, project: Project) -> dict[str, list[Service]]:
    """By the name of a service, the services that take their mounts from it."""
    found: dict[str, list[Service]] = {}
    for other in project.services.values():
        for name in dict.fromkeys(name for name, _ in other.volumes_from):
            found.setdefault(name, []).append(other)
    return found


@once
def _swarm(_: Context, project: Project) -> tuple[str, ...]:
    return tuple(
        f"{service.name} is for a Swarm (deploy: {said[0]}), which does not wait for the carry service"
        for service in project.services.values()
        for part in service.parts
        if (said := _of_swarm(part.node.get("deploy")))
    )


def _of_swarm(deploy: object) -> list[str]:
    return [key for key in SWARM_ONLY if isinstance(deploy, Mapping) and deploy.get(key) is not None]


def _other_writers(context: Context, takers: Takers) -> Iterator[str]:
    """Other services and programs that write to the directory and do not stop with the takers."""
    services = {id(use.service) for use in takers.uses}
    for host, own in old_directories(context, takers).items():
        for other in context.around(host):
            for use in context.binds[other]:
                if id(use.service) in services or use.mount.read_only or use.mount.overridden:
                    continue
                if host == other or not _is_code(use, other) or _sees(use, other, host, takers):
                    yield f"{use.service.name} mounts the directory through {use.mount.raw_source} and may keep writing"
        others = {place for place, _ in context.users.get(host.key, frozenset())} - {own.project.directory}
        if others:
            yield f"the project in {min(others).name} mounts {own.mount.raw_source} too, and keeps running"
        yield from host_doubts(context, own) if own.mount.kind == BIND else ()


def poor_tools(takers: Takers) -> str | None:
    """The image of a taker whose tools only copy bytes, owners, modes and times; None if every image has GNU tools."""
    images = (image for use in takers.uses for image in images_of(use.service))
    return next((image.text for image in images if not has_gnu_tools(image)), None)


def _unkept(context: Context, takers: Takers) -> Iterator[str]:
    """What the tools of an image would lose of the files that are on this machine."""
    image = poor_tools(takers)
    for host, use in old_directories(context, takers).items() if image else ():
        if host.path is not None and (found := given_below(host.path)):
            yield f"{use.mount.raw_source} has {found}: the tools of {image} do not keep this"


def are_unseen(context: Context, takers: Takers) -> bool:
    """Whether volfix sees no file of an old mount: the data is on another host, or may not be read here."""
    places = [host.path for host in old_directories(context, takers)]
    return not places or not all(path is not None and _has_files(path) for path in places)


def _has_files(directory: Path) -> bool:
    return any(not is_placeholder(name) for _, names in disk.walk(directory) for name in names)


def old_directories(context: Context, takers: Takers) -> dict[HostDirectory, Use]:
    """The host directories of the old mounts, with those behind a volume that is a bind mount in disguise."""
    found: dict[HostDirectory, Use] = {}
    for use in takers.uses:
        disguise = disguise_of(use)
        if use.mount.kind == BIND:
            found.setdefault(context.host_of(use.mount), use)
        elif disguise is not None and disguise.path is not None:
            found.setdefault(HostDirectory(str(disguise.path), disguise.path, disguise.inside), use)
    return found


def _is_code(use: Use, other: HostDirectory) -> bool:
    """Whether the directory is the project's own or contains it: a mount of code, which happens to contain the data."""
    return other.path in (use.project.directory, *use.project.directory.parents)


def _sees(use: Use, other: HostDirectory, host: HostDirectory, takers: Takers) -> bool:
    """Whether a service sees the directory at the same path as a taker, through the mount of a directory above it."""
    if host.path is None or other.path is None:
        return False
    place = posixpath.join(use.mount.clean_target, host.path.relative_to(other.path).as_posix())
    return any(place == taker.mount.clean_target for taker in takers.uses)
