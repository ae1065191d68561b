"""VF403: a command of the deployment, or of a service's start, wipes the rows of the database."""

from __future__ import annotations

from collections.abc import Iterator

from volfix.project.compose.service import Service
from volfix.rules.context import Context
from volfix.rules.findings import Finding
from volfix.rules.rule import Rule, reported, untouched


def check(context: Context) -> Iterator[Finding]:
    """A finding for every command that wipes rows: see `row_wipes.py`, imported only if a file or a service runs
    commands.
    """
    services = (service for project in context.stack.projects for service in project.services.values())
    if context.commands is not None or any(_says_what_it_starts(service) for service in services):
        from volfix.rules.evidence.row_wipes import row_wipe_findings

        yield from row_wipe_findings(context)


def _says_what_it_starts(service: Service) -> bool:
    return service.entrypoint is not None or service.command is not None or service.build is not None


STACK = (
    "services:\n  app:\n    image: example/shop:1\n  db:\n    image: postgres:16\n"
    "    volumes: [rows:/var/lib/postgresql/data]\nvolumes:\n  rows:\n"
)


def _workflow(command: str, job: str = "deploy") -> str:
    return (
        f"on: push\njobs:\n  {job}:\n    runs-on: self-hosted\n    steps:\n      - run: docker compose up -d\n"
        f"      - run: {command}\n"
    )


RULE = Rule(
    code="VF403",
    name="command-wipes-rows",
    summary="A command of the deployment, or of a service's start, wipes the rows of the database.",
    why=(
        "`migrate:fresh`, `db:reset`, `manage.py flush`, `DROP DATABASE` and `FLUSHALL` delete the rows themselves, "
        "and no volume protects them. These commands are for tests; in a deployment they delete the rows that people "
        "use, each time."
    ),
    fix="None: only you know whether the rows may go. If not, take the command out of the deployment.",
    sources=("laravel/docs: migrations.md", "prisma/docs: prisma migrate reset", "django/django: ref/django-admin.txt"),
    examples=(
        reported(
            "each deployment drops and creates the tables",
            {
                "compose.yaml": STACK,
                ".github/workflows/ship.yml": _workflow("docker compose exec -T app php artisan migrate:fresh --force"),
            },
        ),
        reported(
            "the service resets the database each time it starts",
            {
                "compose.yaml": STACK.replace(
                    "example/shop:1\n",
                    'example/shop:1\n    command: sh -c "npx prisma migrate reset --force && node server.js"\n',
                )
            },
        ),
        reported(
            "an SQL statement in a client's arguments",
            {
                "compose.yaml": STACK,
                "deploy.sh": "docker compose up -d\n"
                "docker compose exec db psql -U postgres -c 'DROP SCHEMA public CASCADE; CREATE SCHEMA public'\n",
            },
        ),
        untouched(
            "a migration that only goes forward",
            {
                "compose.yaml": STACK,
                ".github/workflows/ship.yml": _workflow("docker compose exec -T app php artisan migrate --force"),
            },
        ),
        untouched(
            "a job for tests, which takes its stack down again",
            {
                "compose.yaml": STACK,
                ".github/workflows/test.yml": _workflow(
                    "docker compose exec app bin/rails db:schema:load && docker compose down", "test"
                ),
            },
        ),
        untouched(
            "a target that people call by hand",
            {
                "compose.yaml": STACK,
                "Makefile": "deploy:\n\tdocker compose up -d\n\nreset:\n\tdocker compose exec app ./manage.py flush\n",
            },
        ),
        untouched(
            "a script resets only with an argument",
            {
                "compose.yaml": STACK,
                "deploy.sh": "docker compose up -d\n"
                'if [ "$1" = "--fresh" ]; then docker compose exec app ./manage.py flush --no-input; fi\n',
            },
        ),
        untouched(
            "a test database beside the real database",
            {
                "compose.yaml": STACK,
                "deploy.sh": "docker compose up -d\ndocker compose exec db dropdb -U postgres shop_test\n",
            },
        ),
    ),
    check=check,
)
