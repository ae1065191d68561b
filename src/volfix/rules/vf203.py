"""VF203: the code itself names a database file that no mount holds."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from volfix.project.compose.outer_origins import InCode
from volfix.rules.context import Context
from volfix.rules.evidence.code_databases import environment_names_database
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.databases import proposals
from volfix.rules.evidence.proposal import Proposal
from volfix.rules.examples.vf203 import EXAMPLES
from volfix.rules.findings import Finding, Severity, shortened
from volfix.rules.remedies.database_moves import database_finding
from volfix.rules.rule import Rule

MAKES_DIRECTORY = re.compile(r"\bmkdir\b|\bmakedirs\(")


def check(context: Context) -> Iterator[Finding]:
    """A finding for every literal in code that names a database file outside the service's mounts, if nothing overrides
    it.
    """
    for proposal in proposals(context):
        database = proposal.database
        if database.is_inside or not isinstance(database.origin, InCode):
            continue
        evidence = _evidence(proposal, database.origin)
        severity, message, danger = _severity(database), _headline(database), _danger(database)
        yield database_finding(context, "VF203", proposal, severity, message, danger, evidence)


def _severity(database: Database) -> Severity:
    is_sure = database.has_no_mount or (database.path is not None and not database.by_mount)
    return Severity.ERROR if is_sure else Severity.WARNING


def _headline(database: Database) -> str:
    name = shortened(database.service.name)
    if database.path is None and not database.has_no_mount:
        return f"volfix cannot tell where the code of {name} keeps its database"
    return f"the code of {name} keeps its database in no volume"


def _danger(database: Database) -> str:
    name = database.service.name
    if database.has_no_mount:
        return f"{name} mounts nothing: the database file that the code names dies with the container, wherever it lies"
    if database.path is None:
        return f"volfix cannot tell where the code's database file is: maybe no mount of {name} holds it"
    return f"the code names {database.path}, which no mount of {name} holds: {database.loss}"


def _evidence(proposal: Proposal, origin: InCode) -> Iterator[str]:
    database = proposal.database
    if environment_names_database(database.service):
        yield f"{database.variable}: {database.shown}; the environment of {database.service.name} names the same file"
    else:
        yield f"{database.variable}: {database.shown}; no variable of {database.service.name} names another database"
    if proposal.trap:
        yield f"its slashes name {database.path}, not {proposal.path_in_mount}"
    directory = posixpath.dirname(proposal.path_in_mount)
    if proposal.new_value is not None and not MAKES_DIRECTORY.search(origin.file.text):
        yield f"the code does not create {directory}: to run it outside the container, first create it (`mkdir -p`)"


RULE = Rule(
    code="VF203",
    name="hard-coded-database-path",
    summary="The code itself names a database file that no mount holds.",
    why=(
        "The code names the file itself, and no variable replaces the path. The file lies in the container's own "
        "layer, and every deployment that recreates the container deletes it."
    ),
    fix=(
        "volfix changes the literal to a file in the service's mount for data, and nothing else in the module. Safe "
        "where nothing overrides the literal. If the code reads the path from a variable that is or may be set, there"
        " is no finding. volfix edits modules in Python, Go, JavaScript and TypeScript. It reads entry points, Rails'"
        " database.yml, Laravel's database.php and Prisma's schema, and never edits them."
    ),
    sources=(
        "sqlalchemy/sqlalchemy: pysqlite dialect",
        "pydantic/pydantic-settings: README",
        "django/django: docs/ref/settings.txt (DATABASES)",
        "rails/rails: guides/source/configuring.md",
        "laravel/framework: config/database.php",
        "WiseLibs/better-sqlite3; typeorm/typeorm; knex/knex; sequelize/sequelize; mattn/go-sqlite3",
        "prisma/docs: orm/overview/databases/sqlite",
    ),
    examples=EXAMPLES,
    check=check,
)
