"""Where the files of a build context lie in the container."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path

from volfix.project.compose.model import Project
from volfix.project.compose.mounts import BIND
from volfix.project.compose.service import Service
from volfix.syntax import disk

KEEPS = frozenset({".gitkeep", ".keep", ".gitignore", ".dockerignore"})
"""Files that keep an empty directory in a repository."""


def container_path(project: Project, service: Service, path: Path) -> str | None:
    """The place of a file of the build context in the container: by a mount of code, else by the Dockerfile's COPY.

    None where neither says it; a later COPY wins over an earlier one.
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
    """Whether another stage takes the file of the build context, and the image something that such a stage has made."""
    build, stage = service.build, service.stage
    if build is None or build.context is None or stage is None or not stage.filled:
        return False
    relative = Path(os.path.relpath(path, build.context)).as_posix()
    return any(source in (".", relative) or relative.startswith(source + "/") for source in stage.compiled)


def compiled_path(service: Service, path: Path) -> str | None:
    """Where what a compiler makes of the file would lie, as deep in the directory that the image takes from a stage as
    the file is below its own first directory: `src/db.ts` in `/app/dist`; None where the image takes several, or none.
    """
    build, stage = service.build, service.stage
    if build is None or build.context is None or stage is None or not is_compiled(service, path):
        return None
    inner = Path(os.path.relpath(path, build.context)).parts[1:]
    made = [place for place in stage.filled if posixpath.basename(place) != "node_modules"]
    return posixpath.join(made[0], *inner) if len(made) == 1 and inner else None


def is_archived(service: Service, path: Path) -> bool:
    """Whether the file is in an archive that is copied into the image: made by another stage, or before the build."""
    stage = service.stage
    return is_compiled(service, path) or (
        stage is not None
        and any(
            source.endswith((".jar", ".war")) or source.rstrip("/").endswith(("target", "build/libs"))
            for source, _ in stage.copied
        )
    )


def may_be_in_image(service: Service) -> bool:
    """Whether a file that no COPY names can be in the image all the same: another stage may have brought it."""
    return service.stage is None or not service.stage.copied


def comes_with_image(service: Service, path: str) -> Path | None:
    """The file of the build context that is at `path`, absolute, in the image: what is there is not only rows."""
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
    """Whether the build puts files into this directory of the image, or below it, as far as its Dockerfile says."""
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
    """Whether more lies in it than what keeps it in a repository; one that nobody can look into may hold anything."""
    try:
        return any(entry.name not in KEEPS for entry in disk.entries(directory))
    except PermissionError:
        return True
    except (OSError, ValueError):  # there is no such directory, or none can be called so
        return False
