"""VF101: a database's data directory on a bind mount."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.project.compose.host_directories import is_file
from volfix.project.compose.mounts import BIND
from volfix.rules.context import Context, mount_location, source_location
from volfix.rules.evidence.database_places import is_code
from volfix.rules.evidence.databases import databases_in
from volfix.rules.evidence.held_data import DATABASE_FILE, ENGINE, held_data
from volfix.rules.findings import Finding, Severity, shortened
from volfix.rules.remedies.bind_findings import bind_findings
from volfix.rules.remedies.second_places import value_place
from volfix.rules.rule import Rule, fixed, fixed_unsafe, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every bind mount that holds an engine's data directory or a database file that a URL names."""
    yield from bind_findings(context, "VF101", lambda held: held.kind in (ENGINE, DATABASE_FILE))
    yield from _among_code(context)


def _among_code(context: Context) -> Iterator[Finding]:
    """A finding for every database file in a mount that also holds code. It has no fix: a volume would hide later code.

    It is a note where the mount is the whole project, as in development, and no pipeline deploys the stack.
    """
    for use in context.stack.uses:
        mount = use.mount
        host = context.host_of(mount)
        if mount.kind != BIND or mount.read_only or not host.inside or is_file(mount) or held_data(context, use):
            continue
        for database in databases_in(context, use.project, use.service):
            if database.mount is not mount or not database.is_inside:
                continue
            is_note = is_code(mount) and not context.stack.workflows
            yield Finding(
                code="VF101",
                severity=Severity.INFO if is_note else Severity.WARNING,
                location=mount_location(mount),
                mark=source_location(mount),
                message=f"the database of {shortened(use.service.name)} is among the project's own files",
                danger=f"the database is kept in {mount.raw_source}, beside code: a fresh clone or `git clean` deletes it",
                label="kept here",
                places=tuple(value_place(database.origin, f"names {database.path}")),
                loses=f"the database of {shortened(use.service.name)}",
                evidence=(f"{database.variable}={database.shown}: the database is {database.path}",),
                service=use.service.name,
                target=mount.raw_target,
                reason=f"{mount.raw_target} also holds code: mount a named volume at a directory of its own, and keep the "
                "database file in that directory",
            )
            break


POSTGRES = """\
services:
  db:
    image: postgres:16
    volumes:
      - ./pg:/var/lib/postgresql/data  # rows
"""

RULE = Rule(
    code="VF101",
    name="database-on-bind-mount",
    summary="A database's data directory is a bind mount.",
    why=(
        "A bind mount lasts only as long as the host directory behind it. A relative source lies in the checkout: a "
        "fresh clone, `git clean` or another runner has none of its files, and the database starts EMPTY."
    ),
    fix=(
        "A named volume with `driver: local` replaces the bind mount, at every mount of the same host directory. The "
        "volume starts EMPTY: the finding says what to carry. Unsafe where a command on the host writes to the "
        "directory or tests whether it is empty, and where a file sets a variable of the source to another directory;"
        " the finding names these lines. A command that only reads the directory does not make the fix unsafe; the "
        "finding lists it."
    ),
    sources=("docker/docs: volumes.md, bind-mounts.md", "compose-spec/compose-spec: 05-services.md, 07-volumes.md"),
    examples=(
        fixed(
            "a database in the checkout",
            {"compose.yaml": POSTGRES},
            {
                "compose.yaml": """\
services:
  db:
    image: postgres:16
    volumes:
      - db-data:/var/lib/postgresql/data  # rows

volumes:
  db-data:
    driver: local
"""
            },
        ),
        fixed(
            "a variable moves the data directory, a mount in long syntax holds it, and a backup reads it",
            {
                "compose.yaml": """\
services:
  store:
    image: postgres:15-alpine
    environment: {PGDATA: /data/pg}
    volumes:
      - type: bind
        source: ./state
        target: /data
        bind:
          create_host_path: true
  backup:
    image: acme/tar:1
    volumes: ["./state:/from:ro,z"]
"""
            },
            {
                "compose.yaml": """\
services:
  store:
    image: postgres:15-alpine
    environment: {PGDATA: /data/pg}
    volumes:
      - type: volume
        source: store-db
        target: /data
  backup:
    image: acme/tar:1
    volumes: ["store-db:/from:ro"]

volumes:
  store-db:
    driver: local
"""
            },
        ),
        fixed_unsafe(
            "the source lies outside the repository: volfix cannot see whether it is backed up",
            {
                "compose.yaml": """\
services:
  db:
    image: mysql:8.4
    volumes:
      - /srv/mysql:/var/lib/mysql
"""
            },
            {
                "compose.yaml": """\
services:
  db:
    image: mysql:8.4
    volumes:
      - db-data:/var/lib/mysql

volumes:
  db-data:
    driver: local
"""
            },
        ),
        reported(
            "no fix: volfix does not know the value of the source",
            {
                "compose.yaml": """\
services:
  db:
    image: mysql:8.4
    volumes:
      - ${PLACE}:/var/lib/mysql
"""
            },
        ),
        untouched(
            "init scripts, configuration and a read-only copy are not data",
            {
                "compose.yaml": """\
services:
  db:
    image: postgres:16
    volumes:
      - data:/var/lib/postgresql/data
      - ./init:/docker-entrypoint-initdb.d
      - ./postgresql.conf:/etc/postgresql/postgresql.conf
      - ./restored:/var/lib/postgresql/data/old:ro
volumes:
  data:
"""
            },
        ),
        untouched(
            "a named volume",
            {
                "compose.yaml": """\
services:
  db:
    image: mongo:7
    volumes: [mongo:/data/db]
volumes: {mongo: }
"""
            },
        ),
        untouched(
            "the source code of an application",
            {
                "compose.yaml": """\
services:
  web:
    build: .
    volumes:
      - .:/app
"""
            },
        ),
        reported(
            "a database file in the directory of the schema, which is code",
            {
                "compose.yaml": """\
services:
  web:
    build: .
    environment:
      DATABASE_URL: file:./dev.db
    volumes:
      - ./prisma:/app/prisma
""",
                "Dockerfile": "FROM node:22\nWORKDIR /app\nCOPY . .\n",
                "package.json": '{"dependencies": {"@prisma/client": "5.1.0"}, "devDependencies": {"prisma": "5.1.0"}}',
                "prisma/schema.prisma": 'datasource db {\n  provider = "sqlite"\n  url      = env("DATABASE_URL")\n}\n',
            },
        ),
        untouched(
            "an ignore comment with its reason keeps the mount",
            {
                "compose.yaml": """\
services:
  db:
    image: postgres:16
    volumes:
      # volfix: ignore[VF101] the host's snapshots need the files
      - ./pg:/var/lib/postgresql/data
"""
            },
        ),
        untouched(
            "logs, certificates and the socket of a server",
            {
                "compose.yaml": """\
services:
  db:
    image: mysql:8.4
    volumes:
      - rows:/var/lib/mysql
      - ./logs:/var/log/mysql
      - ./tls:/etc/mysql/certs
      - ./run:/var/run/mysqld
volumes: {rows: }
"""
            },
        ),
        untouched(
            "a dump job that runs the server's image",
            {
                "compose.yaml": """\
services:
  dump:
    image: postgres:16
    command: [pg_dump, -h, db.example.org, -f, /dumps/all.sql, shop]
    volumes: ["./dumps:/dumps"]
"""
            },
        ),
        untouched(
            "files that an application serves; its database is on another host",
            {
                "compose.yaml": """\
services:
  web:
    image: example.org/acme/shop:2
    environment: {DATABASE_URL: "postgresql://shop@db.example.org/shop"}
    volumes: ["./uploads:/srv/shop/public/uploads"]
"""
            },
        ),
    ),
    check=check,
)
