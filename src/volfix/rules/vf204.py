"""VF204: two sources give a database variable different files; only one of them has an effect."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.project.compose.effective_environment import effective_variables, sources_of
from volfix.project.compose.model import Project
from volfix.project.compose.origins import Variable
from volfix.project.compose.outer_origins import InDockerfile
from volfix.project.compose.service import Service
from volfix.rules.context import Context
from volfix.rules.evidence.code_databases import migrated_databases
from volfix.rules.evidence.database_places import holder
from volfix.rules.evidence.named_places import place_of
from volfix.rules.evidence.stronger_values import stronger_values
from volfix.rules.findings import Finding, Severity, shortened
from volfix.rules.remedies.second_places import value_place
from volfix.rules.remedies.value_edits import location_of
from volfix.rules.rule import Rule, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every value that names a database file and that another value with another file overrides."""
    for project in context.stack.projects:
        for service in project.services.values():
            places = [(each, place_of(project, service, each)) for each in effective_variables(service)]
            named = [(variable, place) for variable, place in places if place is not None]
            for variable, place in named:
                yield from _of_variable(project, service, variable, place)
                yield from _of_start(context, project, service, variable, place)
            yield from _of_migrations(context, project, service, {place for _, place in named})


def _of_start(
    context: Context, project: Project, service: Service, variable: Variable, loses: str
) -> Iterator[Finding]:
    """Values that the code or the entry point sets over the values from Compose."""
    for stronger in stronger_values(context, project, service, variable.name):
        wins, location = place_of(project, service, stronger.variable), location_of(stronger.variable.origin)
        if wins is None or wins == loses or location is None:
            continue
        is_held = holder(project, service, wins) is not None
        yield Finding(
            code="VF204",
            severity=Severity.WARNING if is_held else Severity.ERROR,
            location=location,
            message=f"{shortened(service.name)} opens another database file than Compose says",
            danger=f"{service.name} opens {wins}, not {loses} as Compose says: {stronger.by}",
            label=f"{wins} wins",
            loses=None if is_held else f"the database of {shortened(service.name)}",
            evidence=(f"{wins} is {'in' if is_held else 'outside'} what {service.name} mounts",),
            service=service.name,
            reason="volfix cannot tell which value you mean: delete the wrong one",
        )


def _of_migrations(context: Context, project: Project, service: Service, named_paths: set[str]) -> Iterator[Finding]:
    """Migrations that use the URL of alembic.ini, although the application opens another file."""
    for migrated in migrated_databases(context, project, service) if named_paths else ():
        path, location = migrated.path, location_of(migrated.origin)
        if path is None or path in named_paths or location is None:
            continue
        yield Finding(
            code="VF204",
            severity=Severity.WARNING,
            location=location,
            message="the migrations change another database file than the application opens",
            danger=f"alembic changes {path}, but {service.name} opens {' and '.join(sorted(named_paths))}",
            label="alembic uses this",
            evidence=("env.py uses the URL of alembic.ini, and no variable replaces it",),
            service=service.name,
            reason="volfix cannot tell which value you mean: delete the wrong one",
        )


def _of_variable(project: Project, service: Service, variable: Variable, wins: str) -> Iterator[Finding]:
    sources = sources_of(service, variable.name)
    for name, other in sources[1:]:
        location = location_of(other.origin)
        loses = place_of(project, service, other)
        if location is None or loses is None or loses == wins:
            continue
        # An ENV of the image is a default: Compose is meant to replace it.
        default = isinstance(other.origin, InDockerfile)
        yield Finding(
            code="VF204",
            severity=Severity.INFO if default else Severity.WARNING,
            location=location,
            message=f"this value of {shortened(variable.name)} has no effect: another wins",
            danger=f"{variable.name} is {loses} here, but {service.name} sees {wins}: {sources[0][0]} wins over {name}",
            label="without effect",
            places=tuple(value_place(sources[0][1].origin, "this value wins", names_file=False)),
            evidence=("the order is: `environment:`, then the last env file, then the image's ENV",),
            service=service.name,
            reason="volfix cannot tell which value you mean: delete the wrong one",
        )


FILE = "services:\n  app:\n    build: .\n{keys}    volumes: ['rows:/data']\nvolumes: {{rows: }}\n"
BUILT = {"Dockerfile": "FROM alpine\nWORKDIR /app\n"}

RULE = Rule(
    code="VF204",
    name="conflicting-database-url",
    summary="Two sources give the database variable different files.",
    why=(
        "The container sees only one of several values for a variable: `environment:` wins over env files, a later "
        "env file over an earlier env file, and all of them over the image's ENV. Changing a value that loses has no "
        "effect. An env file that the code loads with `override=True`, and a value that the entry point sets, win "
        "over all of these. Migrations may have their own URL."
    ),
    fix="None: volfix cannot tell which value you mean. Delete the wrong one.",
    sources=("docker/docs: compose/environment-variables/envvars-precedence.md",),
    examples=(
        reported(
            "the build copies an env file, and the code loads it over the environment",
            {
                "compose.yaml": FILE.format(keys="    environment: [DB_PATH=/data/a.db]\n"),
                "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
                "main.py": "from dotenv import load_dotenv\nload_dotenv(override=True)\n",
                ".env": "DB_PATH=/app/shop.db\n",
            },
        ),
        untouched(
            "the build leaves the env file out",
            {
                "compose.yaml": FILE.format(keys="    environment: [DB_PATH=/data/a.db]\n"),
                "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
                ".dockerignore": ".env\n",
                "main.py": "from dotenv import load_dotenv\nload_dotenv(override=True)\n",
                ".env": "DB_PATH=/app/shop.db\n",
            },
        ),
        reported(
            "the entry point sets another file",
            {
                "compose.yaml": FILE.format(keys="    environment: [DB_PATH=/data/a.db]\n"),
                "Dockerfile": 'FROM alpine\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./start.sh"]\n',
                "start.sh": "#!/bin/sh\nexport DB_PATH=/app/shop.db\nexec ./shop\n",
            },
        ),
        untouched(
            "a default of the entry point, which Compose replaces",
            {
                "compose.yaml": FILE.format(keys="    environment: [DB_PATH=/data/a.db]\n"),
                "Dockerfile": 'FROM alpine\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./start.sh"]\n',
                "start.sh": '#!/bin/sh\nexport DB_PATH="${DB_PATH:-/app/shop.db}"\nexec ./shop\n',
            },
        ),
        reported(
            "migrations that use the URL of alembic.ini",
            {
                "compose.yaml": FILE.format(keys="    environment: ['DATABASE_URL=sqlite:////data/a.db']\n"),
                "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD alembic upgrade head && python main.py\n",
                "requirements.txt": "sqlalchemy==2.0.36\nalembic\n",
                "alembic.ini": "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///./shop.db\n",
                "migrations/env.py": "from alembic import context\nconfig = context.config\n",
            },
        ),
        reported(
            "environment wins over an env file",
            {
                "compose.yaml": FILE.format(keys="    env_file: .env.prod\n    environment: [DB_PATH=/data/a.db]\n"),
                ".env.prod": "DB_PATH=/data/b.db\n",
                **BUILT,
            },
        ),
        reported(
            "the last env file wins",
            {
                "compose.yaml": FILE.format(keys="    env_file: [a.env, b.env]\n"),
                "a.env": "DB_PATH=/data/a.db\n",
                "b.env": "DB_PATH=/data/b.db\n",
                **BUILT,
            },
        ),
        reported(
            "Compose replaces the image's default",
            {
                "compose.yaml": FILE.format(keys="    environment: [DB_PATH=/data/a.db]\n"),
                "Dockerfile": "FROM alpine\nENV DB_PATH=/data/b.db\n",
            },
        ),
        untouched(
            "two spellings of the same file",
            {
                "compose.yaml": FILE.format(keys="    env_file: .env.prod\n    environment: [DB_PATH=/data/a.db]\n"),
                ".env.prod": "DB_PATH=/data/./a.db\n",
                **BUILT,
            },
        ),
        untouched(
            "a server for the deployment, a file for development",
            {
                "compose.yaml": FILE.format(
                    keys="    env_file: dev.env\n    environment: ['DATABASE_URL=postgres://db/x']\n"
                ),
                "dev.env": "DATABASE_URL=sqlite:////data/a.db\n",
                **BUILT,
            },
        ),
        untouched(
            "both env files agree",
            {
                "compose.yaml": FILE.format(keys="    env_file: [a.env, b.env]\n"),
                "a.env": "DB_PATH=/data/a.db\n",
                "b.env": "DB_PATH='/data/a.db'\n",
                **BUILT,
            },
        ),
        untouched(
            "two variables, each with its own file",
            {
                "compose.yaml": FILE.format(
                    keys="    env_file: dev.env\n    environment: [JOBS_DATABASE_PATH=/data/jobs.db]\n"
                ),
                "dev.env": "DB_PATH=/data/a.db\n",
                **BUILT,
            },
        ),
        untouched(
            "two services, each with its own env file",
            {
                "compose.yaml": "services:\n  a:\n    build: .\n    env_file: a.env\n    volumes: ['a:/data']\n"
                "  b:\n    build: .\n    env_file: b.env\n    volumes: ['b:/data']\nvolumes: {a: , b: }\n",
                "a.env": "DB_PATH=/data/a.db\n",
                "b.env": "DB_PATH=/data/b.db\n",
                **BUILT,
            },
        ),
    ),
    check=check,
)
