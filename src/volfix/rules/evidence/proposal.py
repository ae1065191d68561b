"""Where a database file that no mount holds would be safe, and what could go wrong."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from volfix.project.code.container_paths import comes_with_image
from volfix.project.compose.host_directories import is_within
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import Mount
from volfix.project.compose.origins import PutTogether
from volfix.project.compose.outer_origins import InDockerfile
from volfix.project.compose.service import Service
from volfix.project.compose.unreferenced_env_files import may_be_given, names_assigned, put_into_place
from volfix.project.image.ownership import foreign_user
from volfix.project.stack import MountSource, Use
from volfix.rules.evidence.database import Database, unsayable
from volfix.rules.evidence.database_places import holder, is_code
from volfix.rules.evidence.old_path import other_mention
from volfix.rules.evidence.own_volume import no_mount, own_directory
from volfix.rules.evidence.volume_choice import choice_of
from volfix.syntax import disk

MOST = 100
"""Databases of one place that are looked at: each is compared with each, and with all that may name it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where a database would be safe: in `mount`, which the service has, or in a new volume at `directory`.

    The file would be `path_in_mount`; `new_value` names it, None if the value does not change. `reason` says why
    nothing is proposed. `doubt` says what could go wrong, also for a mount that already holds the file. `trap`: a slash
    mistake is likely, and `database.path` is the literal reading. `among`: the file could be in each of these mounts.
    """

    database: Database
    mount: Mount | None = None
    directory: str | None = None
    path_in_mount: str = ""
    new_value: str | None = None
    reason: str | None = None
    doubt: str | None = None
    trap: bool = False
    among: tuple[Mount, ...] = ()

    @property
    def place(self) -> tuple[Mount, str] | None:
        """The mount that holds the database now or after the fix, and the path there; None if no mount does."""
        if self.mount is not None:
            return self.mount, self.path_in_mount
        mount, path = self.database.mount, self.database.path
        return (mount, path) if mount is not None and path is not None else None

    def refused(self, reason: str) -> Proposal:
        """The same database without a proposal, and the reason."""
        return Proposal(self.database, reason=reason)


def without_slash_mistake(database: Database, directory: str | None) -> Proposal | None:
    """The proposal to correct a slash mistake: a mount holds the file of the other reading. None if there is none."""
    from volfix.project.code.database_url import moved, other_reading

    file, project = database.file, database.project
    path = other_reading(file, directory)
    within = holder(project, database.service, path) if path is not None else None
    if path is None or within is None or within.read_only or is_code(within) or database.origin is None:
        return None
    value = moved(database.value, replace(file, relative=not file.relative), path, directory)
    if _refusal(database, value):
        return None
    doubt = _doubt(database, within)
    return Proposal(database, within, path_in_mount=path, new_value=value, doubt=doubt, trap=True)


def at_most(found: Iterable[Proposal], where: str) -> Iterator[Proposal]:
    """The first MOST of the proposals; where there are more, the file that names the next one is refused for it."""
    for number, proposal in enumerate(found):
        if number == MOST:
            origin, project = proposal.database.origin, proposal.database.project
            path = origin.file.path if origin is not None else project.files[-1].path
            disk.refuse(path, f"more than {MOST} databases in {where}: volfix reads no more")
            return
        yield proposal


def proposed(database: Database, workdir: str | None) -> Proposal:
    """The proposal to move the file into the service's mount for data, or into a new volume; or why neither."""
    assert database.path is not None
    choice = choice_of(database.project, database.service)
    if choice.reason is not None:
        return Proposal(database, reason=choice.reason, among=choice.among)
    if choice.mount is None:
        return _in_own_volume(database, workdir, choice.passed_over)
    mount = choice.mount
    path = posixpath.join(mount.clean_target, posixpath.basename(database.path))
    value = database.value_at(path, workdir)
    if refusal := _refusal(database, value):
        return Proposal(database, reason=refusal)
    if holder(database.project, database.service, path) is not mount:
        return Proposal(database, reason=f"another mount than {mount.raw_target} would hold {path}")
    doubt = _doubt(database, mount) or choice.doubt
    return Proposal(database, mount, path_in_mount=path, new_value=value, doubt=doubt)


def _refusal(database: Database, value: str) -> str | None:
    """Why the value cannot be changed to this one; None if it can."""
    if database.unknown:
        return database.unknown
    if database.origin is None:
        return "the value comes from several places"
    if not is_within(database.origin.file.path, database.project.root):
        return f"the value is written outside the repository, in {database.origin.file.path.name}"
    return unsayable(database.origin, value)


def _in_own_volume(database: Database, workdir: str | None, passed_over: tuple[str, ...]) -> Proposal:
    """The proposal for a new volume: at the file's directory, or at a new directory in it."""
    assert database.path is not None
    directory, reason = own_directory(database, workdir)
    if reason is not None:
        return Proposal(database, reason="; ".join((reason, *passed_over)))
    assert directory is not None
    path = posixpath.join(directory, posixpath.basename(database.path))
    value = database.value_at(path, workdir) if path != database.path else None
    if _refusal(database, value or database.value):
        return Proposal(database, reason=no_mount(database.service))
    new = f"this adds a volume at {directory}: apply it if these rows must survive"
    doubt = _doubt(database, None) or "; ".join((new, *passed_over))
    return Proposal(database, None, directory, path, value, doubt=doubt)


def _doubt(database: Database, mount: Mount | None) -> str | None:
    """What could go wrong with the file in its new place that volfix cannot see; None for nothing."""
    if place := other_mention(database):
        return place
    if mount and (user := foreign_user(database.service, mount.clean_target, None)):
        return (
            f"{database.service.name} runs as {user}, and volfix cannot tell whether that user owns {mount.raw_target}"
        )
    if mount and (other := _strange_user(database, mount)):
        return f"{other} mounts {mount.raw_source} too: it would see the database there, and may serve it to the web"
    if database.path is not None and (file := comes_with_image(database.service, database.path)):
        return f"the image contains {file.name} from the repository: a file in the mount starts without what it holds"
    if mount and database.is_foreign:
        return f"the image is not built here: it may link {database.path} into {mount.raw_target}"
    if database.origin is not None and (reason := _is_spared(database.project, database.origin.file.path)):
        return reason
    if isinstance(database.origin, PutTogether):
        given = (piece.instead_of for piece in database.origin.pieces if piece.instead_of)
        known = names_assigned(database.project)
        return next(
            (
                f"an env file here mentions {name}, and may replace the default that counts now"
                for name in given
                if name in known
            ),
            None,
        )
    if not isinstance(database.origin, InDockerfile):
        return None
    if may_be_given(database.project, database.service, (database.variable,)):
        return "an env file that is not in the repository may set the variable"
    return "another stage of the Dockerfile uses the value too" if database.origin.shared else None


def _is_spared(project: Project, path: Path) -> str | None:
    """Why the edit is doubtful: a command copies the env file only if the target does not exist yet."""
    for place, copy in put_into_place(project, path):
        if copy.spares:
            return f"`{copy.command}` keeps an existing {place.name}: change that file too"
    return None


def _strange_user(database: Database, mount: Mount) -> str | None:
    """Another service that mounts the proposed source, with neither the same code nor the variable; None for none."""
    own, project = database.service, database.project
    source = Use(project, own, mount).source(project.root)
    for other in _mounting(project).get(source, ()):
        is_kin = database.variable in other.environment or (
            own.build is not None and other.build is not None and own.build.context == other.build.context
        )
        if other is not own and not is_kin:
            return other.name
    return None


@disk.remembered(8)
def _mounting(project: Project) -> dict[MountSource | None, list[Service]]:
    """By what is mounted, the services of the project that mount it."""
    found: dict[MountSource | None, list[Service]] = {}
    for service in project.services.values():
        sources = (Use(project, service, mount).source(project.root) for mount in project.mounts_of(service))
        for source in dict.fromkeys(sources):
            found.setdefault(source, []).append(service)
    return found
