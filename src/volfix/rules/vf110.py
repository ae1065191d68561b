"""VF110: two database servers on one data directory."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.project.compose.mounts import BIND
from volfix.project.compose.replicas import replicas
from volfix.project.deployments.throwaway_stacks import is_test_service, is_test_stack
from volfix.project.stack import Use
from volfix.rules.context import Context, mount_location, source_location
from volfix.rules.evidence.servers import MOST, Server, are_alternatives, colliding, server_of
from volfix.rules.findings import Finding, Place, Severity, shortened
from volfix.rules.rule import Rule, reported, untouched

NAMED = 10
"""The servers that a finding names."""


def check(context: Context) -> Iterator[Finding]:
    """A finding for every mount of a server's data directory that another server uses too and cannot share.

    Stacks and services for tests are left out: they have nothing to lose.
    """
    for use in context.stack.uses:
        if is_test_stack(use.project) or is_test_service(use.service):
            continue
        server = server_of(use) if use.shared_source(context.root) is not None else None
        if server is None or server.misses:
            continue
        if (count := replicas(use.service) or 1) > 1:
            yield _of_replicas(use, server, count)
        others = [other for other in colliding(context, use) if not other.misses]
        if others:
            yield _finding(context, use, server, others)


def _finding(context: Context, use: Use, server: Server, others: list[Server]) -> Finding:
    own = server.described(
        context.root, next((each for each in others if each.directory != server.directory), others[0])
    )
    every = sorted({own, *(other.described(context.root, server) for other in others)})
    rest = f"{'at least ' if len(colliding(context, use)) == MOST else ''}{len(every) - NAMED} more"
    *names, last = every if len(every) <= NAMED + 1 else (*every[:NAMED], rest)
    together = any(not other.excludes(server) for other in others)
    alternative = are_alternatives(context, use, others)
    is_known = use.mount.kind != BIND or context.host_of(use.mount).path is not None
    strange = dict.fromkeys(other.image for other in others if not other.is_alike(server))
    images = " and ".join((server.image, *strange))
    is_sure = all(each.is_sure for each in (server, *others))
    what = f"{'run' if is_sure else 'may run'} database servers on one data directory: they would corrupt it"
    if together and alternative:
        same = "" if is_known else f" where {use.mount.raw_source} is the same for both"
        what = f"use one data directory{same}: if both run at once, they corrupt it"
    elif not together:
        what = f"use one data directory, and {images} may not be able to read each other's files"
    return Finding(
        code="VF110",
        severity=_severity(is_error=together and not alternative and is_sure, is_note=alternative and not is_known),
        location=mount_location(use.mount),
        mark=source_location(use.mount),
        message=f"two servers {'use' if is_sure and together and not alternative else 'may use'} one data directory",
        danger=f"{', '.join(names)} and {last} {what}" if names else f"two services called {last} {what}",
        label=f"{server.engine} keeps its data here",
        places=tuple(Place(other.location, f"{other.engine} keeps its data here") for other in others[:NAMED]),
        loses=f"the data of {shortened(use.service.name)}",
        evidence=(
            f"both mount {use.mount.raw_source} where {server.engine} keeps its data",
            *((f"the engines or their versions differ: {images}",) if strange and together else ()),
            *dict.fromkeys(line for each in (server, *others) for line in each.role_evidence),
        ),
        service=use.service.name,
        target=use.mount.raw_target,
        reason="decide which service keeps the data, and give each other service its own volume",
    )


def _severity(*, is_error: bool, is_note: bool) -> Severity:
    """The severity. A note: a variable may give each of several alternative files its own directory."""
    if is_note:
        return Severity.INFO
    return Severity.ERROR if is_error else Severity.WARNING


def _of_replicas(use: Use, server: Server, count: int) -> Finding:
    return Finding(
        code="VF110",
        severity=Severity.WARNING,
        location=mount_location(use.mount),
        mark=source_location(use.mount),
        message=f"{count} containers of {shortened(use.service.name)} use one data directory",
        danger=f"{count} containers of {use.service.name} on one host use one data directory: they would corrupt it",
        label="all containers mount this",
        loses=f"the data of {shortened(use.service.name)}",
        evidence=(f"all mount {use.mount.raw_source} where {server.engine} keeps its data",),
        service=use.service.name,
        target=use.mount.raw_target,
        reason="give each server its own volume, and let the engine replicate the rows",
    )


RULE = Rule(
    code="VF110",
    name="shared-data-directory",
    summary="Two database servers use one data directory.",
    why=(
        "Two servers on one data directory corrupt the data, or the second server does not start. Two engines, or two"
        " versions of one engine, cannot read each other's files, even if only one of them runs at a time."
    ),
    fix=(
        "None: decide which service keeps the data. Until then VF101, VF104 and VF106 have no fix for mounts whose "
        "engines or versions differ."
    ),
    sources=("docker-library/docs: postgres, mysql, mongo",),
    examples=(
        reported(
            "two services",
            {
                "compose.yaml": "services:\n  one:\n    image: mysql:8.4\n    volumes: ['/srv/sql:/var/lib/mysql']\n"
                "  two:\n    image: mysql:8.4\n    volumes: ['/srv/sql/:/var/lib/mysql']\n"
            },
        ),
        reported(
            "two projects of one repository",
            {
                "a/compose.yaml": "services:\n  db:\n    image: mongo:7\n    volumes: ['../rows:/data/db']\n",
                "b/compose.yaml": "services:\n  db:\n    image: mongo:7\n    volumes: ['../rows:/data/db']\n",
            },
        ),
        reported(
            "two files of one project, one deployed at a time, whose versions cannot read each other's files",
            {
                "compose.yaml": "services:\n  db:\n    image: postgres:16\n    volumes: ['./pg:/var/lib/postgresql/data']\n",
                "docker-compose.prod.yml": "services:\n  db:\n    image: postgres:18\n"
                "    volumes: ['./pg:/var/lib/postgresql']\n",
            },
        ),
        reported(
            "two files of one directory that are not merged, with a server of another name on one volume",
            {
                "compose.yaml": "services:\n  db:\n    image: postgres:16\n    volumes: ['pg:/var/lib/postgresql/data']\n"
                "volumes: {pg: }\n",
                "compose.database.yaml": "services:\n  only:\n    image: postgres:16\n"
                "    volumes: ['pg:/var/lib/postgresql/data']\nvolumes: {pg: }\n",
            },
        ),
        untouched(
            "files that are separate projects (`-f`, `-p`), each with its own volume",
            {
                "overrides/compose.own.yaml": "services:\n  db:\n    image: mariadb:11\n"
                "    volumes: ['sql:/var/lib/mysql']\nvolumes: {sql: }\n",
                "overrides/compose.shared.yaml": "services:\n  database:\n    image: mariadb:11\n"
                "    volumes: ['sql:/var/lib/mysql']\nvolumes: {sql: }\n",
                "overrides/compose.postgres.yaml": "services:\n  db:\n    image: postgres:16\n"
                "    volumes: ['sql:/var/lib/postgresql/data']\nvolumes: {sql: }\n",
            },
        ),
        untouched(
            "a backup job and a reader",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: ['sql:/var/lib/mysql']\n"
                "  backup:\n    image: mysql:8.4\n    command: [xtrabackup]\n    volumes: ['sql:/var/lib/mysql']\n"
                "  reader:\n    image: mysql:8.4\n    volumes: ['sql:/var/lib/mysql:ro']\nvolumes: {sql: }\n"
            },
        ),
        untouched(
            "two variants of one project, one deployed at a time",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: ['sql:/var/lib/mysql']\n"
                "volumes: {sql: }\n",
                "docker-compose.prod.yml": "services:\n  db:\n    image: mysql:8.4\n    restart: always\n"
                "    volumes: ['sql:/var/lib/mysql']\nvolumes: {sql: }\n",
            },
        ),
        untouched(
            "two sub-directories of one volume",
            {
                "compose.yaml": "services:\n  shop:\n    image: postgres:16\n    environment: {PGDATA: /rows/shop}\n"
                "    volumes: ['all:/rows']\n  blog:\n    image: postgres:16\n    environment: {PGDATA: /rows/blog}\n"
                "    volumes: ['all:/rows']\nvolumes: {all: }\n"
            },
        ),
        untouched(
            "an old and a new server in profiles that exclude each other",
            {
                "compose.yaml": "services:\n  old:\n    image: mysql:8.0\n    profiles: [old]\n"
                "    volumes: ['sql:/var/lib/mysql']\n  new:\n    image: mysql:8.4\n    profiles: [new]\n"
                "    volumes: ['sql:/var/lib/mysql']\nvolumes: {sql: }\n"
            },
        ),
        untouched(
            "two projects with the same volume key: on the host each has its own volume",
            {
                "a/compose.yaml": "services:\n  db:\n    image: mongo:7\n    volumes: ['rows:/data/db']\nvolumes: {rows: }\n",
                "b/compose.yaml": "services:\n  db:\n    image: mongo:7\n    volumes: ['rows:/data/db']\nvolumes: {rows: }\n",
            },
        ),
        untouched(
            "two servers in a stack for tests",
            {
                "docker-compose.test.yml": "services:\n  one:\n    image: mysql:8.4\n    volumes: ['sql:/var/lib/mysql']\n"
                "  two:\n    image: mysql:8.4\n    volumes: ['sql:/var/lib/mysql']\nvolumes: {sql: }\n"
            },
        ),
        reported(
            "one service with several replicas",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    deploy: {replicas: 2}\n"
                "    volumes: ['sql:/var/lib/mysql']\nvolumes: {sql: }\n"
            },
        ),
    ),
    check=check,
)
