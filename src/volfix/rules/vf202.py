"""VF202: a slash too many or too few makes the database URL name the wrong file."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.project.compose.mounts import Mount
from volfix.project.compose.outer_origins import InCode
from volfix.rules.context import Context
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.databases import proposals
from volfix.rules.findings import Finding, Severity, shortened
from volfix.rules.remedies.database_moves import database_finding
from volfix.rules.rule import Rule, fixed, fixed_unsafe, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every URL whose file is outside all mounts, and would be in a mount with one slash more or less."""
    for proposal in proposals(context):
        database = proposal.database
        if proposal.trap and proposal.mount is not None and not isinstance(database.origin, InCode):
            severity = Severity.WARNING if database.loose or database.by_mount else Severity.ERROR
            message = f"{shortened(database.variable)} has a slash too many or too few"
            danger = (
                f"{database.variable} looks like {proposal.path_in_mount} but is {database.path}: "
                "probably one slash too many or too few, and no mount holds that file"
            )
            evidence = _evidence(database, proposal.mount)
            yield database_finding(context, "VF202", proposal, severity, message, danger, evidence)


def _evidence(database: Database, mount: Mount) -> Iterator[str]:
    from volfix.project.code.readers import reader_of

    names = " and ".join(dict.fromkeys(reader.name for reader in reader_of(database.service)))
    yield f"{names or 'the library'} reads {database.shown} as {database.path}"
    yield f"{database.service.name} mounts {mount.raw_target}, and nothing at {database.path}"


FILE = "services:\n  app:\n    build: .\n    environment:\n      DATABASE_URL: {url}\n    volumes: [rows:{target}]\nvolumes: {{rows: }}\n"
DOCKERFILE = "FROM {image}\nWORKDIR /app\nCOPY . .\n"
PYTHON = {"Dockerfile": DOCKERFILE.format(image="python:3.12-slim"), "requirements.txt": "sqlalchemy==2.0.36\n"}
RUST = {"Dockerfile": DOCKERFILE.format(image="rust:1.83"), "Cargo.toml": '[dependencies]\nsqlx = "0.8"\n'}

RULE = Rule(
    code="VF202",
    name="slash-trap",
    summary="With a slash too many or too few, the database URL names the wrong file.",
    why=(
        "Some libraries read `sqlite:///data/app.db` as /data/app.db, others as data/app.db below the working "
        "directory. If the mount holds the first file and the library opens the second, the rows lie in the "
        "container's layer."
    ),
    fix=(
        "volfix writes the slashes that the library needs. Safe where volfix knows the library and a mount holds one of"
        " the two files."
    ),
    sources=("sqlalchemy/sqlalchemy: pysqlite dialect", "launchbadge/sqlx: sqlx-sqlite/src/options/parse.rs"),
    examples=(
        fixed(
            "three slashes that are relative to SQLAlchemy",
            {"compose.yaml": FILE.format(url="sqlite:///data/app.db?timeout=9", target="/data"), **PYTHON},
            {"compose.yaml": FILE.format(url="sqlite:////data/app.db?timeout=9", target="/data")},
        ),
        fixed(
            "four slashes, and the mount is below the working directory",
            {"compose.yaml": FILE.format(url="sqlite:////data/app.db", target="/app/data"), **PYTHON},
            {"compose.yaml": FILE.format(url="sqlite:///data/app.db", target="/app/data")},
        ),
        fixed(
            "three slashes that are absolute to sqlx",
            {"compose.yaml": FILE.format(url="sqlite:///data/app.db?mode=rwc", target="/app/data"), **RUST},
            {"compose.yaml": FILE.format(url="sqlite://data/app.db?mode=rwc", target="/app/data")},
        ),
        fixed(
            "two slashes that are relative to sqlx",
            {"compose.yaml": FILE.format(url="sqlite://data/app.db", target="/data"), **RUST},
            {"compose.yaml": FILE.format(url="sqlite:///data/app.db", target="/data")},
        ),
        fixed_unsafe(
            "the command names the old file too",
            {
                "compose.yaml": FILE.format(url="sqlite:////data/app.db", target="/app/data").replace(
                    "    volumes", "    command: serve --backup /data/app.db\n    volumes"
                ),
                **PYTHON,
            },
            {
                "compose.yaml": FILE.format(url="sqlite:///data/app.db", target="/app/data").replace(
                    "    volumes", "    command: serve --backup /data/app.db\n    volumes"
                )
            },
        ),
        untouched(
            "right as it is: relative, below the working directory",
            {"compose.yaml": FILE.format(url="sqlite:///data/app.db", target="/app/data"), **PYTHON},
        ),
        untouched(
            "right as it is: absolute to sqlx",
            {"compose.yaml": FILE.format(url="sqlite:///data/app.db", target="/data"), **RUST},
        ),
        untouched(
            "right as it is: two slashes, relative to sqlx",
            {"compose.yaml": FILE.format(url="sqlite://data/app.db?mode=rwc", target="/app/data"), **RUST},
        ),
        untouched(
            "the working directory is the root: three slashes and four name the same file",
            {
                "compose.yaml": FILE.format(url="sqlite:///data/app.db", target="/data"),
                **PYTHON,
                "Dockerfile": "FROM python:3.12-slim\nWORKDIR /\nCOPY . .\n",
            },
        ),
        untouched(
            "mounts hold both files, so the library's file is safe",
            {
                "compose.yaml": FILE.format(url="sqlite:///data/app.db", target="/app/data")
                .replace("[rows:/app/data]", "['rows:/app/data', 'more:/data']")
                .replace("{rows: }", "{rows: , more: }"),
                **PYTHON,
            },
        ),
        untouched(
            "volfix does not know the library, and a mount holds one of the two files",
            {
                "compose.yaml": FILE.format(url="sqlite:///data/app.db", target="/data"),
                "Dockerfile": DOCKERFILE.format(image="alpine"),
            },
        ),
    ),
    check=check,
)
