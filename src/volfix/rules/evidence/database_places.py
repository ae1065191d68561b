"""Where a service's database file is: its working directory, and the mount that holds a path."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from volfix.knowledge.images import start_directory
from volfix.knowledge.paths import lies_in
from volfix.knowledge.purposes import is_for_data
from volfix.knowledge.targets import is_application_root
from volfix.project.code.container_paths import comes_with_image, container_path
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import ANONYMOUS, BIND, UNKNOWN, VOLUME, Mount
from volfix.project.compose.service import Service
from volfix.project.image.images import images_of, known_entries
from volfix.project.image.ownership import runs_as_root
from volfix.syntax import disk

if TYPE_CHECKING:
    from volfix.project.code.database_url import Base, DatabaseFile

CHANGES_DIRECTORY = re.compile(r"(?:^|[\s;&|])cd\s|^cd\Z|^--(?:chdir|directory|app-dir|prefix|cwd)\b|^-C\Z")
"""An option or command that changes the directory in which the process works."""
SCRIPT = re.compile(r"(?<![\w./-])[\w./-]+\.sh\b|(?<![\w./-])[\w./-]*entrypoint[\w-]*")
GOES = re.compile(r"(?m)(?:^|[;&|({]|\bthen\b|\bdo\b)[ \t]*(?:cd|pushd)[ \t]+([^\s;&|)]+)")
TEMPORARY = ("/tmp", "/var/tmp", "/dev", "/run")  # noqa: S108 - places in a container


def working_directory(project: Project, service: Service) -> str | None:
    """The service's working directory: `working_dir:`, the Dockerfile's WORKDIR, else what the mounts suggest.

    None if it is not known, or if the command or its script changes it.
    """
    directory = _start(project, service)
    return None if directory is None or _is_left(service, directory) else directory


def _is_left(service: Service, directory: str) -> bool:
    """Whether the command, or the script that it starts, changes to another directory."""
    return any(map(CHANGES_DIRECTORY.search, service.started)) or _script_leaves(service, directory)


def places_of(project: Project, service: Service, file: DatabaseFile) -> tuple[str, ...]:
    """The absolute paths that a file may have in the container; empty if volfix cannot tell.

    If only the mounts suggest the working directory, mounts whose targets end like the file's directories come first:
    `./var/data/app.db` lies in a mount at /srv/app/var/data.
    """
    from volfix.project.code.database_url import resolved_path

    if fitting := in_fitting_mounts(project, service, file):
        return fitting
    path = resolved_path(file, working_directory(project, service))
    return () if path is None else (path,)


def settled(project: Project, service: Service, file: DatabaseFile) -> DatabaseFile:
    """The reading of an ambiguous address that alone lies in a writable mount; the file as it is if there is none."""
    found = {}
    for reading in file.readings:
        for path in places_of(project, service, reading):
            within = holder(project, service, path)
            if within is not None and not within.read_only:
                found[path] = reading
    readings = set(found.values())
    return readings.pop() if len(readings) == 1 else file


def based(project: Project, service: Service, file: DatabaseFile) -> DatabaseFile:
    """The file with its absolute path, if it is relative to a known directory of the container."""
    start = _base(project, service, file.base)
    return file if start is None else replace(file, path=posixpath.join(start, file.below), relative=False, doubt=None)


def _base(project: Project, service: Service, base: Base) -> str | None:
    if base == "home":
        is_said = service.text("user") is not None or (service.stage is not None and service.stage.user is not None)
        is_root = runs_as_root(service) and (is_said or any(map(start_directory, images_of(service))))
        return "/root" if is_root else None
    if base == "Symfony" and service.build is not None and service.build.context is not None:
        manifest = service.build.context / "composer.json"
        place = container_path(project, service, manifest) if manifest.is_file() else None
        return posixpath.dirname(place) if place is not None else None
    return None


def in_fitting_mounts(project: Project, service: Service, file: DatabaseFile) -> tuple[str, ...]:
    """The path of a relative file in each mount whose target ends like the file's directories; only the longest match.

    Empty if the working directory is known, or the project itself is mounted. Of several mounts, those at a usual root
    of applications win. `/` is never taken for a working directory: see VF202. A mount of a file must end like the
    whole path.
    """
    if file.doubt or not file.relative:
        return ()
    start = _start(project, service) if _known_start(service) is not None or _codes(project, service) else None
    if start is not None and not _is_left(service, start):
        return ()
    words = posixpath.normpath(posixpath.join(file.folder, file.path)).split("/")
    names = [word for word in words if word not in ("..", ".")]
    targets = {mount.clean_target for mount in project.mounts_of(service)} | service.tmpfs
    targets -= _roots(targets)
    deepest = max((target.count("/") for target in targets), default=0)
    for count in range(min(len(names), deepest), 0, -1):
        end = "/" + "/".join(names[:count])
        roots = {target.removesuffix(end) for target in targets if target.endswith(end)}
        roots -= {"", start}
        if roots:
            return tuple(posixpath.join(root, *names) + file.ending for root in sorted(_roots(roots) or roots))
    return ()


def _roots(directories: Iterable[str]) -> set[str]:
    return {directory for directory in directories if is_application_root(directory)}


def only_suggested(service: Service, path: str, directory: str | None) -> str | None:
    """Why the working directory is only a guess for this relative path; None if it is known.

    What a mount suggests is evidence only at a usual root of applications, for a file without directories, and without
    a Dockerfile: a Dockerfile's base image decides.
    """
    if directory is None or _known_start(service) is not None:
        return None
    if service.stage is None and is_application_root(directory) and "/" not in posixpath.normpath(path):
        return None
    return f"volfix guesses from a mount that {service.name} works in {directory}: set `working_dir:`"


def _known_start(service: Service) -> str | None:
    """Where the container starts its process, from `working_dir:`, the Dockerfile or an official image; None if
    unknown.
    """
    given = service.text("working_dir")
    if given is not None:
        return posixpath.normpath(given) if given.startswith("/") and "$" not in given else None
    if service.build is not None:
        return service.stage.workdir if service.stage is not None else None
    return next(filter(None, map(start_directory, images_of(service))), None)


def _codes(project: Project, service: Service) -> set[str]:
    return {mount.clean_target for mount in project.mounts_of(service) if is_code(mount)}


def _start(project: Project, service: Service) -> str | None:
    known = _known_start(service)
    if known is not None or service.text("working_dir") is not None:
        return known
    if known_entries(service):
        return None
    parents = {
        posixpath.dirname(mount.clean_target)
        for mount in project.mounts_of(service)
        if is_for_data(posixpath.basename(mount.clean_target)) and posixpath.dirname(mount.clean_target) != "/"
    }
    suggested = _codes(project, service) or parents
    return next(iter(suggested)) if len(suggested) == 1 else None


def _script_leaves(service: Service, directory: str) -> bool:
    """Whether a script of the build context that the container starts changes to another directory."""
    for word in SCRIPT.findall(" ".join(service.started)):
        for place in (posixpath.normpath(posixpath.join(directory, word)), f"/usr/local/bin/{word}"):
            path = comes_with_image(service, place)
            if path is not None and any(posixpath.normpath(goal) != directory for goal in _goals(path)):
                return True
    return False


def _goals(path: Path) -> list[str]:
    """The directories that a script changes to, as written."""
    return [goal.strip("\"'") for goal in GOES.findall(disk.read_or_nothing(path).decode(errors="replace"))]


def is_code(mount: Mount) -> bool:
    """Whether the mount is the project's own directory."""
    return mount.kind == BIND and posixpath.normpath(mount.source) == "."


def holder(project: Project, service: Service, path: str) -> Mount | None:
    """The innermost mount that holds the path; None for the container's own layer, memory or an anonymous volume."""
    inside = [mount for mount in project.mounts_of(service) if lies_in(path, mount.clean_target)]
    if not inside:
        return None
    innermost = max(inside, key=lambda mount: len(mount.clean_target))
    covered = any(
        path.startswith(target + "/") and len(target) > len(innermost.clean_target)
        for target in (*service.tmpfs, *_image_volumes(service))
    )
    return innermost if innermost.kind in (BIND, VOLUME, UNKNOWN) and not covered else None


def is_in_anonymous_volume(project: Project, service: Service, path: str) -> bool:
    """Whether the path is in an anonymous volume: one that the image declares, or a mount without a source."""
    anonymous = (mount.clean_target for mount in project.mounts_of(service) if mount.kind == ANONYMOUS)
    return any(lies_in(path, target) for target in (*anonymous, *_image_volumes(service)))


def _image_volumes(service: Service) -> tuple[str, ...]:
    """The volumes that the Dockerfile or a known image declares."""
    built = service.stage.volumes if service.stage else ()
    return (*built, *(path for entry in known_entries(service) for path in entry.declared_volumes))


def is_forgotten(service: Service, path: str) -> bool:
    """Whether the path is among temporary files or in memory, where data is not meant to last."""
    return any(path.startswith(place.rstrip("/") + "/") for place in (*service.tmpfs, *TEMPORARY))
