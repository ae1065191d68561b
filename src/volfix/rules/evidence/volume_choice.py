"""Which of a service's mounts a database belongs in, by what their names say, and why not in the others."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from volfix.knowledge.entries import Entry
from volfix.knowledge.purposes import Content, content_of, words_of
from volfix.knowledge.targets import never_converted, state_like
from volfix.project.compose.host_directories import is_file
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import BIND, VOLUME, Mount
from volfix.project.compose.service import Service
from volfix.project.image.images import known_entries
from volfix.rules.evidence.database_places import is_code
from volfix.syntax.yaml_tree import Mapping, Scalar, resolved

HOST_FILE_SYSTEMS = frozenset({"none", "bind", "ext4", "xfs", "btrfs", "zfs"})
"""The types of a volume's driver options with which it lies on this host's disks.

Over a network SQLite's locks may fail, and memory forgets. Sources: docker/docs, volumes.md (driver_opts); sqlite.org,
faq (5) and lockingv3 (6.0).
"""
GIVEN = re.compile(r"(.+)-db(?:-[0-9]+)?\Z")
"""The name that volfix gives to the volume of a service's database."""


@dataclass(frozen=True, slots=True)
class VolumeChoice:
    """The mount that a database belongs in; or why volfix chooses none of several (`reason`).

    `doubt` says what the choice rests on where that is a guess; `passed_over` why other mounts are not for a database.
    """

    mount: Mount | None = None
    doubt: str | None = None
    reason: str | None = None
    passed_over: tuple[str, ...] = ()
    is_guess: bool = False

    @property
    def is_evident(self) -> bool:
        """Whether names say that the service has a mount for a database, be it one of several."""
        return not self.is_guess and (self.mount is not None or self.reason is not None)


def choice_of(project: Project, service: Service) -> VolumeChoice:
    """The mount whose names say database; else the one whose names say data; else the only one whose names say nothing.

    Names are those of the volume, or of the source's last directory, and of the target.
    """
    known = known_entries(service)
    ranks: dict[str, list[Mount]] = {"database": [], "data": [], "unsaid": []}
    passed_over = []
    for mount in {mount.clean_target: mount for mount in project.mounts_of(service)}.values():
        if mount.kind not in (BIND, VOLUME) or mount.problem or is_code(mount) or is_file(mount):
            continue
        unfit = _unfit(project, service, mount, known)
        if unfit is None:
            rank = _rank(project, service, mount, known)
            if rank is not None:
                ranks[rank].append(mount)
        elif mount.kind == VOLUME:
            passed_over.append(f"{mount.written_as} {unfit}")
    return _chosen(project, ranks, tuple(passed_over))


def _chosen(project: Project, ranks: dict[str, list[Mount]], passed_over: tuple[str, ...]) -> VolumeChoice:
    named = ranks["database"] + ranks["data"]
    best = next((mounts for mounts in ranks.values() if mounts), [])
    if len(best) > 1:
        targets = ", ".join(mount.raw_target for mount in best)
        choice = "several names say data" if named else "no name says data"
        reason = f"several mounts could hold the database ({targets}): {choice}; write the path of one by hand"
        return VolumeChoice(reason=reason, passed_over=passed_over, is_guess=not named)
    if not best:
        return VolumeChoice(passed_over=passed_over)
    (mount,) = best
    return VolumeChoice(mount, _doubt(project, mount, named), passed_over=passed_over, is_guess=not named)


def _doubt(project: Project, mount: Mount, named: list[Mount]) -> str | None:
    """What is not known of the chosen mount, of those whose names say database or data (`named`)."""
    if not named:
        return f"a guess: {mount.written_as} is the only mount without another known purpose; no name says data"
    if len(named) > 1:
        others = ", ".join(each.written_as for each in named if each is not mount)
        return f"{mount.written_as} is chosen over {others} because of its name: check the choice"
    if mount.kind == VOLUME and project.is_external(mount.source):
        return f"the volume {mount.source} is external: other projects may write to it"
    return None


def _unfit(project: Project, service: Service, mount: Mount, known: list[Entry]) -> str | None:
    """Why a database does not belong in the mount; None where it may."""
    target = mount.clean_target
    if mount.read_only:
        return "is read-only"
    if mount.kind == VOLUME and (reason := _elsewhere(project, mount.source)) is not None:
        return reason
    if target in _directories(known, "application"):
        return None
    if target in _directories(known, "engine"):
        return "is a server's data directory"
    contents = (*_names(project, service, mount), _of_target(target))
    other = next((content.word for content in contents if content is not None and content.kind == "other"), None)
    if other is None and any(never_converted(entry, target) for entry in known or (None,)):
        other = posixpath.basename(target) or target
    return f"is for something else (its name says `{other}`)" if other is not None else None


def _rank(project: Project, service: Service, mount: Mount, known: list[Entry]) -> str | None:
    """What the names of a mount that may hold a database say: `database`, `data`, or `unsaid`; None where it is none.

    Where they say nothing, a directory of the host may be anything, and so may one of a known image.
    """
    target = mount.clean_target
    if target in _directories(known, "application"):
        return "database"
    said_by_target = content_of(posixpath.basename(target))
    if said_by_target is not None and _is_of_another(service, mount):
        return said_by_target.kind
    contents = (*_names(project, service, mount), said_by_target)
    kinds = {content.kind for content in contents if content is not None}
    if kinds:
        return "database" if "database" in kinds else "data"
    return None if known or not (mount.kind == VOLUME or state_like(target)) else "unsaid"


def _is_of_another(service: Service, mount: Mount) -> bool:
    """Whether the volume is called as volfix calls that of another service, for whose database it is there: what that
    decides between this service's mounts it did not before the volume was called so.
    """
    return mount.kind == VOLUME and (found := GIVEN.match(mount.source)) is not None and found[1] != service.name


def _names(project: Project, service: Service, mount: Mount) -> Iterator[Content | None]:
    """What the source's names say; the service's own name in them says nothing: `media-data` of a service `media`."""
    own = frozenset(words_of(service.name))
    yield content_of(posixpath.basename(mount.source.rstrip("/")), own)
    if mount.kind == VOLUME and (name := project.fixed_name(mount.source)) not in (None, mount.source):
        yield content_of(name or "", own)


def _of_target(target: str) -> Content | None:
    """What the target's last directory says; where that says nothing, whether the one above is for something else."""
    parts = [part for part in target.split("/") if part and not part.startswith(".")]
    last, above = (content_of(part) for part in [*reversed(parts), "", ""][:2])
    return last or (above if above is not None and above.kind == "other" else None)


def _directories(known: list[Entry], kind: str) -> set[str]:
    return {path for entry in known if entry.kind == kind for path in entry.data_directories}


def _elsewhere(project: Project, key: str) -> str | None:
    """Why the volume does not lie on this host's disks, as its declaration says; None where nothing says so."""
    declared = resolved(project.declared[key]) if key in project.declared else None
    if not isinstance(declared, Mapping):
        return None
    driver, options = declared.get("driver"), declared.get("driver_opts")
    if isinstance(driver, Scalar) and not driver.is_null and driver.value != "local":
        return f"uses the driver {driver.value}"
    kind = options.get("type") if isinstance(options, Mapping) else None
    if isinstance(kind, Scalar) and kind.value not in HOST_FILE_SYSTEMS:
        return f"is on a {kind.value} file system, by its driver options"
    return None
