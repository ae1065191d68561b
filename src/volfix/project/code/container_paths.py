"""Which path a file of a build context has in the container."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path

from volfix.project.compose.model import Project
from volfix.project.compose.mounts import BIND
from volfix.project.compose.service import Service
from volfix.syntax import disk, listing

KEEPS = frozenset({".gitkeep", ".keep", ".gitignore", ".dockerignore"})
"""Files that keep an empty directory in a repository."""


def container_path(project: Project, service: Service, path: Path) -> str | None:
    """The path in the container of the file at `path`, from a bind mount or from a COPY of the Dockerfile.

    A bind mount wins over COPY, a later COPY over an earlier COPY. None if neither covers the file.
    """
    for mount in project.mounts_of(service):
        if mount.kind == BIND and mount.source_is_known and not mount.source.startswith("~"):
            source = Path(os.path.normpath(mount.directory / mount.source))
            if path.is_relative_to(source):
                return posixpath.join(mount.clean_target, path.relative_to(source).as_posix())
    build, stage = service.build, service.stage
    if build is None or build.context is None or stage is None:
        return None
    relative = Path(os.path.relpath(path, build.context)).as_posix()
    for source_path, target in reversed(stage.copied):
        if source_path == ".":
            return posixpath.join(target, relative)
        if relative == source_path:
            return posixpath.join(target, posixpath.basename(relative)) if target.endswith("/") else target
        if relative.startswith(source_path + "/"):
            return posixpath.join(target, relative[len(source_path) + 1 :])
    return None


def is_compiled(service: Service, path: Path) -> bool:
    """Whether another stage of the Dockerfile takes the file, and the image takes what that stage made."""
    build, stage = service.build, service.stage
    if build is None or build.context is None or stage is None or not stage.filled:
        return False
    relative = Path(os.path.relpath(path, build.context)).as_posix()
    return any(source in (".", relative) or relative.startswith(source + "/") for source in stage.compiled)


def compiled_path(service: Service, path: Path) -> str | None:
    """The path in the container of the compiled file: `/app/dist/db.ts` for `src/db.ts` if the image takes `/app/dist`.

    None if the image takes no directory, or several directories, from other stages.
    """
    build, stage = service.build, service.stage
    if build is None or build.context is None or stage is None or not is_compiled(service, path):
        return None
    inner = Path(os.path.relpath(path, build.context)).parts[1:]
    made = [place for place in stage.filled if posixpath.basename(place) != "node_modules"]
    return posixpath.join(made[0], *inner) if len(made) == 1 and inner else None


def is_archived(service: Service, path: Path) -> bool:
    """Whether the file is inside an archive in the image (`.jar`, `.war`) that a stage or an earlier build made."""
    stage = service.stage
    return is_compiled(service, path) or (
        stage is not None
        and any(
            source.endswith((".jar", ".war")) or source.rstrip("/").endswith(("target", "build/libs"))
            for source, _ in stage.copied
        )
    )


def may_be_in_image(service: Service) -> bool:
    """Whether a file that no COPY names may still be in the image, because volfix knows of no COPY at all."""
    return service.stage is None or not service.stage.copied


def comes_with_image(service: Service, path: str) -> Path | None:
    """The file of the build context that the image has at the absolute `path`; None if it has none there."""
    build, stage = service.build, service.stage
    if build is None or build.context is None or stage is None:
        return None
    for source, target in stage.copied:
        below = posixpath.relpath(path, target) if path.startswith(target.rstrip("/") + "/") else None
        if below is not None and disk.is_file(found := build.context / source / below):
            return found
        if (path == target or below == posixpath.basename(source)) and disk.is_file(build.context / source):
            return build.context / source
    return None


def is_filled_by_build(service: Service, directory: str) -> bool:
    """Whether the Dockerfile puts files into this directory of the image or below it."""
    build, stage = service.build, service.stage
    if build is None or build.context is None or stage is None:
        return False
    below = f"{directory.rstrip('/')}/"
    if any(f"{path}/".startswith(below) for path in (*stage.run_paths, *stage.filled)):
        return True
    if any(below.startswith(f"{path.rstrip('/')}/") for path in stage.filled):
        return True
    for source, target in stage.copied:
        if f"{target.rstrip('/')}/".startswith(below):
            return True
        if directory.startswith(target.rstrip("/") + "/"):
            there = build.context / source / posixpath.relpath(directory, target)
            if _has_files(there):
                return True
    return False


def _has_files(directory: Path) -> bool:
    """Whether the directory holds more than placeholders; True if it cannot be listed for lack of permission."""
    try:
        return any(entry.name not in KEEPS for entry in listing.entries(directory))
    except PermissionError:
        return True
    except (OSError, ValueError):  # the directory does not exist, or its name is impossible
        return False
