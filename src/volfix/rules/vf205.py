"""VF205: a deployed service keeps its database in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

from volfix.knowledge.purposes import TEST, purposes
from volfix.knowledge.variables import variable_kind
from volfix.project.compose.effective_environment import effective_variables
from volfix.project.compose.model import Project
from volfix.project.compose.origins import Variable
from volfix.project.compose.service import Service
from volfix.project.deployments.throwaway_stacks import is_test_stack
from volfix.rules.context import Context
from volfix.rules.evidence.engine_switch import switch_beside
from volfix.rules.findings import Finding, Severity, shortened
from volfix.rules.remedies.value_edits import location_of
from volfix.rules.rule import Rule, reported, untouched

MAY_BE_MEMORY = re.compile(r"sqlite|memory|:mem:", re.IGNORECASE)


def check(context: Context) -> Iterator[Finding]:
    """A finding for every variable that names a database in memory; stacks and services for tests are left out."""
    for project in context.stack.projects:
        if is_test_stack(project):
            continue
        for service in project.services.values():
            if _is_test(service):
                continue
            for variable in effective_variables(service):
                if (
                    variable.value
                    and MAY_BE_MEMORY.search(variable.value)
                    and (found := _finding(project, service, variable))
                ):
                    yield found


def _is_test(service: Service) -> bool:
    """Whether the service's name or a profile says that the service is for tests."""
    return any(TEST in purposes(text) for text in (service.name, *service.profiles))


def _finding(project: Project, service: Service, variable: Variable) -> Finding | None:
    from volfix.project.code.database_url import is_in_memory

    location = location_of(variable.origin)
    if (
        location is None
        or variable_kind(variable.name) not in ("url", "file")
        or not is_in_memory(variable.value or "")
        or switch_beside(project, service, variable.name, variable.value or "").is_off
    ):
        return None
    return Finding(
        code="VF205",
        severity=Severity.WARNING,
        location=location,
        message=f"the database of {shortened(service.name)} is in memory",
        danger=f"{variable.name} keeps the database of {service.name} in memory: it is gone when the container stops",
        label="in memory",
        loses=f"the database of {shortened(service.name)}",
        evidence=(f"{variable.name}={variable.value}",),
        service=service.name,
        reason="if these rows must survive, name a file in a volume",
    )


FILE = "services:\n  app:\n    image: example.org/acme/app:1\n    environment:\n      {entry}\n"

RULE = Rule(
    code="VF205",
    name="in-memory-database",
    summary="A deployed service keeps its database in memory.",
    why="A database in memory is empty after every start of its process; each deployment loses all rows.",
    fix="None: volfix cannot tell whether these rows must survive.",
    sources=("sqlite.org: inmemorydb.html", "sqlalchemy/sqlalchemy: pysqlite dialect"),
    examples=(
        *(
            reported(value, {"compose.yaml": FILE.format(entry=f"DATABASE_URL: '{value}'")})
            for value in (
                "sqlite://",
                "sqlite:///:memory:",
                "sqlite+aiosqlite://",
                "file::memory:?cache=shared",
                "sqlite:file:app?mode=memory&cache=shared",
                "jdbc:h2:mem:app;DB_CLOSE_DELAY=-1",
                "Data Source=app;Mode=Memory",
            )
        ),
        reported("a plain path", {"compose.yaml": FILE.format(entry="SQLITE_PATH: ':memory:'")}),
        untouched("a stack for tests", {"docker-compose.test.yml": FILE.format(entry="DATABASE_URL: 'sqlite://'")}),
        untouched(
            "a service for tests",
            {"compose.yaml": FILE.format(entry="DATABASE_URL: 'sqlite://'").replace("  app:", "  app-tests:")},
        ),
        untouched("a cache, which is meant to be lost", {"compose.yaml": FILE.format(entry="CACHE_URL: 'sqlite://'")}),
        untouched(
            "a file whose name speaks of memory",
            {"compose.yaml": FILE.format(entry="DATABASE_URL: postgres://db/memory")},
        ),
        untouched(
            "a file, though a query speaks of memory",
            {"compose.yaml": FILE.format(entry="CACHE_DB_URL: 'sqlite:////data/memory.db?cache=shared'")},
        ),
        untouched(
            "no address, but the name of a kind of storage", {"compose.yaml": FILE.format(entry="DATABASE_URL: memory")}
        ),
    ),
    check=check,
)
