"""VF105: a database with nothing, or only an anonymous volume, mounted at its data directory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volfix.knowledge.entries import Entry
from volfix.knowledge.paths import is_below
from volfix.knowledge.purposes import content_of
from volfix.knowledge.storage import DataDirectories
from volfix.knowledge.targets import never_converted, state_like
from volfix.project.compose.host_directories import is_file
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import ANONYMOUS, BIND, VOLUME, Mount
from volfix.project.compose.part import Part
from volfix.project.compose.service import Service
from volfix.project.deployments.throwaway_stacks import is_test_service, is_test_stack
from volfix.project.image.images import known_entries, known_images
from volfix.project.image.ownership import foreign_user
from volfix.rules.context import Context, at, mount_location
from volfix.rules.evidence.roles import role_of
from volfix.rules.evidence.servers import release_of
from volfix.rules.evidence.swarm import swarm_stacks
from volfix.rules.evidence.unheld_data import UnheldData, rows_in, unheld_data
from volfix.rules.examples.vf105 import EXAMPLES
from volfix.rules.findings import HEADLINE, Applicability, Finding, Fix, Move, Severity, headline, shortened
from volfix.rules.remedies.new_volume import added_volume, kept_in
from volfix.rules.remedies.volume_names import volume_key
from volfix.rules.rule import Rule
from volfix.syntax.yaml_tree import Mapping


def check(context: Context) -> Iterator[Finding]:
    """A finding for every service of a known engine or application whose data no mount of the project holds.

    If a mount looks meant for the data, VF106 reports the service.
    """
    for unheld in unheld_data(context):
        is_test = is_test_stack(unheld.project) or is_test_service(unheld.service)
        if is_test or unheld.misplaced or not unheld.is_sure or unheld.may_be_on_server:
            continue
        places = {mount.clean_target: mount for mount in unheld.service.mounts if mount.kind == ANONYMOUS}
        first = unheld.missed[0]
        bare = _Bare(context, unheld, first.entry, first.where, first.free[0], places.get(first.free[0]))
        blank = next((mount for mount in _elsewhere(bare) if _has_blank(mount, bare)), None)
        yield _finding(bare, _fix(bare) if blank is None else f"remove the blank from {blank.written_as}")


@dataclass(frozen=True, slots=True)
class _Bare:
    """A service of an engine or application, and the data directory `target` that no mount of the project holds."""

    context: Context
    unheld: UnheldData
    entry: Entry
    where: DataDirectories
    target: str
    anonymous: Mount | None

    @property
    def service(self) -> Service:
        return self.unheld.service


def _finding(bare: _Bare, fix: Fix | str) -> Finding:
    service = bare.service
    part = service.parts[0]
    rows = rows_in(bare.where, bare.target)
    stack = swarm_stacks(bare.context).get(bare.unheld.project)
    loss = f" {_LOSS[rows] if stack is None else 'starts EMPTY at each update'}"
    if bare.anonymous is not None:
        location = mount_location(bare.anonymous)
        place = "its volume is anonymous"
    else:
        location = at(part.file.source, *_name_of(part))
        place = f"no volume at {bare.target}"
    return Finding(
        code="VF105",
        severity=_severity(bare, is_swarm=stack is not None),
        location=location,
        message=headline(f"{shortened(service.name, HEADLINE - len(loss))}{loss}", place),
        evidence=(
            f"{service.image or 'the image'}: {bare.unheld.missed[0].described()}",
            *bare.unheld.missed[0].role.evidence,
            *_beside(bare),
            *(
                (stack, "each update of a Swarm service starts new containers with new, EMPTY anonymous volumes")
                if stack
                else ()
            ),
            _FATE[rows],
        ),
        service=service.name,
        target=bare.anonymous.raw_target if bare.anonymous else bare.target,
        fix=fix if isinstance(fix, Fix) else None,
        reason=fix if isinstance(fix, str) else "adds a volume; apply it if these rows must survive",
        label="no volume keeps its data",
        loses=shortened(bare.entry.name, 36),
    )


_LOSS = {"an anonymous volume": "starts EMPTY after `down`", "the container itself": "loses its data when recreated"}
"""By where the data is, the end of the headline."""
_FATE = {
    "an anonymous volume": "the data is in an anonymous volume: `down`, or another project name, leaves it behind, and the "
    "next `up` starts with an EMPTY one",
    "the container itself": "the data is in the container itself: `up` deletes it with the container, for a new image, a "
    "changed setting or `--force-recreate`",
}
"""By where the data is, a line of evidence."""


def _severity(bare: _Bare, *, is_swarm: bool) -> Severity:
    """A note for a cache or an application, unless another mount shows that the application's data must survive.

    An error in a Swarm stack: the next update of the service loses the data.
    """
    if bare.entry.cache or (bare.entry.kind == "application" and not (bare.entry.verified and _elsewhere(bare))):
        return Severity.INFO
    return Severity.ERROR if is_swarm else Severity.WARNING


def _elsewhere(bare: _Bare) -> list[Mount]:
    """The service's mounts that look like state, or hold a part of the data directory.

    Empty if the command names one of these mounts: the service may keep its data there.
    """
    mounts = [mount for mount in bare.service.mounts if _looks_meant(bare, mount)]
    started = " ".join(bare.service.started)
    return [] if any(mount.clean_target in started for mount in mounts) else mounts


def _looks_meant(bare: _Bare, mount: Mount) -> bool:
    target = mount.clean_target
    if mount.kind not in (BIND, VOLUME) or mount.overridden or mount.read_only or is_file(mount):
        return False
    if any(never_converted(version.entry, target) for version in bare.unheld.versions):
        return False
    names = [mount.source.rstrip("/").rpartition("/")[2], *target.removeprefix(bare.target).split("/")]
    if any((content := content_of(name)) is not None and content.kind == "other" for name in names):
        return False
    return state_like(target) or is_below(target, bare.target) or _has_blank(mount, bare)


def _has_blank(mount: Mount, bare: _Bare) -> bool:
    """Whether the mount's target differs from the data directory only in a blank at its beginning or end."""
    return mount.clean_target != bare.target and mount.target.strip() == bare.target


def _beside(bare: _Bare) -> Iterator[str]:
    """Evidence about mounts that may be meant for the data, and do not hold it."""
    yield from (mount.problem for mount in bare.service.mounts if mount.kind == ANONYMOUS and mount.problem)
    if bare.anonymous is None and (mounts := _elsewhere(bare)):
        yield f"{bare.service.name} mounts {', '.join(mount.written_as for mount in mounts)}, which is not its data directory"
        if any(_has_blank(mount, bare) for mount in mounts):
            yield f"the blank in the target makes it a different directory from {bare.target}"


def _name_of(part: Part) -> tuple[int, int]:
    """Where the service's name is written; the service's mapping if the name comes from a merge key."""
    for root in part.file.roots:
        services = root if part.file.version_1 else root.get("services")
        if isinstance(services, Mapping) and (pair := services.pair(part.service)) is not None:
            return pair.key.span.start, pair.key.span.end
    return part.node.span.start, part.node.span.end


def _fix(bare: _Bare) -> Fix | str:
    """The fix, or why there is none."""
    refusal = next(_refusals(bare), None)
    if refusal is not None:
        return refusal
    service = bare.service
    key = volume_key(bare.context, service.name, bare.target, f"{service.name} {bare.target} {_release(bare)}")
    added = added_volume(bare.context, service, key, bare.target)
    if isinstance(added, str):
        return added
    source = kept_in(service, bare.target, bare.where.declared_volumes)
    move = Move(service.name, source, key, bare.target)
    return Fix(*added, Applicability.UNSAFE, (move,))


def _release(bare: _Bare) -> str:
    """The engine and its release, from the first Compose files with the service: another release needs another volume."""
    service = next(other for _, other in _written_together(bare))
    return "; ".join(f"{entry.family} {release_of(image, entry)}" for image, entry in known_images(service)[:1])


def _written_together(bare: _Bare) -> Iterator[tuple[Project, Service]]:
    """The service in each combination of files to which the fix would add the mount."""
    for project in bare.context.stack.projects:
        other = project.services.get(bare.service.name)
        if other is not None and other.parts[0].node is bare.service.parts[0].node:
            yield project, other


def _refusals(bare: _Bare) -> Iterator[str]:
    if bare.entry.kind == "application":
        yield f"volfix does not know whether {bare.entry.name} keeps anything there that must survive"
    if bare.entry.cache:
        yield f"{bare.entry.name} is often only a cache: add a volume if its data must survive"
    if len({version.where.paths for version in bare.unheld.versions}) > 1:
        each = "; ".join(
            f"{version.entry.versions or 'any version'}: {version.where.paths[0]}" for version in bare.unheld.versions
        )
        yield f"pin the image's version first: the data directory depends on it ({each})"
    if len(bare.where.paths) > 1 or bare.where.unknown:
        yield "volfix cannot name one data directory: there are several, or a variable of unknown value names it"
    for project, service in _written_together(bare):
        roles = [role_of(project, service, entry) for entry in known_entries(service)]
        if any(role.where.paths != bare.where.paths for role in roles):
            files = " and ".join(project.file_names)
            yield f"with {files}, {service.name} keeps its data in another directory"
    if not bare.entry.verified:
        yield f"nobody has verified where {bare.entry.name} keeps its data ({bare.entry.source})"
    if user := foreign_user(bare.service, bare.target, bare.entry):
        yield f"the service runs as {user}: a new volume may belong to root, and the service could not write to it"


RULE = Rule(
    code="VF105",
    name="database-without-volume",
    summary="A database's data directory has no volume of the project.",
    why=(
        "Without a mount, the data is in the container's own layer or in an anonymous volume. The next `up` that "
        "recreates the container deletes its layer; `down` leaves the anonymous volume behind, and the next `up` does"
        " not find it. A backup, migration or monitor that uses the same image never starts the server and keeps no "
        "data: volfix reads commands, entry points, Dockerfiles and the repository's scripts to tell them apart."
    ),
    fix=(
        "A named volume at the data directory; it takes the place of an anonymous volume that is written there. "
        "Unsafe, because some servers are only caches. Stacks that are named for tests are not reported."
    ),
    sources=("docker/compose: pkg/compose/create.go", "docker-library: the images' VOLUME instructions"),
    examples=EXAMPLES,
    check=check,
)
