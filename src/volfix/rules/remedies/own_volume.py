"""A volume of its own, for a service that mounts no data: where it can be mounted, and where nobody can say."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from volfix.knowledge.paths import lies_in, meet
from volfix.knowledge.targets import never_converted
from volfix.project.code.places import is_filled_by_build
from volfix.project.compose.model import Project, Service
from volfix.project.deployments.throwaway_stacks import is_test_service, is_test_stack
from volfix.project.image.ownership import foreign_user
from volfix.rules.evidence.database import Database, unsayable
from volfix.rules.evidence.database_places import DATA_WORDS, working_directory
from volfix.rules.remedies import new_volume
from volfix.rules.remedies.given_directory import given_directory
from volfix.syntax.yaml_tree import Mapping, Scalar, resolved
from volfix.syntax.yaml_tree import Sequence as Items


def own_directory(project: Project, database: Database, workdir: str | None) -> tuple[str | None, str | None]:
    """Where the volume would be mounted: the file's directory, if it holds nothing else, else a new `data` in it.

    Or why nowhere. A volume hides what later images have in its place, so it is mounted over no code.
    """
    assert database.path is not None
    service, there = database.service, posixpath.dirname(database.path)
    if is_test_stack(project) or is_test_service(service):
        return None, "a stack for tests may be meant to forget its rows"
    if database.is_foreign or any(service.volumes_of_containers):
        return None, no_mount(service)
    if (reason := new_volume.refusal(service) or _claimed(project, service)) is not None:
        return None, reason
    if service.build is not None and service.stage is None:
        return None, no_mount(service)
    is_known = workdir is not None and service.stage is not None
    is_data = posixpath.basename(there).lower() in DATA_WORDS or (is_known and not _is_of_system(there, workdir))
    directory = there if is_data and _is_free(service, there, workdir) else posixpath.join(there, "data")
    if directory != there and not (is_known and _is_free(service, directory, workdir)):
        return None, no_mount(service)
    if any(meet(target, directory) for target in _mounted(project, service)):
        return None, no_mount(service)
    user = foreign_user(service, directory, None)
    if user is not None and isinstance(given_directory(project, service, user, directory), str):
        said = f"{service.name} runs as {user}, and a new volume may belong to root: {_by_hand(service)}"
        return None, said
    return directory, None


def _claimed(project: Project, service: Service) -> str | None:
    """Another service that would get the mount too."""
    own = service.parts[0].node
    for name, other in project.services.items():
        if other is not service and any(part.node is own for part in other.parts):
            return f"{name} extends {service.name}, and would get the volume too"
        if any(source == service.name for source, _ in other.volumes_from):
            return f"{name} takes its mounts from {service.name}, and would get the volume too"
    return None


def no_mount(service: Service) -> str:
    """The reason where volfix does not know a directory for the volume."""
    return f"the service has no mount for data: {_by_hand(service)}"


def _by_hand(service: Service) -> str:
    return f"mount a named volume ({service.name}-db) and name a file in it"


def _is_of_system(directory: str, workdir: str | None) -> bool:
    """Whether a base image has this directory itself, with files in it that no Dockerfile here names."""
    if workdir not in (None, "/") and directory.startswith(f"{workdir}/"):
        return False
    return directory.count("/") < 2 or directory.startswith("/usr/") or posixpath.dirname(directory) == "/home"


def _is_free(service: Service, directory: str, workdir: str | None) -> bool:
    """Whether nothing but data can be in this directory of the image, as far as volfix sees."""
    above_code = workdir is not None and lies_in(workdir, directory)
    return not (
        directory == "/" or above_code or never_converted(None, directory) or is_filled_by_build(service, directory)
    )


def _mounted(project: Project, service: Service) -> Iterator[str]:
    """Every place of the container in which something is mounted: volumes, memory, configs, secrets."""
    yield from (mount.clean_target for mount in project.mounts_of(service))
    yield from service.tmpfs
    for part in service.parts:
        for key, default in (("configs", ""), ("secrets", "run/secrets/")):
            node = part.node.get(key)
            for item in map(resolved, node.items) if isinstance(node, Items) else ():
                named = item.get("target") or item.get("source") if isinstance(item, Mapping) else item
                if isinstance(named, Scalar):
                    yield posixpath.join(f"/{default}", service.interpolated(named.value))


def alone(found: Sequence[Database]) -> Iterator[Database]:
    """A volume of its own is for the one database of one service; who shares what with whom is for people to say.

    What an env file says that nothing names goes where the service's own value goes, or nowhere.
    """
    settled = [database if database.loose else _settled(database, found) for database in found]
    own = {id(each.service): each.directory for each in settled if each.directory is not None and not each.loose}
    for database in settled:
        if not database.loose or database.directory is None:
            yield database
        elif (directory := own.get(id(database.service))) is not None:
            yield _beside(database, directory)
        else:
            yield database.refused(
                "the service has no mount for data, and nothing says that the deployment takes this env file"
            )


def _beside(database: Database, directory: str) -> Database:
    """The database of an env file that nothing names, in the volume that the service's own value gets."""
    assert database.path is not None
    path = posixpath.join(directory, posixpath.basename(database.path))
    workdir = working_directory(database.project, database.service)
    value = None if path == database.path else database.value_at(path, workdir)
    if value is not None and (reason := unsayable(database.origin, value)):
        return database.refused(reason)
    return replace(database, directory=directory, path_in_mount=path, new_value=value)


def _settled(database: Database, found: Sequence[Database]) -> Database:
    if database.directory is None:
        return database
    reason = next((said for each in found if not each.loose and (said := _concern(database, each))), None)
    return database if reason is None else database.refused(reason)


def _concern(database: Database, other: Database) -> str | None:
    """Why another database of the stack leaves it open what goes with this one."""
    service, name = database.service, other.service.name
    same_value = other is not database and database.written_at == other.written_at
    if service.name != name:
        same_code = _context(service) is not None and _context(service) == _context(other.service)
        if same_value or (same_code and other.path and _name(database) == _name(other)):
            file = other.path or "the file"
            return f"{name} names {file} too: mount one volume in both services, or give each a file of its own"
        return None
    if other is database or other.path is None:
        return None
    if other.is_inside:
        files = " and ".join(file.path.name for file in other.project.files)
        return f"with {files}, a mount holds a database of {name}: whether it shall without is not known"
    return None if same_value else f"{other.variable} of {name} names {other.path}, which no mount holds either"


def _name(database: Database) -> str:
    return posixpath.basename(database.path or "")


def _context(service: Service) -> Path | str | None:
    """What tells the code that the service runs: the directory that it is built from, else its image."""
    return service.build.context if service.build is not None else service.image
