"""VF111: a service that runs as a user, and a volume that may belong to root."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from volfix.project.compose.host_directories import is_file
from volfix.project.compose.mounts import BIND, VOLUME
from volfix.project.image.ownership import ROOT, foreign_user
from volfix.project.stack import Use
from volfix.rules.context import Context, mount_location, target_location
from volfix.rules.evidence.held_data import UNKNOWN, held_data
from volfix.rules.findings import Applicability, Finding, Fix, Severity, shortened
from volfix.rules.remedies.bind_to_volume import convert
from volfix.rules.remedies.file_mounts import file_fix
from volfix.rules.remedies.file_uses import FileUse
from volfix.rules.remedies.given_directory import given_directory
from volfix.rules.rule import Rule, fixed_unsafe, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every volume with data, existing or planned, whose service runs as a user without rights to it."""
    for use in context.stack.uses:
        mount = use.mount
        if mount.kind not in (VOLUME, BIND) or mount.read_only or mount.overridden:
            continue
        if mount.kind == BIND and is_file(mount):
            yield from _of_file(context, use)
            continue
        held = held_data(context, use)
        if held is None or held.kind == UNKNOWN:
            continue
        user = foreign_user(use.service, mount.clean_target, held.entry)
        if user is not None and (mount.kind == VOLUME or convert(context, use, held).fix is not None):
            yield _finding(context, use, held.evidence, user, mount.clean_target)


def _of_file(context: Context, use: Use) -> Iterator[Finding]:
    """The same for the directory to which VF103's fix moves a single database file."""
    item = FileUse(context, use)
    fix = file_fix(context, use).fix if item.databases or item.words else None
    user = foreign_user(use.service, item.directory, None) if fix and item.directory else None
    if user is not None and item.directory is not None:
        evidence = tuple(f"{database.variable}={database.shown}" for database in item.databases)
        yield _finding(context, use, evidence, user, item.directory)


def _finding(context: Context, use: Use, evidence: tuple[str, ...], user: str, target: str) -> Finding:
    mount = use.mount
    fix = _fix(context, use, user, target)
    shown = mount.raw_target if target == mount.clean_target else target
    return Finding(
        code="VF111",
        severity=Severity.WARNING if use.service.stage is not None else Severity.INFO,
        location=mount_location(mount),
        mark=target_location(mount),
        message=f"{shortened(use.service.name)} may not be able to write to the volume",
        danger=f"{use.service.name} runs as {user}; a new volume at {shown} belongs to root: writing may fail",
        label="a new volume belongs to root",
        evidence=(*evidence, _who(use, user, shown)),
        service=use.service.name,
        target=mount.raw_target,
        fix=fix if isinstance(fix, Fix) else None,
        reason=fix
        if isinstance(fix, str)
        else "check the image first: its build may create the directory in a way that volfix does not see",
    )


def _who(use: Use, user: str, target: str) -> str:
    if use.service.text("user") is not None:
        return f"`user:` in the Compose file says {user}"
    return f"the Dockerfile says USER {user}, but does not create {target} for that user"


def _fix(context: Context, use: Use, user: str, target: str) -> Fix | str:
    if (other := _other_user(context, use, user, target)) is not None:
        return f"{other}, and the directory has one owner: give each the same `user:`"
    given = given_directory(use.project, use.service, user, target)
    if isinstance(given, str):
        return given
    operation, change = given
    return Fix((operation,), (change,), Applicability.UNSAFE)


def _other_user(context: Context, use: Use, user: str, target: str) -> str | None:
    """Who mounts something there in the same image as another user; None for nobody."""
    image = _image(use)
    for other in context.stack.uses:
        service, stage = other.service, other.service.stage
        if stage is None or other.mount.clean_target != target or _image(other) != image:
            continue
        theirs = service.text("user") or stage.user or ""
        if theirs.split(":")[0] not in (*ROOT, user.split(":")[0]):
            return f"with {' and '.join(other.project.file_names)}, {service.name} runs as {theirs}"
    return None


def _image(use: Use) -> tuple[Path, str | None] | None:
    """The Dockerfile and the stage of the service's image; None if the image is not built here."""
    stage, build = use.service.stage, use.service.build
    return None if stage is None or build is None else (stage.source.path, build.target)


APP = "services:\n  app:\n    build: .\n    environment: [DB_PATH=/data/app.db]\n    volumes: [rows:/data]\nvolumes: {rows: }\n"
DOCKERFILE = 'FROM python:3.12-slim\nRUN useradd app\n%sUSER app\nCMD ["python", "-m", "app"]\n'
STAGES = (
    'FROM python:3.12-slim AS web\nRUN useradd app\nSHELL ["python", "-c"]\n%sUSER app\n'
    "FROM python:3.12-slim AS shell\nRUN useradd admin\nUSER admin\n"
)

RULE = Rule(
    code="VF111",
    name="volume-not-writable",
    summary="A service runs as a user who may not be able to write to its volume.",
    why=(
        "A new volume takes its owner from the image's directory at the target. If the image has no directory there, "
        "the volume belongs to root, and a service that runs as another user cannot write its database."
    ),
    fix=(
        "A line before the Dockerfile's USER creates the directory and gives it to the user. Unsafe: volfix does not "
        "see everything that the build does, and an existing volume keeps its owner."
    ),
    sources=("docker/docs: volumes.md (populate a volume)",),
    examples=(
        fixed_unsafe(
            "a user that the Dockerfile creates",
            {"compose.yaml": APP, "Dockerfile": DOCKERFILE % ""},
            {"Dockerfile": DOCKERFILE % "RUN mkdir -p /data && chown app /data\n"},
        ),
        untouched(
            "the Dockerfile gives the directory to the user",
            {"compose.yaml": APP, "Dockerfile": DOCKERFILE % "RUN mkdir -p /data && chown app /data\n"},
        ),
        untouched(
            "the directory is given to the user that the Compose file names",
            {
                "compose.yaml": APP.replace("    build: .\n", "    build: .\n    user: '1000'\n"),
                "Dockerfile": DOCKERFILE % "RUN mkdir -p /data && chown 1000 /data\n",
            },
        ),
        untouched("root", {"compose.yaml": APP, "Dockerfile": 'FROM python:3.12-slim\nCMD ["python", "-m", "app"]\n'}),
        reported(
            "an image without a shell",
            {"compose.yaml": APP, "Dockerfile": "FROM gcr.io/distroless/static\nCOPY app /app\nUSER 65532\n"},
        ),
        reported(
            "a published image that runs as another user than its own",
            {
                "compose.yaml": "services:\n  db:\n    image: mysql:8.4\n    user: '1234'\n    volumes: [sql:/var/lib/mysql]\n"
                "volumes: {sql: }\n"
            },
        ),
        fixed_unsafe(
            "a stage with its own SHELL, chosen by `target:`",
            {"compose.yaml": APP.replace("build: .", "build: {context: ., target: web}"), "Dockerfile": STAGES % ""},
            {"Dockerfile": STAGES % 'RUN ["/bin/sh", "-c", "mkdir -p /data && chown app /data"]\n'},
        ),
        untouched(
            "a directory that every user may write to",
            {"compose.yaml": APP, "Dockerfile": DOCKERFILE % "RUN mkdir -p /data && chmod 777 /data\n"},
        ),
        untouched(
            "the Compose file asks for root",
            {"compose.yaml": APP.replace("build: .", "build: .\n    user: root"), "Dockerfile": DOCKERFILE % ""},
        ),
        untouched(
            "a published image that runs as its own user",
            {
                "compose.yaml": "services:\n  db:\n    image: postgres:16-alpine\n    user: '70'\n"
                "    volumes: [rows:/var/lib/postgresql/data]\nvolumes: {rows: }\n"
            },
        ),
        untouched(
            "a volume that the service only reads",
            {"compose.yaml": APP.replace("rows:/data]", "'rows:/data:ro']"), "Dockerfile": DOCKERFILE % ""},
        ),
    ),
    check=check,
)
