"""VF112: a database in the place that was mounted before, which nobody carried into the volume."""

from __future__ import annotations

import time
from collections.abc import Iterator
from shlex import join

from volfix.project.compose.host_directories import relative
from volfix.rules.context import Context, mount_location
from volfix.rules.evidence.left_behind import Left, left_behind
from volfix.rules.findings import Finding, Move, Severity
from volfix.rules.rule import Rule, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """Every former bind mount of a database that a volume took the place of, and that still holds the rows."""
    for left in left_behind(context):
        mount = left.use.mount
        words = ["volfix", "carry", "--write"]
        if left.use.project.directory != context.root:
            words.append(relative(left.use.project.directory, context.root))
        yield Finding(
            code="VF112",
            severity=Severity.WARNING,
            location=mount_location(mount),
            message=f"NOT CARRIED: {left.written} holds {left.what}, and the volume {mount.source} starts without it",
            evidence=tuple(_evidence(left)),
            service=left.use.service.name,
            target=mount.raw_target,
            reason=f"on the host that runs the containers: {join(words)}",
            loses=left.what,
            left=Move(left.use.service.name, left.written, mount.source, mount.raw_target),
        )


def _evidence(left: Left) -> Iterator[str]:
    yield f"{left.use.service.name} had {left.written} before ({left.when})"
    if left.carried is not None:
        yield (
            f"it was carried into {left.carried.volume} at {_moment(left.carried.when)}, and has changed since: what was "
            "written later is in no volume"
        )
    if left.host.inside:
        yield "it lies in the checkout: a deployment that cleans the checkout deletes it"


def _moment(when: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(when))


DB = "services:\n  db:\n    image: postgres:16\n    volumes: ['%s:/var/lib/postgresql/data']\n"
VOLUME = DB % "db-data" + "volumes:\n  db-data:\n    driver: local\n"
APP = (
    "services:\n  app:\n    image: python:3.12\n    environment: [DB_PATH=/data/app.db]\n    volumes: ['%s:/data']\n"
    "volumes:\n  rows:\n"
)
SQLITE = "SQLite format 3\0"

RULE = Rule(
    code="VF112",
    name="data-left-behind",
    summary="A database lies where it was mounted before, and was not carried into the volume that took its place.",
    why=(
        "A change of the mount moves no rows. Where nobody carries them before the change is deployed, the volume starts "
        "empty, the application fills it anew, and the rows stay where no container sees them; a deployment that cleans "
        "the checkout deletes them there. Former mounts are known from the last --write and from git's history, what "
        "was carried from the record that `volfix carry` keeps beside it."
    ),
    fix="None in the files: `volfix carry --write`, on the host that runs the containers, takes the rows into the volume.",
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
            "an override that mounted the directory until now",
            {"compose.yaml": VOLUME, "compose.override.yaml": "services:\n  db: {}\n", "pgdata/PG_VERSION": "16\n"},
            before={
                "compose.yaml": VOLUME,
                "compose.override.yaml": "services:\n  db:\n    volumes: ['./pgdata:/var/lib/postgresql/data']\n",
            },
        ),
        untouched(
            "a checkout that never had the rows", {"compose.yaml": VOLUME}, before={"compose.yaml": DB % "./pgdata"}
        ),
        untouched(
            "a directory that only git keeps",
            {"compose.yaml": VOLUME, "pgdata/.gitkeep": ""},
            before={"compose.yaml": DB % "./pgdata"},
        ),
        untouched(
            "files of another kind",
            {"compose.yaml": APP % "rows", "uploads/photo.jpg": "photo"},
            before={"compose.yaml": APP % "./uploads"},
        ),
        untouched("a database that no history mounts", {"compose.yaml": VOLUME, "pgdata/PG_VERSION": "16\n"}),
        untouched(
            "a volume before, and a directory long ago",
            {"compose.yaml": VOLUME.replace("db-data", "other"), "pgdata/PG_VERSION": "16\n"},
            before={"compose.yaml": VOLUME},
        ),
        untouched(
            "the directory is mounted all the same",
            {"compose.yaml": VOLUME.replace("data']", "data', './pgdata:/old']"), "pgdata/PG_VERSION": "16\n"},
            before={"compose.yaml": DB % "./pgdata"},
        ),
    ),
    check=check,
)
