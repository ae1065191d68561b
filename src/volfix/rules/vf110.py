"""VF110: two database servers on one data directory."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from volfix.knowledge.lookup import entries_for
from volfix.knowledge.paths import is_below
from volfix.knowledge.storage import holds
from volfix.project.hosts import host_directory
from volfix.project.images import images_of
from volfix.project.mounts import BIND, VOLUME
from volfix.project.replicas import replicas
from volfix.project.stack import Stack, Use
from volfix.rules.context import Context, mount_location
from volfix.rules.findings import Finding, Severity
from volfix.rules.holdings import directories_in, starts_server
from volfix.rules.rule import Example, Outcome, Rule


@dataclass(frozen=True, slots=True)
class Server:
    """A database server of one service; `directory` is its project's, `path` where it keeps its data."""

    directory: Path
    service: str
    engine: str
    path: str
    profiles: frozenset[str]


def check(context: Context) -> Iterator[Finding]:
    """Every mount of a server's data directory that another server, of this or another project, mounts too."""
    for use in context.stack.uses:
        server = server_of(use)
        place = place_of(use, context.root, server) if server else None
        if place is None or server is None:
            continue
        if (count := replicas(use.service) or 1) > 1:
            yield _of_replicas(use, server, count)
        others = sorted(
            (other for other in context.servers.get(place, frozenset()) if _at_once(server, other)),
            key=lambda other: (str(other.directory), other.service),
        )
        if not others:
            continue
        names = ", ".join(_said(other, server, context.root) for other in others)
        yield Finding(
            code="VF110",
            severity=Severity.ERROR,
            location=mount_location(use.mount),
            message=f"{use.service.name} and {names} run a server on one data directory: they would corrupt it",
            evidence=(f"both mount {use.mount.raw_source} where {server.engine} keeps its data",),
            service=use.service.name,
            target=use.mount.raw_target,
            reason="which of them shall have the data is for a person to say",
        )


def _of_replicas(use: Use, server: Server, count: int) -> Finding:
    return Finding(
        code="VF110",
        severity=Severity.WARNING,
        location=mount_location(use.mount),
        message=f"on one host {count} containers of {use.service.name} run on one data directory: they would corrupt it",
        evidence=(f"all mount {use.mount.raw_source} where {server.engine} keeps its data",),
        service=use.service.name,
        target=use.mount.raw_target,
        reason="a database server scales by replication, each with a volume of its own",
    )


def servers_by_place(stacks: list[Stack]) -> dict[str, frozenset[Server]]:
    """For each host directory and each volume with a name of its own, the servers whose data directory it is."""
    found: dict[str, set[Server]] = {}
    for stack in stacks:
        for use in stack.uses:
            server = server_of(use)
            place = place_of(use, stack.root, server) if server else None
            if place is not None and server is not None:
                found.setdefault(place, set()).add(server)
    return {place: frozenset(servers) for place, servers in found.items() if len(servers) > 1}


def place_of(use: Use, root: Path, server: Server) -> str | None:
    """What the server's data is told apart by: a place below a host directory, or in a volume by its real name.

    What depends on a variable of unknown value, or on the project's name, is compared within one directory only.
    """
    mount = use.mount
    if mount.read_only or mount.overridden:
        return None
    inner = posixpath.relpath(server.path, mount.clean_target)
    if mount.kind == BIND:
        host = host_directory(mount, root)
        place = posixpath.normpath(f"{host.key}/{inner}")
        return place if host.path is not None else f"{place} of {use.project.directory}"
    if mount.kind != VOLUME:
        return None
    name = use.project.real_name(mount.source)
    own = name == f"{use.project.name}_{mount.source}" or "${" in name
    place = posixpath.normpath(f"{name}/{mount.subpath or ''}/{inner}")
    return f"volume {place} of {use.project.directory}" if own else f"volume {place}"


def server_of(use: Use) -> Server | None:
    """The server whose data directory the mount holds; None for clients, backups and applications."""
    for image in images_of(use.service):
        for entry in entries_for(image):
            if entry.kind != "engine" or not starts_server(use.service.words, entry):
                continue
            where = directories_in(use.service, entry)
            target = use.mount.clean_target
            if where.keeps_nothing or where.unknown or holds(target, where) != "holds":
                continue
            path = next((path for path in where.paths if path == target or is_below(path, target)), target)
            profiles = frozenset(use.service.profiles)
            return Server(use.project.directory, use.service.name, entry.family, path, profiles)
    return None


def _at_once(one: Server, other: Server) -> bool:
    """Whether both can run at one time: variants of one project replace each other, profiles may exclude each other."""
    if one.directory == other.directory and one.service == other.service:
        return False
    return not (one.profiles and other.profiles and not one.profiles & other.profiles)


def _said(other: Server, one: Server, root: Path) -> str:
    if other.directory == one.directory:
        return other.service
    place = other.directory.relative_to(root) if other.directory.is_relative_to(root) else other.directory
    return f"{other.service} of {place}"


RULE = Rule(
    code="VF110",
    name="shared-data-directory",
    summary="Two database servers use one data directory.",
    why="A database server takes its data directory for its own: two at once corrupt it, or one does not start.",
    fix="None: which of the two shall have the data is for a person to say.",
    sources=("docker-library/docs: postgres, mysql, mongo",),
    examples=(
        Example(
            "two services",
            {
                "compose.yaml": "services:\n  one:\n    image: mysql:8.4\n    volumes: ['/srv/sql:/var/lib/mysql']\n"
                "  two:\n    image: mysql:8.4\n    volumes: ['/srv/sql/:/var/lib/mysql']\n"
            },
            Outcome.REPORTED,
        ),
        Example(
            "two projects of one repository",
            {
                "a/compose.yaml": "services:\n  db:\n    image: mongo:7\n    volumes: ['../rows:/data/db']\n",
                "b/compose.yaml": "services:\n  db:\n    image: mongo:7\n    volumes: ['../rows:/data/db']\n",
            },
            Outcome.REPORTED,
        ),
        Example(
            "a backup job and a reader",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: ['sql:/var/lib/mysql']\n"
                "  backup:\n    image: mysql:8.4\n    command: [xtrabackup]\n    volumes: ['sql:/var/lib/mysql']\n"
                "  reader:\n    image: mysql:8.4\n    volumes: ['sql:/var/lib/mysql:ro']\nvolumes: {sql: }\n"
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "two variants of one project, of which one runs",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    volumes: ['sql:/var/lib/mysql']\n"
                "volumes: {sql: }\n",
                "docker-compose.prod.yml": "services:\n  db:\n    image: mysql:8.4\n    restart: always\n"
                "    volumes: ['sql:/var/lib/mysql']\nvolumes: {sql: }\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "two sub-directories of one volume",
            {
                "compose.yaml": "services:\n  shop:\n    image: postgres:16\n    environment: {PGDATA: /rows/shop}\n"
                "    volumes: ['all:/rows']\n  blog:\n    image: postgres:16\n    environment: {PGDATA: /rows/blog}\n"
                "    volumes: ['all:/rows']\nvolumes: {all: }\n"
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "the old and the new server, of which profiles let one run",
            {
                "compose.yaml": "services:\n  old:\n    image: mysql:8.0\n    profiles: [old]\n"
                "    volumes: ['sql:/var/lib/mysql']\n  new:\n    image: mysql:8.4\n    profiles: [new]\n"
                "    volumes: ['sql:/var/lib/mysql']\nvolumes: {sql: }\n"
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "two projects with a volume of one key: each has its own on the host",
            {
                "a/compose.yaml": "services:\n  db:\n    image: mongo:7\n    volumes: ['rows:/data/db']\nvolumes: {rows: }\n",
                "b/compose.yaml": "services:\n  db:\n    image: mongo:7\n    volumes: ['rows:/data/db']\nvolumes: {rows: }\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "several replicas",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    deploy: {replicas: 2}\n"
                "    volumes: ['sql:/var/lib/mysql']\nvolumes: {sql: }\n"
            },
            Outcome.REPORTED,
        ),
    ),
    check=check,
)
