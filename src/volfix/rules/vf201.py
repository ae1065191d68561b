"""VF201: the database file lies beside every mount, in the container's own layer."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.project.compose.origins import InCode
from volfix.project.compose.unreferenced_env_files import put_into_place
from volfix.rules.context import Context
from volfix.rules.evidence.database import Database
from volfix.rules.evidence.database_hosts import strange_hosts
from volfix.rules.evidence.databases import proposals
from volfix.rules.findings import Finding, Severity
from volfix.rules.remedies.database_moves import database_finding
from volfix.rules.remedies.values import location_of
from volfix.rules.rule import Example, Outcome, Rule


def check(context: Context) -> Iterator[Finding]:
    """Every value that names a database file outside each persistent mount of the service that takes it."""
    for proposal in proposals(context):
        database = proposal.database
        if database.is_inside or proposal.trap or isinstance(database.origin, InCode):
            continue
        if database.path is None and database.loose:
            continue
        severity, message = _severity(database), _message(database)
        yield database_finding(context, "VF201", proposal, severity, message, _evidence(database))
    yield from _strangers(context)


def _strangers(context: Context) -> Iterator[Finding]:
    """A note on each URL of a server that is no service here: its rows are not in this stack's volumes."""
    for _, service, variable, host in strange_hosts(context):
        location = location_of(variable.origin)
        if location is not None:
            here = "the container itself" if host == "localhost" else "no service here"
            yield Finding(
                code="VF201",
                severity=Severity.INFO,
                location=location,
                message=f"{variable.name} of {service.name} asks the host {host}, which is {here}",
                evidence=("its rows are in no volume of this stack, as far as these files say",),
                service=service.name,
                reason="a server's URL is never changed",
            )


def _severity(database: Database) -> Severity:
    if database.beside:
        return Severity.INFO
    if database.path is None:
        return Severity.ERROR if database.has_no_mount else Severity.WARNING
    sure = not (database.loose or database.is_foreign or database.by_mount)
    return Severity.ERROR if sure else Severity.WARNING


def _message(database: Database) -> str:
    name, service = database.variable, database.service.name
    if database.has_no_mount:
        return f"{service} mounts nothing: the database file of {name} dies with the container, wherever it lies"
    if database.path is None:
        return f"volfix cannot tell where the database file of {name} is: maybe no mount of {service} holds it"
    return f"{name} names {database.path}, which no mount of {service} holds: {database.loss}"


def _evidence(database: Database) -> Iterator[str]:
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
        yield "no Compose file names this env file; a deployment that uses it would"


STACK = """\
services:
  app:
    build: .
    env_file: .env.prod
    volumes:
      - {source}:/app/data
"""
DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
REQUIREMENTS = "fastapi\nsqlalchemy==2.0.36\n"
IMAGE = """\
services:
  relay:
    image: example.org/acme/relay:1
    environment:
      DB_PATH: {path}
    volumes:
      - state:{target}
volumes:
  state:
"""
NAMED = STACK.format(source="app-db") + "volumes:\n  app-db:\n"

RULE = Rule(
    code="VF201",
    name="database-outside-volume",
    summary="The database's URL or path lies outside every persistent mount.",
    why=(
        "A volume keeps what is below its target and nothing else. A database file beside it lies in the container's "
        "own layer, which every deployment that recreates the container throws away, whatever the mounts say."
    ),
    fix=(
        "The value that the process sees is changed where it comes from: the file keeps its name and moves into the "
        "service's mount for data: the one whose target, volume or directory is called so (`sqlite-data`, `web_db`), else, "
        "unsafe, the only volume that is not called after something else (uploads, static, cache, configuration ...). "
        "Of several volfix names each and chooses none. A service without one gets a volume at the file's directory, or at a new "
        "directory `data` in it where there is code: unsafe, for whether the rows are to be kept is for people to say. "
        "So is a value whose file something else names: a script, code that looks for it, a setting, the build, a "
        "command, a health check, a hook, a label. So is a value that loses against what the deploying command is handed "
        "(a step's `environment:`, `export`, `--env-file`), unless that lies in a volume. Where nothing but a mount's name says where the service works, a "
        "relative path moves safely at a customary root only (/app, /code, /usr/src/app ...), and where its directories "
        "end the mount's target it is inside. A type switch that names a server (`DB_CONNECTION=mysql`) makes the value "
        "a schema, and no finding. Of a value that is put together (`sqlite:///./${NAME}`) the literal part changes. A "
        "value that several services take changes only where that is right for all of them; where each has rows of its "
        "own that would meet in one file, unsafe. Of env files, an example (.env.example, .env.dist) is edited safely "
        "only where a deployment copies it into place, and another file that nothing names (.env.prod) only where "
        "nothing else gives the service a good value. The rows that are there have to be carried before the container "
        "is recreated."
    ),
    sources=("sqlalchemy/sqlalchemy: pysqlite dialect", "compose-spec/compose-spec: 05-services.md (env_file)"),
    examples=(
        Example(
            "a relative path beside the mount",
            {
                "compose.yaml": NAMED,
                "Dockerfile": DOCKERFILE,
                ".env.prod": "# production\nDATABASE_URL=sqlite:///./database.db  # rows\n",
            },
            Outcome.FIXED,
            {".env.prod": "# production\nDATABASE_URL=sqlite:///./data/database.db  # rows\n"},
        ),
        Example(
            "the mount becomes a volume in the same change; quotes, `export ` and the query stay",
            {
                "compose.yaml": STACK.format(source="./data"),
                "Dockerfile": DOCKERFILE,
                "requirements.txt": REQUIREMENTS,
                ".env.prod": 'export DATABASE_URL="sqlite+aiosqlite:///app.db?timeout=30"\n',
            },
            Outcome.FIXED,
            {
                "compose.yaml": STACK.format(source="app-db") + "\nvolumes:\n  app-db:\n    driver: local\n",
                ".env.prod": 'export DATABASE_URL="sqlite+aiosqlite:///data/app.db?timeout=30"\n',
            },
        ),
        Example(
            "the literal part of a value that is put together",
            {
                "compose.yaml": NAMED,
                "Dockerfile": DOCKERFILE,
                ".env.prod": "NAME=shop.db\nDATABASE_URL=sqlite:///./${NAME}\n",
            },
            Outcome.FIXED,
            {".env.prod": "NAME=shop.db\nDATABASE_URL=sqlite:///./data/${NAME}\n"},
        ),
        Example(
            "an example is edited where a deployment copies it into place",
            {
                "compose.yaml": NAMED,
                "Dockerfile": DOCKERFILE,
                ".env.example": "DATABASE_URL=sqlite:///./database.db\n",
                "deploy.sh": "cp .env.example .env.prod\ndocker compose up -d\n",
            },
            Outcome.FIXED,
            {".env.example": "DATABASE_URL=sqlite:///./data/database.db\n"},
        ),
        Example(
            "an example that only people copy",
            {
                "compose.yaml": NAMED,
                "Dockerfile": DOCKERFILE,
                ".env.example": "DATABASE_URL=sqlite:///./database.db\n",
            },
            Outcome.FIXED_UNSAFE,
            {".env.example": "DATABASE_URL=sqlite:///./data/database.db\n"},
        ),
        Example(
            "the default in the Compose file counts where no file gives the value",
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    working_dir: /srv\n    environment:\n"
                "      DATABASE_URL: ${DATABASE_URL:-sqlite:////srv/app.db}\n    volumes: [rows:/data]\n"
                "volumes: {rows: {}}\n",
                "Dockerfile": DOCKERFILE,
            },
            Outcome.FIXED,
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    working_dir: /srv\n    environment:\n"
                "      DATABASE_URL: ${DATABASE_URL:-sqlite:////data/app.db}\n    volumes: [rows:/data]\n"
                "volumes: {rows: {}}\n",
            },
        ),
        Example(
            "an ENV of the Dockerfile, where Compose says nothing",
            {
                "compose.yaml": NAMED.replace("    env_file: .env.prod\n", ""),
                "Dockerfile": DOCKERFILE + 'ENV DEBUG=0 \\\n    DATABASE_URL="sqlite:///./app.db"  \n',
            },
            Outcome.FIXED,
            {"Dockerfile": DOCKERFILE + 'ENV DEBUG=0 \\\n    DATABASE_URL="sqlite:///./data/app.db"  \n'},
        ),
        Example(
            "an ENV of a stage that another one stands on too",
            {
                "compose.yaml": NAMED.replace("    env_file: .env.prod\n", ""),
                "Dockerfile": "FROM python:3.12-slim AS base\nWORKDIR /app\nENV DB_PATH=/app/app.db\n"
                "FROM base AS test\nFROM base\n",
            },
            Outcome.FIXED_UNSAFE,
            {
                "Dockerfile": "FROM python:3.12-slim AS base\nWORKDIR /app\nENV DB_PATH=/app/data/app.db\n"
                "FROM base AS test\nFROM base\n"
            },
        ),
        Example(
            "three slashes that libraries read differently, and no sign of which library it is",
            {
                "compose.yaml": NAMED,
                "Dockerfile": DOCKERFILE,
                ".env.prod": "DATABASE_URL=sqlite:///database.db\n",
            },
            Outcome.REPORTED,
        ),
        Example(
            "the volume's own name says database, whatever its target is called",
            {
                "compose.yaml": IMAGE.format(path="/relay.db", target="/app/var").replace("state", "sqlite-state"),
            },
            Outcome.FIXED,
            {
                "compose.yaml": IMAGE.format(path="/app/var/relay.db", target="/app/var").replace(
                    "state", "sqlite-state"
                )
            },
        ),
        Example(
            "no name says data: the only volume without another purpose is a guess",
            {"compose.yaml": IMAGE.format(path="/relay.db", target="/var/lib/relay").replace("state:", "relay:", 2)},
            Outcome.FIXED_UNSAFE,
            {
                "compose.yaml": IMAGE.format(path="/var/lib/relay/relay.db", target="/var/lib/relay").replace(
                    "state:", "relay:", 2
                )
            },
        ),
        Example(
            "two mounts of which one name says database",
            {
                "compose.yaml": STACK.format(source="app-db")
                + "      - more:/app/storage\nvolumes:\n  app-db:\n  more:\n",
                "Dockerfile": DOCKERFILE,
                ".env.prod": "DATABASE_URL=sqlite:///./database.db\n",
            },
            Outcome.FIXED_UNSAFE,
            {".env.prod": "DATABASE_URL=sqlite:///./data/database.db\n"},
        ),
        Example(
            "two mounts that could be meant",
            {
                "compose.yaml": STACK.format(source="app-data")
                + "      - more:/app/storage\nvolumes:\n  app-data:\n  more:\n",
                "Dockerfile": DOCKERFILE,
                ".env.prod": "DATABASE_URL=sqlite:///./database.db\n",
            },
            Outcome.REPORTED,
        ),
        Example(
            "no mount at all",
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    environment: [DB_PATH=/app/app.db]\n",
                "Dockerfile": DOCKERFILE,
            },
            Outcome.FIXED_UNSAFE,
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    environment: [DB_PATH=/app/data/app.db]\n"
                "    volumes:\n      - app-db:/app/data\n\nvolumes:\n  app-db:\n    driver: local\n",
            },
        ),
        Example(
            "no mount, and a directory that holds nothing else",
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    environment: [DB_PATH=/app/storage/app.db]\n",
                "Dockerfile": DOCKERFILE,
            },
            Outcome.FIXED_UNSAFE,
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    environment: [DB_PATH=/app/storage/app.db]\n"
                "    volumes:\n      - app-db:/app/storage\n\nvolumes:\n  app-db:\n    driver: local\n",
            },
        ),
        Example(
            "no mount, and a user to whom a new volume may not belong",
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    environment: [DB_PATH=/app/app.db]\n",
                "Dockerfile": DOCKERFILE + "USER app\n",
            },
            Outcome.FIXED_UNSAFE,
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    environment: [DB_PATH=/app/data/app.db]\n"
                "    volumes:\n      - app-db:/app/data\n\nvolumes:\n  app-db:\n    driver: local\n",
                "Dockerfile": DOCKERFILE + "RUN mkdir -p /app/data && chown app /app/data\nUSER app\n",
            },
        ),
        Example(
            "no mount, and a user for whom volfix can make no directory",
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    environment: [DB_PATH=/app/app.db]\n",
                "Dockerfile": "FROM gcr.io/distroless/static\nWORKDIR /app\nCOPY app app\nUSER 65532\n",
            },
            Outcome.REPORTED,
        ),
        Example(
            "no mount, and the directory for it comes with the image",
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    environment: [DB_PATH=/app/app.db]\n",
                "Dockerfile": DOCKERFILE,
                "data/countries.json": "[]\n",
            },
            Outcome.REPORTED,
        ),
        Example(
            "no mount, and another service that mounts the same file",
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    env_file: .env.prod\n  worker:\n    build: .\n"
                "    env_file: .env.prod\n    volumes: ['rows:/app/storage']\nvolumes: {rows: {}}\n",
                "Dockerfile": DOCKERFILE,
                ".env.prod": "DB_PATH=/app/storage/app.db\n",
            },
            Outcome.REPORTED,
        ),
        Example(
            "no mount, and several containers at once",
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    environment: [DB_PATH=/app/app.db]\n"
                "    deploy: {replicas: 2}\n",
                "Dockerfile": DOCKERFILE,
            },
            Outcome.REPORTED,
        ),
        Example(
            "code that asks whether the file is there",
            {
                "compose.yaml": NAMED,
                "Dockerfile": DOCKERFILE,
                ".env.prod": "DB_PATH=/app/app.db\n",
                "seed.py": 'import os\nif not os.path.exists("app.db"):\n    seed()\n',
            },
            Outcome.FIXED_UNSAFE,
            {".env.prod": "DB_PATH=/app/data/app.db\n"},
        ),
        Example(
            "no mount, in a stack for tests",
            {
                "docker-compose.test.yml": "services:\n  app:\n    build: .\n    environment: [DB_PATH=/app/app.db]\n",
                "Dockerfile": DOCKERFILE,
            },
            Outcome.REPORTED,
        ),
        Example(
            "no mount, and an env file that nothing names",
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    environment: [DB_PATH]\n",
                "Dockerfile": DOCKERFILE,
                ".env.staging": "DB_PATH=/app/app.db\n",
            },
            Outcome.REPORTED,
        ),
        Example(
            "no mounts, and two services that may be meant to share the file or not",
            {
                "compose.yaml": "services:\n  app: &app\n    build: .\n    env_file: .env.prod\n"
                "  worker:\n    build: .\n    env_file: .env.prod\n",
                "Dockerfile": DOCKERFILE,
                ".env.prod": "DB_PATH=/app/app.db\n",
            },
            Outcome.REPORTED,
        ),
        Example(
            "inside the mount",
            {
                "compose.yaml": NAMED,
                "Dockerfile": DOCKERFILE,
                ".env.prod": "DATABASE_URL=sqlite:///./data/database.db\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "a server that is a service, a database in memory, a file that is no database",
            {
                "compose.yaml": NAMED.replace("services:\n", "services:\n  db:\n    image: example.org/acme/sql:1\n"),
                "Dockerfile": DOCKERFILE,
                ".env.prod": "DATABASE_URL=postgres://u:p@db/x\nCACHE_URL=sqlite://\nDB_FILE=/run/secrets/password\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "a mount at a customary root says where an image works that is not built here",
            {"compose.yaml": IMAGE.format(path="./relay.db", target="/app/state")},
            Outcome.FIXED,
            {"compose.yaml": IMAGE.format(path="./state/relay.db", target="/app/state")},
        ),
        Example(
            "a mount elsewhere only suggests it",
            {"compose.yaml": IMAGE.format(path="./relay.db", target="/home/relay/state")},
            Outcome.FIXED_UNSAFE,
            {"compose.yaml": IMAGE.format(path="./state/relay.db", target="/home/relay/state")},
        ),
        Example(
            "the value's directories are the end of the mount's target",
            {"compose.yaml": IMAGE.format(path="./var/state/relay.db", target="/srv/relay/var/state")},
            Outcome.UNTOUCHED,
        ),
        Example(
            "a type switch that names a server: the value is a schema there",
            {
                "compose.yaml": IMAGE.format(path="relay.db", target="/app/state").replace(
                    "environment:\n", "environment:\n      DB_TYPE: postgres\n"
                )
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "a server somewhere else",
            {
                "compose.yaml": NAMED,
                "Dockerfile": DOCKERFILE,
                ".env.prod": "DATABASE_URL=mysql+pymysql://u:p@sql.example.org:3306/app.db\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "`environment:` names a file in the mount, and wins over the env file",
            {
                "compose.yaml": NAMED.replace(
                    "    volumes", "    environment:\n      DATABASE_URL: sqlite:////app/data/app.db\n    volumes", 1
                ),
                "Dockerfile": DOCKERFILE,
                ".env.prod": "DATABASE_URL=sqlite:////app/data/./app.db\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "a path among temporary files, where it is meant to be forgotten",
            {
                "compose.yaml": NAMED,
                "Dockerfile": DOCKERFILE,
                ".env.prod": "DATABASE_URL=sqlite:////tmp/cache.db\nDB_PATH=/dev/shm/queue.db\n",
            },
            Outcome.UNTOUCHED,
        ),
        Example(
            "the project itself is mounted: the file is in the checkout, not in the container's layer",
            {
                "compose.yaml": "services:\n  app:\n    build: .\n    env_file: .env.prod\n    volumes: ['.:/app']\n",
                "Dockerfile": DOCKERFILE,
                ".env.prod": "DATABASE_URL=sqlite:///./database.db\n",
            },
            Outcome.UNTOUCHED,
        ),
    ),
    check=check,
)
