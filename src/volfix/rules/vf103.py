"""VF103: a single database file mounted from the host."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from volfix.knowledge.variables import variable_kind
from volfix.project.mounts import BIND, Mount, retargeted
from volfix.project.ownership import foreign_user
from volfix.project.stack import Use
from volfix.rules.bind_to_volume import VERSION_1, declaring_parts
from volfix.rules.context import Context, mount_location
from volfix.rules.database_places import working_directory
from volfix.rules.databases import Database, databases_in, named_elsewhere
from volfix.rules.findings import Applicability, Change, Finding, Fix, MountChange, Move, Severity, VolumeChange
from volfix.rules.holdings import is_file
from volfix.rules.names import volume_key
from volfix.rules.operations import DeclareVolume, Operation, SetScalar
from volfix.rules.rule import Example, Outcome, Rule
from volfix.rules.values import set_value
from volfix.syntax.yaml_tree import Scalar

ENDINGS = (".db", ".db3", ".sqlite", ".sqlite3", ".mv.db", ".sqlitedb")
DATA = "data"
"""The directory that the file moves into: one of its own, for the one that it lies in may hold code."""


def check(context: Context) -> Iterator[Finding]:
    """Every bind mount of a database file that the service may write."""
    for use in context.stack.uses:
        mount = use.mount
        if mount.kind != BIND or mount.read_only or mount.overridden or not is_file(mount):
            continue
        named = [item for item in databases_in(context, use.project, use.service) if item.mount is mount]
        if named or mount.clean_target.endswith(ENDINGS):
            yield _finding(context, use, named)


def _finding(context: Context, use: Use, named: list[Database]) -> Finding:
    mount = use.mount
    inside = context.host_of(mount).inside
    fix = _fix(context, use, named)
    doubts = "; ".join(_doubts(context, use, named)) or None
    return Finding(
        code="VF103",
        severity=Severity.ERROR if inside else Severity.WARNING,
        location=mount_location(mount),
        message=f"the database file {mount.raw_target} is mounted alone: its -wal and -journal files stay in the container",
        evidence=(
            *(f"{item.variable}={item.shown}" for item in named),
            "where the host's file is missing, Docker makes a directory of that name",
        ),
        service=use.service.name,
        target=mount.raw_target,
        fix=fix if isinstance(fix, Fix) else None,
        reason=fix if isinstance(fix, str) else doubts,
    )


def _fix(context: Context, use: Use, named: list[Database]) -> Fix | str:
    """A volume for a directory, and the path wherever it is said; or why not."""
    mount = use.mount
    if refusal := next(_refusals(context, use, named), None):
        return refusal
    directory = directory_for(mount)
    path = posixpath.join(directory, posixpath.basename(mount.clean_target))
    key = volume_key(context, use.service.name, directory, context.host_of(mount).key)
    assert isinstance(mount.node, Scalar)
    operations: list[Operation] = [SetScalar(mount.file, mount.node, retargeted(mount, key, directory))]
    changes: list[Change] = [
        MountChange(mount.file.path, use.service.name, mount.clean_target, key, mount.place, new_target=directory)
    ]
    for part in declaring_parts(use.service, mount):
        operations.append(DeclareVolume(part.file.source, part.file.documents[0], key))
        changes.append(VolumeChange(part.file.path, key))
    for database in named:
        operation, change = set_value(database, _moved(use, database, path))
        operations.append(operation)
        changes.append(change)
    doubts = list(_doubts(context, use, named))
    applicability = Applicability.UNSAFE if doubts else Applicability.SAFE
    move = Move(use.service.name, mount.raw_source, key, directory, file=mount.clean_target)
    return Fix(tuple(operations), tuple(changes), applicability, (move,))


def directory_for(mount: Mount) -> str:
    """The directory that holds the file from now on: its own where that is called data, else one of that name in it."""
    parent = posixpath.dirname(mount.clean_target)
    return parent if posixpath.basename(parent) == DATA else posixpath.join(parent, DATA)


def _moved(use: Use, database: Database, path: str) -> str:
    from volfix.project.database_url import database_file, moved
    from volfix.project.readers import reader_of

    file = database_file(database.value, variable_kind(database.variable), reader_of(use.service))
    assert file is not None  # the value named a file when it was found
    return moved(database.value, file, path, working_directory(use.project, use.service))


def _refusals(context: Context, use: Use, named: list[Database]) -> Iterator[str]:
    mount = use.mount
    if use.project.files[0].version_1:
        yield VERSION_1
    if mount.problem or not isinstance(mount.node, Scalar):
        yield mount.problem or "the mount is written in the long form"
    if not named:
        yield f"where {use.service.name} is told that its database is {mount.raw_target} is not found"
    if any(database.origin is None for database in named):
        yield "the value that names the file is put together from several places"
    others = [other for other in context.binds[context.host_of(mount)] if other.mount is not mount]
    if others:
        yield f"{others[0].service.name} mounts the same file"
    directory = directory_for(mount)
    for other in use.project.mounts_of(use.service):
        if other is not mount and (
            other.clean_target == directory or other.clean_target.startswith(directory.rstrip("/") + "/")
        ):
            yield f"{other.raw_target} is mounted already"
    shared = [
        service.name
        for service in use.project.services.values()
        if service is not use.service
        and any(_same_value(item, other) for item in databases_in(context, use.project, service) for other in named)
    ]
    if shared:
        yield f"{shared[0]} takes the same value and does not mount the file"


def _same_value(one: Database, other: Database) -> bool:
    return one.origin is not None and one.origin == other.origin


def _doubts(context: Context, use: Use, named: list[Database]) -> Iterator[str]:
    if not context.host_of(use.mount).inside:
        yield "the source lies outside the repository, where a redeploy on the same host keeps it: somebody chose it"
    if user := foreign_user(use.service, directory_for(use.mount), None):
        yield f"{use.service.name} runs as {user}, and a new volume may belong to root"
    for database in named:
        if elsewhere := named_elsewhere(database, use.mount.node.span):
            yield elsewhere


FILE = "services:\n  app:\n    build: .\n    volumes:\n      - {mount}\n    environment:\n      DATABASE_URL: {url}\n"
DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\n"
SQLALCHEMY = {"Dockerfile": DOCKERFILE, "requirements.txt": "sqlalchemy==2.0.36\n"}

RULE = Rule(
    code="VF103",
    name="database-file-mount",
    summary="A single database file is mounted.",
    why=(
        "SQLite keeps what is not yet in the file in files beside it, which stay in the container's layer and die with "
        "it. A file that is missing on the host becomes a directory, and one that is replaced is no longer the mounted "
        "one."
    ),
    fix=(
        "A named volume for a directory, and the path wherever the service is told it. Safe where every such place is "
        "found and decided; else the finding says what is missing."
    ),
    sources=("sqlite.org: wal.html, tempfiles.html", "docker/docs: bind-mounts.md"),
    examples=(
        Example(
            "the file and its URL",
            {"compose.yaml": FILE.format(mount="./app.db:/app/app.db", url="sqlite:///app.db"), **SQLALCHEMY},
            Outcome.FIXED,
            {
                "compose.yaml": FILE.format(mount="app-db:/app/data", url="sqlite:///data/app.db")
                + "\nvolumes:\n  app-db:\n    driver: local\n"
            },
        ),
        Example(
            "nothing says where the service looks for it",
            {
                "compose.yaml": "services:\n  app:\n    image: example.org/acme/app:1\n    volumes: ['./app.db:/srv/app.db']\n"
            },
            Outcome.REPORTED,
        ),
        Example(
            "read only: nothing is written beside it",
            {"compose.yaml": FILE.format(mount="./geo.db:/app/geo.db:ro", url="postgres://db/x")},
            Outcome.UNTOUCHED,
        ),
        Example(
            "a file that is no database",
            {"compose.yaml": FILE.format(mount="./app.toml:/app/app.toml", url="postgres://db/x")},
            Outcome.UNTOUCHED,
        ),
    ),
    check=check,
)
