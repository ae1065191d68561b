"""VF107: a database's data directory in memory."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.knowledge.lookup import entries_for
from volfix.knowledge.paths import is_below
from volfix.project.images import images_of
from volfix.project.model import Service
from volfix.project.test_stacks import is_test_service, is_test_stack
from volfix.rules.context import Context, at
from volfix.rules.findings import Finding, Location, Severity
from volfix.rules.holdings import directories_in
from volfix.rules.rule import Example, Outcome, Rule
from volfix.syntax.yaml_tree import Node


def check(context: Context) -> Iterator[Finding]:
    """Every engine whose data directory is on a tmpfs, but in stacks that serve tests."""
    for project in context.stack.projects:
        if is_test_stack(project):
            continue
        for service in project.services.values():
            if service.tmpfs and not is_test_service(service):
                yield from _of_service(service)


def _of_service(service: Service) -> Iterator[Finding]:
    for image in images_of(service):
        for entry in entries_for(image):
            where = directories_in(service, entry)
            covered = (
                place for place in service.tmpfs for path in where.paths if path == place or is_below(path, place)
            )
            target = next(covered, None)
            if entry.kind != "engine" or where.keeps_nothing or target is None:
                continue
            yield Finding(
                code="VF107",
                severity=Severity.INFO if entry.cache else Severity.WARNING,
                location=_location(service, target),
                message=f"{target} is in memory: the data of {entry.name} goes when the container stops",
                evidence=(f"{image.text}: {entry.name} keeps its data in {where.paths[0]}",),
                service=service.name,
                target=target,
                reason="memory may be meant: if not, mount a named volume there",
            )
            return


def _location(service: Service, target: str) -> Location:
    """Where the tmpfs is written; the service, where it comes from a merge key."""
    for part in reversed(service.parts):
        for key in ("tmpfs", "volumes"):
            node: Node | None = part.node.get(key)
            if node is not None and target in part.file.source.text[node.span.start : node.span.end]:
                start = part.file.source.text.index(target, node.span.start)
                return at(part.file.source, start, start + len(target))
    part = service.parts[0]
    return at(part.file.source, part.node.span.start, part.node.span.start)


ENGINE = "services:\n  db:\n    image: {image}\n    tmpfs:\n      - {target}\n"

RULE = Rule(
    code="VF107",
    name="database-on-tmpfs",
    summary="A database's data directory is on a tmpfs.",
    why="A tmpfs lives as long as its container runs: every restart is an empty database.",
    fix="None: memory may be meant. In stacks whose name says that they serve tests it is not reported.",
    sources=("docker/docs: tmpfs.md", "compose-spec/compose-spec: 05-services.md"),
    examples=(
        Example(
            "a server's data in memory",
            {"compose.yaml": ENGINE.format(image="mysql:8.4", target="/var/lib/mysql:size=1g")},
            Outcome.REPORTED,
        ),
        Example(
            "the long form",
            {
                "compose.yaml": "services:\n  db:\n    image: postgres:17\n    volumes:\n"
                "      - {type: tmpfs, target: /var/lib/postgresql/data}\n"
            },
            Outcome.REPORTED,
        ),
        Example(
            "tests",
            {"docker-compose.test.yml": ENGINE.format(image="mysql:8.4", target="/var/lib/mysql")},
            Outcome.UNTOUCHED,
        ),
        Example(
            "a directory for temporary files",
            {"compose.yaml": ENGINE.format(image="mysql:8.4", target="/tmp")},  # noqa: S108 - a target in a container
            Outcome.UNTOUCHED,
        ),
        Example(
            "an engine that keeps nothing",
            {"compose.yaml": ENGINE.format(image="memcached:1.6", target="/data")},
            Outcome.UNTOUCHED,
        ),
        Example(
            "the directory of the server's socket",
            {
                "compose.yaml": "services:\n  db:\n    image: postgres:17\n    tmpfs: [/var/run/postgresql]\n"
                "    volumes: [rows:/var/lib/postgresql/data]\nvolumes: {rows: }\n"
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "a cache that is told to keep nothing",
            {
                "compose.yaml": "services:\n  cache:\n    image: redis:7\n    command: redis-server --save ''\n"
                "    tmpfs: [/data]\n"
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "the database of one profile, which is for tests",
            {
                "compose.yaml": ENGINE.format(image="mysql:8.4", target="/var/lib/mysql") + "    profiles: [e2e]\n",
            },
            Outcome.UNTOUCHED,
        ),
    ),
    check=check,
)
