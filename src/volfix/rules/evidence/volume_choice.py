"""Which of a service's mounts is for a database, judging by names, and why not the others."""

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
from volfix.rules.evidence.database_places import holder, is_code
from volfix.rules.evidence.named_places import opened_by, renamed
from volfix.syntax.yaml_tree import Mapping, Scalar, resolved

HOST_FILE_SYSTEMS = frozenset({"none", "bind", "ext4", "xfs", "btrfs", "zfs"})
"""File system types in a volume's driver options that are on this host's disks.

Over a network SQLite's locks may fail, and memory is lost. Sources: docker/docs, volumes.md (driver_opts); sqlite.org,
faq (5) and lockingv3 (6.0).
"""
GIVEN = re.compile(r"(.+?)-(?:db|data)(?:-[\w.-]+)?\Z")
"""A name that volfix gives to the volume of a service's database."""
Names = tuple[Content | None, ...]
"""What the names of a mount's source mean."""


@dataclass(frozen=True, slots=True)
class VolumeChoice:
    """The mount for a database; or why volfix chooses none of several (`reason`).

    `doubt` says why the choice is a guess. `passed_over` says why other mounts are not for a database. `among` are the
    several.
    """

    mount: Mount | None = None
    doubt: str | None = None
    reason: str | None = None
    passed_over: tuple[str, ...] = ()
    is_guess: bool = False
    among: tuple[Mount, ...] = ()

    @property
    def is_evident(self) -> bool:
        """Whether names show that the service has a mount for a database, even if several do."""
        return not self.is_guess and (self.mount is not None or self.reason is not None)


def choice_of(project: Project, service: Service) -> VolumeChoice:
    """The mount that is named for a database, or the host directory that holds another database of the service, now or
    after a fix: the name of its volume will say so; else the one named for data; else the only mount whose name says
    nothing.

    The names are those of the volume or the source's last directory, and of the target. That of a host directory with a
    database does not count: the volume that takes its place has another.
    """
    known = known_entries(service)
    ranks: dict[str, list[Mount]] = {"database": [], "data": [], "unsaid": []}
    passed_over, doubts = [], {}
    for mount in {mount.clean_target: mount for mount in project.mounts_of(service)}.values():
        if mount.kind not in (BIND, VOLUME) or mount.problem or is_code(mount) or is_file(mount):
            continue
        held = _held(project, service, mount)
        loses_name = mount.kind == BIND and (held or mount.clean_target in renamed(service))
        names = () if loses_name else tuple(_names(project, service, mount))
        unfit = _unfit(project, mount, known, names)
        if unfit is None:
            rank = "database" if held else _rank(service, mount, known, names)
            doubts[mount] = None if None in held else next(iter(held), None)
            if rank is not None:
                ranks[rank].append(mount)
        elif mount.kind == VOLUME:
            passed_over.append(f"{mount.written_as} {unfit}")
    return _chosen(project, ranks, tuple(passed_over), doubts)


def _chosen(
    project: Project, ranks: dict[str, list[Mount]], passed_over: tuple[str, ...], doubts: dict[Mount, str | None]
) -> VolumeChoice:
    named = ranks["database"] + ranks["data"]
    best = next((mounts for mounts in ranks.values() if mounts), [])
    if len(best) > 1:
        targets = ", ".join(mount.raw_target for mount in best)
        choice = "several names say data" if named else "no name says data"
        reason = f"several mounts could hold the database ({targets}): {choice}; write the path of one by hand"
        return VolumeChoice(reason=reason, passed_over=passed_over, is_guess=not named, among=tuple(best))
    if not best:
        return VolumeChoice(passed_over=passed_over)
    (mount,) = best
    doubt = doubts[mount] or _doubt(project, mount, named)
    return VolumeChoice(mount, doubt, passed_over=passed_over, is_guess=not named)


def _doubt(project: Project, mount: Mount, named: list[Mount]) -> str | None:
    """What is uncertain about the chosen mount; `named` are those named for a database or data. None for nothing."""
    if not named:
        return f"a guess: {mount.written_as} is the only mount without another known purpose; no name says data"
    if len(named) > 1:
        others = ", ".join(each.written_as for each in named if each is not mount)
        return f"{mount.written_as} is chosen over {others} because of its name: check the choice"
    if mount.kind == VOLUME and project.is_external(mount.source):
        return f"the volume {mount.source} is external: other projects may write to it"
    return None


def _unfit(project: Project, mount: Mount, known: list[Entry], names: Names) -> str | None:
    """Why a database does not belong in the mount; None if it may."""
    target = mount.clean_target
    if mount.read_only:
        return "is read-only"
    if mount.kind == VOLUME and (reason := _elsewhere(project, mount.source)) is not None:
        return reason
    if target in _directories(known, "application"):
        return None
    if target in _directories(known, "engine"):
        return "is a server's data directory"
    contents = (*names, _of_target(target))
    other = next((content.word for content in contents if content is not None and content.kind == "other"), None)
    if other is None and any(never_converted(entry, target) for entry in known or (None,)):
        other = posixpath.basename(target) or target
    return f"is for something else (its name says `{other}`)" if other is not None else None


def _rank(service: Service, mount: Mount, known: list[Entry], names: Names) -> str | None:
    """What a mount is named for: `database`, `data`, or `unsaid`; None if a database should not go there.

    If the names say nothing, a host directory may be for anything, and so may a directory of a known image.
    """
    target = mount.clean_target
    if target in _directories(known, "application"):
        return "database"
    said_by_target = content_of(posixpath.basename(target))
    if said_by_target is not None and _is_of_another(service, mount):
        return said_by_target.kind
    contents = (*names, said_by_target)
    kinds = {content.kind for content in contents if content is not None}
    if kinds:
        return "database" if "database" in kinds else "data"
    return None if known or not (mount.kind == VOLUME or state_like(target)) else "unsaid"


def _is_of_another(service: Service, mount: Mount) -> bool:
    """Whether volfix named the volume for another service's database: the name then says nothing about this service."""
    return mount.kind == VOLUME and (found := GIVEN.match(mount.source)) is not None and found[1] != service.name


def is_named_for_content(mount: Mount) -> bool:
    """Whether it is a host directory, or the volume that volfix makes of one: its name follows from what it holds."""
    return mount.kind == BIND or GIVEN.match(mount.source) is not None


def _held(project: Project, service: Service, mount: Mount) -> list[str | None]:
    """The databases of the service in a host directory, or in the volume that volfix has made of one: for each the
    doubt whether it will be there, None for none.
    """
    if not is_named_for_content(mount):
        return []
    found = opened_by(project, service)
    return [doubt for path, doubt in found.items() if holder(project, service, path) is mount]


def _names(project: Project, service: Service, mount: Mount) -> Iterator[Content | None]:
    """What the names of the source mean; the service's own name in them means nothing: `media-data` of a service
    `media`. But `worker-db` says `db` to a service `db` too.
    """
    own = frozenset(() if _is_of_another(service, mount) else words_of(service.name))
    yield content_of(posixpath.basename(mount.source.rstrip("/")), own)
    if mount.kind == VOLUME and (name := project.fixed_name(mount.source)) not in (None, mount.source):
        yield content_of(name or "", own)


def _of_target(target: str) -> Content | None:
    """What the target's last directory is for; if its name says nothing, whether the directory above is for something
    else.
    """
    parts = [part for part in target.split("/") if part and not part.startswith(".")]
    last, above = (content_of(part) for part in [*reversed(parts), "", ""][:2])
    return last or (above if above is not None and above.kind == "other" else None)


def _directories(known: list[Entry], kind: str) -> set[str]:
    return {path for entry in known if entry.kind == kind for path in entry.data_directories}


def _elsewhere(project: Project, key: str) -> str | None:
    """Why the volume is not on this host's disks, from its declaration; None if nothing says so."""
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
