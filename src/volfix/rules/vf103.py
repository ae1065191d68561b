"""VF103: a single database file mounted from the host."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.knowledge.targets import is_beside_program, never_converted
from volfix.project.compose.host_directories import is_file
from volfix.project.compose.mounts import BIND, VOLUME
from volfix.project.stack import Use
from volfix.rules.context import Context, mount_location, source_location
from volfix.rules.evidence.databases import databases_in
from volfix.rules.evidence.host_users import host_evidence
from volfix.rules.findings import Finding, Severity, shortened
from volfix.rules.remedies.file_mounts import file_fix
from volfix.rules.remedies.file_uses import FileUse
from volfix.rules.remedies.second_places import value_place
from volfix.rules.rule import Rule, fixed, reported, untouched

ENDINGS = (".db", ".db3", ".sqlite", ".sqlite3", ".mv.db", ".sqlitedb")


def check(context: Context) -> Iterator[Finding]:
    """A finding for every writable mount of a database file, and for every volume at the path of a database file."""
    for use in context.stack.uses:
        mount = use.mount
        if mount.read_only or mount.overridden or mount.kind not in (BIND, VOLUME):
            continue
        item = FileUse(context, use)
        if mount.kind == BIND:
            if item.is_named or (is_file(mount) and _looks_like_one(mount.clean_target)):
                yield _finding(context, item)
        elif mount.kind == VOLUME:
            yield from _volume_findings(context, use)


def _looks_like_one(target: str) -> bool:
    """Whether the target looks like a database file. A name server's zone files end in `.db` too, and are not
    databases.
    """
    return target.endswith(ENDINGS) and (is_beside_program(target) or not never_converted(None, target))


def _finding(context: Context, item: FileUse) -> Finding:
    mount = item.use.mount
    conversion = file_fix(context, item.use)
    return Finding(
        code="VF103",
        severity=Severity.ERROR if context.host_of(mount).inside else Severity.WARNING,
        location=mount_location(mount),
        mark=source_location(mount),
        message="a database file is mounted without its -wal and -journal files",
        danger=f"the database file {mount.raw_target} is mounted alone: its -wal and -journal files stay in the container",
        label="a single file",
        places=tuple(place for each in item.databases for place in value_place(each.origin, f"names {each.path}")),
        loses=f"the database of {shortened(item.service)}",
        evidence=(
            *(f"{database.variable}={database.shown}" for database in item.databases),
            *(f"{item.service} runs {word.scalar.value}" for word in item.words if not item.databases),
            "if the file is missing on the host, Docker creates a directory with its name",
            *(host_evidence(context, item.use) if conversion.fix else ()),
        ),
        service=item.service,
        target=mount.raw_target,
        fix=conversion.fix,
        reason=conversion.reason,
    )


def _volume_findings(context: Context, use: Use) -> Iterator[Finding]:
    """A finding for a volume at the path of a database file: a volume is a directory, which SQLite cannot open."""
    for database in databases_in(context, use.project, use.service):
        if database.mount is use.mount and database.is_inside and database.path == use.mount.clean_target:
            yield Finding(
                code="VF103",
                severity=Severity.ERROR,
                location=mount_location(use.mount),
                mark=source_location(use.mount),
                message=f"the database path of {shortened(use.service.name)} is a volume, not a file",
                danger=f"the volume {use.mount.raw_source} is mounted at {use.mount.raw_target}, the path of the database file "
                f"of {use.service.name}: the file cannot be opened",
                label="a volume is a directory, never a file",
                places=tuple(value_place(database.origin, f"names {database.path}")),
                evidence=(f"{database.variable}={database.shown}", "a named volume is a directory, never a file"),
                service=use.service.name,
                target=use.mount.raw_target,
                reason="mount the volume at a directory, and name a file in that directory",
            )
            return


FILE = "services:\n  app:\n    build: .\n    volumes:\n      - {mount}\n    environment:\n      DATABASE_URL: {url}\n"
DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\n"
SQLALCHEMY = {"Dockerfile": DOCKERFILE, "requirements.txt": "sqlalchemy==2.0.36\n"}

RULE = Rule(
    code="VF103",
    name="database-file-mount",
    summary="A single database file is mounted.",
    why=(
        "SQLite keeps new rows in files beside the database file (-wal, -journal). These files stay in the "
        "container's layer and die with the container. If the file is missing on the host, Docker creates a directory "
        "with its name. If a new file replaces the host's file, the container still uses the old file."
    ),
    fix=(
        "A named volume at a directory, and the new path in every place that names the file. Safe where volfix finds"
        " and can change every place; else the finding names the place that is missing. Refused while the service names"
        " another database that no mount holds: the new volume would be for both."
    ),
    sources=("sqlite.org: wal.html, tempfiles.html", "docker/docs: bind-mounts.md"),
    examples=(
        fixed(
            "the file and its URL",
            {"compose.yaml": FILE.format(mount="./app.db:/app/app.db", url="sqlite:///app.db"), **SQLALCHEMY},
            {
                "compose.yaml": FILE.format(mount="app-db:/app/data", url="sqlite:///data/app.db")
                + "\nvolumes:\n  app-db:\n    driver: local\n"
            },
        ),
        reported(
            "volfix does not find where the service reads the path",
            {
                "compose.yaml": "services:\n  app:\n    image: example.org/acme/app:1\n    volumes: ['./app.db:/srv/app.db']\n"
            },
        ),
        untouched(
            "a read-only mount: nobody writes to the file",
            {"compose.yaml": FILE.format(mount="./geo.db:/app/geo.db:ro", url="postgres://db/x")},
        ),
        untouched(
            "a file that is no database",
            {"compose.yaml": FILE.format(mount="./app.toml:/app/app.toml", url="postgres://db/x")},
        ),
        *(
            reported(
                f"a database file beside a program, {target}",
                {
                    "compose.yaml": "services:\n  app:\n    image: example.org/acme/app:1\n"
                    f"    volumes: ['./var{target}:{target}']\n"
                },
            )
            for target in ("/usr/bin/shop.db", "/usr/local/bin/app.sqlite3", "/bin/state.sqlite")
        ),
        untouched(
            "a name server's zone file, which is configuration",
            {
                "compose.yaml": "services:\n  dns:\n    image: example.org/acme/dns:1\n"
                "    volumes: ['./example.org.db:/etc/bind/example.org.db']\n"
            },
        ),
        untouched(
            "a volume for the file's directory",
            {
                "compose.yaml": FILE.format(mount="rows:/app/data", url="sqlite:///data/app.db")
                + "volumes: {rows: }\n",
                **SQLALCHEMY,
            },
        ),
        untouched(
            "a database from a `configs:` entry, which is read-only",
            {
                "compose.yaml": "services:\n  app:\n    image: example.org/acme/app:1\n"
                "    configs: [{source: places, target: /app/places.db}]\nconfigs: {places: {file: ./places.db}}\n"
            },
        ),
        untouched(
            "a directory whose name looks like a database file",
            {
                "compose.yaml": "services:\n  app:\n    image: example.org/acme/app:1\n"
                "    volumes: ['./index.db:/srv/index.db']\n",
                "index.db/CURRENT": "MANIFEST-000001\n",
            },
        ),
    ),
    check=check,
)
