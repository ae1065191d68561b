"""VF201: the database file is outside every mount, in the container's own layer."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.project.compose.outer_origins import InCode
from volfix.project.compose.unreferenced_env_files import put_into_place
from volfix.rules.context import Context
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_hosts import strange_hosts
from volfix.rules.evidence.databases import proposals
from volfix.rules.evidence.env_arrival import named_by
from volfix.rules.examples.vf201 import EXAMPLES
from volfix.rules.findings import Finding, Severity, shortened
from volfix.rules.remedies.database_moves import database_finding
from volfix.rules.remedies.value_edits import location_of
from volfix.rules.rule import Rule


def check(context: Context) -> Iterator[Finding]:
    """A finding for every value that names a database file outside the persistent mounts of its service."""
    for proposal in proposals(context):
        database = proposal.database
        if database.is_inside or proposal.trap or isinstance(database.origin, InCode):
            continue
        if database.path is None and database.loose:
            continue
        severity, message, danger = _severity(database), _headline(database), _danger(database)
        yield database_finding(context, "VF201", proposal, severity, message, danger, _evidence(context, database))
    yield from _strangers(context)


def _strangers(context: Context) -> Iterator[Finding]:
    """A note for each URL of a server that is not a service of the stack: its rows are in none of the stack's volumes."""
    for _, service, variable, host in strange_hosts(context):
        location = location_of(variable.origin)
        if location is not None:
            here = "the container itself" if host == "localhost" else "no service here"
            yield Finding(
                code="VF201",
                severity=Severity.INFO,
                location=location,
                message=f"{shortened(variable.name)} names a server that is not in this stack",
                danger=f"{variable.name} of {service.name} connects to the host {host}, which is {here}",
                label="another host",
                evidence=("as far as these files show, its rows are in no volume of this stack",),
                service=service.name,
                reason="volfix never changes the URL of a server",
            )


def _severity(database: Database) -> Severity:
    if database.beside:
        return Severity.INFO
    if database.path is None:
        return Severity.ERROR if database.has_no_mount else Severity.WARNING
    sure = not (database.loose or database.is_foreign or database.by_mount)
    return Severity.ERROR if sure else Severity.WARNING


def _headline(database: Database) -> str:
    name = shortened(database.service.name)
    if database.path is None and not database.has_no_mount:
        return f"volfix cannot tell where {name} keeps its database"
    return f"the database of {name} {'may be' if database.loose or database.by_mount else 'is'} in no volume"


def _danger(database: Database) -> str:
    name, service = database.variable, database.service.name
    if database.has_no_mount:
        return f"{service} mounts nothing: the database file of {name} dies with the container, wherever it lies"
    if database.path is None:
        return f"volfix cannot tell where the database file of {name} is: maybe no mount of {service} holds it"
    return f"{name} names {database.path}, which no mount of {service} holds: {database.loss}"


def _evidence(context: Context, database: Database) -> Iterator[str]:
    if database.path is not None:
        reservation = ", judging by the mounts" if database.by_mount else ""
        yield f"{database.variable}={database.shown} is {database.path} in the container{reservation}"
    targets = [mount.raw_target for mount in database.project.mounts_of(database.service)]
    yield (
        f"{database.service.name} mounts {', '.join(targets)}" if targets else f"{database.service.name} mounts nothing"
    )
    copies = list(put_into_place(database.project, database.origin.file.path)) if database.origin else []
    for place, copy in copies:
        yield f"`{copy.command}` puts {copy.source.name} into the place of {place.name}"
    if database.loose and not copies:
        uses = tuple(dict.fromkeys(named_by(context, database)))
        yield from uses or ("if a deployment loads this env file, this URL misses the volume",)


RULE = Rule(
    code="VF201",
    name="database-outside-volume",
    summary="The database's URL or path lies outside every persistent mount.",
    why=(
        "A volume keeps what is below its target and nothing else. A database file beside the target lies in the "
        "container's own layer, and every deployment that recreates the container deletes it, whatever the mounts "
        "say."
    ),
    fix=(
        "Carry the rows BEFORE the container is recreated: the new file starts EMPTY. volfix changes the value where it "
        "is written. The file keeps its name and moves into the service's mount for data: the mount whose target, "
        "volume or directory is named for data (`sqlite-data`, `web_db`), or the host directory that holds another "
        "database of the service; else, unsafe, the only volume that is not "
        "named for another purpose (uploads, static, cache, configuration ...). If several volumes fit, volfix names "
        "them and chooses none. If the service has no mount, volfix adds a volume at the file's directory, or at a "
        "new directory `data` in it if the directory holds code. This is unsafe: apply it if these rows must survive."
        " Also unsafe: a file that something else names too (a script, code, a setting, the build, a command, a "
        "health check, a hook, a label), and a value that the deploying command overrides (a step's `environment:`, "
        "`export`, `--env-file`), unless the command's value names a file in a volume. If volfix knows the working "
        "directory only from a mount, it moves a relative path safely only at a usual root (/app, /code, "
        "/usr/src/app ...). If a type switch names a server (`DB_CONNECTION=mysql`), the value is the name of a "
        "schema: no finding. In a value of several parts (`sqlite:///./${NAME}`) the literal part changes. A value "
        "that several services use changes only if the new value is right for all of them; if they would then share "
        "one file, the fix is unsafe. An example file (.env.example, .env.dist) changes safely only if a deployment "
        "copies it into place; another env file that nothing names (.env.prod) only if nothing else gives the service"
        " a good value."
    ),
    sources=("sqlalchemy/sqlalchemy: pysqlite dialect", "compose-spec/compose-spec: 05-services.md (env_file)"),
    examples=EXAMPLES,
    check=check,
)
