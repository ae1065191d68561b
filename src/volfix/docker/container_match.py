"""Whether a container was made from a service as a version of the files describes it: image, mounts, databases.

Compose's labels give the names of a project and a service only. Under Drone every repository runs as `src`, and many
call their service `app`. Source: docker/compose, pkg/compose (the name of an image that is built; secrets and configs
are mounted read-only); docker/engine (a volume without a name gets 64 hexadecimal digits).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum

from volfix.docker.containers import Container, MountPoint, Process
from volfix.docker.opened_databases import named_file, path_in
from volfix.knowledge.images import VARIABLE
from volfix.knowledge.storage import data_directories
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import ANONYMOUS, BIND, VOLUME, Mount
from volfix.project.compose.origins import InCompose
from volfix.project.compose.service import Service
from volfix.project.image.images import likely_entries
from volfix.rules.evidence.roles import role_of
from volfix.syntax.yaml_tree import Scalar

UNNAMED = re.compile(r"[0-9a-f]{64}\Z")
HUB = re.compile(r"\A(?:(?:docker\.io|index\.docker\.io)/)?(?:library/)?")
CHECKED = (BIND, VOLUME, ANONYMOUS)


class Compared(Enum):
    """What has to agree. A fix changes sources and paths; it keeps the image, the targets and the names of files."""

    EVERYTHING = "image, mounts with their sources, databases with their paths"
    NAMES = "image, targets, the names of the database files"
    SHAPE = "image, targets"


def mismatch(
    container: Container, process: Process, project: Project, asked: Compared = Compared.EVERYTHING
) -> str | None:
    """The first difference between a container and its service in these files; None if it may be made from them."""
    service = {**project.services, **project.carriers}.get(container.service or "")
    if service is None:
        return f"these files have no service {container.service}"
    project = replace(project, name=container.project or project.name, deployed_as=None)
    found = [_image(service, project.name, process.image), *_mounts(container, project, service, asked)]
    if asked is not Compared.SHAPE:
        found += [*_databases(container, process, service, asked), *_data_directories(process, project, service)]
    return next((reason for reason in found if reason), None)


def _image(service: Service, project: str, image: str) -> str | None:
    """How the image differs. A tag or name with a variable may be anything; the id of an image says nothing."""
    if not image or image.startswith("sha256:"):
        return None
    field = service.field("image")
    written = field[0].value if field is not None and isinstance(field[0], Scalar) and not field[0].is_null else None
    if written is not None:
        wanted = [written]
    elif service.build is not None:
        wanted = [f"{project}{between}{service.name}" for between in "-_"]
    else:
        return None
    if any(re.fullmatch(_pattern(text), _full(image)) for text in wanted):
        return None
    return f"it runs {image}, and the files say {wanted[0]}"


def _pattern(written: str) -> str:
    return ".*".join(map(re.escape, VARIABLE.split(_full(written))))


def _full(image: str) -> str:
    name = HUB.sub("", image)
    return name if ":" in name.rpartition("/")[2] or "@" in name else f"{name}:latest"


def _mounts(container: Container, project: Project, service: Service, asked: Compared) -> Iterator[str]:
    mounts = project.mounts_of(service)
    wanted = {mount.clean_target: mount for mount in mounts if "$" not in mount.raw_target}
    there = {posixpath.normpath(mount.target): mount for mount in container.mounts}
    for target, mount in wanted.items():
        if mount.problem or mount.kind not in CHECKED or target in service.tmpfs:
            continue
        if target not in there:
            yield f"it mounts nothing at {target}"
        elif asked is Compared.EVERYTHING and not _is_from(there[target], mount, project):
            source = mount.raw_source or "a new volume"
            yield f"it mounts {there[target].source} at {target}, and the files say {source}"
    if len(wanted) < len(mounts) or any(service.volumes_of_containers):
        return
    for target, found in there.items():
        if target not in wanted and found.writable and _is_named(found):
            yield f"it mounts {found.source} at {target}, where the files mount nothing"


def _is_named(mount: MountPoint) -> bool:
    return mount.kind == "bind" or (mount.kind == "volume" and not UNNAMED.match(mount.source))


def _is_from(there: MountPoint, mount: Mount, project: Project) -> bool:
    """Whether a container's mount may be the written one. Of a host path the part counts that every checkout has."""
    if "$" in mount.raw_source:
        return True
    if mount.kind == ANONYMOUS:
        return there.kind == "volume"
    if there.kind != ("bind" if mount.kind == BIND else "volume"):
        return False
    if mount.kind == VOLUME:
        return there.source == project.real_name(mount.source)
    if "\\" in mount.source:
        return True  # Docker Desktop calls Windows' paths otherwise
    parts = [part for part in posixpath.normpath(mount.source).split("/") if part not in ("", ".", "..")]
    parts = parts[1:] if mount.source.startswith("~") else parts
    return not parts or there.source.split("/")[-len(parts) :] == parts


def _databases(container: Container, process: Process, service: Service, asked: Compared) -> Iterator[str]:
    """How the databases differ. Env files change with the checkout: of a path in them only the file's name counts."""
    for name, variable in service.environment.items():
        value, now = variable.value, process.environment.get(name)
        if value is None or "${" in value:
            continue
        wanted = named_file(service, name, value)
        if wanted is None or (path := path_in(container, process, wanted)) is None:
            continue
        loose = name not in _literals(service) or asked is not Compared.EVERYTHING
        if now is None:
            if not loose:
                yield f"it has no {name}, and the files say {path}"
            continue
        found = named_file(service, name, now)
        other = path_in(container, process, found) if found else None
        if other is None or other == path or (loose and posixpath.basename(other) == posixpath.basename(path)):
            continue
        yield f"its {name} names {other}, and the files say {path}"


def _data_directories(process: Process, project: Project, service: Service) -> Iterator[str]:
    """How the data directories differ, by the container's environment and by that of the files."""
    given = {**process.environment, **_literals(service)}
    places = [
        tuple(data_directories(entry, values, words).paths for values in (given, process.environment))
        for entry in likely_entries(service)
        for words in [role_of(project, service, entry).words]
    ]
    if places and all(wanted != there for wanted, there in places):
        wanted, there = places[0]
        yield f"its data is in {', '.join(there)}, and the files say {', '.join(wanted)}"


def _literals(service: Service) -> dict[str, str]:
    """The values that a Compose file gives, the same wherever it is deployed."""
    return {
        name: variable.value
        for name, variable in service.environment.items()
        if variable.value is not None and isinstance(variable.origin, InCompose)
        if "$" not in variable.origin.scalar.value
    }
