"""VF105: a database with nothing, or only an anonymous volume, mounted at its data directory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volfix.knowledge.entries import Entry
from volfix.knowledge.lookup import entries_for
from volfix.knowledge.storage import DataDirectories, holds
from volfix.knowledge.switches import engine_of
from volfix.project.compose.effective_environment import effective_values
from volfix.project.compose.model import Part, Project, Service
from volfix.project.compose.mounts import ANONYMOUS, Mount
from volfix.project.deployments.throwaway_stacks import is_test_service, is_test_stack
from volfix.project.image.images import images_of
from volfix.project.image.ownership import foreign_user
from volfix.rules.context import Context, at, mount_location
from volfix.rules.evidence.held_data import directories_in, meant_for_data, starts_server
from volfix.rules.evidence.servers import release_of
from volfix.rules.findings import Applicability, Finding, Fix, Move, Severity
from volfix.rules.remedies.new_volume import added_volume, kept_in
from volfix.rules.remedies.volume_names import volume_key
from volfix.rules.rule import Example, Outcome, Rule
from volfix.syntax.yaml_tree import Scalar


def check(context: Context) -> Iterator[Finding]:
    """Every service of a known engine or application that keeps data where nothing of the project is mounted."""
    for project in context.stack.projects:
        if is_test_stack(project):
            continue
        for service in project.services.values():
            if is_test_service(service) or any(service.volumes_of_containers):
                continue
            known = [entry for image in images_of(service) for entry in entries_for(image)]
            if known:
                yield from _of_service(context, project, service, known)


@dataclass(frozen=True, slots=True)
class _Bare:
    """A service of an engine, and where it keeps data that nothing of the project holds."""

    context: Context
    project: Project
    service: Service
    entry: Entry
    where: DataDirectories
    anonymous: Mount | None

    @property
    def target(self) -> str:
        return self.where.paths[0]


def _of_service(context: Context, project: Project, service: Service, known: list[Entry]) -> Iterator[Finding]:
    places = [directories_in(service, entry) for entry in known]
    mounts = project.mounts_of(service)
    if not starts_server(service.words, known[0]) and known[0].kind == "engine":
        return
    if any(where.keeps_nothing or not where.paths for where in places):
        return
    engines = [engine_of(entry, effective_values(service)) for entry in known if entry.kind == "application"]
    if any(said is not None and said.engine == "server" for said in engines):
        return
    anonymous = None
    for mount in mounts:
        if "${" in mount.target:
            return
        if mount.kind != ANONYMOUS and meant_for_data(mount, list(zip(known, places, strict=True))):
            return
        if any(holds(mount.clean_target, where) != "elsewhere" for where in places):
            if mount.kind != ANONYMOUS or mount.clean_target != places[0].paths[0]:
                return
            anonymous = mount
    if any(holds(target, where) != "elsewhere" for target in service.tmpfs for where in places):
        return
    bare = _Bare(context, project, service, known[0], places[0], anonymous)
    yield _finding(bare, _fix(bare, known, places))


def _finding(bare: _Bare, fix: Fix | str) -> Finding:
    service, entry = bare.service, bare.entry
    small = entry.cache or entry.kind == "application"
    part = service.parts[0]
    if bare.anonymous is not None:
        location = mount_location(bare.anonymous)
        message = f"the data of {entry.name} is in an anonymous volume: `down` or another project name leaves it behind"
    else:
        location = at(part.file.source, *_name_of(part))
        kept = "an anonymous volume" if bare.target in bare.where.declared_volumes else "the container itself"
        message = f"nothing is mounted at {bare.target}: {entry.name} keeps its data in {kept}"
    moved = f" ({bare.where.moved_by})" if bare.where.moved_by else ""
    return Finding(
        code="VF105",
        severity=Severity.INFO if small else Severity.WARNING,
        location=location,
        message=message,
        evidence=(f"{service.image or 'the image'}: {entry.name} keeps its data in {bare.target}{moved}", *_fate(bare)),
        service=service.name,
        target=bare.anonymous.raw_target if bare.anonymous else bare.target,
        fix=fix if isinstance(fix, Fix) else None,
        reason=fix if isinstance(fix, str) else "an engine without a volume may be meant to forget its data",
    )


def _fate(bare: _Bare) -> Iterator[str]:
    """What happens to the data where it is."""
    if bare.anonymous is not None or bare.target in bare.where.declared_volumes:
        yield "`down`, or another project name, leaves an anonymous volume behind: the next `up` starts with an empty one"
    else:
        yield "the container's own layer goes when it is recreated: with another image, setting or `--force-recreate`"


def _name_of(part: Part) -> tuple[int, int]:
    """Where the service's name is written; its mapping, where the name comes from a merge key."""
    for root in part.file.roots:
        services = root if part.file.version_1 else root.get("services")
        if services is not None and hasattr(services, "pairs"):
            for pair in services.pairs:
                if isinstance(pair.key, Scalar) and pair.key.value == part.service:
                    return pair.key.span.start, pair.key.span.end
    return part.node.span.start, part.node.span.end


def _fix(bare: _Bare, known: list[Entry], places: list[DataDirectories]) -> Fix | str:
    """The fix, or why there is none."""
    refusal = next(_refusals(bare, known, places), None)
    if refusal is not None:
        return refusal
    service = bare.service
    key = volume_key(bare.context, service.name, bare.target, f"{service.name} {bare.target} {_release(bare)}")
    added = added_volume(service, key, bare.target)
    if isinstance(added, str):
        return added
    written = (bare.target,) if bare.anonymous else ()
    source = kept_in(service, bare.target, (*bare.where.declared_volumes, *written))
    move = Move(service.name, source, key, bare.target)
    return Fix(*added, Applicability.UNSAFE, (move,))


def _release(bare: _Bare) -> str:
    """Engine and release, by the first files that the service is in: another release gets a volume of its own."""
    service = next(other for _, other in _written_together(bare))
    return "; ".join(
        f"{entry.family} {release_of(image, entry)}" for image in images_of(service) for entry in entries_for(image)[:1]
    )


def _written_together(bare: _Bare) -> Iterator[tuple[Project, Service]]:
    """The service in each combination of files that would get the mount too."""
    for project in bare.context.stack.projects:
        other = project.services.get(bare.service.name)
        if other is not None and other.parts[0].node is bare.service.parts[0].node:
            yield project, other


def _refusals(bare: _Bare, known: list[Entry], places: list[DataDirectories]) -> Iterator[str]:
    if bare.entry.kind == "application":
        yield "what the application keeps there, and whether it matters, is for a person to say"
    if bare.entry.cache:
        yield f"{bare.entry.name} often is a cache that may forget"
    if len({where.paths for where in places}) > 1:
        said = "; ".join(
            f"{entry.versions or 'any version'}: {where.paths[0]}" for entry, where in zip(known, places, strict=True)
        )
        yield f"the image's version is not fixed, and the data directory depends on it ({said})"
    if len(bare.where.paths) > 1 or bare.where.unknown:
        yield "the engine keeps its data in several directories, or where a variable of unknown value says"
    for project, service in _written_together(bare):
        known = [entry for image in images_of(service) for entry in entries_for(image)]
        if any(directories_in(service, entry).paths != bare.where.paths for entry in known):
            files = " and ".join(file.path.name for file in project.files)
            yield f"with {files}, {service.name} keeps its data in another directory"
    if not bare.entry.verified:
        yield f"where {bare.entry.name} keeps its data is not verified ({bare.entry.source})"
    if user := foreign_user(bare.service, bare.target, bare.entry):
        yield f"the service runs as {user}, and a new volume may belong to root"


ENGINE = "services:\n  db:\n    image: {image}\n    environment:\n      POSTGRES_PASSWORD: x\n"

RULE = Rule(
    code="VF105",
    name="database-without-volume",
    summary="A database's data directory has no volume of the project.",
    why=(
        "Where nothing is mounted, the data is in the container or in an anonymous volume. The container's own layer "
        "goes with the next `up` that recreates it; an anonymous volume is left behind by `down` and found by nobody."
    ),
    fix=(
        "A named volume at the data directory; where an anonymous one is written there, the later entry of the two "
        "counts. Unsafe, for some engines are meant to forget; and never in a stack "
        "whose name says that it serves tests."
    ),
    sources=("docker/compose: pkg/compose/create.go", "docker-library: the images' VOLUME instructions"),
    examples=(
        Example(
            "nothing mounted",
            {"compose.yaml": ENGINE.format(image="postgres:16")},
            Outcome.FIXED_UNSAFE,
            {
                "compose.yaml": ENGINE.format(image="postgres:16")
                + "    volumes:\n      - db-data:/var/lib/postgresql/data\n\nvolumes:\n  db-data:\n    driver: local\n"
            },
        ),
        Example(
            "an anonymous volume",
            {"compose.yaml": ENGINE.format(image="mongo:7") + "    volumes:\n      - /data/db\n"},
            Outcome.FIXED_UNSAFE,
            {
                "compose.yaml": ENGINE.format(image="mongo:7")
                + "    volumes:\n      - /data/db\n      - db-data:/data/db\n"
                "\nvolumes:\n  db-data:\n    driver: local\n"
            },
        ),
        Example(
            "the data directory depends on a version that is not said",
            {"compose.yaml": ENGINE.format(image="postgres:latest")},
            Outcome.REPORTED,
        ),
        Example(
            "a stack for tests",
            {"docker-compose.test.yml": ENGINE.format(image="postgres:16")},
            Outcome.UNTOUCHED,
        ),
        Example(
            "memory on purpose",
            {"compose.yaml": ENGINE.format(image="postgres:16") + "    tmpfs: [/var/lib/postgresql/data]\n"},
            Outcome.UNTOUCHED,
        ),
        Example(
            "an engine that keeps nothing",
            {"compose.yaml": "services:\n  cache:\n    image: memcached:1.6\n"},
            Outcome.UNTOUCHED,
        ),
        Example(
            "a mount of the directory above",
            {"compose.yaml": ENGINE.format(image="mariadb:11") + "    volumes: [sql:/var/lib]\nvolumes: {sql: }\n"},
            Outcome.UNTOUCHED,
        ),
        Example(
            "a cache that is told to keep nothing",
            {"compose.yaml": "services:\n  cache:\n    image: redis:7\n    command: redis-server --save ''\n"},
            Outcome.UNTOUCHED,
        ),
        Example(
            "a client, for which the image is only its programs",
            {"compose.yaml": "services:\n  seed:\n    image: postgres:16\n    command: psql -h db -f /seed.sql\n"},
            Outcome.UNTOUCHED,
        ),
        Example(
            "one service of a stack that serves tests, by its profile",
            {"compose.yaml": ENGINE.format(image="postgres:16") + "    profiles: [test]\n"},
            Outcome.UNTOUCHED,
        ),
        Example(
            "the mounts of a container that volfix does not see",
            {"compose.yaml": ENGINE.format(image="postgres:16") + "    volumes_from: ['container:rows']\n"},
            Outcome.UNTOUCHED,
        ),
    ),
    check=check,
)
