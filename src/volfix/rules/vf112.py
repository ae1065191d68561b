"""VF112: a database in a host directory that a volume replaced, and that nobody carried into the volume."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import PurePath

from volfix.project.compose.host_directories import relative
from volfix.rules.context import Context, mount_location, source_location
from volfix.rules.evidence.left_behind import Left, left_behind
from volfix.rules.findings import Finding, Move, Severity, shortened
from volfix.rules.rule import Rule, reported, untouched
from volfix.syntax.pasted import pasted

TAKEN_OUT = ("--select", "VF113", "--write")
"""The options that remove the carry services."""


def check(context: Context) -> Iterator[Finding]:
    """A finding for every former bind mount of a database that a volume replaced and that still holds the rows."""
    for left in left_behind(context):
        mount = left.use.mount
        will_be = left.carrier is not None and left.carried is None
        then = (
            f"volfix cannot see without an engine whether {left.carrier} has moved it"
            if will_be
            else f"the volume {mount.source} starts without it"
        )
        name, look = shortened(mount.source), _typed(context, left, "volfix", "carry", "--write")
        yield Finding(
            code="VF112",
            severity=Severity.WARNING,
            location=mount_location(mount),
            mark=source_location(mount),
            message=(
                f"the old data may not be in the volume {name} yet"
                if will_be
                else f"the old data is NOT CARRIED into the volume {name}"
            ),
            danger=f"{left.written} holds {left.what}: {then}",
            label=f"{left.carrier} fills it" if will_be else "starts without it",
            evidence=tuple(_evidence(left)),
            service=left.use.service.name,
            target=mount.raw_target,
            reason=(
                f"the next deployment carries the data if it is not there yet. Run `{look}` on the host to check and record "
                f"it. To deploy without the carry service: `{_typed(context, left, 'volfix', *TAKEN_OUT)}`"
                if will_be
                else f"run `{look}` on the host that runs the containers"
            ),
            loses=None if will_be else left.what,
            left=None if will_be else Move(left.use.service.name, left.written, mount.source, mount.raw_target),
        )


def _typed(context: Context, left: Left, *words: str) -> str:
    """The command to type, with the project's directory if that is not the root."""
    directory = left.use.project.directory
    return pasted([*words, *([] if directory == context.root else [PurePath(relative(directory, context.root))])])


def _evidence(left: Left) -> Iterator[str]:
    yield f"{left.use.service.name} mounted {left.written} before ({left.when})"
    if left.carried is not None:
        yield (
            f"`volfix carry` copied it into {left.carried.volume} at {_moment(left.carried.when)}; files have changed since, "
            "and no volume has these changes"
        )
        if left.carrier is not None:
            yield f"{left.carrier} does not copy it again: if the files have changed, the next deployment fails"
    if left.host.inside:
        yield "the old data is in the checkout: a deployment that cleans the checkout deletes it"


def _moment(when: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(when))


DB = "services:\n  db:\n    image: postgres:16\n    volumes: ['%s:/var/lib/postgresql/data']\n"
VOLUME = DB % "db-data" + "volumes:\n  db-data:\n    driver: local\n"
APP = (
    "services:\n  app:\n    image: python:3.12\n    environment: [DB_PATH=/data/app.db]\n    volumes: ['%s:/data']\n"
    "volumes:\n  rows:\n"
)
SQLITE = "SQLite format 3\0"
CARRIED = (
    DB % "db-data"
    + """\
    depends_on: {carry-db-data: {condition: service_completed_successfully}}
  carry-db-data:
    image: postgres:16
    user: "0:0"
    network_mode: none
    restart: "no"
    entrypoint: [sh, -c]
    command: ["...", carry, ./pgdata, db-data, /var/lib/postgresql/data]
    volumes: ["./pgdata:/from:ro", "db-data:/to", "db-data-moved:/mark"]
volumes:
  db-data:
    driver: local
  db-data-moved:
    driver: local
"""
)

RULE = Rule(
    code="VF112",
    name="data-left-behind",
    summary="A database is still in the host directory that was mounted before, and was not carried into the volume.",
    why=(
        "Changing a mount does not move the rows. If nobody carries the rows before the deployment, the volume starts "
        "EMPTY, the application writes new rows into it, and no container sees the old rows; a deployment that cleans"
        " the checkout then deletes them. volfix knows former mounts from the last --write and from git's history. It"
        " knows what was carried from the record that `volfix carry` keeps."
    ),
    fix=(
        "None in the files: `volfix carry --write`, on the host that runs the containers, copies the rows into the "
        "volume. If the Compose file has a carry service for these rows, the next deployment copies them."
    ),
    sources=("docker/docs: volumes.md (populate a volume)", "git: git-clean"),
    examples=(
        reported(
            "committed, and not carried",
            {"compose.yaml": VOLUME, "pgdata/PG_VERSION": "16\n"},
            before={"compose.yaml": DB % "./pgdata"},
        ),
        reported(
            "a SQLite database that was mounted alone",
            {"compose.yaml": APP % "rows", "prod.db": SQLITE},
            before={"compose.yaml": APP.replace("%s:/data", "./prod.db:/data/app.db")},
        ),
        reported(
            "an override file that mounted the directory before",
            {"compose.yaml": VOLUME, "compose.override.yaml": "services:\n  db: {}\n", "pgdata/PG_VERSION": "16\n"},
            before={
                "compose.yaml": VOLUME,
                "compose.override.yaml": "services:\n  db:\n    volumes: ['./pgdata:/var/lib/postgresql/data']\n",
            },
        ),
        reported(
            "a carry service will carry the data",
            {"compose.yaml": CARRIED, "pgdata/PG_VERSION": "16\n"},
            before={"compose.yaml": DB % "./pgdata"},
        ),
        untouched(
            "a checkout that never had the rows", {"compose.yaml": VOLUME}, before={"compose.yaml": DB % "./pgdata"}
        ),
        untouched(
            "a directory that holds nothing but .gitkeep",
            {"compose.yaml": VOLUME, "pgdata/.gitkeep": ""},
            before={"compose.yaml": DB % "./pgdata"},
        ),
        untouched(
            "files of another kind",
            {"compose.yaml": APP % "rows", "uploads/photo.jpg": "photo"},
            before={"compose.yaml": APP % "./uploads"},
        ),
        untouched("a database that was never mounted", {"compose.yaml": VOLUME, "pgdata/PG_VERSION": "16\n"}),
        untouched(
            "another volume was mounted before, not the directory",
            {"compose.yaml": VOLUME.replace("db-data", "other"), "pgdata/PG_VERSION": "16\n"},
            before={"compose.yaml": VOLUME},
        ),
        untouched(
            "the directory is still mounted",
            {"compose.yaml": VOLUME.replace("data']", "data', './pgdata:/old']"), "pgdata/PG_VERSION": "16\n"},
            before={"compose.yaml": DB % "./pgdata"},
        ),
    ),
    check=check,
)
