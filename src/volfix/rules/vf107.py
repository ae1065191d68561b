"""VF107: a database's data directory, or its file, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from volfix.knowledge.paths import is_below, meet
from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.model import Project
from volfix.project.compose.mounts import VOLUME
from volfix.project.compose.service import Service
from volfix.project.deployments.throwaway_stacks import is_test_service, is_test_stack
from volfix.project.image.images import known_images
from volfix.rules.context import Context, at, mount_location
from volfix.rules.evidence.database_places import TEMPORARY
from volfix.rules.evidence.named_places import place_of
from volfix.rules.evidence.roles import role_of
from volfix.rules.findings import Finding, Location, Severity, shortened
from volfix.rules.remedies.second_places import image_place, value_place
from volfix.rules.rule import Rule, reported, untouched
from volfix.syntax.yaml_tree import Mapping as Entries
from volfix.syntax.yaml_tree import Node, Scalar, resolved


def check(context: Context) -> Iterator[Finding]:
    """A finding for every engine and every database file whose data is on a tmpfs; stacks and services for tests are
    left out.
    """
    for project in context.stack.projects:
        if is_test_stack(project):
            continue
        for service in project.services.values():
            if not is_test_service(service):
                yield from _of_service(project, service)


def _of_service(project: Project, service: Service) -> Iterator[Finding]:
    places = _in_memory(project, service)
    if places:
        yield from _of_engine(project, service, places)
        yield from _of_files(project, service, places)


def _of_files(project: Project, service: Service, places: Mapping[str, Location | None]) -> Iterator[Finding]:
    """A finding for each tmpfs with a database file that a variable of the service names."""
    for variable in effective_variables(service):
        path = place_of(project, service, variable)
        target = _holder(project, service, path) if path is not None else None
        if target is not None and target in places and not any(meet(target, place) for place in TEMPORARY):
            yield Finding(
                code="VF107",
                severity=Severity.WARNING,
                location=places[target] or _location(service, target),
                message=f"the database of {shortened(service.name)} is in memory",
                danger=f"{target} is in memory: the database {path} is lost when the container stops",
                label="in memory",
                places=tuple(value_place(variable.origin, f"names {path}")),
                loses=f"the database of {shortened(service.name)}",
                evidence=(f"{variable.name} names {path}",),
                service=service.name,
                target=target,
                reason="mount a named volume there if these rows must survive",
            )


def _of_engine(project: Project, service: Service, places: Mapping[str, Location | None]) -> Iterator[Finding]:
    for image, entry in known_images(service):
        role = role_of(project, service, entry)
        where = role.where
        target = next((place for path in where.paths if (place := _holder(project, service, path)) in places), None)
        if entry.kind != "engine" or not role.counts or where.keeps_nothing or target is None:
            continue
        yield Finding(
            code="VF107",
            severity=Severity.INFO if entry.cache else Severity.WARNING,
            location=places[target] or _location(service, target),
            message=f"{shortened(entry.name, 36)}'s data is in memory",
            danger=f"{target} is in memory: the data of {entry.name} is lost when the container stops",
            label="in memory",
            places=tuple(image_place(service, f"{entry.name} keeps its data in {where.paths[0]}")),
            loses=shortened(entry.name, 36),
            evidence=(f"{image.text}: {entry.name} keeps its data in {where.paths[0]}", *role.evidence),
            service=service.name,
            target=target,
            reason="mount a named volume there if these rows must survive",
        )
        return


def _in_memory(project: Project, service: Service) -> dict[str, Location | None]:
    """The targets that are in memory, each with the place of its mount if it is a volume; None for `tmpfs:`."""
    found: dict[str, Location | None] = dict.fromkeys(service.tmpfs)
    for mount in project.mounts_of(service):
        entry = resolved(project.declared[mount.source]) if mount.source in project.declared else None
        options = entry.get("driver_opts") if mount.kind == VOLUME and isinstance(entry, Entries) else None
        kind = options.get("type") if isinstance(options, Entries) else None
        if isinstance(kind, Scalar) and kind.value == "tmpfs":
            found[mount.clean_target] = mount_location(mount)
    return found


def _holder(project: Project, service: Service, path: str) -> str | None:
    """The target of the innermost mount or tmpfs that holds the path; None for no target."""
    targets = {*service.tmpfs, *(mount.clean_target for mount in project.mounts_of(service))}
    return max((place for place in targets if path == place or is_below(path, place)), key=len, default=None)


def _location(service: Service, target: str) -> Location:
    """Where the tmpfs is written; the service if the tmpfs comes from a merge key."""
    for part in reversed(service.parts):
        for key in ("tmpfs", "volumes"):
            node: Node | None = part.node.get(key)
            if node is not None and target in part.file.source.text[node.span.start : node.span.end]:
                start = part.file.source.text.index(target, node.span.start)
                return at(part.file.source, start, start + len(target))
    part = service.parts[0]
    return at(part.file.source, part.node.span.start, part.node.span.start)


TOLD = "services:\n  app:\n    build: .\n    environment: {{DATABASE_URL: 'sqlite:///./data/app.db'}}\n{keys}"
BUILT = {"Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n", "requirements.txt": "sqlalchemy==2.0.36\n"}
ENGINE = "services:\n  db:\n    image: {image}\n    tmpfs:\n      - {target}\n"

RULE = Rule(
    code="VF107",
    name="database-on-tmpfs",
    summary="A database's data directory or file is on a tmpfs.",
    why="A tmpfs lives in memory and only while its container runs: after every restart the database is EMPTY.",
    fix="None: volfix cannot tell whether these rows must survive. Stacks that are named for tests are not reported.",
    sources=("docker/docs: tmpfs.md", "compose-spec/compose-spec: 05-services.md"),
    examples=(
        reported(
            "a server's data in memory",
            {"compose.yaml": ENGINE.format(image="mysql:8.4", target="/var/lib/mysql:size=1g")},
        ),
        reported(
            "a tmpfs in long syntax",
            {
                "compose.yaml": "services:\n  db:\n    image: postgres:17\n    volumes:\n"
                "      - {type: tmpfs, target: /var/lib/postgresql/data}\n"
            },
        ),
        reported(
            "a volume that is in memory by its driver options",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: [rows:/var/lib/mysql]\n"
                "volumes:\n  rows:\n    driver_opts: {type: tmpfs, device: tmpfs}\n"
            },
        ),
        reported(
            "a database file that a variable names",
            {"compose.yaml": TOLD.format(keys="    tmpfs: [/app/data]\n"), **BUILT},
        ),
        reported(
            "a database file in a mount of the type tmpfs",
            {"compose.yaml": TOLD.format(keys="    volumes: [{type: tmpfs, target: /app/data}]\n"), **BUILT},
        ),
        reported(
            "a database file in a volume that is in memory by its driver options",
            {
                "compose.yaml": TOLD.format(keys="    volumes: ['rows:/app/data']\n")
                + "volumes:\n  rows:\n    driver_opts: {type: tmpfs, device: tmpfs}\n",
                **BUILT,
            },
        ),
        untouched(
            "a database file beside the directory in memory",
            {
                "compose.yaml": TOLD.format(keys="    tmpfs: [/app/cache]\n    volumes: ['rows:/app/data']\n")
                + "volumes: {rows: }\n",
                **BUILT,
            },
        ),
        untouched(
            "a database file among temporary files",
            {
                "compose.yaml": "services:\n  app:\n    image: example.org/acme/app:1\n    tmpfs: [/tmp]\n"
                "    environment: {DATABASE_URL: 'sqlite:////tmp/app.db'}\n"
            },
        ),
        untouched(
            "a stack for tests", {"docker-compose.test.yml": ENGINE.format(image="mysql:8.4", target="/var/lib/mysql")}
        ),
        untouched(
            "a directory for temporary files",
            {"compose.yaml": ENGINE.format(image="mysql:8.4", target="/tmp")},  # noqa: S108 - a target in a container
        ),
        untouched(
            "an engine that keeps nothing", {"compose.yaml": ENGINE.format(image="memcached:1.6", target="/data")}
        ),
        untouched(
            "the directory of the server's socket",
            {
                "compose.yaml": "services:\n  db:\n    image: postgres:17\n    tmpfs: [/var/run/postgresql]\n"
                "    volumes: [rows:/var/lib/postgresql/data]\nvolumes: {rows: }\n"
            },
        ),
        untouched(
            "a cache whose command turns persistence off",
            {
                "compose.yaml": "services:\n  cache:\n    image: redis:7\n    command: redis-server --save ''\n"
                "    tmpfs: [/data]\n"
            },
        ),
        untouched(
            "a database in a profile for tests",
            {"compose.yaml": ENGINE.format(image="mysql:8.4", target="/var/lib/mysql") + "    profiles: [e2e]\n"},
        ),
        untouched(
            "a volume for the data, inside a directory in memory",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    tmpfs: [/var/lib]\n"
                "    volumes: [rows:/var/lib/mysql]\nvolumes: {rows: }\n"
            },
        ),
    ),
    check=check,
)
